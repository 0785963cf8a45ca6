/* gateway/login: which mechanism is taken, that nothing is said in the clear, what is said and what is believed. */
#include "gateway/login.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <string.h>

static const struct login_config
	password = {.identity = {.user = "me", .secret = "hunter2"}, .mechanism = SASL_MECHANISMS},
	token = {.identity = {.user = "me", .secret = "t0ken", .host = "h", .port = 587},
		 .token = true,
		 .mechanism = SASL_MECHANISMS};

static struct login *l;
static struct buf message;
static struct smtp_client_login to;

static void teardown(void)
{
	login_destroy(&l);
	buf_free(&message);
}

static bool begin(const struct login_config *config, const char *offered, bool encrypted)
{
	login_destroy(&l);
	buf_clear(&message);
	l = login_new(config);
	ck_assert_ptr_nonnull(l);
	to = (struct smtp_client_login){.message = &message};
	return login_begin(l, offered, encrypted, &to);
}

START_TEST(choice)
{
	static const struct {
		const char *offered, *password, *token; /* NULL: none fits */
	} rows[] = {
		{"LOGIN PLAIN SCRAM-SHA-256", "SCRAM-SHA-256", NULL},
		{"login plain", "PLAIN", NULL},
		{"LOGIN XOAUTH2", "LOGIN", "XOAUTH2"},
		{"OAUTHBEARER", NULL, "OAUTHBEARER"},
		{"OAUTHBEARER XOAUTH2", NULL, "XOAUTH2"},
		{"PLAINLY XPLAIN", NULL, NULL},
		{"", NULL, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(begin(&password, rows[i].offered, true), rows[i].password != NULL);
		if (rows[i].password)
			ck_assert_str_eq(to.mechanism, rows[i].password);
		ck_assert_int_eq(begin(&token, rows[i].offered, true), rows[i].token != NULL);
		if (rows[i].token)
			ck_assert_str_eq(to.mechanism, rows[i].token);
	}
	struct login_config named = password;
	named.mechanism = SASL_LOGIN;
	ck_assert(begin(&named, "PLAIN LOGIN", true));
	ck_assert_str_eq(to.mechanism, "LOGIN");
	ck_assert(!begin(&named, "PLAIN", true));
	ck_assert_str_eq(to.why, "the server offers AUTH PLAIN, not LOGIN as the route wants it");
	ck_assert(!begin(&token, "PLAIN", true));
	ck_assert_str_eq(to.why, "the server offers AUTH PLAIN, none of which takes a token");
}
END_TEST

START_TEST(nothing_in_the_clear)
{
	ck_assert(!begin(&password, "PLAIN SCRAM-SHA-256", false));
	ck_assert_uint_eq(message.len, 0);
	ck_assert_str_eq(to.why,
			 "the way to the server is not encrypted: no password is sent over it");
	ck_assert(!begin(&token, "XOAUTH2", false));
	ck_assert_uint_eq(message.len, 0);
}
END_TEST

static const struct smtp_reply yes = {.code = 235}, no = {.code = 535};

START_TEST(exchange)
{
	ck_assert(begin(&password, "PLAIN", true));
	ck_assert(to.initial);
	ck_assert_uint_eq(message.len, 11);
	ck_assert_mem_eq(buf_head(&message), "\0me\0hunter2", 11);
	ck_assert(!login_answer(l, "more?", 5, &message));
	ck_assert(login_done(l, &yes));
	ck_assert(!login_done(l, &no));
	ck_assert(begin(&password, "LOGIN", true));
	ck_assert(!to.initial);
	ck_assert(login_answer(l, "User:", 5, &message));
	ck_assert_str_eq(buf_string(&message), "me");
	ck_assert(login_answer(l, "Password:", 9, &message));
	ck_assert_str_eq(buf_string(&message), "hunter2");
	ck_assert(!login_answer(l, "Mother's name:", 14, &message));
	ck_assert(begin(&password, "SCRAM-SHA-256", true));
	ck_assert(to.initial);
	ck_assert(!login_answer(l, "nonsense", 8, &message));
	ck_assert(!login_done(l, &yes)); /* the server proved nothing */
}
END_TEST

START_TEST(refused_tokens_have_a_reason)
{
	ck_assert(begin(&token, "OAUTHBEARER", true));
	ck_assert_str_eq(buf_string(&message), "n,a=me,\1host=h\1port=587\1auth=Bearer t0ken\1\1");
	ck_assert_str_eq(login_reason(l), "");
	ck_assert(login_answer(l, "{\"status\":\"401\"}", 16, &message));
	ck_assert_str_eq(buf_string(&message), "\1");
	ck_assert_str_eq(login_reason(l), "{\"status\":\"401\"}");
	ck_assert(!login_answer(l, "more", 4, &message));
	ck_assert(begin(&token, "XOAUTH2", true));
	ck_assert_str_eq(buf_string(&message), "user=me\1auth=Bearer t0ken\1\1");
	ck_assert(login_answer(l, "{}", 2, &message));
	ck_assert_uint_eq(message.len, 0);
}
END_TEST

static bool try_it(void)
{
	struct login *made = login_new(&token);
	struct smtp_client_login at = {.message = &message};
	bool good = made && login_begin(made, "XOAUTH2", true, &at);
	login_destroy(&made);
	buf_free(&message);
	return good;
}

START_TEST(memory_runs_short)
{
	unsigned i = 1;
	while (scarce_fail_at(i), !try_it())
		i++;
	scarce_end();
	ck_assert_uint_gt(i, 5);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/login");
	TCase *tc = tcase_create("login");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, choice);
	tcase_add_test(tc, nothing_in_the_clear);
	tcase_add_test(tc, exchange);
	tcase_add_test(tc, refused_tokens_have_a_reason);
	tcase_add_test(tc, memory_runs_short);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
