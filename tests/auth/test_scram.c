/* scram: the two halves against each other, each of them against a liar, and keys that RFC 7677 printed. */
#include "auth/people.h"
#include "auth/sasl.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct users *users;
static struct buf up, down;

static void setup(void)
{
	users = people();
	buf_init(&up, 0);
	buf_init(&down, 0);
}

static void teardown(void)
{
	users_destroy(&users);
	buf_free(&up);
	buf_free(&down);
}

/* Lets the two talk until the server has decided. */
static enum sasl_step talk(struct sasl_server *s, struct sasl_client *c)
{
	enum result r = sasl_client_step(c, NULL, 0, &up);
	for (int i = 0; i < 8; i++) {
		enum sasl_step step =
			sasl_server_step(s, buf_head(&up) ? buf_head(&up) : "", up.len, &down);
		if (step != SASL_CHALLENGE)
			return step;
		r = sasl_client_step(c, buf_head(&down), down.len, &up);
		ck_assert_msg(r == OK, "client: %s", result_word(r));
	}
	ck_abort_msg("the two do not come to an end");
	return SASL_MALFORMED;
}

static enum sasl_step login(const char *name, const char *password, bool *proved,
			    char user[USERS_NAME_MAX + 1])
{
	const struct sasl_identity identity = {.user = name, .secret = password};
	struct sasl_server *s = sasl_server_new(SASL_SCRAM, users, NULL);
	struct sasl_client *c = sasl_client_new(SASL_SCRAM, &identity);
	ck_assert(s && c);
	enum sasl_step step = talk(s, c);
	*proved = sasl_client_done(c);
	snprintf(user, USERS_NAME_MAX + 1, "%s", sasl_server_user(s));
	sasl_server_destroy(&s);
	sasl_client_destroy(&c);
	return step;
}

START_TEST(right_and_wrong)
{
	char user[USERS_NAME_MAX + 1];
	bool proved;
	ck_assert_int_eq(login("anna", ANNA_PASSWORD, &proved, user), SASL_DONE);
	ck_assert(proved);
	ck_assert_str_eq(user, ANNA);
	ck_assert_int_eq(login("anna", "wrong", &proved, user), SASL_DENIED);
	ck_assert(!proved);
	ck_assert_int_eq(login("nobody", ANNA_PASSWORD, &proved, user), SASL_DENIED);
	ck_assert(!proved);
	ck_assert_str_eq(user, "nobody");
}
END_TEST

START_TEST(nobody_is_told_apart_by_the_challenge)
{
	char first[256];
	struct sasl_server *s = sasl_server_new(SASL_SCRAM, users, NULL);
	ck_assert_int_eq(sasl_server_step(s, "n,,n=nobody,r=abc", 17, &down), SASL_CHALLENGE);
	snprintf(first, sizeof first, "%s", strstr(buf_string(&down), ",s="));
	sasl_server_destroy(&s);
	s = sasl_server_new(SASL_SCRAM, users, NULL);
	ck_assert_int_eq(sasl_server_step(s, "n,,n=nobody,r=abc", 17, &down), SASL_CHALLENGE);
	ck_assert_str_eq(first, strstr(buf_string(&down),
				       ",s=")); /* salt and iterations are the same again */
	ck_assert(strstr(first, ",i=4096"));
	sasl_server_destroy(&s);
}
END_TEST

static const char *const garbage[] = {"",
				      "n",
				      "x,,n=anna,r=abc",
				      "n,,n=anna",

				      "p=tls-unique,,n=anna,r=a",
				      "n,,m=x,n=anna,r=abc",
				      "n,a=,n=anna,r=abc",
				      "n,a=bob"};

START_TEST(garbage_is_malformed)
{
	struct sasl_server *s = sasl_server_new(SASL_SCRAM, users, NULL);
	enum sasl_step step = sasl_server_step(s, garbage[_i], strlen(garbage[_i]), &down);
	ck_assert_msg(step == SASL_MALFORMED || step == SASL_DENIED, "%d", (int)step);
	sasl_server_destroy(&s);
}
END_TEST

START_TEST(acting_for_another_is_refused)
{
	struct sasl_server *s = sasl_server_new(SASL_SCRAM, users, NULL);
	ck_assert_int_eq(sasl_server_step(s, "n,a=bob,n=anna,r=abc", 20, &down), SASL_DENIED);
	sasl_server_destroy(&s);
}
END_TEST

START_TEST(a_server_that_knows_no_password_is_found_out)
{
	const struct sasl_identity identity = {.user = "anna", .secret = ANNA_PASSWORD};
	struct sasl_client *c = sasl_client_new(SASL_SCRAM, &identity);
	ck_assert_int_eq(sasl_client_step(c, NULL, 0, &up), OK);
	char first[512];
	const char *nonce = strstr(buf_string(&up), "r=");
	snprintf(first, sizeof first, "%sliar,s=MDEyMzQ1Njc4OTAx,i=4096", nonce);
	ck_assert_int_eq(sasl_client_step(c, first, strlen(first), &up), OK);
	static const char proof[] = "v=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
	enum result r = sasl_client_step(c, proof, sizeof proof - 1, &up);
	ck_assert_msg(r == E_REFUSED || r == E_SYNTAX, "%s", result_word(r));
	ck_assert(!sasl_client_done(c));
	sasl_client_destroy(&c);
}
END_TEST

START_TEST(a_server_that_took_another_nonce)
{
	const struct sasl_identity identity = {.user = "anna", .secret = ANNA_PASSWORD};
	struct sasl_client *c = sasl_client_new(SASL_SCRAM, &identity);
	ck_assert_int_eq(sasl_client_step(c, NULL, 0, &up), OK);
	static const char first[] = "r=another,s=MDEyMzQ1Njc4OTAx,i=4096";
	ck_assert_int_ne(sasl_client_step(c, first, sizeof first - 1, &up), OK);
	sasl_client_destroy(&c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("scram");
	TCase *tc = tcase_create("all");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, right_and_wrong);
	tcase_add_test(tc, nobody_is_told_apart_by_the_challenge);
	tcase_add_loop_test(tc, garbage_is_malformed, 0, sizeof garbage / sizeof *garbage);
	tcase_add_test(tc, acting_for_another_is_refused);
	tcase_add_test(tc, a_server_that_knows_no_password_is_found_out);
	tcase_add_test(tc, a_server_that_took_another_nonce);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(suite)
