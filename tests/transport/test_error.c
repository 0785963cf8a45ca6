/* error: the list's numbers and words, and modules that fail without saying how. */
#include "transport/error.h"
#include "support/suite.h"

#include <string.h>

START_TEST(list)
{
	ck_assert_int_eq(transport_error_number(SGT_IN_USE), 110);
	ck_assert_int_eq(transport_error_number(SGT_TIMEOUT), 121);
	ck_assert_int_eq(transport_error_number(SGT_DENIED), 123);
	ck_assert_str_eq(transport_error_word(SGT_REFUSED), "connect-refused");
	ck_assert_str_eq(transport_error_sentence(SGT_OK), "done");
	ck_assert_str_eq(transport_error_word((enum sgt_result)999), "socket");
}
END_TEST

START_TEST(set)
{
	struct sgt_error e;
	ck_assert_int_eq(transport_error_set(&e, SGT_IN_USE, "port %d is taken", 25), SGT_IN_USE);
	ck_assert_str_eq(e.text, "port 25 is taken");
	ck_assert_int_eq(e.number, 110);
	transport_error_set(&e, SGT_BUSY, NULL);
	ck_assert_str_eq(e.text, "an earlier call has not finished");
	ck_assert_int_eq(transport_error_set(NULL, SGT_BUSY, NULL), SGT_BUSY);
}
END_TEST

START_TEST(mend)
{
	struct sgt_error silent = {0}, other = {.result = SGT_OK, .number = 7, .text = "own words"};
	ck_assert_int_eq(transport_error_mend(&silent, SGT_SOCKET), SGT_SOCKET);
	ck_assert_int_eq(silent.number, 123);
	ck_assert_str_eq(silent.text, "TCP/IP cannot be started");
	transport_error_mend(&other, SGT_DENIED);
	ck_assert_int_eq(other.result, SGT_DENIED);
	ck_assert_int_eq(other.number, 7);
	ck_assert_str_eq(other.text, "own words");
	ck_assert_int_eq(transport_error_mend(&other, SGT_OK), SGT_OK);
}
END_TEST

START_TEST(as_result)
{
	for (int r = 0; r < SGT_RESULT_COUNT; r++)
		ck_assert_int_eq(transport_error_result((enum sgt_result)r) == OK, r == SGT_OK);
	ck_assert_int_eq(transport_error_result(SGT_TIMEOUT), E_TIMEOUT);
	ck_assert_int_eq(transport_error_result(SGT_RESET), E_NETWORK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/error");
	SUITE_CASE(s, "error", list, set, mend, as_result);
	return s;
}
SUITE_MAIN(suite)
