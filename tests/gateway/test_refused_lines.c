/* refused_lines: every rule, for clients of each kind. What is said works: tests/system/test_refused.py puts it into the ini. */
#include "conf/fake.h"
#include "gateway/refused.h"
#include "support/suite.h"

#include <string.h>

static const char ini[] =
	"[listen lan]\naddress = 127.0.0.1:25\nmax_size = 1M\ntls = offered\n"
	"certificate = auto\nrate = 60/1m\nsender_login = yes\n"
	"[listen own]\naddress = 127.0.0.1:587\nmode = submission\ncertificate = auto\n"
	"[listen tls]\naddress = 127.0.0.1:465\ntls = implicit\ncertificate = auto\n"
	"[listen big]\naddress = 127.0.0.1:2525\nmax_connections = 600000\n"
	"max_recipients = 1000000\n[listen odd]\naddress = 127.0.0.1:2526\nmax_size = 30M\n"
	"[profile old]\nclients = 192.0.2.0/24\ntls_min = 1.1\n"
	"[profile small]\nmax_size = 2K\nclients = 198.51.100.1\n";

static void gives(const char *client, const char *listener, enum refused_rule rule,
		  const char *expected)
{
	struct refused_client c = {.client = client, .listener = listener, .rule = rule};
	struct buf section, lines;
	char text[512] = "";
	buf_init(&section, 0);
	buf_init(&lines, 0);
	ck_assert_int_eq(refused_lines(fake_settings(), 0, &c, &section, &lines), OK);
	if (lines.len)
		snprintf(text, sizeof text, "[%s]\n%s", buf_string(&section), buf_string(&lines));
	ck_assert_str_eq(text, expected);
	buf_free(&section);
	buf_free(&lines);
}

START_TEST(lists)
{
	ck_assert_msg(fake_load(ini) == OK, "%s", fake_faults());
	gives("10.0.0.1", "lan", REFUSED_RELAY,
	      "[listen lan]\nrelay_from = 127.0.0.0/8, ::1, 10.0.0.1\n");
	gives("10.0.0.1", "lan", REFUSED_LOGIN, "");
	gives("2001:db8::1", "lan", REFUSED_RELAY,
	      "[listen lan]\nrelay_from = 127.0.0.0/8, ::1, 2001:db8::1\n");
	gives("10.0.0.1", "tls", REFUSED_NO_LOGIN,
	      "[listen tls]\nrelay_from = 127.0.0.0/8, ::1, 10.0.0.1\n");
	gives("10.0.0.1", "own", REFUSED_NO_LOGIN, "");
	gives("10.0.0.1", "lan", REFUSED_ACCEPT, ""); /* all are in it */
	gives("10.0.0.1", "lan", REFUSED_PROXY, "");
	gives("node 7", "lan", REFUSED_RELAY, "[listen lan]\nrelay_from = all\n");
	gives("10.0.0.1", "gone", REFUSED_RELAY, "");
	fake_free();
}
END_TEST

START_TEST(limits)
{
	ck_assert_int_eq(fake_load(ini), OK);
	gives("10.0.0.1", "lan", REFUSED_FULL, "[listen lan]\nmax_connections = 2000\n");
	gives("10.0.0.1", "lan", REFUSED_CLIENT_FULL,
	      "[listen lan]\nmax_connections_client = 100\n");
	gives("10.0.0.1", "lan", REFUSED_SENDER, "[listen lan]\nsender_login = no\n");
	gives("10.0.0.1", "lan", REFUSED_RATE, "[listen lan]\nrate = 120/1m\n");
	gives("10.0.0.1", "lan", REFUSED_RECIPIENTS, "[listen lan]\nmax_recipients = 20000\n");
	gives("10.0.0.1", "lan", REFUSED_SIZE, "[listen lan]\nmax_size = 2M\n");
	gives("10.0.0.1", "big", REFUSED_SIZE, "[gateway]\nmax_size = 100M\n");
	gives("10.0.0.1", "odd", REFUSED_SIZE, "[listen odd]\nmax_size = 50M\n");
	gives("10.0.0.1", "big", REFUSED_FULL, "[listen big]\nmax_connections = 1000000\n");
	gives("10.0.0.1", "big", REFUSED_RECIPIENTS, "");
	gives("198.51.100.1", "lan", REFUSED_SIZE, "[profile small]\nmax_size = 4K\n");
	fake_free();
}
END_TEST

START_TEST(profiles)
{
	ck_assert_int_eq(fake_load(ini), OK);
	gives("10.0.0.1", "lan", REFUSED_HELO,
	      "[profile 10.0.0.1]\nlike = modern\nclients = 10.0.0.1\nhelo = any\n");
	gives("2001:db8::1", "lan", REFUSED_BRACKETS,
	      "[profile 2001.db8..1]\nlike = modern\nclients = 2001:db8::1\nbrackets = optional\n");
	gives("192.0.2.9", "lan", REFUSED_NEWLINE, "[profile old]\nbare_newline = normalise\n");
	gives("192.0.2.9", "lan", REFUSED_CLEAR, "[profile old]\nauth_clear = yes\n");
	gives("node 7", "lan", REFUSED_HELO, "");
	fake_free();
}
END_TEST

START_TEST(tls)
{
	ck_assert_int_eq(fake_load(ini), OK);
	gives("192.0.2.9", "lan", REFUSED_TLS_1_0, "[profile old]\ntls_min = 1.0\n");
	gives("192.0.2.9", "tls", REFUSED_TLS_1_0, "[profile old]\ntls_min = 1.0\n");
	gives("192.0.2.9", "lan", REFUSED_TLS_1_1, "[profile old]\ntls_offer = no\n");
	gives("192.0.2.9", "lan", REFUSED_STARTTLS, "[profile old]\ntls_offer = no\n");
	gives("192.0.2.9", "tls", REFUSED_TLS, "");
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/refused_lines");
	SUITE_CASE(s, "rules", lists, limits, profiles, tls);
	return s;
}
SUITE_MAIN(suite)
