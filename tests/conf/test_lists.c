/* lists: addresses, smart hosts, domains, networks, times, targets; what they read, print and refuse. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* key = value in a section reads and prints as `printed`; or is refused with `fault` in the text. */
static const struct {
	const char *section, *key, *value, *printed, *fault;
} values[] = {
	{"listen x", "address", "*:25,[::1]:25 , host:26", "*:25, [::1]:25, host:26", NULL},
	{"listen x", "address", "switch://lan/25", "switch://lan/25", NULL},
	{"listen x", "address", "127.0.0.1", NULL,
	 "address: \"127.0.0.1\" is not an address: it has no port"},
	{"listen x", "address", "::1", NULL, "it has no port"},
	{"listen x", "address", "*", NULL, "it has no port"},
	{"listen x", "address", "*:0", NULL, "the port is a number from 1 to 65535"},
	{"listen x", "address", "*:65536", NULL, "the port is a number from 1 to 65535"},
	{"listen x", "address", "127.0.0.1:smtp", NULL, "the port is a number from 1 to 65535"},
	{"listen x", "address", "a:25,,b:25", NULL, "address: the list has an empty item"},
	{"listen x", "address", "a:25 b:25", NULL, "is not an address"},
	{"route x", "smart_host", "mx", "mx", NULL},
	{"route x", "smart_host", "MX", "mx", NULL},
	{"route x", "smart_host", "host", "host:25", NULL},
	{"route x", "smart_host", "[mx.example]:587", "mx.example:587", NULL},
	{"route x", "smart_host", "[mx.example]", "mx.example:25", NULL},
	{"route x", "smart_host", "a.example:465, b.example", "a.example:465, b.example:25", NULL},
	{"route x", "smart_host", "[2001:db8::1]:26", "[2001:db8::1]:26", NULL},
	{"route x", "smart_host", "[2001:db8::1]", "[2001:db8::1]:25", NULL},
	{"route x", "smart_host", "2001:db8::1", "[2001:db8::1]:25", NULL},
	{"route x", "smart_host", "192.0.2.1", "192.0.2.1:25", NULL},
	{"route x", "smart_host", "mx, host", NULL,
	 "smart_host: mx stands alone, not beside servers"},
	{"route x", "smart_host", "host, mx", NULL,
	 "smart_host: mx stands alone, not beside servers"},
	{"route x", "smart_host", "host:99999", NULL,
	 "is not a server (host, host:port, [v6]:port) or mx"},
	{"route x", "smart_host", "[host", NULL, "is not a server"},
	{"route x", "smart_host", "[host]x", NULL, "is not a server"},
	{"route x", "smart_host", "smtp://host", NULL, "is not a server"},
	{"route x", "smart_host", "host,", NULL, "the list has an empty item"},
	{"route x", "retry", "1m,5m , 90s", "1m, 5m, 90s", NULL},
	{"route x", "retry", "1m 5m", NULL, "retry: \"1m 5m\" is not a time"},
	{"route x", "retry", "1m, 0", NULL, "retry: 0 is out of range (1s to 30d)"},
	{"listen x", "relay_from", "10.0.0.0/8,::1", "10.0.0.0/8, ::1", NULL},
	{"listen x", "relay_from", "ALL", "all", NULL},
	{"listen x", "relay_from", "::/0", "all", NULL},
	{"listen x", "relay_from", "none", "none", NULL},
	{"listen x", "relay_from", "0.0.0.0/0", "0.0.0.0/0", NULL},
	{"listen x", "relay_from", "::ffff:10.0.0.1", "10.0.0.1", NULL},
	{"listen x", "relay_from", "2001:DB8::/32, 192.0.2.1/32", "2001:db8::/32, 192.0.2.1", NULL},
	{"listen x", "relay_from", "10.0.0.1/8", NULL,
	 "relay_from: \"10.0.0.1/8\" has bits set behind its prefix"},
	{"listen x", "relay_from", "10.0.0.0/33", NULL,
	 "the prefix length is a number from 0 to 32"},
	{"listen x", "relay_from", "lan", NULL,
	 "relay_from: \"lan\" is not an IP address or network"},
	{"listen x", "relay_from", "none, ::1", NULL,
	 "relay_from: \"none\" is not to be mixed with networks"},
	{"listen x", "relay_from", "::1,", NULL, "relay_from: the list has an empty item"},
	{"log", "to", "syslog", "syslog", NULL},
	{"log", "to", "file:/var/log/a,b", "file:/var/log/a,b", NULL},
	{"log", "to", "file:a", NULL,
	 "to: \"file:a\" is none of auto, stderr, journal, syslog, file:/path"},
	{"log", "to", "jurnal", NULL, "(did you mean \"journal\"?)"},
	{"gateway", "plugin_dir", "lib", NULL, "plugin_dir: \"lib\" is not an absolute path"},
};

START_TEST(list_is_read_and_printed)
{
	char text[512], line[512];
	snprintf(text, sizeof text, "[%s]\n%s = %s\n", values[_i].section, values[_i].key,
		 values[_i].value);
	enum result r = fake_load(text);
	if (values[_i].fault) {
		ck_assert_int_eq(r, E_CONFIG);
		if (!strstr(fake_faults(), values[_i].fault))
			ck_abort_msg("%s", fake_faults());
	} else {
		snprintf(line, sizeof line, "\n%s = %s ; /gw.ini:2\n", values[_i].key,
			 values[_i].printed);
		ck_assert_msg(r == OK, "%s", fake_faults());
		const char *printed = fake_print(values[_i].section, false);
		if (!strstr(printed, line))
			ck_abort_msg("%s", printed);
	}
	fake_free();
}
END_TEST

START_TEST(domains)
{
	ck_assert_int_eq(fake_load("[postoffice A/B]\ndomain = HQ.Company.com\ndomain = "
				   ".plant.company.com,x.example\n"
				   "path = /p\n"),
			 OK);
	const struct conf_texts *t = &fake_settings()->postoffices[0].domains;
	ck_assert_uint_eq(t->count, 3);
	ck_assert_str_eq(t->items[0], "hq.company.com");
	ck_assert_str_eq(t->items[1], ".plant.company.com");
	ck_assert_int_eq(
		fake_load("[postoffice A/B]\ndomain = .company.com, x.example\npath = /p\n"),
		E_CONFIG);
	ck_assert_ptr_nonnull(strstr(
		fake_faults(), "/gw.ini:2: error: domain: .company.com is a suffix; the first"));
	ck_assert_int_eq(fake_load("[postoffice A/B]\ndomain = a.b, c d\npath = /p\n"), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(fake_faults(), "domain: \"c d\" is not a domain or .suffix"));
	fake_free();
}
END_TEST

START_TEST(nets_match)
{
	static const struct {
		const char *nets, *ip;
		bool match;
	} rows[] = {
		{"10.0.0.0/8, ::1", "10.255.0.1", true},
		{"10.0.0.0/8, ::1", "11.0.0.1", false},
		{"10.0.0.0/8, ::1", "::1", true},
		{"none", "::1", false},
		{"none", "127.0.0.1", false},
		{"all", "2001:db8::1", true},
		{"all", "192.0.2.1", true},
		{"0.0.0.0/0", "192.0.2.1", true},
		{"0.0.0.0/0", "::1", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.0/31", "192.0.2.2", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[128];
		struct net_ip ip;
		snprintf(text, sizeof text, "[listen x]\nrelay_from = %s\n", rows[i].nets);
		ck_assert_int_eq(fake_load(text), OK);
		ck_assert_int_eq(net_ip_parse(rows[i].ip, &ip), OK);
		ck_assert_msg(conf_nets_match(&fake_settings()->listens[0].relay_from, &ip) ==
				      rows[i].match,
			      "%s in %s", rows[i].ip, rows[i].nets);
	}
	fake_free();
}
END_TEST

/* Many items over many lines: all are kept, in order, and printed over several lines that can be read again. */
START_TEST(long_lists)
{
	struct buf text;
	buf_init(&text, 0);
	buf_puts(&text, "[postoffice A/B]\npath = /p\n");
	for (unsigned i = 0; i < 3000; i++)
		buf_printf(&text, "domain = d%u.example\n", i);
	ck_assert_int_eq(fake_load(buf_string(&text)), OK);
	for (int round = 0; round < 2; round++) {
		const struct conf_texts *t = &fake_settings()->postoffices[0].domains;
		ck_assert_uint_eq(t->count, 3000);
		ck_assert_str_eq(t->items[2999], "d2999.example");
		char *again = strdup(fake_print("postoffice A/B", true));
		buf_clear(&text);
		buf_puts(&text, again);
		free(again);
		ck_assert_int_eq(fake_load(buf_string(&text)), OK);
	}
	buf_free(&text);
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/lists");
	TCase *loops = tcase_create("lists");
	tcase_add_loop_test(loops, list_is_read_and_printed, 0, sizeof values / sizeof *values);
	suite_add_tcase(s, loops);
	SUITE_CASE(s, "lists", domains, nets_match, long_lists);
	return s;
}
SUITE_MAIN(suite)
