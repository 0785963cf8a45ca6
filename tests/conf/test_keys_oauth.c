/* keys_oauth: each key of an [oauth] fills its own member, takes its whole range and no more, and has its default. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct conf_oauth *load(const char *lines)
{
	char text[2000];
	snprintf(text, sizeof text, "[oauth t]\nclient_id = id\n%s\n", lines);
	enum result r = fake_load(text);
	ck_assert_msg(r == OK, "%s", fake_faults());
	return &fake_settings()->oauths[0];
}

static void refused(const char *line, const char *fault)
{
	char text[300];
	snprintf(text, sizeof text, "[oauth t]\n%s\n", line);
	ck_assert_int_ne(fake_load(text), OK);
	ck_assert_msg(strstr(fake_faults(), fault) != NULL, "%s: %s", line, fake_faults());
}

START_TEST(members)
{
	const struct conf_oauth *o =
		load("provider = custom\ntenant = ten.ant\nflow = client\nuser = me@x.y\n"
		     "client_secret = file:/s\nscope = one two\ntoken_url = https://a/token\n"
		     "device_url = https://a/device\ntls_ca = /ca\nproxy = http://p:1\n"
		     "token_file = /t\nvendor = lmn\nwarn_before = 9d\n");
	ck_assert_str_eq(o->name, "t");
	ck_assert_int_eq(o->provider, CONF_OAUTH_CUSTOM);
	ck_assert_str_eq(o->tenant, "ten.ant");
	ck_assert_int_eq(o->flow, CONF_OAUTH_CLIENT);
	ck_assert_str_eq(o->user, "me@x.y");
	ck_assert_str_eq(o->client_id, "id");
	ck_assert_str_eq(o->client_secret, "file:/s");
	ck_assert_ptr_null(o->client_certificate);
	ck_assert_str_eq(o->scope, "one two");
	ck_assert_str_eq(o->token_url, "https://a/token");
	ck_assert_str_eq(o->device_url, "https://a/device");
	ck_assert_str_eq(o->tls_ca, "/ca");
	ck_assert_str_eq(o->proxy, "http://p:1");
	ck_assert_str_eq(o->token_file, "/t");
	ck_assert_str_eq(o->vendor, "lmn");
	ck_assert_int_eq(o->warn_before, INT64_C(9) * 86400000);
	o = load("flow = client\ntenant = x.y\nclient_certificate = /c.pem\n");
	ck_assert_str_eq(o->client_certificate, "/c.pem");
	ck_assert_ptr_null(o->client_secret);
	fake_free();
}
END_TEST

START_TEST(words)
{
	ck_assert_int_eq(load("provider = microsoft\n")->provider, CONF_OAUTH_MICROSOFT);
	ck_assert_int_eq(load("provider = google\n")->provider, CONF_OAUTH_GOOGLE);
	ck_assert_int_eq(load("flow = device\n")->flow, CONF_OAUTH_DEVICE);
	ck_assert_int_eq(load("flow = refresh\n")->flow, CONF_OAUTH_REFRESH);
	refused("provider = gogle\nclient_id = id", "google");
	refused("flow = devise\nclient_id = id", "device");
	fake_free();
}
END_TEST

START_TEST(defaults)
{
	const struct conf_oauth *o = load("");
	ck_assert(o->provider == CONF_OAUTH_MICROSOFT && o->flow == CONF_OAUTH_DEVICE);
	const char *const absent[] = {o->tenant, o->user, o->client_secret, o->client_certificate,
				      o->tls_ca, o->proxy};
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		ck_assert_msg(!absent[i], "%zu: %s", i, absent[i]);
	ck_assert_str_eq(o->vendor, "lmn");
	ck_assert_int_eq(o->warn_before, INT64_C(30) * 86400000);
	ck_assert_ptr_nonnull(strstr(o->token_file, "/oauth/t"));
	ck_assert_ptr_nonnull(strstr(o->token_url, "/oauth2/v2.0/token"));
	ck_assert_ptr_nonnull(strstr(o->device_url, "/oauth2/v2.0/devicecode"));
	fake_free();
}
END_TEST

START_TEST(limits)
{
	ck_assert_int_eq(load("warn_before = 1s\n")->warn_before, 1000);
	ck_assert_int_eq(load("warn_before = 365d\n")->warn_before, INT64_C(365) * 86400000);
	refused("client_id = id\nwarn_before = 0s", "warn_before");
	refused("client_id = id\nwarn_before = 366d", "warn_before");
	refused("user = me@x.y", "client_id"); /* it is needed */
	refused("client_id = id\nclient_secret = hunter2",
		"client_secret"); /* where it is, never itself */
	ck_assert_ptr_null(strstr(fake_faults(), "hunter2"));
	refused("client_id = id\ntoken_url = nowhere", "token_url");
	refused("client_id = id\ndevice_url = nowhere", "device_url");
	fake_free();
}
END_TEST

/* Whoever prints the settings does not show where to find it either. */
START_TEST(secret)
{
	load("provider = custom\nflow = client\ntoken_url = https://a/t\nclient_secret = "
	     "file:/s\n");
	const char *printed = fake_print("oauth t", false);
	ck_assert_ptr_nonnull(strstr(printed, "client_secret = ***"));
	ck_assert_ptr_null(strstr(printed, "file:/s"));
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/keys_oauth");
	SUITE_CASE(s, "keys", members, words, defaults, limits, secret);
	return s;
}
SUITE_MAIN(suite)
