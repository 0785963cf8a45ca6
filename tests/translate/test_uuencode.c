/*
 * uuencode: files of another's making found and decoded, what is no file or a damaged one left alone, every cut of a text, and what
 * is written read again for every size around a line.
 */
#include "translate/uuencode.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

/* Made by uuencode of GNU sharutils. */
#define FILE_LINES "begin 644 f.txt\r\n5:&5L;&\\@=74@9FEL90IS96-O;F0*\r\n`\r\nend\r\n"
#define FILE_BYTES "hello uu file\nsecond\n"

static enum result find(const char *text, struct uuencode *f)
{
	struct content c = content_memory(text, strlen(text));
	return uuencode_find(&c, 0, f);
}

static const char *decoded(const struct content *c, const struct uuencode *f)
{
	static char bytes[4096];
	struct buf b;
	struct sink to;
	buf_init(&b, 0);
	sink_buffer(&to, &b);
	ck_assert_int_eq(uuencode_decode(c, f, &to), OK);
	ck_assert_uint_eq(b.len, f->size);
	ck_assert_uint_lt(b.len, sizeof bytes);
	if (b.len)
		memcpy(bytes, buf_head(&b), b.len);
	bytes[b.len] = '\0';
	buf_free(&b);
	return bytes;
}

START_TEST(found)
{
	struct uuencode f;
	static const char text[] = "before\r\n" FILE_LINES "between\r\n" FILE_LINES "behind";
	struct content c = content_memory(text, strlen(text));
	for (c.most = 0; c.most < 9; c.most++) {
		ck_assert_int_eq(uuencode_find(&c, 0, &f), OK);
		ck_assert_uint_eq(f.start, 8);
		ck_assert_uint_eq(f.end, 8 + strlen(FILE_LINES));
		ck_assert_str_eq(f.name, "f.txt");
		ck_assert_str_eq(decoded(&c, &f), FILE_BYTES);
		ck_assert_int_eq(uuencode_find(&c, f.end, &f), OK);
		ck_assert_uint_eq(f.end, strlen(text) - strlen("behind"));
		ck_assert_int_eq(uuencode_find(&c, f.end, &f), E_NOTFOUND);
	}
}
END_TEST

/* Ways of writing it that there are: blanks for zero, cut at the end of the line or not, a checksum, no line of zero. */
START_TEST(variants)
{
	static const struct {
		const char *text, *name;
		size_t size;
	} rows[] = {
		{"begin 644 a b  \n#    \n \nend\n", "a b", 3},
		{"begin 0755 x\n#AB \n\nend", "x", 3},
		{"begin 644 x\n&    \n#A\n \nend\n", "x", 9},
		{"begin 644 x\n#````#\n`\nend\n", "x", 3},
		{"begin 644 x\n#````\nend\n", "x", 3},
		{"begin 644 x\n`\nend\n", "x", 0},
		{"begin 644 x\r \rend\r", "x", 0},
		{"begin 644 x\n!00\n`\nend\n", "x", 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct uuencode f;
		struct content c = content_memory(rows[i].text, strlen(rows[i].text));
		ck_assert_msg(find(rows[i].text, &f) == OK, "%s", rows[i].text);
		ck_assert_str_eq(f.name, rows[i].name);
		ck_assert_uint_eq(f.size, rows[i].size);
		decoded(&c, &f);
	}
}
END_TEST

START_TEST(none)
{
	static const char *const rows[] = {
		"",
		"begin the day\nand\nendeavor\n", /* Q118595 */
		"begin 644 the endeavor\nend\n",  /* nothing at all between */
		"begin 644\n`\nend\n",
		"begin 644 \n`\nend\n",
		"begin 64 x\n`\nend\n",
		"begin 00644 x\n`\nend\n",
		" begin 644 x\n`\nend\n",
		"begin 648 x\n`\nend\n",
		"begin 644 x\n#````\n`\n",             /* no end */
		"begin 644 x\n#````\n`\n#````\nend\n", /* more behind its zero */
		"begin 644 x\n#``\n`\nend\n",          /* a short line */
		"begin 644 x\n#````ab\n`\nend\n",      /* a long one */
		"begin 644 x\n#``a`\n`\nend\n",        /* no letter of it */
		"begin 644 x\n#````\nend of it\n",
		"begin 644 x\nHow are you?\n`\nend\n",
	};
	struct uuencode f;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(find(rows[i], &f) == E_NOTFOUND, "%s", rows[i]);
	/* a damaged one does not hide the next */
	ck_assert_int_eq(
		find("begin 644 x\n#``\nbegin 644 y\n#````\nbegin 644 z\n#````\n`\nend\n", &f), OK);
	ck_assert_str_eq(f.name, "z");
}
END_TEST

START_TEST(cut)
{
	struct uuencode f;
	const size_t all = strlen(FILE_LINES);
	for (size_t len = 0; len < all; len++) {
		struct content c = content_memory(FILE_LINES, len);
		enum result r = uuencode_find(&c, 0, &f);
		ck_assert_int_eq(r, len >= all - 2 ? OK : E_NOTFOUND);
	}
}
END_TEST

START_TEST(written)
{
	unsigned char bytes[200];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 37);
	for (size_t len = 0; len < sizeof bytes; len++) {
		struct content file = content_memory(bytes, len);
		struct buf b;
		struct sink to;
		struct uuencode f;
		file.most = len % 7;
		buf_init(&b, 0);
		sink_buffer(&to, &b);
		ck_assert_int_eq(uuencode_write(&to, ENDING_LF, "a name.bin", &file), OK);
		size_t lines = 0;
		for (size_t i = 0; i < b.len; i++)
			lines += buf_head(&b)[i] == '\n';
		ck_assert_uint_eq(lines, uuencode_lines(len));
		struct content c = content_memory(buf_head(&b), b.len);
		ck_assert_int_eq(uuencode_find(&c, 0, &f), OK);
		ck_assert_str_eq(f.name, "a name.bin");
		ck_assert_uint_eq(f.end, b.len);
		ck_assert_uint_eq(f.size, len);
		ck_assert_int_eq(memcmp(decoded(&c, &f), bytes, len), 0);
		buf_free(&b);
	}
}
END_TEST

START_TEST(failures)
{
	struct uuencode f;
	struct sink to;
	struct content bad = content_file(-1, 0, 10);
	struct content c = content_memory(FILE_LINES, strlen(FILE_LINES));
	sink_counting(&to);
	ck_assert_int_eq(uuencode_find(&bad, 0, &f), E_IO);
	ck_assert_int_eq(uuencode_find(&c, 0, &f), OK);
	f.size++;
	ck_assert_int_eq(uuencode_decode(&c, &f, &to), E_CORRUPT);
	ck_assert_int_eq(uuencode_write(&to, ENDING_LF, "x", &bad), E_IO);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/uuencode");
	SUITE_CASE(s, "read", found, variants, none, cut);
	SUITE_CASE(s, "write", written, failures);
	return s;
}
SUITE_MAIN(suite)
