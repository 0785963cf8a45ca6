/* binhex: forks, runs and names; every damaged character is seen by a checksum; every cut; reads that give a few bytes. */
#include "translate/binhex.h"

#include "support/suite.h"

#include <string.h>

/* Read alike by hexbin of macutils: "Foo bar" with a run and the mark of runs in it; "Res" with a resource fork. */
#define WORDS "(This file must be converted with BinHex 4.0)\r\n"
#define FOO WORDS "\r\n:\"dC[Eb\"LBA)!9%9B9(4dH(3!N!8X!*!%2h*SC@aXEj!!N!!JBC!J)'9ZC#00!!!\r\n:"
#define FOO_BYTES "hello\x90\x90 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa end"
#define RES WORDS ":!e*PF`\"849K8G(4iG!#3\"33!!!!%))pNBA4KKf*58e*$MlF:"

static const char *decoded(const struct content *c, const struct binhex *f)
{
	static char bytes[256];
	struct buf b;
	struct sink to;
	buf_init(&b, 0);
	sink_buffer(&to, &b);
	ck_assert_int_eq(binhex_decode(c, f, &to), OK);
	ck_assert_uint_eq(b.len, f->data);
	if (b.len)
		memcpy(bytes, buf_head(&b), b.len);
	bytes[b.len] = '\0';
	buf_free(&b);
	return bytes;
}

START_TEST(found)
{
	struct binhex f;
	static const char text[] = "before\r\n" FOO "\r\n" RES "\r\nbehind";
	struct content c = content_memory(text, strlen(text));
	for (c.most = 0; c.most < 9; c.most++) {
		ck_assert_int_eq(binhex_find(&c, 0, &f), OK);
		ck_assert_uint_eq(f.start, 8);
		ck_assert_uint_eq(f.end, 8 + strlen(FOO));
		ck_assert_str_eq(f.name, "Foo bar");
		ck_assert_uint_eq(f.resource, 0);
		ck_assert_str_eq(decoded(&c, &f), FOO_BYTES);
		ck_assert_int_eq(binhex_find(&c, f.end, &f), OK);
		ck_assert_str_eq(f.name, "Res");
		ck_assert_uint_eq(f.resource, 4);
		ck_assert_str_eq(decoded(&c, &f), "data");
		ck_assert_int_eq(binhex_find(&c, f.end, &f), E_NOTFOUND);
	}
}
END_TEST

START_TEST(damaged)
{
	struct binhex f;
	char text[] = FOO;
	struct content c = content_memory(text, strlen(text));
	const char *colon = strchr(text, ':');
	for (size_t i = (size_t)(colon - text) + 1; i < strlen(text) - 7; i++) {
		char was = text[i];
		if (was == '\r' || was == '\n')
			continue;
		text[i] = was == '8' ? '9' : '8';
		ck_assert_msg(binhex_find(&c, 0, &f) == E_NOTFOUND, "at %zu", i);
		text[i] = '~';
		ck_assert_int_eq(binhex_find(&c, 0, &f), E_NOTFOUND);
		text[i] = was;
	}
	for (size_t len = 0; len < strlen(text); len++) {
		struct content part = content_memory(text, len);
		ck_assert_int_eq(binhex_find(&part, 0, &f), E_NOTFOUND);
	}
	ck_assert_int_eq(binhex_find(&c, 0, &f), OK);
}
END_TEST

START_TEST(none)
{
	struct binhex f;
	static const char *const rows[] = {
		"", WORDS, WORDS "::", WORDS "text :", WORDS ":!!!!:", "x" FOO};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct content c = content_memory(rows[i], strlen(rows[i]));
		ck_assert_int_eq(binhex_find(&c, 0, &f), E_NOTFOUND);
	}
	/* a damaged one does not hide the next */
	static const char two[] = WORDS ":\"dC[\r\n" RES;
	struct content c = content_memory(two, strlen(two));
	ck_assert_int_eq(binhex_find(&c, 0, &f), OK);
	ck_assert_str_eq(f.name, "Res");
}
END_TEST

START_TEST(failures)
{
	struct binhex f;
	struct sink to;
	struct buf b;
	struct content bad = content_file(-1, 0, 10), c = content_memory(FOO, strlen(FOO));
	ck_assert_int_eq(binhex_find(&bad, 0, &f), E_IO);
	ck_assert_int_eq(binhex_find(&c, 0, &f), OK);
	buf_init(&b, 3);
	sink_buffer(&to, &b);
	ck_assert_int_eq(binhex_decode(&c, &f, &to), E_LIMIT);
	f.start++;
	sink_counting(&to);
	ck_assert_int_eq(binhex_decode(&bad, &f, &to), E_IO);
	c = content_memory("nothing", 7);
	f.start = 0;
	ck_assert_int_eq(binhex_decode(&c, &f, &to), E_CORRUPT);
	buf_free(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/binhex");
	SUITE_CASE(s, "binhex", found, damaged, none, failures);
	return s;
}
SUITE_MAIN(suite)
