/* base64: the vectors of RFC 4648 section 10, every length, and all that is not Base64 to the letter. */
#include "base/base64.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *plain, *coded;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

START_TEST(vectors_of_the_rfc)
{
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct buf b;
		buf_init(&b, 0);
		ck_assert_int_eq(base64_encode(&b, vectors[i].plain, strlen(vectors[i].plain)), OK);
		ck_assert_str_eq(buf_string(&b), vectors[i].coded);
		buf_clear(&b);
		ck_assert_int_eq(base64_decode(&b, vectors[i].coded, strlen(vectors[i].coded)), OK);
		ck_assert_str_eq(buf_string(&b), vectors[i].plain);
		buf_free(&b);
	}
}
END_TEST

START_TEST(every_byte_comes_back)
{
	unsigned char bytes[256];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	for (size_t n = 0; n <= sizeof bytes; n++) {
		struct buf coded, plain;
		buf_init(&coded, 0);
		buf_init(&plain, 0);
		ck_assert_int_eq(base64_encode(&coded, bytes, n), OK);
		ck_assert_int_eq(base64_decode(&plain, buf_head(&coded), coded.len), OK);
		ck_assert_uint_eq(plain.len, n);
		ck_assert(!n || memcmp(buf_head(&plain), bytes, n) == 0);
		buf_free(&coded);
		buf_free(&plain);
	}
}
END_TEST

START_TEST(what_is_no_base64_is_refused)
{
	static const char *const wrong[] = {
		"Z",     "Zg",   "Zg=",        "Zg===",    "====", "=g==",
		"Z===",  "Zh==", "Zm9=",       "Zm9v\n",   "Zm 9", "Zg==Zg==",
		"Zm9v=", "Zm9-", "\xc3\xa9==", "Zm9vYg=a", "Zg=v", "Zm8=Zm8="};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct buf b;
		buf_init(&b, 0);
		ck_assert_msg(base64_decode(&b, wrong[i], strlen(wrong[i])) == E_SYNTAX, "%s",
			      wrong[i]);
		ck_assert_uint_eq(b.len, 0);
		buf_free(&b);
	}
	struct buf b;
	buf_init(&b, 0);
	ck_assert_int_eq(base64_decode(&b, "Zm9\0", 4), E_SYNTAX);
	buf_free(&b);
}
END_TEST

START_TEST(bounds_and_memory)
{
	struct buf b;
	buf_init(&b, 8);
	ck_assert_int_eq(base64_encode(&b, "1234567", 7), E_LIMIT);
	ck_assert_int_eq(base64_encode(&b, "123", 3), OK);
	ck_assert_int_eq(base64_decode(&b, "Zm9vYmFy", 8), E_LIMIT);
	ck_assert_uint_eq(b.len, 4);
	buf_free(&b);
	buf_init(&b, 0);
	scarce_fail_at(1);
	enum result coded = base64_encode(&b, "1", 1);
	scarce_fail_at(1);
	enum result plain = base64_decode(&b, "Zg==", 4);
	scarce_end();
	ck_assert(coded == E_NOMEM && plain == E_NOMEM);
	buf_free(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base64");
	SUITE_CASE(s, "right", vectors_of_the_rfc, every_byte_comes_back);
	SUITE_CASE(s, "wrong", what_is_no_base64_is_refused, bounds_and_memory);
	return s;
}

SUITE_MAIN(suite)
