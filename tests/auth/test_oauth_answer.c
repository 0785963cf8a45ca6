/* auth/oauth_answer: answers as providers give them, and as they must not be. */
#include "auth/oauth_answer.h"
#include "support/suite.h"

#include <string.h>

static struct err err;
static struct buf body;

static const struct buf *said(const char *text)
{
	buf_clear(&body);
	ck_assert_int_eq(buf_puts(&body, text), OK);
	return &body;
}

static void teardown(void)
{
	buf_free(&body);
}

static const struct {
	long status;
	const char *body;
	enum result result;
	const char *words;
} faults[] = {
	{500, "", E_NETWORK, "answers 500"},
	{502, "<html>", E_NETWORK, "answers 502"},
	{429, "{\"error\":\"x\"}", E_NETWORK, "answers 429"},
	{400, "", E_SYNTAX, "answers 400 without saying why"},
	{404, "<html>", E_SYNTAX, "answers 404 without saying why"},
	{302, "{}", E_SYNTAX, "answers 302 without saying why"},
	{400, "{\"error\": 7}", E_SYNTAX, "without saying why"},
	{400, "{\"error\":\"authorization_pending\"}", E_BUSY, "nobody has agreed yet"},
	{400, "{\"error\":\"invalid_grant\",\"error_description\":\"AADSTS700082: x\"}", E_STATE,
	 "not used for too long"},
	{400, "{\"error\":\"invalid_grant\"}", E_STATE, "ended or was withdrawn"},
	{401,
	 "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: y\\r\\nTrace: z\"}",
	 E_REFUSED, "secret of the application has ended (invalid_client: AADSTS7000222: y)"},
	{401, "{\"error\":\"invalid_client\"}", E_REFUSED,
	 "its secret or its certificate is wrong"},
	{400, "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS90002: t\"}", E_REFUSED,
	 "no such tenant"},
	{403, "{\"error\":\"access_denied\"}", E_REFUSED, "said no"},
	{400, "{\"error\":\"a\\u0007b\",\"error_description\":\"c\\u00e4\"}", E_REFUSED,
	 "says no (a?b: c?"
	 "?)"},
};

START_TEST(faults_are_told)
{
	static const char *const none[] = {NULL};
	bool slow;
	ck_assert_int_eq(oauth_answer_fault("t", faults[_i].status, said(faults[_i].body), none,
					    &slow, &err),
			 faults[_i].result);
	ck_assert_msg(strstr(err.text, faults[_i].words), "%s", err.text);
	ck_assert_ptr_eq(strstr(err.text, "[oauth t]: "), err.text);
	ck_assert(!slow);
}
END_TEST

START_TEST(slower)
{
	static const char *const none[] = {NULL};
	bool slow;
	ck_assert_int_eq(
		oauth_answer_fault("t", 400, said("{\"error\":\"slow_down\"}"), none, &slow, &err),
		E_BUSY);
	ck_assert(slow);
}
END_TEST

/* A server that repeats what it was sent does not get it into our log. */
START_TEST(secrets_are_not_repeated)
{
	static const char *const masked[] = {"hunter2", NULL};
	bool slow;
	ck_assert_int_eq(
		oauth_answer_fault("t", 400,
				   said("{\"error\":\"hunter2\",\"error_description\":\"bad "
					"hunter2!\"}"),
				   masked, &slow, &err),
		E_REFUSED);
	ck_assert_ptr_null(strstr(err.text, "hunter2"));
}
END_TEST

static enum result tokens(const char *text, struct tokens_kept *kept)
{
	return oauth_answer_tokens("t", said(text), 1000000, kept, &err);
}

START_TEST(tokens_are_taken)
{
	struct tokens_kept kept = {.refresh = token_copy("old"), .refresh_taken = 5};
	ck_assert_int_eq(tokens("{\"access_token\":\"a.b-c\",\"expires_in\":60}", &kept), OK);
	ck_assert_str_eq(kept.access, "a.b-c");
	ck_assert_str_eq(kept.refresh, "old");
	ck_assert_int_eq(kept.refresh_taken, 5);
	ck_assert_int_eq(kept.access_taken, 1000000);
	ck_assert_int_eq(kept.access_ends, 1060000);
	ck_assert_int_eq(
		tokens("{\"access_token\":\"x\",\"expires_in\":\"7200\",\"token_type\":\"Bearer\","
		       "\"refresh_token\":\"new\",\"refresh_token_expires_in\":100}",
		       &kept),
		OK);
	ck_assert_str_eq(kept.refresh, "new");
	ck_assert_int_eq(kept.access_ends, 1000000 + 7200000);
	ck_assert_int_eq(kept.refresh_taken, 1000000);
	ck_assert_int_eq(kept.refresh_ends, 1100000);
	ck_assert_int_eq(tokens("{\"access_token\":\"y\"}", &kept),
			 OK); /* RFC 6749 5.1: recommended */
	ck_assert_int_eq(kept.access_ends, 1000000 + 3600000);
	ck_assert_int_eq(tokens("{\"access_token\":\"y\",\"expires_in\":1e300}", &kept), OK);
	ck_assert_int_gt(kept.access_ends, 1000000);
	tokens_kept_clear(&kept);
}
END_TEST

START_TEST(no_tokens_keep_the_old_ones)
{
	static const char *const texts[] = {"",
					    "null",
					    "[]",
					    "{}",
					    "{\"access_token\":",
					    "{\"access_token\":\"\"}",
					    "{\"access_token\":7}",
					    "{\"access_token\":\"a b\"}",
					    "{\"access_token\":\"a\\u0001b\"}",
					    "{\"access_token\":\"s3cret\",\"token_type\":\"mac\"}"};
	struct tokens_kept kept = {.access = token_copy("old"), .refresh = token_copy("old")};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_int_eq(tokens(texts[i], &kept), E_SYNTAX);
		ck_assert_str_eq(kept.access, "old");
		ck_assert_str_eq(kept.refresh, "old");
		ck_assert_ptr_null(strstr(err.text, "s3cret"));
	}
	tokens_kept_clear(&kept);
}
END_TEST

START_TEST(device_codes)
{
	struct oauth_device d = {0};
	ck_assert_int_eq(
		oauth_answer_device("t",
				    said("{\"device_code\":\"d\",\"user_code\":\"U-C\","
					 "\"verification_uri\":\"https://x/\",\"interval\":3,"
					 "\"expires_in\":60}"),
				    0, &d, &err),
		OK);
	ck_assert_str_eq(d.url, "https://x/");
	ck_assert_str_eq(d.code, "U-C");
	ck_assert_str_eq(d.secret, "d");
	ck_assert_int_eq(d.wait, 3000);
	ck_assert_int_eq(d.ends, 60000);
	oauth_device_clear(&d);
	ck_assert_int_eq(oauth_answer_device("t",
					     said("{\"device_code\":\"d\",\"user_code\":\"U\","
						  "\"verification_url\":\"https://g/\"}"),
					     0, &d, &err),
			 OK);
	ck_assert_int_eq(d.wait, 5000);
	oauth_device_clear(&d);
	ck_assert_int_eq(oauth_answer_device("t", said("{\"device_code\":\"d\"}"), 0, &d, &err),
			 E_SYNTAX);
	ck_assert_ptr_null(d.secret);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/oauth_answer");
	TCase *tc = tcase_create("answers");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, faults_are_told, 0, sizeof faults / sizeof *faults);
	tcase_add_test(tc, slower);
	tcase_add_test(tc, secrets_are_not_repeated);
	tcase_add_test(tc, tokens_are_taken);
	tcase_add_test(tc, no_tokens_keep_the_old_ones);
	tcase_add_test(tc, device_codes);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
