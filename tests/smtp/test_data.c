/* smtp/data: unstuffing, newlines and above all where a message ends, at every split and byte by
 * byte. */
#include "base/buf.h"
#include "smtp/data.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static void sink(void *ctx, const char *bytes, size_t n)
{
	ck_assert_uint_gt(n, 0);
	ck_assert_int_eq(buf_append(ctx, bytes, n), OK);
}

#define S(text) text, sizeof(text) - 1

/* used: bytes up to and with the end of data; 0: the message does not end. */
static const struct row {
	const char *in;
	size_t n;
	const char *out;
	size_t out_n;
	size_t used;
	const char *bare; /* c CR, l LF */
} rows[] = {
	{S(".\r\n"), S(""), 3, ""},
	{S(".\r\nrest"), S(""), 3, ""},
	{S("a\r\n.\r\nQUIT\r\n"), S("a\r\n"), 6, ""},
	{S("a\r\nb\r\n\r\n.\r\n"), S("a\r\nb\r\n\r\n"), 11, ""},
	{S("..\r\n...\r\n.x\r\nx.\r\n.\r\n"), S(".\r\n..\r\nx\r\nx.\r\n"), 20, ""},
	{S("\r\n.\r\n"), S("\r\n"), 5, ""},
	{S("\x80\xff\0x\r\n.\r\n"), S("\x80\xff\0x\r\n"), 9, ""},
	{S("no end"), S("no end"), 0, ""},
	{S("no end\r\n"), S("no end\r\n"), 0, ""},
	{S("no end\r\n."), S("no end\r\n"), 0, ""},
	{S("no end\r\n.\r"), S("no end\r\n"), 0, ""},
	/* every false end of data */
	{S("a\n.\n"), S("a\r\n.\r\n"), 0, "l"},
	{S("a\n.\r\n"), S("a\r\n.\r\n"), 0, "l"},
	{S("a\r\n.\nb"), S("a\r\n\r\nb"), 0, "l"},
	{S("a\r.\rb"), S("a . b"), 0, "c"},
	{S("a\r.\r\n"), S("a .\r\n"), 0, "c"},
	{S("a\r.\nb"), S("a .\r\nb"), 0, "cl"},
	{S("a\n.\rb"), S("a\r\n. b"), 0, "cl"},
	{S("a\r\n.\rb"), S("a\r\n b"), 0, "c"},
	{S("a\r\n.\r\r\n"), S("a\r\n \r\n"), 0, "c"},
	{S("a\r\n\r.\r\n"), S("a\r\n .\r\n"), 0, "c"},
	{S("a\r\r\n..\r\n"), S("a \r\n.\r\n"), 0, "c"},
	{S("a\n\r.\n\rb"), S("a\r\n .\r\n b"), 0, "cl"},
	{S("a\n\n.\r\n"), S("a\r\n\r\n.\r\n"), 0, "l"},
	{S("a\r\n\n.\r\n"), S("a\r\n\r\n.\r\n"), 0, "l"},
	{S("a\r\n\0.\r\n"), S("a\r\n\0.\r\n"), 0, ""},
	{S("a\r\n.\0\r\n"), S("a\r\n\0\r\n"), 0, ""},
	{S("a\r\n.\r\0\n"), S("a\r\n \0\r\n"), 0, "cl"},
	{S("a\r\0\n.\r\n"), S("a \0\r\n.\r\n"), 0, "cl"},
	{S("a\0\r\n\0.\0\r\n"), S("a\0\r\n\0.\0\r\n"), 0, ""},
	{S("a\r\n. \r\n"), S("a\r\n \r\n"), 0, ""},
	{S("a\r\n .\r\n"), S("a\r\n .\r\n"), 0, ""},
	{S("a\x85.\x85"), S("a\x85.\x85"), 0, ""},
	{S("\n.\n"), S("\r\n.\r\n"), 0, "l"},
	{S("\r.\r\n"), S(" .\r\n"), 0, "c"},
	/* the true end behind a false one */
	{S("a\n.\r\nMAIL FROM:<x@y>\r\n.\r\nQUIT\r\n"), S("a\r\n.\r\nMAIL FROM:<x@y>\r\n"), 25,
	 "l"},
	{S("a\r\n.\n.\r\n\r\n.\r\n"), S("a\r\n\r\n.\r\n\r\n"), 13, "l"},
	{S(".\r\r\n.\r\n"), S(" \r\n"), 7, "c"},
	{S("\r\r\r\n\n\n\r\n.\r\n"), S("  \r\n\r\n\r\n\r\n"), 11, "cl"},
};

/* Feeds a copy of its own, so that a read beyond it is seen; a message that ended takes nothing
 * more. */
static size_t feed(struct smtp_data *d, const char *bytes, size_t n)
{
	char *copy = malloc(n ? n : 1);
	memcpy(copy, bytes, n);
	size_t used = smtp_data_feed(d, copy, n);
	ck_assert(used == n || d->state == SMTP_DATA_ENDED);
	free(copy);
	return used;
}

static void check(const struct row *row, size_t a, size_t b, size_t chunk)
{
	struct buf got;
	struct smtp_data d;
	size_t used = 0;
	buf_init(&got, 0);
	smtp_data_init(&d, sink, &got);
	while (used < row->n && d.state != SMTP_DATA_ENDED) {
		size_t n = chunk      ? chunk
			   : used < a ? a - used
			   : used < b ? b - used
				      : row->n - used;
		used += feed(&d, row->in + used, n < row->n - used ? n : row->n - used);
	}
	ck_assert_msg((d.state == SMTP_DATA_ENDED) == (row->used > 0), "row %td ended %d",
		      row - rows, d.state == SMTP_DATA_ENDED);
	if (row->used)
		ck_assert_msg(used == row->used, "row %td: %zu", row - rows, used);
	ck_assert_msg(got.len == row->out_n &&
			      (!got.len || memcmp(buf_head(&got), row->out, got.len) == 0),
		      "row %td at %zu, %zu: %s", row - rows, a, b, buf_string(&got));
	ck_assert_msg(d.bare_cr == !!strchr(row->bare, 'c') &&
			      d.bare_lf == !!strchr(row->bare, 'l'),
		      "row %td bare %d %d", row - rows, d.bare_cr, d.bare_lf);
	buf_free(&got);
}

START_TEST(every_split)
{
	for (const struct row *row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
		for (size_t a = 0; a <= row->n; a++)
			for (size_t b = a; b <= row->n; b++)
				check(row, a, b, 0);
		check(row, 0, 0, 1);
	}
}
END_TEST

/* All strings of six of these bytes: ended by CRLF.CRLF (or .CRLF at the front) and by nothing
 * else. */
START_TEST(exhaustive)
{
	static const char alphabet[] = "\r\n.\0a";
	enum { LENGTH = 7, BASE = 5 };
	unsigned total = 1;
	for (int i = 0; i < LENGTH; i++)
		total *= BASE;
	for (unsigned k = 0; k < total; k++) {
		char text[LENGTH + 2] = "\r\n"; /* stands for the end of the DATA line */
		unsigned rest = k;
		for (int i = 0; i < LENGTH; i++, rest /= BASE)
			text[i + 2] = alphabet[rest % BASE];
		const char *end = memmem(text, sizeof text, "\r\n.\r\n", 5);
		struct buf got;
		struct smtp_data d;
		buf_init(&got, 0);
		smtp_data_init(&d, sink, &got);
		size_t used = smtp_data_feed(&d, text + 2, LENGTH);
		ck_assert_int_eq(d.state == SMTP_DATA_ENDED, end != NULL);
		ck_assert_uint_eq(used, end ? (size_t)(end - text) + 3 : LENGTH);
		for (size_t i = 0; i < got.len; i++) { /* never a bare one to the sink */
			const char *c = buf_head(&got) + i;
			ck_assert(*c != '\n' || (i && c[-1] == '\r'));
			ck_assert(*c != '\r' || (i + 1 < got.len && c[1] == '\n'));
		}
		buf_free(&got);
	}
}
END_TEST

static void count(void *ctx, const char *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	++*(unsigned *)ctx;
}

/* Clean content goes on in one run for each feed. */
START_TEST(large_runs)
{
	char text[65536];
	for (size_t i = 0; i < sizeof text; i += 4)
		memcpy(text + i, "ab\r\n", 4);
	unsigned runs = 0;
	struct smtp_data d;
	smtp_data_init(&d, count, &runs);
	for (unsigned i = 1; i <= 10; i++) {
		ck_assert_uint_eq(smtp_data_feed(&d, text, sizeof text), sizeof text);
		ck_assert_uint_eq(runs, i);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/data");
	SUITE_CASE(s, "end of data", every_split, exhaustive);
	SUITE_CASE(s, "runs", large_runs);
	return s;
}
SUITE_MAIN(suite)
