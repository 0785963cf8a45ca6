/* mmff_read: the published example, every terminator, every size of pieces, many messages, and what is broken costs itself. */
#include "translate/mmff.h"

#include "support/scarce.h"
#include "support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct region *region;
static struct mmff_reader reader;
static struct neutral n;
static struct err err;

static void setup(void)
{
	region = region_new(0);
}

static void teardown(void)
{
	region_destroy(&region);
}

static void start(const char *bytes, size_t size, size_t most)
{
	struct content c = content_memory(bytes, size);
	c.most = most;
	mmff_reader_init(&reader, &c, -1);
}

static enum result next(void)
{
	err = (struct err){.code = OK};
	return mmff_next(&reader, region, &n, &err);
}

static void expect(const struct content *c, const char *want)
{
	char got[4096];
	struct buf b;
	struct sink s;
	buf_init(&b, sizeof got);
	sink_buffer(&s, &b);
	ck_assert_int_eq(sink_content(&s, c), OK);
	ck_assert_str_eq(buf_string(&b), want);
	buf_free(&b);
}

/* The example of the articles, line ends as asked. */
static size_t example(char *out, size_t size, const char *end)
{
	return (size_t)snprintf(
		out, size,
		"VERSION:3.00%sTO:CSI:COMPANY/DEPT/jsmith%sFROM:CSI:COMPANY/DEPT/sjones%s"
		"DATE:1992-11-29%sTIME:23:44%sSUBJECT:Automatic File Transfer (1 files)%s"
		"PRIORITY:F%sATTACHMENT:config.sys 8%sTEXT:12%sBuffers= 30!FILES=40",
		end, end, end, end, end, end, end, end, end);
}

START_TEST(every_terminator_in_every_size_of_pieces)
{
	for (int e = ENDING_CR; e <= ENDING_CRLF; e++)
		for (size_t most = 0; most < 40; most++) {
			char text[1024];
			size_t one = example(text, sizeof text, ending_text((enum ending)e));
			size_t both = one + example(text + one, sizeof text - one,
						    ending_text((enum ending)e));
			start(text, both, most);
			for (unsigned k = 1; k <= 2; k++) {
				ck_assert_msg(next() == OK, "%d %zu %s", e, most, err.text);
				ck_assert_uint_eq(reader.message, k);
				ck_assert_int_eq(reader.ending, e);
				ck_assert_uint_eq(reader.line, 9);
				ck_assert_str_eq(n.to.items[0].text, "COMPANY/DEPT/jsmith");
				ck_assert_str_eq(n.from.text, "COMPANY/DEPT/sjones");
				expect(&n.text, "Buffers= 30!");
				expect(&n.parts.items[0].content, "FILES=40");
				ck_assert_uint_eq(reader.end, k * one);
			}
			ck_assert_int_eq(next(), E_NOTFOUND);
		}
}
END_TEST

START_TEST(every_prefix_is_broken_or_empty)
{
	char text[512];
	size_t size = example(text, sizeof text, "\r");
	for (size_t i = 0; i < size; i++) {
		start(text, i, 0);
		ck_assert_int_eq(next(), i ? E_CORRUPT : E_NOTFOUND);
		if (i)
			ck_assert_int_eq(next(), E_NOTFOUND);
	}
}
END_TEST

#define GOOD "VERSION:3.00\rTO:a\rTEXT:2\rok"

/* Each broken one stands between two good ones, which are both read. */
START_TEST(a_broken_one_costs_itself)
{
	static const struct {
		const char *broken, *want;
	} rows[] = {
		{"VERSION:3.00\rTO:PIGEON:x\rTEXT:1\rz", "151-002-002 unknown service: "},
		{"VERSION:3.00\rTO:a/b\rTEXT:1\rz", "142-002-002 bad address: "},
		{"VERSION:3.00\rTO:a\rATTACHMENT:x 99999\rTEXT:1\rz",
		 "143-002-004 unknown parser error: attachment x"},
		{"VERSION:3.00\rTO:a\rTEXT:40\rz", "143-002-003 unknown parser error: "},
		{"VERSION:3.00\rTO:a\rTEXT:1\rzz", "143-002-003 unknown parser error: behind"},
		{"VERSION:3.00\rTO:a\rno colon\rTEXT:1\rz",
		 "144-002-003 unable to partition line: no colon"},
		{"VERSION:3.00\rTO:a\rTEXT:x\rz", "140-002-003 unknown error processing token: "},
		{"VERSION:3.00\rTO:a\r", "143-002-003 unknown parser error: the header ends"},
		{"VERSION:3.00\r? :\rVERSION:3.00 is a word\r", "141-002-002 cannot match token: "},
		{"garbage\rVERSION:3.00\rnot a token", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t most = 0; most < 4; most++) {
			char text[512];
			snprintf(text, sizeof text, "%s%s%s", GOOD, rows[i].broken, GOOD);
			start(text, strlen(text), most);
			if (!rows[i].want) { /* then the first one is the broken one */
				ck_assert_int_eq(next(), E_CORRUPT);
				ck_assert_int_eq(next(), OK);
				continue;
			}
			ck_assert_int_eq(next(), OK);
			ck_assert_msg(next() == E_CORRUPT, "%s", rows[i].broken);
			ck_assert_msg(strncmp(err.text, rows[i].want, strlen(rows[i].want)) == 0,
				      "%s", err.text);
			ck_assert_uint_eq(reader.start, strlen(GOOD));
			ck_assert_uint_eq(reader.end, strlen(GOOD) + strlen(rows[i].broken));
			ck_assert_msg(next() == OK, "%s: %s", rows[i].broken, err.text);
			expect(&n.text, "ok");
			ck_assert_int_eq(next(), E_NOTFOUND);
		}
}
END_TEST

START_TEST(filler_and_external_parts)
{
	static const char text[] =
		"\r\n" GOOD "\r\n\x1a" GOOD "VERSION:3.00\nTo:a\nXATTACH:m:\\x.txt\nXTEXT:y.txt\n"
		"version:3.00\r\nto:a\r\n\r\ntext:0\r\n\x1a\0\0";
	start(text, sizeof text - 1, 0);
	ck_assert_int_eq(next(), OK);
	ck_assert_int_eq(next(), OK);
	ck_assert_int_eq(next(), OK);
	ck_assert_str_eq(n.text_external, "y.txt");
	ck_assert_str_eq(n.parts.items[0].external, "m:\\x.txt");
	ck_assert_int_eq(reader.ending, ENDING_LF);
	ck_assert_int_eq(next(), OK);
	ck_assert_int_eq(reader.ending, ENDING_CRLF);
	ck_assert_uint_eq(n.text.size, 0);
	ck_assert_int_eq(next(), E_NOTFOUND);
}
END_TEST

START_TEST(demanded_terminator)
{
	struct content c = content_memory(GOOD, strlen(GOOD));
	mmff_reader_init(&reader, &c, ENDING_LF);
	ck_assert_int_eq(next(), E_CORRUPT);
	ck_assert_str_eq(
		err.text,
		"144-001-001 unable to partition line: the lines end otherwise than demanded");
	mmff_reader_init(&reader, &c, ENDING_CR);
	ck_assert_int_eq(next(), OK);
}
END_TEST

START_TEST(bounds)
{
	struct buf b;
	buf_init(&b, 0);
	buf_puts(&b, "VERSION:3.00\rSUBJECT:");
	for (unsigned i = 0; i < MMFF_LINE_MAX; i++)
		buf_puts(&b, "x");
	buf_puts(&b, "\rTO:a\rTEXT:0\r" GOOD);
	start(buf_head(&b), b.len, 0);
	ck_assert_int_eq(next(), E_CORRUPT);
	ck_assert_str_eq(err.text,
			 "145-001-002 group fields too big: a line is longer than 16 KiB");
	ck_assert_int_eq(next(), OK);
	buf_clear(&b);
	buf_puts(&b, "VERSION:3.00\r");
	while (b.len < MMFF_HEADER_MAX + 100)
		buf_puts(&b, "\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r\r");
	start(buf_head(&b), b.len, 0);
	ck_assert_int_eq(next(), E_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "the header is larger than 4 MiB"));
	buf_free(&b);
}
END_TEST

/* A file that cannot be read says so, and is not taken for its end. */
START_TEST(file_fails)
{
	struct content c = content_file(-1, 0, 100);
	mmff_reader_init(&reader, &c, -1);
	ck_assert_int_eq(next(), E_IO);
	ck_assert_int_eq(strncmp(err.text, "052-001-000 file open: ", 23), 0);
	int fd = open("/dev/null", O_RDONLY);
	c = content_file(fd, 0, 100); /* shorter than it was */
	mmff_reader_init(&reader, &c, -1);
	ck_assert_int_eq(next(), E_CORRUPT);
	ck_assert_int_eq(next(), E_CORRUPT);
	ck_assert_int_eq(strncmp(err.text, "052-", 4), 0);
	close(fd);
}
END_TEST

START_TEST(memory_is_short)
{
	for (unsigned i = 1;; i++) {
		struct region *r = region_new(0);
		static struct neutral m;
		start(GOOD, strlen(GOOD), 0);
		scarce_fail_at(i);
		enum result got = mmff_next(&reader, r, &m, &err);
		scarce_end();
		region_destroy(&r);
		if (got == OK)
			break;
		ck_assert_int_eq(got, E_NOMEM);
		ck_assert_int_eq(strncmp(err.text, "020-001-002 insufficient memory", 31), 0);
		ck_assert_uint_lt(i, 100);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/mmff_read");
	TCase *t = tcase_create("read");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_terminator_in_every_size_of_pieces);
	tcase_add_test(t, every_prefix_is_broken_or_empty);
	tcase_add_test(t, a_broken_one_costs_itself);
	tcase_add_test(t, filler_and_external_parts);
	tcase_add_test(t, demanded_terminator);
	tcase_add_test(t, bounds);
	tcase_add_test(t, file_fails);
	tcase_add_test(t, memory_is_short);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
