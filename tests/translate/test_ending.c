/* ending and sink: every line end into every other at every split point; sinks count, bound, and tell failures. */
#include "translate/ending.h"

#include "support/frail.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *in, *want; /* want has LF */
} rows[] = {
	{"", ""},
	{"a", "a"},
	{"a\rb\nc\r\nd", "a\nb\nc\nd"},
	{"\r\n\r\n", "\n\n"},
	{"\n\r", "\n\n"},
	{"\r\r\n\n", "\n\n\n"},
	{"x\r", "x\n"},
};

static void convert(const char *in, size_t split, enum ending e, struct buf *out)
{
	struct sink to;
	struct ending_writer w;
	size_t n = strlen(in);
	sink_buffer(&to, out);
	ending_start(&w, &to, e);
	ck_assert_int_eq(ending_put(&w, in, split), OK);
	ck_assert_int_eq(ending_put(&w, in + split, n - split), OK);
}

static void expect(const char *got, const char *want, enum ending e)
{
	for (; *want; want++) {
		const char *end = *want == '\n' ? ending_text(e) : (char[]){*want, '\0'};
		ck_assert_int_eq(strncmp(got, end, strlen(end)), 0);
		got += strlen(end);
	}
	ck_assert_str_eq(got, "");
}

START_TEST(every_end_at_every_split)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int e = ENDING_CR; e <= ENDING_CRLF; e++)
			for (size_t split = 0; split <= strlen(rows[i].in); split++) {
				struct buf out;
				buf_init(&out, 0);
				convert(rows[i].in, split, (enum ending)e, &out);
				expect(buf_string(&out), rows[i].want, (enum ending)e);
				buf_free(&out);
			}
}
END_TEST

START_TEST(contents_in_blocks)
{
	struct buf in, out;
	struct sink to;
	buf_init(&in, 0);
	buf_init(&out, 0);
	for (int i = 0; i < 9000; i++)
		buf_append(&in, &"z\r\n"[i % 3], 1);
	struct content c = content_memory(buf_head(&in), in.len);
	for (c.most = 0; c.most < 3; c.most++) {
		sink_buffer(&to, &out);
		ck_assert_int_eq(ending_content(&to, ENDING_LF, &c), OK);
		ck_assert_uint_eq(out.len, 6000);
		ck_assert_uint_eq(to.count, 6000);
		buf_clear(&out);
	}
	buf_free(&in);
	buf_free(&out);
}
END_TEST

START_TEST(sinks_tell_failures)
{
	char path[300], *got;
	size_t n;
	struct err err;
	struct sink s;
	struct buf small;
	buf_init(&small, 3);
	sink_buffer(&s, &small);
	ck_assert_int_eq(sink_puts(&s, "ab"), OK);
	ck_assert_int_eq(sink_puts(&s, "cd"), E_LIMIT);
	buf_free(&small);
	sink_counting(&s);
	ck_assert_int_eq(sink_printf(&s, "%d", 1234), OK);
	ck_assert_int_eq(sink_printf(&s, "%600d", 1), E_LIMIT);
	ck_assert_uint_eq(s.count, 4);
	snprintf(path, sizeof path, "%s/out", suite_scratch());
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	static char large[40000];
	memset(large, 'x', sizeof large);
	sink_file(&s, frail_ops(), fd);
	frail_fail_at(1, ENOSPC);
	ck_assert_int_eq(sink_puts(&s, "head"), OK);
	ck_assert_int_eq(sink_write(&s, large, sizeof large), E_FULL);
	frail_fail_at(0, 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	sink_file(&s, frail_ops(), fd);
	ck_assert_int_eq(sink_puts(&s, "head"), OK);
	ck_assert_int_eq(sink_write(&s, large, sizeof large), OK);
	ck_assert_int_eq(sink_puts(&s, "tail"), OK);
	ck_assert_int_eq(sink_flush(&s), OK);
	ck_assert_int_eq(file_read(path, 1 << 20, &got, &n, &err), OK);
	ck_assert_uint_eq(n, sizeof large + 8);
	ck_assert_mem_eq(got, "head", 4);
	ck_assert_mem_eq(got + 4, large, sizeof large);
	ck_assert_mem_eq(got + 4 + sizeof large, "tail", 4);
	free(got);
	close(fd);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/ending");
	SUITE_CASE(s, "ends", every_end_at_every_split, contents_in_blocks);
	SUITE_CASE(s, "sinks", sinks_tell_failures);
	return s;
}
SUITE_MAIN(suite)
