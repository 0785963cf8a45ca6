/* result: one row for each result, errno, and sentences that keep within their bounds. */
#include "base/result.h"
#include "support/suite.h"

#include <errno.h>
#include <string.h>

START_TEST(rows_are_whole_and_differ)
{
	for (int i = 0; i < RESULT_COUNT; i++) {
		ck_assert_str_ne(result_word((enum result)i), "");
		ck_assert_str_ne(result_sentence((enum result)i), "");
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(result_word((enum result)i), result_word((enum result)j));
	}
	ck_assert_int_eq(OK, 0);
	ck_assert_str_eq(result_word((enum result)RESULT_COUNT), "unknown");
	ck_assert_str_eq(result_word((enum result) - 1), "unknown");
	ck_assert_str_eq(result_sentence((enum result)RESULT_COUNT), "unknown result");
}
END_TEST

static const struct {
	int errnum;
	enum result result;
} pairs[] = {
	{0, OK},
	{ENOSPC, E_FULL},
	{EDQUOT, E_FULL},
	{EACCES, E_DENIED},
	{ELOOP, E_DENIED},
	{ENOENT, E_NOTFOUND},
	{EEXIST, E_EXISTS},
	{EADDRINUSE, E_BUSY},
	{EWOULDBLOCK, E_BUSY},
	{ECONNREFUSED, E_REFUSED},
	{ECONNRESET, E_CLOSED},
	{ETIMEDOUT, E_TIMEOUT},
	{EHOSTUNREACH, E_NETWORK},
	{EMFILE, E_LIMIT},
	{ENOBUFS, E_NOMEM},
	{EIO, E_IO},
	{123456, E_IO},
};

START_TEST(errno_has_its_result)
{
	ck_assert_int_eq(result_of_errno(pairs[_i].errnum), pairs[_i].result);
}
END_TEST

START_TEST(set_fills_and_returns)
{
	struct err e;
	memset(&e, 'x', sizeof e);
	ck_assert_int_eq(err_set(&e, E_FULL, "%s has %d bytes", "/srv", 3), E_FULL);
	ck_assert_int_eq(e.code, E_FULL);
	ck_assert_str_eq(e.text, "/srv has 3 bytes");
	ck_assert_str_eq(e.remedy, "");
	err_remedy(&e, "rm %s", "/srv/x");
	ck_assert_str_eq(e.remedy, "rm /srv/x");
	ck_assert_str_eq(e.text, "/srv has 3 bytes");
	err_prefix(&e, "%s:%d", "smtpgate.ini", 7);
	ck_assert_str_eq(e.text, "smtpgate.ini:7: /srv has 3 bytes");
	ck_assert_str_eq(e.remedy, "rm /srv/x");
}
END_TEST

START_TEST(errno_is_spelled_out)
{
	struct err e;
	ck_assert_int_eq(err_errno(&e, EACCES, "%s cannot be read", "/x"), E_DENIED);
	ck_assert_str_eq(e.text, "/x cannot be read: Permission denied");
	ck_assert_str_eq(e.remedy, "");
	ck_assert_int_eq(e.code, E_DENIED);
}
END_TEST

START_TEST(a_failure_is_never_ok)
{
	struct err e;
	ck_assert_int_eq(err_errno(&e, 0, "it failed"), E_IO);
	ck_assert_int_eq(e.code, E_IO);
	ck_assert_str_eq(e.text, "it failed: reading or writing failed");
	ck_assert_int_eq(err_errno(NULL, 0, "it failed"), E_IO);
}
END_TEST

START_TEST(nobody_listens)
{
	ck_assert_int_eq(err_set(NULL, E_BUSY, "%s", "x"), E_BUSY);
	ck_assert_int_eq(err_errno(NULL, ENOENT, "%s", "x"), E_NOTFOUND);
	err_remedy(NULL, "x");
	err_prefix(NULL, "x");
}
END_TEST

START_TEST(long_text_is_cut)
{
	struct err e;
	char name[2 * ERR_TEXT_MAX];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	err_set(&e, E_IO, "%s", name);
	ck_assert_uint_eq(strlen(e.text), ERR_TEXT_MAX - 1);
	err_errno(&e, EIO, "%s", name);
	ck_assert_uint_eq(strlen(e.text), ERR_TEXT_MAX - 1);
	err_remedy(&e, "%s", name);
	ck_assert_uint_eq(strlen(e.remedy), ERR_TEXT_MAX - 1);
	err_prefix(&e, "%s", name);
	ck_assert_uint_eq(strlen(e.text), ERR_TEXT_MAX - 1);
	err_set(&e, E_IO, "short");
	err_prefix(&e, "p");
	ck_assert_str_eq(e.text, "p: short");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/result");
	SUITE_CASE(s, "table", rows_are_whole_and_differ);
	TCase *tc = tcase_create("errno");
	tcase_add_loop_test(tc, errno_has_its_result, 0, (int)(sizeof pairs / sizeof *pairs));
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "sentences", set_fills_and_returns, errno_is_spelled_out,
		   a_failure_is_never_ok, nobody_listens, long_text_is_cut);
	return s;
}
SUITE_MAIN(suite)
