/* fault: order, words for near names, cutting, and the printed form. */
#include "conf/fault.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *printed(const struct conf_fault *faults, size_t errors)
{
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	ck_assert_uint_eq(conf_faults_print(faults, out), errors);
	fclose(out);
	return text;
}

START_TEST(file_order)
{
	struct region *r = region_new(0);
	struct conf_faults f;
	conf_faults_init(&f, r);
	conf_faults_add(&f, false, 1, "b.ini", 1, NULL, "five");
	conf_faults_add(&f, false, 0, "a.ini", 9, NULL, "three");
	conf_faults_add(&f, true, 0, "a.ini", 9, "do that", "four");
	conf_faults_add(&f, false, 0, "a.ini", 2, "do this", "two");
	conf_faults_add(&f, true, 0, "a.ini", 0, NULL, "one");
	char *text = printed(conf_faults_list(&f), 3);
	ck_assert_str_eq(
		text,
		"a.ini: warning: one\na.ini:2: error: two (do this)\na.ini:9: error: three\n"
		"a.ini:9: warning: four (do that)\nb.ini:1: error: five\n3 errors, 2 warnings\n");
	free(text);
	region_destroy(&r);
}
END_TEST

START_TEST(nothing_is_printed_of_nothing)
{
	struct region *r = region_new(0);
	struct conf_faults f;
	conf_faults_init(&f, r);
	ck_assert_ptr_null(conf_faults_list(&f));
	char *text = printed(NULL, 0);
	ck_assert_str_eq(text, "");
	free(text);
	region_destroy(&r);
}
END_TEST

START_TEST(a_full_region_is_told)
{
	struct region *r = region_new(64);
	struct conf_faults f;
	conf_faults_init(&f, r);
	conf_faults_add(&f, false, 0, "a", 1, NULL, "text");
	ck_assert(f.no_memory);
	ck_assert_uint_eq(f.errors, 1);
	region_destroy(&r);
}
END_TEST

START_TEST(near_words)
{
	static const char *const words[] = {"vendor", "spool", NULL};
	struct region *r = region_new(0), *tiny = region_new(1);
	struct conf_faults f;
	conf_faults_init(&f, r);
	ck_assert_str_eq(conf_fault_meant(&f, "vender", words), "did you mean \"vendor\"?");
	ck_assert_ptr_null(conf_fault_meant(&f, "xyzzy", words));
	ck_assert(!f.no_memory);
	conf_faults_init(&f, tiny);
	ck_assert_ptr_null(conf_fault_meant(&f, "vender", words));
	ck_assert(f.no_memory);
	region_destroy(&r);
	region_destroy(&tiny);
}
END_TEST

START_TEST(long_texts_are_cut)
{
	char text[200], out[68];
	memset(text, 'a', sizeof text);
	text[60] = '\0';
	ck_assert_str_eq(conf_fault_shown(text, out), text);
	strcpy(text + 59, "\xe2\x82\xac zz"); /* a character of three bytes over the edge */
	ck_assert_uint_eq(strlen(conf_fault_shown(text, out)), 62);
	ck_assert_str_eq(out + 58, "a...");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/fault");
	SUITE_CASE(s, "list", file_order, nothing_is_printed_of_nothing, a_full_region_is_told);
	SUITE_CASE(s, "words", near_words, long_texts_are_cut);
	return s;
}
SUITE_MAIN(suite)
