/* sasl_server: PLAIN and LOGIN step by step; what is malformed, and what is merely wrong. SCRAM: test_scram. */
#include "auth/people.h"
#include "auth/sasl.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <string.h>

static struct users *users;
static struct buf challenge;

static void setup(void)
{
	users = people();
	buf_init(&challenge, 0);
}

static void teardown(void)
{
	users_destroy(&users);
	buf_free(&challenge);
}

static struct sasl_server *begin(enum sasl_mechanism m)
{
	struct sasl_server *s = sasl_server_new(m, users, NULL);
	ck_assert_ptr_nonnull(s);
	return s;
}

static enum sasl_step step(struct sasl_server *s, const char *in)
{
	return sasl_server_step(s, in, in ? strlen(in) : 0, &challenge);
}

#define MESSAGE(text) text, sizeof(text) - 1

START_TEST(plain_with_an_initial_response)
{
	struct sasl_server *s = begin(SASL_PLAIN);
	ck_assert_int_eq(sasl_server_step(s, MESSAGE("\0anna\0" ANNA_PASSWORD), &challenge),
			 SASL_VERIFY);
	ck_assert_int_eq(sasl_server_verify(s), SASL_DONE);
	ck_assert_str_eq(sasl_server_user(s), ANNA); /* as the file spells it */
	sasl_server_destroy(&s);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(plain_without_one)
{
	struct sasl_server *s = begin(SASL_PLAIN);
	ck_assert_int_eq(step(s, NULL), SASL_CHALLENGE);
	ck_assert_uint_eq(challenge.len, 0);
	ck_assert_int_eq(sasl_server_step(s, MESSAGE("ANNA\0anna\0" ANNA_PASSWORD), &challenge),
			 SASL_VERIFY);
	ck_assert_int_eq(sasl_server_verify(s), SASL_DONE);
	sasl_server_destroy(&s);
}
END_TEST

static const struct {
	const char *in;
	size_t n;
	enum sasl_step step;
} plains[] = {
	{MESSAGE("\0anna\0wrong"), SASL_VERIFY},
	{MESSAGE("\0nobody\0" ANNA_PASSWORD), SASL_VERIFY},
	{MESSAGE("bob\0anna\0" ANNA_PASSWORD), SASL_DENIED},
	{MESSAGE(""), SASL_MALFORMED},
	{MESSAGE("anna"), SASL_MALFORMED},
	{MESSAGE("\0anna"), SASL_MALFORMED},
	{MESSAGE("\0anna\0"), SASL_MALFORMED},
	{MESSAGE("\0\0secret"), SASL_MALFORMED},
	{MESSAGE("\0anna\0sec\0ret"), SASL_MALFORMED},
};

START_TEST(plain_that_is_wrong)
{
	struct sasl_server *s = begin(SASL_PLAIN);
	ck_assert_int_eq(sasl_server_step(s, plains[_i].in, plains[_i].n, &challenge),
			 plains[_i].step);
	if (plains[_i].step == SASL_VERIFY)
		ck_assert_int_eq(sasl_server_verify(s), SASL_DENIED);
	sasl_server_destroy(&s);
}
END_TEST

START_TEST(what_is_too_long)
{
	char long_one[USERS_NAME_MAX + 20];
	memset(long_one, 'x', sizeof long_one);
	long_one[0] = long_one[sizeof long_one - 5] = '\0';
	struct sasl_server *s = begin(SASL_PLAIN);
	ck_assert_int_eq(sasl_server_step(s, long_one, sizeof long_one, &challenge),
			 SASL_MALFORMED);
	sasl_server_destroy(&s);
}
END_TEST

START_TEST(login_asks_by_its_prompts)
{
	static const struct sasl_prompts prompts = {"User Name", "Pass:"};
	struct sasl_server *s = begin(SASL_LOGIN);
	ck_assert_int_eq(step(s, NULL), SASL_CHALLENGE);
	ck_assert_str_eq(buf_string(&challenge), "Username:");
	ck_assert_int_eq(step(s, "anna"), SASL_CHALLENGE);
	ck_assert_str_eq(buf_string(&challenge), "Password:");
	ck_assert_int_eq(step(s, ANNA_PASSWORD), SASL_VERIFY);
	ck_assert_int_eq(sasl_server_verify(s), SASL_DONE);
	sasl_server_destroy(&s);
	s = sasl_server_new(SASL_LOGIN, users, &prompts);
	ck_assert_int_eq(step(s, "anna"), SASL_CHALLENGE); /* the name came with AUTH LOGIN */
	ck_assert_str_eq(buf_string(&challenge), "Pass:");
	ck_assert_int_eq(step(s, "wrong"), SASL_VERIFY);
	ck_assert_int_eq(sasl_server_verify(s), SASL_DENIED);
	ck_assert_str_eq(sasl_server_user(s), "anna"); /* the claim, for the log */
	sasl_server_destroy(&s);
}
END_TEST

START_TEST(login_that_is_malformed)
{
	struct sasl_server *s = begin(SASL_LOGIN);
	step(s, NULL);
	ck_assert_int_eq(step(s, ""), SASL_MALFORMED);
	sasl_server_destroy(&s);
	s = begin(SASL_LOGIN);
	ck_assert_int_eq(sasl_server_step(s, MESSAGE("an\0na"), &challenge), SASL_MALFORMED);
	sasl_server_destroy(&s);
	s = begin(SASL_LOGIN);
	step(s, "anna");
	ck_assert_int_eq(step(s, ""), SASL_MALFORMED);
	sasl_server_destroy(&s);
}
END_TEST

START_TEST(what_only_clients_speak)
{
	struct sasl_server *s = begin(SASL_XOAUTH2);
	ck_assert_int_eq(step(s, "x"), SASL_MALFORMED);
	sasl_server_destroy(&s);
}
END_TEST

START_TEST(memory_that_is_short)
{
	scarce_fail_at(1);
	struct sasl_server *s = sasl_server_new(SASL_LOGIN, users, NULL);
	scarce_end();
	ck_assert_ptr_null(s);
	s = begin(SASL_LOGIN);
	scarce_fail_at(1);
	enum sasl_step got = sasl_server_step(s, "anna", 4, &challenge);
	scarce_end();
	ck_assert_int_eq(got, SASL_NOMEM);
	sasl_server_destroy(&s);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sasl_server");
	TCase *tc = tcase_create("all");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, plain_with_an_initial_response);
	tcase_add_test(tc, plain_without_one);
	tcase_add_loop_test(tc, plain_that_is_wrong, 0, sizeof plains / sizeof *plains);
	tcase_add_test(tc, what_is_too_long);
	tcase_add_test(tc, login_asks_by_its_prompts);
	tcase_add_test(tc, login_that_is_malformed);
	tcase_add_test(tc, what_only_clients_speak);
	tcase_add_test(tc, memory_that_is_short);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(suite)
