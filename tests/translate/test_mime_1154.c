/* Bodies that Encoding counts out: as the original wrote them, names in any order of fields, miscounted ones, damaged files. */
#include "translating.h"

#define UU "begin 644 f.txt\r\n5:&5L;&\\@=74@9FEL90IS96-O;F0*\r\n`\r\nend\r\n"
#define UU_BYTES "hello uu file\nsecond\n"
#define NAME "X-MS-Attachment: Given Name.doc 21 07-13-1993 13:20\r\n"

START_TEST(counted)
{
	static const char *const heads[] = {"Encoding: 2 TEXT, 4 UUENCODE\r\n" NAME "\r\n",
					    NAME "Encoding: 2 text,\r\n 4 Uuencode\r\n\r\n"};
	for (size_t i = 0; i < 2; i++) { /* Q111857: either first */
		translate(region_printf(region, "%sone\r\ntwo\r\n\r\n" UU, heads[i]));
		ck_assert_str_eq(body(), "one\rtwo\r");
		ck_assert_uint_eq(n.parts.count, 1);
		is_part(0, "Given Name.doc", UU_BYTES);
		ck_assert_ptr_null(strstr(string(&n.text), "UUENCODE"));
		ck_assert_ptr_null(strstr(string(&n.text), "X-MS-"));
	}
}
END_TEST

START_TEST(names)
{
	translate("Encoding: 0 TEXT, 4 UUENCODE, 4 UUENCODE, 1 HEX\r\nX-NC-Attachment: a 0 "
		  "00-00-1980 00:00\r\n\r\n\r\n" UU "\r\n" UU "\r\nff\r\n");
	ck_assert_str_eq(body(), "");
	ck_assert_uint_eq(n.parts.count, 3);
	is_part(0, "a", UU_BYTES);
	is_part(1, "f.txt", UU_BYTES);
	is_part(2, "ATT1.DAT", "ff\r\n");
}
END_TEST

/* Of two names and one file in uuencode one is text of 7 bits; of one name none is. */
START_TEST(seven_bits)
{
	translate("Encoding: 1 TEXT, 2 TEXT, 4 UUENCODE\r\nX-MS-Attachment: c.sys 6 07-13-1993 "
		  "13:20\r\n" NAME "\r\nt\r\n\r\n1\r\n2\r\n\r\n" UU);
	ck_assert_str_eq(body(), "t\r");
	is_part(0, "c.sys", "1\r\n2\r\n");
	is_part(1, "Given Name.doc", UU_BYTES);
	translate("Encoding: 1 TEXT, 2 TEXT, 4 UUENCODE\r\n" NAME "\r\nt\r\n\r\n1\r\n2\r\n\r\n" UU);
	ck_assert_str_eq(body(), "t\r\r1\r2\r");
	ck_assert_uint_eq(n.parts.count, 1);
}
END_TEST

/* What is counted wrong is a text with files in it; nothing is lost. */
START_TEST(miscounted)
{
	static const char *const values[] = {"1 TEXT, 4 UUENCODE",
					     "3 TEXT, 4 UUENCODE",
					     "2 TEXT, 9 UUENCODE",
					     "2 TEXT, 3 UUENCODE",
					     "rubbish",
					     ""};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		translate(region_printf(region, "Encoding: %s\r\n\r\none\r\ntwo\r\n\r\n" UU,
					values[i]));
		if (i == 4) { /* all of it, of a kind that is not known */
			ck_assert_str_eq(body(), "");
			is_part(0, "ATT1.DAT", "one\r\ntwo\r\n\r\n" UU);
			continue;
		}
		ck_assert_str_eq(body(), "one\rtwo\r\r");
		is_part(0, "f.txt", UU_BYTES);
	}
	/* what stands beside the file of a part is in the mail as it came */
	translate("Encoding: 1 TEXT, 5 UUENCODE\r\n" NAME "\r\nt\r\n\r\nwords\r\n" UU);
	ck_assert_uint_eq(n.parts.count, 2);
	is_part(0, "Given Name.doc", UU_BYTES);
	ck_assert_str_eq(n.parts.items[1].name, "MESSAGE.EML");
	translate("Encoding: 1 TEXT, UUENCODE\r\n" NAME "\r\nt\r\n\r\n" UU UU);
	ck_assert_str_eq(n.parts.items[1].name, "MESSAGE.EML");
	translate("Encoding: 1 TEXT, 2 UUENCODE\r\n" NAME "\r\nt\r\n\r\nbegin 644 x\r\n#``\r\n");
	is_part(0, "Given Name.doc", "begin 644 x\r\n#``\r\n");
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {counted, names, seven_bits, miscounted};
	return translating_suite("translate/mime_1154", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
