/* buf: bounds, consumption from the front, growth. */
#include "base/buf.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <stdint.h>
#include <string.h>

START_TEST(append_and_consume)
{
	struct buf b;
	buf_init(&b, 0);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(buf_append(&b, "0123456789", 10), OK);
		if (i % 2)
			buf_consume(&b, 10);
	}
	ck_assert_uint_eq(b.len, 5000);
	ck_assert_str_eq(buf_string(&b) + 4990, "0123456789");
	buf_free(&b);
	ck_assert_ptr_null(buf_head(&b));
}
END_TEST

START_TEST(bound_is_kept)
{
	struct buf b;
	buf_init(&b, 8);
	ck_assert_int_eq(buf_append(&b, "12345678", 8), OK);
	ck_assert_int_eq(buf_append(&b, "9", 1), E_LIMIT);
	ck_assert_int_eq(buf_append(&b, "", 0), OK);
	ck_assert_str_eq(buf_string(&b), "12345678");
	buf_consume(&b, 3);
	ck_assert_int_eq(buf_append(&b, "abc", 3), OK);
	ck_assert_int_eq(buf_append(&b, "", (size_t)-1), E_LIMIT);
	ck_assert_str_eq(buf_string(&b), "45678abc");
	buf_free(&b);
}
END_TEST

START_TEST(printf_appends)
{
	struct buf b;
	buf_init(&b, 0);
	ck_assert_int_eq(buf_puts(&b, "a"), OK);
	ck_assert_int_eq(buf_printf(&b, "%d-%s", 42, "x"), OK);
	ck_assert_str_eq(buf_string(&b), "a42-x");
	buf_clear(&b);
	ck_assert_str_eq(buf_string(&b), "");
	buf_free(&b);
}
END_TEST

START_TEST(printf_fills_to_the_bound)
{
	struct buf b;
	buf_init(&b, 5);
	ck_assert_int_eq(buf_printf(&b, "%s", "12345"), OK); /* its NUL is no content */
	ck_assert_int_eq(buf_printf(&b, "%s", ""), OK);
	ck_assert_int_eq(buf_printf(&b, "%d", 6), E_LIMIT);
	ck_assert_str_eq(buf_string(&b), "12345");
	ck_assert_uint_eq(b.len, 5);
	buf_free(&b);
}
END_TEST

START_TEST(sizes_that_wrap_are_refused)
{
	struct buf b;
	buf_init(&b, 0);
	ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
	ck_assert_int_eq(buf_puts(&b, "abc"), OK);
	buf_consume(&b, 1);
	for (size_t back = 0; back < 100; back++)
		ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX - back));
	ck_assert_int_eq(buf_append(&b, "", SIZE_MAX - 1), E_NOMEM);
	ck_assert_str_eq(buf_string(&b), "bc");
	buf_free(&b);
}
END_TEST

START_TEST(reserve_and_grew)
{
	struct buf b;
	buf_init(&b, 1000);
	ck_assert_ptr_nonnull(buf_reserve(&b, 0)); /* somewhere, though there is nothing */
	char *to = buf_reserve(&b, 1000);
	memset(to, 'x', 1000);
	buf_grew(&b, 999);
	ck_assert_uint_eq(b.len, 999);
	ck_assert_ptr_null(buf_reserve(&b, 2));
	ck_assert_ptr_nonnull(buf_reserve(&b, 1));
	buf_consume(&b, 0);
	buf_consume(&b, 999);
	ck_assert_uint_eq(b.start, 0); /* emptied: starts over */
	buf_free(&b);
	ck_assert_uint_eq(b.max, 1000);
}
END_TEST

/* Random work against a plain array that is shifted each time. */
START_TEST(content_is_that_of_a_plain_array)
{
	static char plain[4096], piece[300];
	size_t len = 0;
	struct buf b;
	uint64_t dice = (uint64_t)_i + 1;
	buf_init(&b, sizeof plain);
	for (int step = 0; step < 2000; step++) {
		dice = dice * 6364136223846793005u + 1442695040888963407u;
		size_t n = (dice >> 33) % sizeof piece;
		if ((dice >> 20) % 2) {
			n = n < len ? n : len;
			memmove(plain, plain + n, len - n);
			len -= n;
			buf_consume(&b, n);
		} else {
			memset(piece, step, n);
			enum result r = buf_append(&b, piece, n);
			ck_assert_int_eq(r, len + n > sizeof plain ? E_LIMIT : OK);
			if (r == OK) {
				memcpy(plain + len, piece, n);
				len += n;
			}
		}
		ck_assert_uint_eq(b.len, len);
		ck_assert(!len || memcmp(buf_head(&b), plain, len) == 0);
	}
	buf_free(&b);
}
END_TEST

START_TEST(memory_runs_short)
{
	struct buf b;
	buf_init(&b, 0);
	scarce_fail_at(1);
	ck_assert_int_eq(buf_puts(&b, "x"), E_NOMEM);
	scarce_fail_at(1);
	ck_assert_int_eq(buf_printf(&b, "x"), E_NOMEM);
	scarce_fail_at(1);
	ck_assert_ptr_null(buf_string(&b));
	scarce_fail_at(1);
	ck_assert_ptr_null(buf_reserve(&b, 0));
	ck_assert_int_eq(buf_puts(&b, "kept"), OK);
	char big[1000] = "";
	scarce_fail_at(1);
	ck_assert_int_eq(buf_append(&b, big, sizeof big), E_NOMEM);
	ck_assert_str_eq(buf_string(&b), "kept");
	buf_free(&b);
}
END_TEST

START_TEST(wipe_clears_what_was_consumed_too)
{
	struct buf b;
	buf_init(&b, 0);
	buf_wipe(&b);
	ck_assert_int_eq(buf_puts(&b, "secret and more"), OK);
	buf_consume(&b, 7);
	const char *memory = b.data;
	size_t cap = b.cap;
	buf_wipe(&b);
	ck_assert_uint_eq(b.len, 0);
	for (size_t i = 0; i < cap; i++)
		ck_assert_int_eq(memory[i], 0);
	ck_assert_int_eq(buf_puts(&b, "again"), OK);
	ck_assert_str_eq(buf_string(&b), "again");
	buf_free(&b);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/buf");
	SUITE_CASE(s, "content", append_and_consume, printf_appends, reserve_and_grew,
		   wipe_clears_what_was_consumed_too);
	SUITE_CASE(s, "bound", bound_is_kept, printf_fills_to_the_bound,
		   sizes_that_wrap_are_refused, memory_runs_short);
	TCase *tc = tcase_create("random");
	tcase_add_loop_test(tc, content_is_that_of_a_plain_array, 0, 10);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
