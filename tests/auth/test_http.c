/* auth/http: forms as they are sent, and what is refused before anything is. Real servers: tests/system/test_oauth.py. */
#include "auth/http.h"
#include "support/suite.h"

#include <string.h>

START_TEST(forms)
{
	struct buf form;
	buf_init(&form, 64);
	ck_assert_int_eq(http_form(&form, "a", "x y&z=+%"), OK);
	ck_assert_int_eq(http_form(&form, "none", NULL), OK);
	ck_assert_int_eq(http_form(&form, "b", "-._~\xc3\xa4"), OK);
	ck_assert_int_eq(http_form(&form, "c", ""), OK);
	ck_assert_str_eq(buf_string(&form), "a=x%20y%26z%3D%2B%25&b=-._~%C3%A4&c=");
	ck_assert_int_eq(http_form(&form, "d", "012345678901234567890123456789"), E_LIMIT);
	buf_free(&form);
}
END_TEST

static enum result post(const char *url, const atomic_bool *stop, struct err *err)
{
	struct buf body;
	long status = 7;
	buf_init(&body, HTTP_BODY_MAX);
	const struct http_request r = {
		.url = url, .form = "client_secret=hunter2", .limit = 60000, .stop = stop};
	enum result result = http_post(&r, &status, &body, err);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(body.len, 0);
	ck_assert_ptr_null(strstr(err->text, "hunter2"));
	buf_free(&body);
	return result;
}

START_TEST(refused)
{
	struct err err;
	ck_assert_int_eq(post("http://127.0.0.1:9/token", NULL, &err), E_NETWORK);
	ck_assert_ptr_nonnull(strstr(err.text, "http://127.0.0.1:9: "));
	ck_assert_int_eq(post("file:///etc/passwd", NULL, &err), E_NETWORK);
	ck_assert_int_eq(post("no url at all", NULL, &err), E_NETWORK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/http");
	SUITE_CASE(s, "http", forms, refused);
	return s;
}
SUITE_MAIN(suite)
