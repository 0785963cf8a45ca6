/* office: a postoffice of format = mmff with the domains of its address map, by its own files in any case; faulty ones are named. */
#include "base/file.h"
#include "conf/settings.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[256], ini[300];
static struct settings *s;
static char faults_text[2000];

static void put_file(const char *name, const char *text)
{
	char path[600];
	struct err err;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	ck_assert_int_eq(file_replace(file_system(), path, text, strlen(text), 0600, &err), OK);
}

static enum result load(const char *keys)
{
	char text[2000];
	struct region *region;
	struct conf_fault *faults;
	settings_unref(&s);
	snprintf(text, sizeof text,
		 "[gateway]\nhostname = h.example\n[postoffice A/B]\npath = %s\n%s", folder, keys);
	put_file("gw.ini", text);
	enum result r = settings_load(ini, NULL, &s, &region, &faults);
	FILE *out = fmemopen(faults_text, sizeof faults_text, "w");
	conf_faults_print(faults, out);
	fclose(out);
	region_destroy(&region);
	return r;
}

static void setup(void)
{
	char path[300];
	struct err err;
	snprintf(folder, sizeof folder, "%s/o[1]*", suite_scratch());
	snprintf(ini, sizeof ini, "%s/gw.ini", folder);
	snprintf(path, sizeof path, "%s/Smtp", folder);
	ck_assert_int_eq(file_make_dirs(file_system(), path, 0700, &err), OK);
}

static void teardown(void)
{
	settings_unref(&s);
	suite_scratch_remove();
}

static const struct conf_postoffice *office(void)
{
	return &s->postoffices[0];
}

START_TEST(domains_of_the_map)
{
	put_file("Smtp/addr_MAP.cfg",
		 "A/B .sub.test\nA/B Company.test\nC/D else.test\nA/B b.test\nA/B else.test\n");
	put_file("Smtp/local.cfg", "postoffice = A/B\n");
	ck_assert_msg(load("format = mmff\n") == OK, "%s", faults_text);
	ck_assert_uint_eq(office()->domains.count, 3);
	ck_assert_str_eq(office()->domains.items[0], "company.test");
	ck_assert_str_eq(office()->domains.items[1], "b.test");
	ck_assert_str_eq(office()->domains.items[2], ".sub.test");
	ck_assert_uint_eq(office()->native.count, 5);
	ck_assert_str_eq(office()->get, "smtpget");
	ck_assert_str_eq(office()->put, "smtpput");
	struct buf out;
	buf_init(&out, 0);
	ck_assert_int_eq(settings_print(s, "postoffice A/B", false, NULL, &out), OK);
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "company.test"));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), "; ADDR_MAP.CFG\n"));
	buf_free(&out);
}
END_TEST

START_TEST(keys_come_first)
{
	put_file("Smtp/ADDR_MAP.CFG", "A/B one.test\n");
	put_file("other.map", "A/B two.test\n");
	char keys[700];
	snprintf(keys, sizeof keys,
		 "format = mmff\ndomain = zero.test\nget = none\nput = /bin/x smtpput\nmap = "
		 "%s/other.map\n",
		 folder);
	ck_assert_msg(load(keys) == OK, "%s", faults_text);
	ck_assert_uint_eq(office()->domains.count, 2);
	ck_assert_str_eq(office()->domains.items[0], "zero.test");
	ck_assert_str_eq(office()->domains.items[1], "two.test");
	ck_assert_ptr_null(office()->get);
	ck_assert_int_eq(office()->mailboxes, CONF_MAILBOXES_ANY);
	ck_assert_int_eq(load("domain = zero.test\n"), OK); /* a Maildir has no map */
	ck_assert_uint_eq(office()->domains.count, 1);
	ck_assert_ptr_null(office()->get);
}
END_TEST

START_TEST(faults)
{
	ck_assert_int_eq(load("format = mmff\n"), E_CONFIG);
	ck_assert_ptr_nonnull(
		strstr(faults_text, "gw.ini:3: error: [postoffice A/B] needs the key domain"));
	put_file("Smtp/ADDR_MAP.CFG", "A/B one.test\nAB two.test\n");
	ck_assert_int_eq(load("format = mmff\n"), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(faults_text, "gw.ini:4: error: "));
	ck_assert_ptr_nonnull(strstr(
		faults_text, "/Smtp/ADDR_MAP.CFG: line 2: \"AB\" is not NETWORK/POSTOFFICE"));
	put_file("Smtp/ADDR_MAP.CFG", "A/B one.test\n");
	put_file("Smtp/LOCAL.CFG", "nonsense\n");
	ck_assert_int_eq(load("format = mmff\n"), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(faults_text, "/Smtp/LOCAL.CFG: line 1: "));
	ck_assert_int_eq(load("format = mmff\nmap = /nonexistent/map\n"), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(faults_text, "/nonexistent/map"));
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("conf/office");
	TCase *tc = tcase_create("office");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, domains_of_the_map);
	tcase_add_test(tc, keys_come_first);
	tcase_add_test(tc, faults);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return suite;
}
SUITE_MAIN(suite)
