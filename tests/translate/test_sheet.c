/* sheet: there and back, with ten thousand recipients; sheets that are none. */
#include "translate/sheet.h"

#include "support/suite.h"

#include <string.h>

static struct region *region;
static struct buf out;

static void setup(void)
{
	region = region_new(0);
	buf_init(&out, 0);
}

static void teardown(void)
{
	buf_free(&out);
	region_destroy(&region);
}

static struct sheet there_and_back(const struct sheet *s)
{
	struct sink to;
	struct sheet back;
	buf_clear(&out);
	sink_buffer(&to, &out);
	ck_assert_int_eq(sheet_write(s, &to), OK);
	ck_assert_int_eq(sheet_read(buf_head(&out), out.len, region, &back), OK);
	return back;
}

START_TEST(both_ways)
{
	struct neutral n;
	neutral_init(&n, region);
	for (int i = 0; i < 10000; i++)
		neutral_add_address(&n, &n.to, "CSI", region_printf(region, "A/B/c %d", i));
	struct sheet s = {.charset = "CP437", .received = true, .make = SHEET_SEALED, .to = n.to};
	s.sender = (struct neutral_address){.type = "SMTP", .text = "\"a b\"@c"};
	struct sheet back = there_and_back(&s);
	ck_assert_str_eq(back.charset, "CP437");
	ck_assert(back.received && !back.always && back.make == SHEET_SEALED);
	ck_assert_str_eq(back.sender.type, "SMTP");
	ck_assert_str_eq(back.sender.text, "\"a b\"@c");
	ck_assert_uint_eq(back.to.count, 10000);
	ck_assert_str_eq(back.to.items[9999].text, "A/B/c 9999");
	struct table t;
	for (unsigned i = 0; i < 256; i++)
		t.to[i] = (unsigned char)(i < ' ' || i > '~' ? i : '~' - (i - ' '));
	ck_assert_ptr_null(back.table);
	s.table = &t;
	s.always = true;
	s.received = false;
	ck_assert(!back.dos_names && !back.no_receipts);
	s.make = SHEET_MAIL;
	s.dos_names = true;
	back = there_and_back(&s);
	ck_assert(back.dos_names && !back.no_receipts);
	s.dos_names = false;
	s.no_receipts = true;
	back = there_and_back(&s);
	ck_assert(!back.dos_names && back.no_receipts);
	ck_assert(back.always && !back.received && back.make == SHEET_MAIL);
	ck_assert_int_eq(memcmp(back.table->to, t.to, sizeof t.to), 0);
}
END_TEST

START_TEST(none)
{
	static const char *const rows[] = {"",
					   "to CSI a\n",
					   "charset",
					   "charset \n",
					   "x y z\n",
					   "charset X\nto a",
					   "charset X\nto  a",
					   "charset X\ntable 00\n",
					   "charset X\nmake hay\n"};
	struct sheet s;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_int_eq(sheet_read(rows[i], strlen(rows[i]), region, &s), E_SYNTAX);
	ck_assert_int_eq(sheet_read("", SHEET_MAX + 1ul, region, &s), E_LIMIT);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/sheet");
	TCase *tc = tcase_create("sheet");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, both_ways);
	tcase_add_test(tc, none);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
