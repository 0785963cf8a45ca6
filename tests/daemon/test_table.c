/* table: widths in characters, right columns, cutting, hostile text. */
#include "daemon/table.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static const char *const heads[] = {"ID", ">SIZE", "REASON", NULL};

static char *print(const struct table *t, size_t width)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	table_print(t, width, to);
	fclose(to);
	return text;
}

START_TEST(columns_line_up)
{
	struct table t;
	table_init(&t, heads);
	ck_assert_int_eq(table_add(&t, (const char *[]){"m1", "12", "über"}), OK);
	ck_assert_int_eq(table_add(&t, (const char *[]){"m1000", "1.5K", NULL}), OK);
	char *text = print(&t, 0);
	ck_assert_str_eq(text, "ID     SIZE  REASON\n"
			       "m1       12  über\n"
			       "m1000  1.5K  \n");
	free(text);
	table_free(&t);
}
END_TEST

START_TEST(last_column_is_cut)
{
	struct table t;
	table_init(&t, heads);
	table_add(&t, (const char *[]){"m1", "12", "äöü and more"});
	char *text = print(&t, 13);
	ck_assert_str_eq(text, "ID  SIZE  REA\nm1    12  äöü\n");
	free(text);
	table_free(&t);
}
END_TEST

START_TEST(control_characters_are_harmless)
{
	char out[64];
	ck_assert_str_eq(table_clean("a\033[2Jb\r\n\x7f", out, sizeof out), "a?[2Jb???");
	ck_assert_str_eq(table_clean("c1 \xc2\x9b"
				     "2J \xc3\xa9",
				     out, sizeof out),
			 "c1 ?2J \xc3\xa9");
	ck_assert_str_eq(table_clean("longer", out, 4), "lon");
}
END_TEST

START_TEST(put_cleans_any_length)
{
	char *text = NULL, *long_text = malloc(2001);
	size_t n;
	memset(long_text, 'x', 2000);
	long_text[2000] = '\0';
	for (size_t i = 0; i + 1 < 2000; i += 2)
		memcpy(long_text + i, "\xc3\xa9", 2);
	FILE *to = open_memstream(&text, &n);
	table_put(to, "[", long_text, "]");
	table_put(to, "never", "", "seen");
	table_put(to, "", "\033", "");
	fclose(to);
	ck_assert_uint_eq(n, 2003);
	ck_assert_int_eq(memcmp(text + 1, long_text, 2000), 0);
	ck_assert_str_eq(text + 2001, "]?");
	free(text);
	free(long_text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/table");
	SUITE_CASE(s, "layout", columns_line_up, last_column_is_cut);
	SUITE_CASE(s, "hostile", control_characters_are_harmless, put_cleans_any_length);
	return s;
}
SUITE_MAIN(suite)
