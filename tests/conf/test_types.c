/* types and words: what each type reads, prints and refuses, and that every default of the tables is written as its type
 * prints it. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

/* key = value in a section reads and prints as `printed`; NULL: is refused with `fault` in the text. */
static const struct {
	const char *section, *key, *value, *printed, *fault;
} values[] = {
	{"gateway", "hostname", "a.B-c_9.example", "a.B-c_9.example", NULL},
	{"gateway", "hostname", "a..b", NULL, "hostname: \"a..b\" is not a domain name"},
	{"gateway", "hostname", ".a", NULL, "not a domain name"},
	{"gateway", "hostname", "a.", NULL, "not a domain name"},
	{"gateway", "hostname", "a b", NULL, "not a domain name"},
	{"gateway", "hostname", "[192.0.2.1]", NULL, "not a domain name"},
	{"gateway", "vendor", "ftp2", "ftp2", NULL},
	{"gateway", "vendor", "a b", NULL, "not a name"},
	{"gateway", "vendor", "lmn # mine", NULL,
	 "(a comment behind a value begins with a blank and ;)"},
	{"gateway", "spool", "/a b;c,d", "/a b;c,d", NULL},
	{"gateway", "spool", "\"/a ;b\"", "\"/a ;b\"", NULL},
	{"gateway", "spool", "a", NULL, "spool: \"a\" is not an absolute path"},
	{"gateway", "user", "mail", "mail", NULL},
	{"gateway", "user", "none", "none", NULL},
	{"gateway", "user", "nobody1", NULL, "user: this machine has no user \"nobody1\""},
	{"gateway", "user", "a b", NULL, "not the name of a user"},
	{"gateway", "group", "mail", "mail", NULL},
	{"gateway", "group", "nobody1", NULL, "group: this machine has no group \"nobody1\""},
	{"gateway", "control_group", "smtpgate", "smtpgate", NULL},
	{"gateway", "control_group", "x", NULL, "no group \"x\""},
	{"gateway", "admin", "me@example.com", "me@example.com", NULL},
	{"gateway", "admin", "me", "me@host.example", NULL},
	{"gateway", "admin", "@example.com", NULL, "not an address"},
	{"gateway", "admin", "me@", NULL, "not an address"},
	{"gateway", "admin", "<me@example.com>", NULL, "not an address"},
	{"gateway", "admin", "me you@example.com", NULL, "not an address"},
	{"gateway", "max_size", "1048576", "1M", NULL},
	{"gateway", "max_size", "1025", "1025", NULL},
	{"gateway", "max_size", "2g", "2G", NULL},
	{"gateway", "max_size", "1k", "1K", NULL},
	{"gateway", "max_size", "1023", NULL, "max_size: 1023 is out of range (1K to 1024G)"},
	{"gateway", "max_size", "1025G", NULL, "out of range"},
	{"gateway", "max_size", "99999999999999999999G", NULL,
	 "a number that this machine can hold"},
	{"gateway", "max_size", "50 M", NULL, "is not a size"},
	{"gateway", "max_size", "-1", NULL, "is not a size"},
	{"gateway", "stop_wait", "90s", "90s", NULL},
	{"gateway", "stop_wait", "120s", "2m", NULL},
	{"gateway", "stop_wait", "1500ms", "1500ms", NULL},
	{"gateway", "stop_wait", "0", "0", NULL},
	{"gateway", "stop_wait", "25h", NULL, "stop_wait: 25h is out of range (0 to 1d)"},
	{"gateway", "stop_wait", "1 week", NULL, "is not a time"},
	{"listen x", "max_recipients", "100", "100", NULL},
	{"listen x", "max_recipients", "0", NULL, "out of range (1 to 1000000)"},
	{"listen x", "max_recipients", "1e3", NULL, "not a whole number"},
	{"listen x", "max_recipients", "-5", NULL, "is not 0 or above"},
	{"listen x", "threads", "65", NULL, "out of range (1 to 64)"},
	{"queue", "max_messages", "1000000000000", "1000000000000", NULL},
	{"queue", "restart_hold", "ON", "yes", NULL},
	{"queue", "restart_hold", "0", "no", NULL},
	{"queue", "restart_hold", "maybe", NULL, "restart_hold: \"maybe\" is neither yes nor no"},
	{"log", "level", "DEBUG", "debug", NULL},
	{"log", "level", "inof", NULL, "none of error, warn, info, debug (did you mean \"info\"?)"},
	{"listen x", "bare_newline", "note", "note", NULL},
	{"listen x", "priority", "bulk", "bulk", NULL},
	{"vendor x", "resolver", "host", "host", NULL},
	{"vendor x", "resolver", "none", NULL, "none of own, host"},
	{"listen x", "rate", "60/1m", "60/1m", NULL},
	{"listen x", "rate", " 5 / 90s ", "5/90s", NULL},
	{"listen x", "rate", "Unlimited", "unlimited", NULL},
	{"listen x", "rate", "60", NULL, "rate: \"60\" is not a rate (it is written 60/1m"},
	{"listen x", "rate", "0/1m", NULL, "is not a rate"},
	{"listen x", "rate", "5/0", NULL, "is not a rate"},
	{"listen x", "rate", "5/2d", NULL, "is not a rate"},
	{"route x", "password", "hunter2", NULL,
	 "password: a secret does not stand in this file, only where it is (write file:/PATH"},
	{"route x", "password", "file:a", NULL, "a secret does not stand in this file"},
	{"route x", "password", "credential:../a", NULL, "a secret does not stand in this file"},
	{"route x", "password", "credential:", NULL, "a secret does not stand in this file"},
	{"route x", "password", "command:", NULL, "a secret does not stand in this file"},
	{"oauth x", "token_url", "http://a/", NULL,
	 "token_url: \"http://a/\" is not a URL that begins with https://"},
	{"oauth x", "token_url", "https://", NULL, "is not a URL"},
	{"oauth x", "token_url", "https://a b", NULL, "is not a URL"},
	{"oauth x", "proxy", "http://me:hunter2@proxy:3128", NULL,
	 "proxy: no name and password stand in a URL here"},
	{"oauth x", "scope", "a\tb", NULL, "is not a text of words"},
	{"oauth x", "client_secret", "hunter2", NULL,
	 "client_secret: a secret does not stand in this file"},
	{"route x", "user", "a b", NULL, "user: \"a b\" is not the name of an account"},
	{"route x", "auth", "kerberos", NULL, "none of off, auto, plain, login, scram"},
	{"route x", "do", "HOLD", "hold", NULL},
	{"route x", "do", "discard", "discard", NULL},
	{"route x", "do", "reject  Not today; \"sorry\"", "reject Not today; \"sorry\"", NULL},
	{"route x", "do", "\"reject a ; b\"", "\"reject a ; b\"", NULL},
	{"route x", "do", "reject", NULL, "do: reject has no text that a server may say"},
	{"route x", "do", "reject gr\xc3\xbc\xc3\x9f", NULL,
	 "do: reject has no text that a server may say"},
	{"route x", "do", "hold it", NULL, "do: text stands behind hold"},
	{"route x", "do", "drop", NULL,
	 "do: \"drop\" is none of send, lmtp, hold, discard, reject TEXT"},
	{"route x", "source", "192.0.2.1", "192.0.2.1", NULL},
	{"route x", "source", "any", "any", NULL},
	{"route x", "source", "a b", NULL, "source: \"a b\" is not an address"},
	{"postoffice a/b", "get", "smtpget -j", "smtpget -j", NULL},
	{"postoffice a/b", "get", "none", "none", NULL},
	{"postoffice a/b", "get", "a\tb", NULL, "get: \"a\tb\" is not a command"},
	{"postoffice a/b", "admin", "Post Master", "Post Master", NULL},
	{"postoffice a/b", "admin", "../x", NULL, "not the name of a mailbox"},
	{"postoffice a/b", "admin", ".x", NULL, "not the name of a mailbox"},
	{"postoffice a/b", "admin", "a/b", NULL, "not the name of a mailbox"},
};

/* Where a secret is, is kept as it was written, and never printed. */
START_TEST(secrets_are_masked)
{
	static const char *const places[] = {"file:/a b", "credential:smtp-1",
					     "command:pass show smtp"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char text[256];
		snprintf(text, sizeof text,
			 "[route x]\nsmart_host = h\nuser = me@t.example\nauth = SCRAM\n"
			 "password = %s\n",
			 places[i]);
		ck_assert_int_eq(fake_load(text), OK);
		ck_assert_str_eq(fake_settings()->routes[0].password, places[i]);
		const char *printed = fake_print("route x", false);
		ck_assert_ptr_nonnull(strstr(printed, "password = *** ; /gw.ini:5\n"));
		ck_assert_ptr_null(strstr(printed, places[i]));
		ck_assert_ptr_nonnull(strstr(printed, "auth = scram ; /gw.ini:4\n"));
		ck_assert_ptr_nonnull(strstr(printed, "tls = verified ; auth is on\n"));
		fake_free();
	}
	ck_assert_int_eq(fake_load("[route x]\nsmart_host = h\n"), OK);
	ck_assert_ptr_nonnull(strstr(fake_print("route x", false), "\npassword = none ;"));
	ck_assert_ptr_nonnull(strstr(fake_print("route x", false), "\ntls = opportunistic ;"));
	fake_free();
}
END_TEST

START_TEST(value_is_read_and_printed)
{
	char text[512], line[512];
	bool office = strncmp(values[_i].section, "postoffice", 10) == 0;
	snprintf(text, sizeof text, "[%s]\n%s%s = %s\n", values[_i].section,
		 office ? "domain = a.b\npath = /p\n" : "", values[_i].key, values[_i].value);
	enum result r = fake_load(text);
	if (values[_i].fault) {
		ck_assert_int_eq(r, E_CONFIG);
		if (!strstr(fake_faults(), values[_i].fault))
			ck_abort_msg("%s", fake_faults());
	} else {
		snprintf(line, sizeof line, "\n%s = %s ; /gw.ini:%d\n", values[_i].key,
			 values[_i].printed, office ? 4 : 2);
		ck_assert_msg(r == OK, "%s", fake_faults());
		const char *printed = fake_print(values[_i].section, false);
		if (!strstr(printed, line))
			ck_abort_msg("%s", printed);
	}
	fake_free();
}
END_TEST

START_TEST(bare_times_warn)
{
	ck_assert_int_eq(fake_load("[gateway]\nstop_wait = 20\n[queue]\nretry = 60, 5m, "
				   "300\n[listen x]\nrate = 1/60\n"),
			 OK);
	ck_assert_int_eq(fake_settings()->gateway.stop_wait, 20000);
	ck_assert_str_eq(
		fake_faults(),
		"/gw.ini:2: warning: stop_wait: 20 is taken as seconds (write the unit: s, m, h or "
		"d)\n"
		"/gw.ini:4: warning: retry: 60 is taken as seconds (write the unit: s, m, h or d)\n"
		"/gw.ini:4: warning: retry: 300 is taken as seconds (write the unit: s, m, h or "
		"d)\n"
		"/gw.ini:6: warning: rate: 1/60 is taken as seconds (write the unit: s, m, h or "
		"d)\n"
		"0 errors, 4 warnings\n");
	fake_free();
}
END_TEST

START_TEST(long_names)
{
	char text[600];
	memset(text, 0, sizeof text);
	strcpy(text, "[gateway]\nhostname = ");
	for (int i = 0; i < 127; i++) /* 253 characters */
		strcat(text, i ? ".a" : "a");
	ck_assert_int_eq(fake_load(text), OK);
	strcat(text, "b");
	ck_assert_int_eq(fake_load(text), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(fake_faults(), "at most 253 characters, this one 254"));
	memset(text, 0, sizeof text);
	strcpy(text, "[gateway]\nhostname = ");
	memset(text + strlen(text), 'a', 63);
	strcat(text, ".b");
	ck_assert_int_eq(fake_load(text), OK);
	memmove(text + 22, text + 21, strlen(text + 21) + 1);
	ck_assert_int_eq(fake_load(text), E_CONFIG);
	fake_free();
}
END_TEST

/* Read by its own type, a default prints as it stands in the table: the manual and `config` say the same. */
START_TEST(defaults_are_as_printed)
{
	ck_assert_int_eq(
		fake_load("[route r]\nmatch = *\n[postoffice p]\ndomain = d.e\npath = /p\n"), OK);
	for (const struct conf_section *sec = fake_settings()->sections; sec; sec = sec->next) {
		for (const struct conf_key *k = sec->kind->keys; k->name; k++) {
			struct conf_out out;
			const struct conf_origin *o = &sec->origins[k - sec->kind->keys];
			if (!k->standard || strcmp(o->words, "built in") == 0)
				continue;
			ck_assert_str_eq(o->standard, k->standard);
			conf_out_init(&out);
			conf_key_format(k, sec->at, &out);
			ck_assert_str_eq(conf_out_string(&out), k->standard);
			conf_out_free(&out);
		}
	}
	fake_free();
}
END_TEST

START_TEST(every_key_has_a_default_or_is_needed)
{
	for (size_t i = 0; i < CONF_KINDS; i++) {
		ck_assert_int_eq((int)conf_kinds[i].id, (int)i);
		for (const struct conf_key *k = conf_kinds[i].keys; k->name; k++) {
			int ways = (k->standard != NULL) + (k->derived != NULL) +
				   ((k->flags & KEY_NEEDED) != 0);
			ck_assert_msg(ways == 1, "%s: %d ways to a default", k->name, ways);
			ck_assert_ptr_nonnull(k->help);
			ck_assert_uint_lt(k->offset, conf_kinds[i].size);
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/types");
	TCase *loops = tcase_create("values");
	tcase_add_test(loops, secrets_are_masked);
	tcase_add_loop_test(loops, value_is_read_and_printed, 0, sizeof values / sizeof *values);
	suite_add_tcase(s, loops);
	SUITE_CASE(s, "values", bare_times_warn, long_names);
	SUITE_CASE(s, "tables", defaults_are_as_printed, every_key_has_a_default_or_is_needed);
	return s;
}
SUITE_MAIN(suite)
