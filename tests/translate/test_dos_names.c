/* dos_names: what DOS takes stays, the rest is made fit, and no two are alike, however many there are. */
#include "translate/dos_names.h"

#include "support/suite.h"

#include <string.h>

static const struct {
	const char *name, *high, *low;
} rows[] = {
	{"CONFIG.SYS", "CONFIG.SYS", "CONFIG.SYS"},
	{"config.sys", "CONFIG.SYS", "CONFIG.SYS"},
	{"Annual Report 1993.document", "ANNUALRE.DOC", "ANNUALRE.DOC"},
	{"a.b.c.tar.gz", "A_B_C_TA.GZ", "A_B_C_TA.GZ"},
	{"B\x81ro.pdf", "B\x81RO.PDF", "B_RO.PDF"},
	{"a+b,c;d=[e].f+g", "A_B_C_D_.F_G", "A_B_C_D_.F_G"},
	{"..profile", "PROFILE", "PROFILE"},
	{"README", "README", "README"},
	{"name.", "NAME", "NAME"},
	{" . ", "ATT", "ATT"},
	{"", "ATT", "ATT"},
	{".pdf", "PDF", "PDF"},
	{"con.txt", "CON_.TXT", "CON_.TXT"},
	{"nul", "NUL_", "NUL_"},
	{"Lpt1.prn", "LPT1_.PRN", "LPT1_.PRN"},
	{"COM0.X", "COM0.X", "COM0.X"},
	{"console.log", "CONSOLE.LOG", "CONSOLE.LOG"},
	{"a\tb\x7f.c\n", "A_B_.C_", "A_B_.C_"},
};

START_TEST(one_name)
{
	char out[DOS_NAME_MAX];
	dos_name(rows[_i].name, true, out);
	ck_assert_str_eq(out, rows[_i].high);
	dos_name(rows[_i].name, false, out);
	ck_assert_str_eq(out, rows[_i].low);
}
END_TEST

static void fill(struct neutral *n, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct neutral_part p = {.name = names[i % 4]};
		ck_assert_int_eq(neutral_add_part(n, &p), OK);
	}
}

START_TEST(no_two_are_alike)
{
	static const char *const names[] = {"long name one.txt", "LONGNAME.TXT", "longname~1.txt",
					    "x"};
	static const char *const want[] = {"LONGNAME.TXT", "LONGNA~1.TXT", "LONGNA~2.TXT", "X",
					   "LONGNA~3.TXT"};
	struct neutral n;
	struct region *region = region_new(0);
	neutral_init(&n, region);
	fill(&n, names, 5);
	ck_assert_int_eq(dos_names(&n, true), OK);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(n.parts.items[i].name, want[i]);
	region_destroy(&region);
}
END_TEST

START_TEST(nor_of_as_many_as_there_may_be)
{
	static const char *const names[] = {"same name.txt", "same name.txt", "same name.txt",
					    "same_name"};
	struct neutral n;
	struct region *region = region_new(0);
	neutral_init(&n, region);
	fill(&n, names, NEUTRAL_PARTS_MAX);
	ck_assert_int_eq(dos_names(&n, true), OK);
	for (size_t i = 0; i < n.parts.count; i++) {
		const char *name = n.parts.items[i].name, *dot = strchr(name, '.');
		ck_assert_uint_le(dot ? (size_t)(dot - name) : strlen(name), 8);
		ck_assert_uint_le(dot ? strlen(dot) : 0, 4);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(n.parts.items[k].name, name);
	}
	region_destroy(&region);
}
END_TEST

START_TEST(memory_runs_out)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	struct region *region = region_new(0);
	struct neutral n;
	neutral_init(&n, region);
	fill(&n, names, 4);
	struct region *small = region_new(1);
	n.region = small;
	ck_assert_int_eq(dos_names(&n, true), E_NOMEM);
	region_destroy(&small);
	region_destroy(&region);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dos_names");
	TCase *tc = tcase_create("one");
	tcase_add_loop_test(tc, one_name, 0, (int)(sizeof rows / sizeof *rows));
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "message", no_two_are_alike, nor_of_as_many_as_there_may_be, memory_runs_out);
	return s;
}
SUITE_MAIN(suite)
