/* mmff_write: byte for byte in each form, and read again. */
#include "translate/mmff.h"

#include "support/suite.h"

#include <string.h>

static struct region *region;
static struct neutral n;

static void setup(void)
{
	region = region_new(0);
	neutral_init(&n, region);
}

static void teardown(void)
{
	region_destroy(&region);
}

static void fill(void)
{
	struct neutral_part part = {.name = "config.sys", .content = content_memory("\r\n\0x", 4)};
	struct neutral_field field = {.type = "I", .length = "3", .name = "HEADLEN", .value = "9"};
	n.from = (struct neutral_address){.type = "CSI", .text = "COMPANY/DEPT/sjones"};
	ck_assert_int_eq(neutral_add_address(&n, &n.to, "CSI", "COMPANY/DEPT/jsmith"), OK);
	ck_assert_int_eq(neutral_add_address(&n, &n.to, "X400", "c=de\ra=x"), OK);
	ck_assert_int_eq(neutral_add_address(&n, &n.cc, "SMTP", "joe@example.com"), OK);
	n.year = 1992;
	n.month = 11;
	n.day = 9;
	n.hour = 3;
	n.minute = 4;
	n.subject = "two\r\nlines";
	n.priority = "F";
	n.text = content_memory("a\nb\r\n", 5);
	ck_assert_int_eq(neutral_add_part(&n, &part), OK);
	ck_assert_int_eq(neutral_add_field(&n, &field), OK);
	ck_assert_int_eq(neutral_add_unknown(&n, "X-Y:z"), OK);
}

static void expect(enum ending ending, bool extended, const char *want, size_t size)
{
	struct mmff_form form = {.ending = ending, .extended = extended};
	struct buf b;
	struct sink s;
	buf_init(&b, 0);
	sink_buffer(&s, &b);
	ck_assert_int_eq(mmff_write(&n, &form, &s), OK);
	ck_assert_uint_eq(b.len, size);
	ck_assert_mem_eq(buf_head(&b), want, size);
	ck_assert_uint_eq(s.count, size);
	buf_free(&b);
}

#define EXPECT(ending, extended, want) expect(ending, extended, want, sizeof(want) - 1)

START_TEST(forms)
{
	fill();
	EXPECT(ENDING_CR, false,
	       "VERSION:3.00\rTO:CSI:COMPANY/DEPT/"
	       "jsmith\rTO:X400:c=de^0Da=x\rTO:SMTP:joe@example.com\r"
	       "FROM:CSI:COMPANY/DEPT/sjones\rDATE:1992-11-09\rTIME:03:04\rSUBJECT:two  "
	       "lines\rPRIORITY:F\r"
	       "ATTACHMENT:config.sys 4\rTEXT:4\ra\rb\r\r\n\0x");
	EXPECT(ENDING_CRLF, true,
	       "VERSION:3.00\r\nTO:CSI:COMPANY/DEPT/"
	       "jsmith\r\nTO:X400:c=de^0Da=x\r\nCC:SMTP:joe@example.com\r\n"
	       "FROM:CSI:COMPANY/DEPT/sjones\r\nDATE:1992-11-09\r\nTIME:03:04\r\nSUBJECT:two  "
	       "lines\r\n"
	       "PRIORITY:F\r\nEXT:I:3:HEADLEN\r\n9\r\nX-Y:z\r\nATTACHMENT:config.sys "
	       "4\r\nTEXT:6\r\n"
	       "a\r\nb\r\n\r\n\0x");
	n.text_external = "BODY.TXT";
	n.parts.items[0].external = "A.DAT";
	EXPECT(ENDING_LF, false,
	       "VERSION:3.00\nTO:CSI:COMPANY/DEPT/"
	       "jsmith\nTO:X400:c=de^0Da=x\nTO:SMTP:joe@example.com\n"
	       "FROM:CSI:COMPANY/DEPT/sjones\nDATE:1992-11-09\nTIME:03:04\nSUBJECT:two  "
	       "lines\nPRIORITY:F\n"
	       "XATTACH:A.DAT config.sys\nXTEXT:BODY.TXT\n");
}
END_TEST

START_TEST(least)
{
	ck_assert_int_eq(neutral_add_address(&n, &n.to, "CSI", "a"), OK);
	EXPECT(ENDING_LF, true, "VERSION:3.00\nTO:CSI:a\nTEXT:0\n");
}
END_TEST

/* What was written is read as the same message, in each form. */
START_TEST(read_again)
{
	fill();
	for (int e = ENDING_CR; e <= ENDING_CRLF; e++) {
		struct mmff_form form = {.ending = (enum ending)e, .extended = true};
		struct buf b;
		struct sink s;
		struct mmff_reader r;
		struct neutral m;
		struct err err;
		buf_init(&b, 0);
		sink_buffer(&s, &b);
		ck_assert_int_eq(mmff_write(&n, &form, &s), OK);
		struct content c = content_memory(buf_head(&b), b.len);
		mmff_reader_init(&r, &c, -1);
		ck_assert_msg(mmff_next(&r, region, &m, &err) == OK, "%s", err.text);
		ck_assert_uint_eq(m.to.count, 2);
		ck_assert_str_eq(m.to.items[1].text, "c=de\ra=x");
		ck_assert_str_eq(m.cc.items[0].text, "joe@example.com");
		ck_assert_str_eq(neutral_field(&m, "HEADLEN"), "9");
		ck_assert_str_eq(m.unknown.items[0], "X-Y:z");
		ck_assert_uint_eq(m.parts.items[0].content.size, 4);
		ck_assert_mem_eq(m.parts.items[0].content.bytes, "\r\n\0x", 4);
		ck_assert_int_eq(mmff_next(&r, region, &m, &err), E_NOTFOUND);
		buf_free(&b);
	}
}
END_TEST

START_TEST(failing_sink)
{
	struct mmff_form form = {.ending = ENDING_CR};
	fill();
	for (size_t most = 1;; most++) {
		struct buf b;
		struct sink s;
		buf_init(&b, most);
		sink_buffer(&s, &b);
		enum result r = mmff_write(&n, &form, &s);
		buf_free(&b);
		if (r == OK) {
			ck_assert_uint_gt(most, 100);
			break;
		}
		ck_assert_int_eq(r, E_LIMIT);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/mmff_write");
	TCase *t = tcase_create("write");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, forms);
	tcase_add_test(t, least);
	tcase_add_test(t, read_again);
	tcase_add_test(t, failing_sink);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
