/* local_cfg: our layout, the names that the original's log gives its values, faulty lines. */
#include "mail/local_cfg.h"

#include "support/suite.h"

#include <string.h>

static struct region *region;
static struct mail_local_cfg c;
static struct err err;

static void setup(void)
{
	region = region_new(0);
}

static void teardown(void)
{
	region_destroy(&region);
}

static enum result parse(const char *text)
{
	return mail_local_cfg_parse(text, strlen(text), region, &c, &err);
}

START_TEST(ours)
{
	ck_assert_int_eq(
		parse("# us\r\nDomain = .company.com\r\ngateway=gw.company.com\r\nrouter : "
		      "10.1.0.2\r\n"
		      "postoffice = COMPANY/HQ\r\n\r\npostoffice = \"COMPANY/WEST\"\r\n\x1ajunk"),
		OK);
	ck_assert_str_eq(c.domain, ".company.com");
	ck_assert_str_eq(c.gateway, "gw.company.com");
	ck_assert_str_eq(c.router, "10.1.0.2");
	ck_assert_uint_eq(c.office_count, 2);
	ck_assert(mail_local_cfg_has(&c, "company/west"));
	ck_assert(!mail_local_cfg_has(&c, "COMPANY/EAST"));
}
END_TEST

START_TEST(as_the_log_names_them)
{
	ck_assert_int_eq(
		parse("  Local Domain = \".company.com\"\n  SMTP Gateway Host Name = \"gw\"\n"
		      "  SMTP Smart-Host IP = \"10.1.0.2\"\n  Local Post-Office: \"COMPANY/HQ\"\n"),
		OK);
	ck_assert_str_eq(c.gateway, "gw");
	ck_assert_str_eq(c.offices[0], "COMPANY/HQ");
}
END_TEST

START_TEST(nothing_named_is_all)
{
	ck_assert_int_eq(parse(""), OK);
	ck_assert(mail_local_cfg_has(&c, "ANY/THING"));
}
END_TEST

START_TEST(workgroup_postoffices)
{
	static const char *const are[] = {"WGPO0000", "/srv/wgpo0000", "/srv/WGPO0000//",
					  "/WGPO0001/"},
				 *const are_not[] = {"", "/", "/srv/WGPO/data", "/srv/wgp",
						     "XWGPO"};
	for (size_t i = 0; i < sizeof are / sizeof *are; i++)
		ck_assert_msg(mail_names_workgroup(are[i]), "%s", are[i]);
	for (size_t i = 0; i < sizeof are_not / sizeof *are_not; i++)
		ck_assert_msg(!mail_names_workgroup(are_not[i]), "%s", are_not[i]);
}
END_TEST

START_TEST(faulty_lines)
{
	ck_assert_int_eq(parse("domain = x\nhello"), E_SYNTAX);
	ck_assert_str_eq(err.text, "line 2: \"hello\" is not key = value");
	ck_assert_int_eq(parse("colour = red"), E_SYNTAX);
	ck_assert_ptr_nonnull(strstr(err.text, "line 1: there is no \"colour\" in LOCAL.CFG"));
	ck_assert_int_eq(parse("\r\n\r\ndomain ="), E_SYNTAX);
	ck_assert_str_eq(err.text, "line 3: domain has no value");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mail/local_cfg");
	TCase *t = tcase_create("cfg");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, ours);
	tcase_add_test(t, as_the_log_names_them);
	tcase_add_test(t, nothing_named_is_all);
	tcase_add_test(t, faulty_lines);
	tcase_add_test(t, workgroup_postoffices);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
