/* sasl_client: what each mechanism sends, and what a refusal of a token says. SCRAM: test_scram. */
#include "auth/sasl.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <string.h>

static struct buf answer;
static const struct sasl_identity anna = {
	.user = "anna@x.org", .secret = "tok,en=", .host = "mx.x.org", .port = 587};

#define SAYS(text)                                                           \
	do {                                                                 \
		ck_assert_uint_eq(answer.len, sizeof(text) - 1);             \
		ck_assert_mem_eq(buf_head(&answer), text, sizeof(text) - 1); \
	} while (0)

static struct sasl_client *begin(enum sasl_mechanism m)
{
	struct sasl_client *c = sasl_client_new(m, &anna);
	ck_assert_ptr_nonnull(c);
	buf_init(&answer, 0);
	return c;
}

static void end(struct sasl_client *c)
{
	sasl_client_destroy(&c);
	ck_assert_ptr_null(c);
	buf_free(&answer);
}

START_TEST(plain)
{
	struct sasl_client *c = begin(SASL_PLAIN);
	ck_assert_int_eq(sasl_client_step(c, NULL, 0, &answer), OK);
	SAYS("\0anna@x.org\0tok,en=");
	ck_assert(sasl_client_done(c));
	ck_assert_int_eq(sasl_client_step(c, "more", 4, &answer), E_SYNTAX);
	end(c);
}
END_TEST

START_TEST(login_goes_by_order_not_by_words)
{
	struct sasl_client *c = begin(SASL_LOGIN);
	ck_assert_int_eq(sasl_client_step(c, NULL, 0, &answer), E_STATE);
	ck_assert_int_eq(sasl_client_step(c, "Benutzer", 8, &answer), OK);
	SAYS("anna@x.org");
	ck_assert_int_eq(sasl_client_step(c, "", 0, &answer), OK);
	SAYS("tok,en=");
	ck_assert_int_eq(sasl_client_step(c, "Again", 5, &answer), E_SYNTAX);
	end(c);
}
END_TEST

START_TEST(xoauth2)
{
	static const char refusal[] = "{\"status\":\"400\",\n\"schemes\":\"Bearer\"}";
	struct sasl_client *c = begin(SASL_XOAUTH2);
	ck_assert_int_eq(sasl_client_step(c, NULL, 0, &answer), OK);
	SAYS("user=anna@x.org\001auth=Bearer tok,en=\001\001");
	ck_assert_str_eq(sasl_client_reason(c), "");
	ck_assert_int_eq(sasl_client_step(c, refusal, sizeof refusal - 1, &answer), E_REFUSED);
	SAYS("");
	ck_assert_str_eq(sasl_client_reason(c), "{\"status\":\"400\",?\"schemes\":\"Bearer\"}");
	ck_assert_int_eq(sasl_client_step(c, refusal, 4, &answer), E_SYNTAX);
	end(c);
}
END_TEST

START_TEST(oauthbearer)
{
	static const struct sasl_identity odd = {.user = "a,b=c", .secret = "t", .host = NULL};
	struct sasl_client *c = begin(SASL_OAUTHBEARER);
	ck_assert_int_eq(sasl_client_step(c, NULL, 0, &answer), OK);
	SAYS("n,a=anna@x.org,\001host=mx.x.org\001port=587\001auth=Bearer tok,en=\001\001");
	ck_assert_int_eq(sasl_client_step(c, "{}", 2, &answer), E_REFUSED);
	SAYS("\001");
	sasl_client_destroy(&c);
	c = sasl_client_new(SASL_OAUTHBEARER, &odd);
	ck_assert_int_eq(sasl_client_step(c, NULL, 0, &answer), OK);
	SAYS("n,a=a=2Cb=3Dc,\001auth=Bearer t\001\001");
	end(c);
}
END_TEST

START_TEST(a_long_reason_is_bounded)
{
	char reason[2000];
	struct sasl_client *c = begin(SASL_XOAUTH2);
	memset(reason, 'r', sizeof reason);
	sasl_client_step(c, NULL, 0, &answer);
	ck_assert_int_eq(sasl_client_step(c, reason, sizeof reason, &answer), E_REFUSED);
	ck_assert_uint_lt(strlen(sasl_client_reason(c)), 600);
	end(c);
}
END_TEST

START_TEST(memory_that_is_short)
{
	unsigned tries = 0;
	struct sasl_client *c = NULL;
	while (!c) {
		scarce_fail_at(++tries);
		c = sasl_client_new(SASL_OAUTHBEARER, &anna);
		scarce_end();
	}
	ck_assert_uint_eq(tries, 5); /* itself and three strings fail, then it works */
	end(c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sasl_client");
	SUITE_CASE(s, "passwords", plain, login_goes_by_order_not_by_words);
	SUITE_CASE(s, "tokens", xoauth2, oauthbearer, a_long_reason_is_bounded);
	SUITE_CASE(s, "memory", memory_that_is_short);
	return s;
}

SUITE_MAIN(suite)
