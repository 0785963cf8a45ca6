/* mail/asks: what parameters may say, and their one form as text. */
#include "mail/asks.h"
#include "support/suite.h"

#include <string.h>

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *text, *again; /* again: as it is printed; NULL: E_SYNTAX */
} mails[] = {
	{"", ""},
	{"RET=HDRS", "RET=HDRS"},
	{"RET=full ENVID=q+2B1", "RET=FULL ENVID=q+2B1"},
	{"REQUIRETLS SMTPUTF8 ENVID=" HUNDRED, "ENVID=" HUNDRED " SMTPUTF8 REQUIRETLS"},
	{"RET=FULL ENVID=x SMTPUTF8 REQUIRETLS", "RET=FULL ENVID=x SMTPUTF8 REQUIRETLS"},
	{"RET", NULL},
	{"RET=", NULL},
	{"RET=BOTH", NULL},
	{"ENVID", NULL},
	{"ENVID=", NULL},
	{"ENVID=" HUNDRED "x", NULL},
	{"ENVID=a=b", NULL},
	{"ENVID=+2b", NULL},
	{"ENVID=+2", NULL},
	{"ENVID=\x80", NULL},
	{"ENVID=a\tb", NULL},
	{"SMTPUTF8=yes", NULL},
	{"REQUIRETLS=1", NULL},
	{"XYZ", NULL},
	{" RET=FULL", NULL},
	{"RET=FULL  ENVID=x", NULL},
	{"ret=FULL", NULL},
};

START_TEST(of_messages)
{
	struct mail_asks a;
	char text[MAIL_ASKS_TEXT];
	enum result r = mail_asks_parse(mails[_i].text, &a);
	ck_assert_int_eq(r, mails[_i].again ? OK : E_SYNTAX);
	if (r == OK)
		ck_assert_str_eq(mail_asks_print(&a, text), mails[_i].again);
}
END_TEST

#define LONG_ORCPT \
	"rfc822;" HUNDRED HUNDRED HUNDRED HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN "012"

static const struct {
	const char *text, *again;
	unsigned notify;
} rcpts[] = {
	{"", "", 0},
	{"NOTIFY=NEVER", "NOTIFY=NEVER", MAIL_NOTIFY_NEVER},
	{"NOTIFY=delay,Success", "NOTIFY=SUCCESS,DELAY", MAIL_NOTIFY_SUCCESS | MAIL_NOTIFY_DELAY},
	{"NOTIFY=FAILURE,DELAY,SUCCESS", "NOTIFY=SUCCESS,FAILURE,DELAY",
	 MAIL_NOTIFY_SUCCESS | MAIL_NOTIFY_FAILURE | MAIL_NOTIFY_DELAY},
	{"ORCPT=rfc822;a+40b NOTIFY=FAILURE", "NOTIFY=FAILURE ORCPT=rfc822;a+40b",
	 MAIL_NOTIFY_FAILURE},
	{"ORCPT=utf-8;x", "ORCPT=utf-8;x", 0},
	{"ORCPT=" LONG_ORCPT, "ORCPT=" LONG_ORCPT, 0},
	{"ORCPT=" LONG_ORCPT "x", NULL, 0},
	{"NOTIFY", NULL, 0},
	{"NOTIFY=", NULL, 0},
	{"NOTIFY=,", NULL, 0},
	{"NOTIFY=SUCCESS,", NULL, 0},
	{"NOTIFY=,SUCCESS", NULL, 0},
	{"NOTIFY=NEVER,SUCCESS", NULL, 0},
	{"NOTIFY=SUCCES", NULL, 0},
	{"ORCPT=rfc822", NULL, 0},
	{"ORCPT=rfc822;", NULL, 0},
	{"ORCPT=;x", NULL, 0},
	{"ORCPT=rfc822;a=b", NULL, 0},
	{"RET=FULL", NULL, 0},
};

START_TEST(of_recipients)
{
	struct mail_asks_rcpt a;
	char text[MAIL_ASKS_RCPT_TEXT];
	enum result r = mail_asks_rcpt_parse(rcpts[_i].text, &a);
	ck_assert_int_eq(r, rcpts[_i].again ? OK : E_SYNTAX);
	if (r != OK)
		return;
	ck_assert_uint_eq(a.notify, rcpts[_i].notify);
	ck_assert_str_eq(mail_asks_rcpt_print(&a, text), rcpts[_i].again);
}
END_TEST

START_TEST(nothing_is_nothing)
{
	struct mail_asks a;
	struct mail_asks_rcpt of;
	ck_assert_int_eq(mail_asks_parse(NULL, &a), OK);
	ck_assert_int_eq(mail_asks_rcpt_parse(NULL, &of), OK);
	ck_assert(!a.utf8 && !a.require_tls && !*a.envid && !of.notify && !*of.orcpt);
}
END_TEST

START_TEST(xtext)
{
	char out[32], small[6];
	ck_assert_str_eq(mail_xtext_decode("a+40b+2B+3Dc", out, sizeof out), "a@b+=c");
	ck_assert_str_eq(mail_xtext_decode("a+0D+0Ab+FF", out, sizeof out), "a??b?");
	ck_assert_str_eq(mail_xtext_decode("+4", out, sizeof out), "+4");
	ck_assert_str_eq(mail_xtext_decode("abcdefgh", small, sizeof small), "abcde");
	ck_assert(mail_xtext_encode("a b+=\xc3\n", out, sizeof out));
	ck_assert_str_eq(out, "a+20b+2B+3D+C3+0A");
	ck_assert(!mail_xtext_encode("abcdef", small, sizeof small));
}
END_TEST

/* RFC 6533 section 3: for reports, and what a sender gave by SMTPUTF8 kept in ASCII. */
START_TEST(escapes)
{
	char out[64];
	struct mail_asks_rcpt of = {0};
	ck_assert(mail_utf8_escape("d\xc3\xbcr st+\\=\xf0\x9f\x98\x80@c", true, out, sizeof out));
	ck_assert_str_eq(out, "d\\x{FC}r\\x{20}st\\x{2B}\\x{5C}\\x{3D}\\x{1F600}@c");
	ck_assert(mail_utf8_escape("a\\x{FC}+\xc3\xbc", false, out, sizeof out));
	ck_assert_str_eq(out, "a\\x{FC}+\\x{FC}");
	ck_assert(!mail_utf8_escape("a\xfc", true, out, sizeof out));
	ck_assert(!mail_utf8_escape("abcdefgh", true, out, 16));
	ck_assert_int_eq(mail_asks_orcpt(&of, "UTF-8;\xc3\xbc@x"), OK);
	ck_assert_str_eq(of.orcpt, "UTF-8;\\x{FC}@x");
	ck_assert_int_eq(mail_asks_orcpt(&of, "utf-8;\xfc@x"), E_SYNTAX);
	ck_assert_int_eq(mail_asks_orcpt(&of, "rfc822;\xc3\xbc@x"), E_SYNTAX);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/asks");
	TCase *t = tcase_create("text");
	tcase_add_loop_test(t, of_messages, 0, sizeof mails / sizeof *mails);
	tcase_add_loop_test(t, of_recipients, 0, sizeof rcpts / sizeof *rcpts);
	suite_add_tcase(s, t);
	SUITE_CASE(s, "forms", nothing_is_nothing, xtext, escapes);
	return s;
}
SUITE_MAIN(suite)
