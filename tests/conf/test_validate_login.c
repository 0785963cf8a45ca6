/* validate_login: faults of how routes log in and of where their tokens come from, each at the line that makes it. */
#include "conf/fake.h"
#include "support/suite.h"

#include <string.h>

#define OAUTH "[oauth t]\nclient_id = id\nuser = me@x.y\n"

/* See fake_fault. */
static const struct {
	const char *text;
	unsigned line;
	const char *fault;
} rows[] = {
	{"[route a]\nmatch = b.c\nfrom = account\n", 3,
	 "error: from = account of [route a]: it has no user (write the address itself)"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\nsender_as = account\n", 5,
	 "error: sender_as = account of [route a]: its user is no address"},
	{"[route a]\nsmart_host = h\nuser = me@b.c\npassword = file:/p\nfrom = account\n", 0, NULL},
	{"[route a]\nsmart_host = h\nuser = me\n", 3,
	 "error: auth of [route a] needs a password (set password = file:/PATH)"},
	{"[route a]\nsmart_host = h\nauth = plain\npassword = file:/p\n", 3,
	 "error: auth of [route a] needs a user (set user, and password)"},
	{"[route a]\nsmart_host = h\nuser = me\nauth = off\ntls = off\n", 0, NULL},
	{"[route a]\nmatch = b.c\nuser = me\npassword = file:/p\n", 3,
	 "error: auth of [route a] needs a smart_host"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\ntls = off\n", 5,
	 "error: tls of [route a] may send its password in the clear (set tls = verified"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\ntls = opportunistic\n", 5,
	 "error: tls of [route a] may send its password in the clear"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\ntls = required\n", 5,
	 "warning: tls of [route a] gives its password to whoever answers"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\ntls = implicit\n", 0, NULL},
	{"[route a]\noauth = t\n" OAUTH "tenant = x\nflow = client\nclient_secret = file:/s\n", 0,
	 NULL},
	{"[route a]\noauth = t\n" OAUTH, 0, NULL},
	{"[route a]\noauth = u\nsmart_host = h\nuser = me\n" OAUTH, 2,
	 "error: oauth: there is no [oauth u]"},
	{"[route a]\noauth = t\npassword = file:/p\n" OAUTH, 2,
	 "error: [route a] has a password and an oauth (leave one of them)"},
	{"[route a]\noauth = t\nauth = plain\n" OAUTH, 3,
	 "error: auth of [route a] takes no tokens (set auth = auto"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\nauth = xoauth2\n", 5,
	 "error: auth of [route a] needs an oauth (set oauth)"},
	{OAUTH "flow = client\nclient_secret = file:/s\n", 4,
	 "error: [oauth t] needs tenant: flow is client"},
	{OAUTH "tenant = x\nflow = client\n", 5,
	 "error: [oauth t] needs client_secret or client_certificate: flow is client"},
	{OAUTH "client_secret = file:/s\nclient_certificate = /c\n", 5,
	 "error: [oauth t] has a client_secret and a client_certificate (leave"},
	{OAUTH "provider = custom\nflow = refresh\n", 5,
	 "error: [oauth t] needs token_url: provider is custom"},
	{OAUTH "provider = custom\ntoken_url = https://x/\n", 1,
	 "error: [oauth t] needs device_url: flow is device"},
	{OAUTH "provider = google\nflow = device\n", 5,
	 "error: [oauth t]: Google lets nobody send mail by this flow (set flow = refresh"},
	{OAUTH "provider = google\nclient_secret = file:/s\n", 0, NULL},
	{OAUTH "vendor = ftp\n", 4,
	 "error: [oauth t]: tokens are fetched over the host's own TCP/IP, lmn, only"},
	{"[oauth t]\n", 1, "error: [oauth t] needs the key client_id"},
	/* ---- the place: the key that asks for a login, auth before oauth before user ---- */
	{"[route a]\nsmart_host = h\nauth = login\n", 3, "error: auth of [route a] needs a user"},
	{"[route a]\nsmart_host = h\noauth = t\nauth = xoauth2\n[oauth t]\nclient_id = id\n", 4,
	 "error: auth of [route a] needs a user (set user)"},
	{"[route a]\nuser = me\noauth = t\nmatch = b.c\nsmart_host = MX\n" OAUTH, 3,
	 "error: auth of [route a] needs a smart_host"},
	/* ---- tokens and passwords ---- */
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\nauth = oauthbearer\n", 5,
	 "error: auth of [route a] needs an oauth (set oauth)"},
	{"[route a]\noauth = t\nauth = oauthbearer\n" OAUTH, 0, NULL},
	{"[route a]\noauth = t\nauth = xoauth2\n" OAUTH, 0, NULL},
	{"[route a]\noauth = t\nauth = login\n" OAUTH, 3,
	 "error: auth of [route a] takes no tokens"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\nauth = login\n", 0, NULL},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\ntls = verified\n", 0, NULL},
	{"[route a]\nsmart_host = h\ntls = required\n", 0, NULL},
	{"[route a]\nsmart_host = h\ntls = off\n", 0, NULL},
	{"[route a]\nsmart_host = h\nauth = off\noauth = u\n", 4,
	 "error: oauth: there is no [oauth u]"},
	{"[route a]\nsmart_host = h\nuser = me@b.c\npassword = file:/p\nsender_as = ACCOUNT\n", 0,
	 NULL},
	{"[route a]\nsmart_host = h\nfrom = Account\n", 3,
	 "error: from = account of [route a]: it has no user"},
	{"[route a]\nsmart_host = h\nfrom = x@y.z\n", 0, NULL},
	/* ---- where tokens come from ---- */
	{OAUTH "tenant = x\nflow = client\nclient_certificate = /c\n", 0, NULL},
	{OAUTH "provider = custom\ntoken_url = https://x/\ndevice_url = https://x/\n", 0, NULL},
	{OAUTH
	 "provider = custom\nflow = client\nclient_secret = file:/s\ntoken_url = https://x/\n",
	 0, NULL},
	{OAUTH "provider = google\nflow = client\nclient_secret = file:/s\n", 5,
	 "error: [oauth t]: Google lets nobody"},
	{OAUTH "vendor = LMN\n", 0, NULL},
};

START_TEST(fault)
{
	const char *wrong = fake_fault(rows[_i].text, rows[_i].line, rows[_i].fault);
	ck_assert_msg(!wrong, "%s", wrong);
}
END_TEST

/* All faults of a login are told at a time, not the first one alone. */
START_TEST(all_are_told)
{
	ck_assert_int_eq(fake_load("[route a]\nmatch = b.c\noauth = u\nauth = plain\ntls = off\n"),
			 E_CONFIG);
	ck_assert_ptr_nonnull(
		strstr(fake_faults(), "/gw.ini:3: error: oauth: there is no [oauth u]"));
	ck_assert_ptr_nonnull(
		strstr(fake_faults(), "/gw.ini:4: error: auth of [route a] needs a user"));
	ck_assert_ptr_nonnull(
		strstr(fake_faults(), "/gw.ini:4: error: auth of [route a] needs a smart_host"));
	ck_assert_ptr_nonnull(strstr(fake_faults(), "/gw.ini:5: error: tls of [route a] may send"));
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/validate_login");
	TCase *loops = tcase_create("faults");
	tcase_add_loop_test(loops, fault, 0, sizeof rows / sizeof *rows);
	suite_add_tcase(s, loops);
	SUITE_CASE(s, "all", all_are_told);
	return s;
}
SUITE_MAIN(suite)
