/* validate: faults between keys and sections, each at the line that makes it. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define PICKUP(name, path) "[pickup " name "]\npath = " path "\n"
#define OFFICE(name, domain, path) "[postoffice " name "]\ndomain = " domain "\npath = " path "\n"

#define TEN "xxxxxxxxxx"
#define LONG_NAME \
	TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "1234567" /* with a slash before it 108 bytes */

/* See fake_fault. */
static const struct {
	const char *text;
	unsigned line;
	const char *fault;
} rows[] = {
	{"[gateway]\nhostname = gateway\n", 2, "warning: hostname: \"gateway\" has no dot"},
	{"[queue]\ndisk_min_urgent = 1G\n", 2, "warning: disk_min_urgent is above disk_min"},
	{"[queue]\nlifetime = 1h\n", 1, "warning: warn_after is not below lifetime"},
	{"[listen any]\n", 1, "error: [listen any]: the name is taken"},
	{"[listen a]\nmax_size = 51M\n", 2,
	 "error: max_size of [listen a] is above that of [gateway] (raise"},
	{"[listen a]\nmax_size = 50M\n", 0, NULL},
	{"[listen a]\nproxy_from = all\n", 2, "warning: proxy_from: whoever reaches [listen a]"},
	{"[listen a]\nproxy_from = 10.0.0.0/8\n", 0, NULL},
	{"[listen a]\naddress = *:25\n[listen b]\naddress = *:25\n", 4,
	 "error: address: *:25 of [listen b] is in [listen a] already"},
	{"[listen a]\naddress = [::1]:25\n[listen b]\naddress = *:26, [0:0::1]:25\n", 4,
	 "error: address: [0:0::1]:25 of [listen b] is in [listen a] already"},
	{"[listen a]\naddress = *:25, *:25\n", 2,
	 "error: address: *:25 of [listen a] is in [listen a] already"},
	{"[listen a]\n[log]\n[listen b]\n", 3,
	 "error: address: 127.0.0.1:2525 of [listen b] is in [listen a] already"},
	{"[listen a]\naddress = *:25\n[listen b]\naddress = *:25\nvendor = ftp\n", 0, NULL},
	{"[listen a]\naddress = *:25\nvendor = lmn\n[listen b]\naddress = *:25\n", 5,
	 "error: address: *:25"},
	{"[listen a]\naddress = 10.0.0.1:25\n[listen b]\naddress = 10.0.0.1:26\n", 0, NULL},
	{"[listen a]\ntls = required\n", 2,
	 "error: tls: [listen a] has no certificate (set certificate to a PEM file, or to auto)"},
	{"[listen a]\ntls = off\n", 0, NULL},
	{"[listen a]\nmode = lmtp\naddress = *:24\n", 0, NULL},
	{"[listen a]\nmode = lmtp\naddress = *:24, [::1]:25\n", 3,
	 "error: address of [listen a]: LMTP is not spoken on port 25 (give it another port"},
	{"[listen a]\nauth = offered\n", 2,
	 "error: auth: [listen a] has no TLS, and no password is taken in the clear (set tls = "
	 "required and certificate, or auth_clear"},
	{"[listen a]\nauth = offered\nprofile = legacy\n", 0, NULL},
	{"[listen a]\nauth = offered\n[profile b]\nclients = ::1\nauth_clear = yes\n", 0, NULL},
	{"[listen a]\nauth = offered\n[profile b]\nauth_clear = yes\n", 2,
	 "error: auth: [listen a]"},
	{"[listen a]\ncertificate = auto\ntls = required\nprofile = legacy\n", 3,
	 "error: tls: [listen a] requires STARTTLS, and [profile legacy] does not show it (set tls "
	 "= "
	 "offered"},
	{"[listen a]\ncertificate = auto\ntls = implicit\nprofile = legacy\n", 0, NULL},
	{"[listen a]\nprofile = legcy\n", 2,
	 "error: profile: there is no [profile legcy] (did you mean \"legacy\"?)"},
	{"[route a]\nmatch = b.c\ntls_pin = 12\n", 3, "error: tls_pin: \"12\" is not a SHA-256"},
	{"[route a]\nmatch = b.c\ntls_pin = "
	 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
	 3, "error: tls_pin of [route a] needs a tls that verifies (set tls = verified"},
	{"[route a]\nsmart_host = h\nuser = me\npassword = file:/p\n", 0, NULL},
	{"[route a]\nmatch = b.c\nbcc = a@b.c, d@e.f\n", 0, NULL},
	{"[route a]\nmatch = b.c\nbcc = a\n", 3,
	 "error: bcc: \"a\" is not an address (user@domain)"},
	{"[route a]\nmatch = b.c\nfallback = b\n", 3, "error: fallback: there is no [route b]"},
	{"[route a]\nmatch = b.c\nfallback = a\n", 3,
	 "error: fallback of [route a] leads back to it (let the last one have none)"},
	{"[route a]\nmatch = b.c\nfallback = b\n[route b]\nmatch = d.e\n", 0, NULL},
	{"[route a]\nmatch = *\nfallback = b\n[route b]\nmatch = d.e\n", 0, NULL},
	{"[route a]\nmatch = b.c\ndo = lmtp\n", 3,
	 "error: do = lmtp of [route a] needs a smart_host"},
	{"[route a]\ndo = lmtp\nsmart_host = h\n", 3,
	 "error: smart_host of [route a]: LMTP is not spoken on port 25 (set its port"},
	{"[route a]\ndo = lmtp\nsmart_host = h:24\n", 0, NULL},
	{"[postoffice a/b]\ndomain = x.y\n", 1, "error: [postoffice a/b] needs the key path"},
	{"[postoffice a/b]\ndomain = x.y\nformat = lmtp\n", 0, NULL},
	{"[postoffice a/b]\ndomain = x.y\nformat = lmtp\npath = /m\n", 4,
	 "error: path of [postoffice a/b]: format = lmtp has none (take"},
	{OFFICE("a/b", "x.y", "/m") "format = drop\n", 0, NULL},
	{OFFICE("a/b", "x.y", "/m") "format = drop\nget = smtpget\n", 5,
	 "error: get of [postoffice a/b]: format = drop has none"},
	{OFFICE("a/b", "x.y", "/m") "lmtp = h:24\n", 4,
	 "error: lmtp of [postoffice a/b] is not used: its format is not lmtp (set format = lmtp)"},
	{OFFICE("a/b", "x.y", "/m") "format = mmff\nput = x\n", 0, NULL},
	{OFFICE("a/b", "x.y", "/m") "put = x\n", 4,
	 "error: put of [postoffice a/b] is not used: its format is not mmff (set format = mmff)"},
	{OFFICE("a/b", "x.y", "/m") "map = /m/x\n", 4,
	 "error: map of [postoffice a/b] is not used: its format is not mmff (set format = mmff)"},
	{OFFICE("a/b", "x.y", "/m") "format = mfmf\n", 4,
	 "error: format: \"mfmf\" is none of maildir, drop, lmtp, mmff"},
	{"[postoffice a/b]\ndomain = x.y\nformat = lmtp\nlmtp = h\n", 4,
	 "error: lmtp: \"h\" is not a server with its port (127.0.0.1:24), or unix:/path"},
	{"[postoffice a/b]\ndomain = x.y\nformat = lmtp\nlmtp = unix:/run/lmtp\n", 0, NULL},
	{"[postoffice a/b]\ndomain = x.y\nformat = lmtp\nlmtp = unix:lmtp\n", 4,
	 "error: lmtp: \"unix:lmtp\" is not a server with its port (127.0.0.1:24), or unix:/path"},
	{"[postoffice a/b]\ndomain = x.y\nformat = lmtp\nlmtp = unix:/" LONG_NAME "\n", 4,
	 "error: lmtp: \"unix:/" TEN TEN TEN TEN TEN
	 "xxxx...\" is not a socket whose path has at most 107 bytes"},
	{"[gateway]\nvendor = ftp\n[route a]\ndo = lmtp\nsmart_host = unix:/run/a:25, h:24\n", 0,
	 NULL},
	{"[route a]\ndo = lmtp\nsmart_host = unix:/run/lmtp\nvendor = ftp\n", 4,
	 "error: vendor of [route a]: ftp has no sockets of this machine (unix:) (set vendor = "
	 "lmn)"},
	{"[route a]\nsmart_host = unix:/run/lmtp\n", 2,
	 "error: smart_host of [route a]: unix: is for LMTP (set do = lmtp)"},
	{"[route a]\nsmart_host = unix:/" LONG_NAME "\n", 2,
	 "error: smart_host: \"unix:/" TEN TEN TEN TEN TEN
	 "xxxx...\" is not a socket whose path has at most 107 bytes"},
	{"[listen a]\nkey = /x\n", 2, "error: key: [listen a] has no certificate of a file (set"},
	{"[listen a]\ncertificate = auto\nkey = /x\n", 3, "error: key: [listen a] has no"},
	{"[listen a]\ncertificate = auto\ntls = implicit\n", 0, NULL},
	{"[listen a]\ncertificate = /x\nkey = /y\n", 0, NULL},
	{"[listen a]\ncertificate = Auto\n", 2,
	 "error: certificate: \"Auto\" is not an absolute path"},
	{"[route a]\n", 1,
	 "warning: [route a] sends all mail by MX (say so with match = * and smart_host = mx"},
	{"[route a]\nmatch = *\n", 0, NULL},
	{"[route a]\nsmart_host = h\n", 0, NULL},
	{"[route a]\nsmart_host = h\n[route b]\nmatch = b.c\n", 1,
	 "warning: [route a] takes everything: [route b] behind it is never reached (put it last)"},
	{"[route a]\nsmart_host = h\nlistener = default\n[route b]\nmatch = b.c\n", 0, NULL},
	{"[route a]\nsmart_host = h\nsender = a.b\n[route b]\nmatch = b.c\n", 0, NULL},
	{"[route a]\nsmart_host = h\nclient = ::1\n[route b]\nmatch = b.c\n", 0, NULL},
	{"[route a]\ndo = hold\nsmart_host = h\n", 3,
	 "warning: smart_host of [route a] is not used: do is not send"},
	{"[route a]\ndo = hold\n", 0, NULL},
	{"[route a]\nmatch = b.c\nlifetime = 1h\n", 3,
	 "warning: warn_after of [route a] is not below lifetime"},
	{"[route a]\nmatch = b.c\nwarn_after = 6d\n", 3,
	 "warning: warn_after of [route a] is not below lifetime"},
	{"[route a]\nmatch = b.c\nlistener = lna\n[listen lan]\n", 3,
	 "error: listener: there is no [listen lna] and no [pickup lna] (did you mean \"lan\"?)"},
	{"[route a]\nmatch = b.c\nlistener = xxxxxxx\n[listen lan]\n", 3,
	 "error: listener: there is no [listen xxxxxxx] and no [pickup xxxxxxx]\n"},
	{"[route a]\nmatch = b.c\nlistener = LAN\n[listen lan]\n", 0, NULL},
	{OFFICE("a/b", "x.y", "/1") OFFICE("a/c", "X.Y", "/2"), 5,
	 "error: domain: x.y of [postoffice a/c] is in [postoffice a/b] already"},
	{OFFICE("a/b", "x.y, x.y", "/1"), 2,
	 "error: domain: x.y of [postoffice a/b] is in [postoffice a/b] already"},
	{OFFICE("a/b", "x.y, .x.y", "/1") OFFICE("a/c", "z.x.y", "/2"), 0, NULL},
	{OFFICE("a/b", "x.y", "/1") OFFICE("a/c", "z", "/1"), 6,
	 "error: path: [postoffice a/c] has the path of [postoffice a/b] (give one postoffice "
	 "several domains)"},
	{"[pickup a]\n", 1, "error: [pickup a] needs the key path"},
	{PICKUP("a", "/1") PICKUP("b", "/1"), 4,
	 "error: path: [pickup b] has the path of [pickup a] (give it a folder of its own)"},
	{PICKUP("a", "/1") OFFICE("a/b", "x.y", "/1"), 2,
	 "error: path: [pickup a] has the path of [postoffice a/b]"},
	{"[gateway]\nspool = /1\n" PICKUP("a", "/1"), 4,
	 "error: path: [pickup a] has the path of the spool"},
	{PICKUP("lan", "/1") "[listen lan]\n", 1,
	 "error: [pickup lan]: `listener` of routes would mean something else too (name it"},
	{PICKUP("a", "/1") "max_size = 51M\n", 3,
	 "error: max_size of [pickup a] is above that of [gateway] (raise"},
	{PICKUP("a", "/1") "files = *.eml, .x\n", 3,
	 "error: files: \".x\" is not a pattern of names"},
	{PICKUP("a", "/1") "files = a/b\n", 3, "error: files: \"a/b\" is not a pattern of names"},
	{PICKUP("a", "/1") "[route r]\nsmart_host = h\nlistener = a\n", 0, NULL},
};

START_TEST(fault_between_keys)
{
	const char *wrong = fake_fault(rows[_i].text, rows[_i].line, rows[_i].fault);
	ck_assert_msg(!wrong, "%s", wrong);
}
END_TEST

START_TEST(long_control_path)
{
	char text[256] = "[gateway]\nspool = /";
	memset(text + strlen(text), 's', 98); /* + /control: 107 */
	ck_assert_int_eq(fake_load(text), OK);
	text[strlen(text)] = 's';
	ck_assert_int_eq(fake_load(text), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(
		fake_faults(), "/gw.ini:1: error: control: the path of a socket has at most 107 "
			       "bytes, this one 108 (set control in [gateway]"));
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/validate");
	TCase *loops = tcase_create("faults");
	tcase_add_loop_test(loops, fault_between_keys, 0, sizeof rows / sizeof *rows);
	suite_add_tcase(s, loops);
	SUITE_CASE(s, "control", long_control_path);
	return s;
}
SUITE_MAIN(suite)
