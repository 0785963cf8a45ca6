/* keys_route: each key of a [route] and of a [postoffice] fills its own member, takes its whole range and no more, and has its
 * default. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define PIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct settings *load(const char *text)
{
	enum result r = fake_load(text);
	ck_assert_msg(r == OK, "%s", fake_faults());
	return fake_settings();
}

static const struct conf_route *route(const char *lines)
{
	char text[2000];
	snprintf(text, sizeof text, "[route r]\n%s\n[route other]\n", lines);
	return &load(text)->routes[0];
}

static const struct conf_postoffice *office(const char *lines)
{
	char text[2000];
	snprintf(text, sizeof text, "[postoffice N/P]\ndomain = d.e\npath = /p\n%s\n", lines);
	return &load(text)->postoffices[0];
}

static void refused(const char *section, const char *lines, const char *fault)
{
	char text[400];
	snprintf(text, sizeof text, "[%s]\n%s\n", section, lines);
	ck_assert_int_ne(fake_load(text), OK);
	ck_assert_msg(strstr(fake_faults(), fault) != NULL, "%s: %s", lines, fake_faults());
}

START_TEST(where_and_what)
{
	const struct conf_route *r =
		route("match = a.b\nsender = c.d\nclient = 10.0.0.0/8\nlistener = default\n"
		      "smart_host = h:26\nvendor = lmn\nsource = 10.0.0.1\nhelo = me.x\n");
	ck_assert_str_eq(r->name, "r");
	ck_assert(conf_patterns_match(&r->match, "x@a.b") &&
		  !conf_patterns_match(&r->match, "x@c.d"));
	ck_assert(conf_patterns_match(&r->sender, "x@c.d") &&
		  !conf_patterns_match(&r->sender, "x@a.b"));
	ck_assert_str_eq(r->match_written.items[0], "a.b");
	ck_assert_str_eq(r->sender_written.items[0], "c.d");
	ck_assert_uint_eq(r->client.count, 1);
	ck_assert_str_eq(r->listener, "default");
	ck_assert(!r->mx && r->smart_hosts.count == 1 && r->what == CONF_SEND && !r->reject_text);
	ck_assert_str_eq(r->smart_hosts.items[0], "h:26");
	ck_assert_str_eq(r->vendor, "lmn");
	ck_assert_str_eq(r->source, "10.0.0.1");
	ck_assert_str_eq(r->helo, "me.x");
	ck_assert_int_eq(route("do = hold\n")->what, CONF_HOLD);
	ck_assert_int_eq(route("do = discard\n")->what, CONF_DISCARD);
	r = route("do = reject go away\n");
	ck_assert_int_eq(r->what, CONF_REJECT);
	ck_assert_str_eq(r->reject_text, "go away");
	fake_free();
}
END_TEST

START_TEST(security)
{
	const struct conf_route *r = route(
		"smart_host = h\ntls = verified\ntls_ca = /ca\ntls_name = n.x\ntls_min = 1.3\n"
		"auth = plain\nuser = me@x.y\npassword = file:/pw\nfrom = f@x.y\n"
		"sender_as = s@x.y\nbounce_to = b@x.y\n");
	ck_assert_int_eq(r->tls, CONF_TLS_VERIFIED);
	ck_assert_str_eq(r->tls_ca, "/ca");
	ck_assert_str_eq(r->tls_name, "n.x");
	ck_assert_ptr_null(r->tls_pin);
	ck_assert_int_eq(r->tls_min, CONF_TLS_1_3);
	ck_assert_int_eq(r->auth, CONF_LOGIN_PLAIN);
	ck_assert_str_eq(r->user, "me@x.y");
	ck_assert_str_eq(r->password, "file:/pw");
	ck_assert_ptr_null(r->oauth);
	ck_assert_str_eq(r->from, "f@x.y");
	ck_assert_str_eq(r->sender_as, "s@x.y");
	ck_assert_str_eq(r->bounce_to, "b@x.y");
	ck_assert_ptr_null(strstr(fake_print("route r", false), "/pw"));
	ck_assert_str_eq(route("tls = verified\ntls_pin = " PIN "\n")->tls_pin, PIN);
	fake_free();
}
END_TEST

START_TEST(words)
{
	static const char *const tls[] = {"off", "opportunistic", "required", "verified",
					  "implicit"};
	static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3"};
	static const char *const logins[] = {"plain", "login", "scram"};
	static const char *const tokens[] = {"xoauth2", "oauthbearer"};
	static const char *const priorities[] = {"keep", "urgent", "normal", "bulk"};
	char lines[300];
	for (int i = CONF_TLS_NONE; i <= CONF_TLS_FIRST; i++) {
		snprintf(lines, sizeof lines, "smart_host = h\ntls = %s\n", tls[i]);
		ck_assert_int_eq((int)route(lines)->tls, i);
	}
	for (int i = CONF_TLS_1_0; i <= CONF_TLS_1_3; i++) {
		snprintf(lines, sizeof lines, "tls_min = %s\n", versions[i]);
		ck_assert_int_eq((int)route(lines)->tls_min, i);
	}
	for (int i = 0; i < 3; i++) {
		snprintf(lines, sizeof lines,
			 "smart_host = h\nuser = u\npassword = file:/p\nauth = %s\n", logins[i]);
		ck_assert_int_eq((int)route(lines)->auth, CONF_LOGIN_PLAIN + i);
	}
	for (int i = 0; i < 2; i++) {
		snprintf(lines, sizeof lines,
			 "oauth = t\nauth = %s\n[oauth t]\nclient_id = i\n"
			 "user = u@x.y\n",
			 tokens[i]);
		const struct conf_route *r = route(lines);
		ck_assert_int_eq((int)r->auth, CONF_LOGIN_XOAUTH2 + i);
		ck_assert_str_eq(r->oauth, "t");
	}
	for (unsigned i = 0; i < 4; i++) {
		snprintf(lines, sizeof lines, "priority = %s\n", priorities[i]);
		ck_assert_uint_eq(route(lines)->priority, i);
	}
	fake_free();
}
END_TEST

START_TEST(how_much_and_how_long)
{
	const struct conf_route *r =
		route("max_connections = 3\nrate = 5/6m\nbcc = a@b.c, d@e.f\nfallback = other\n"
		      "fallback_after = 7m\nmax_size = 3K\nretry = 1m, 2m\nretry = 3m\n"
		      "lifetime = 4d\nwarn_after = 5h\n");
	ck_assert_uint_eq(r->max_connections, 3);
	ck_assert(r->rate.count == 5 && r->rate.ms == 360000);
	ck_assert_uint_eq(r->bcc.count, 2);
	ck_assert_str_eq(r->fallback, "other");
	ck_assert_int_eq(r->fallback_after, 420000);
	ck_assert_uint_eq(r->max_size, 3072);
	ck_assert(r->retry.count == 3 && r->retry.ms[2] == 180000);
	ck_assert_int_eq(r->lifetime, INT64_C(4) * 86400000);
	ck_assert_int_eq(r->warn_after, 5 * 3600000);
	refused("route r", "max_connections = 0", "max_connections");
	refused("route r", "max_connections = 1001", "max_connections");
	refused("route r", "fallback_after = 0s", "fallback_after");
	refused("route r", "fallback_after = 31d", "fallback_after");
	refused("route r", "lifetime = 0s", "lifetime");
	refused("route r", "lifetime = 366d", "lifetime");
	refused("route r", "warn_after = 366d", "warn_after");
	refused("route r", "retry = 31d", "retry");
	refused("route r", "priority = urgnt", "urgent");
	fake_free();
}
END_TEST

START_TEST(defaults_of_routes)
{
	const struct conf_route *r = route("");
	const char *const absent[] = {r->listener,  r->source,    r->tls_ca,   r->tls_pin,
				      r->user,      r->password,  r->oauth,    r->from,
				      r->sender_as, r->bounce_to, r->fallback, r->reject_text};
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		ck_assert_msg(!absent[i], "%zu: %s", i, absent[i]);
	ck_assert(r->mx && !r->smart_hosts.count && r->what == CONF_SEND);
	ck_assert(r->tls == CONF_TLS_OPPORTUNISTIC && r->tls_min == CONF_TLS_1_2);
	ck_assert(r->auth == CONF_LOGIN_OFF && r->max_connections == 10 && !r->rate.count);
	ck_assert(!r->priority && !r->bcc.count && !r->max_size && r->fallback_after == 600000);
	ck_assert(conf_patterns_match(&r->match, "a@b.c") &&
		  conf_patterns_match(&r->sender, "a@b.c"));
	fake_free();
}
END_TEST

START_TEST(postoffices)
{
	const struct conf_postoffice *p =
		office("format = mmff\ndomain = .f.g\nadmin = boss\ncharset = cp850\n"
		       "attachments = uuencode\nencapsulate = no\nreceived = keep\nnames = 8.3\n"
		       "receipts = no\nclassic_log = yes\nget_timeout = 6m\nwait = 7s\n");
	ck_assert_str_eq(p->name, "N/P");
	ck_assert_uint_eq(p->domains.count, 2);
	ck_assert_str_eq(p->path, "/p");
	ck_assert_int_eq(p->format, CONF_OFFICE_MMFF);
	ck_assert_str_eq(p->admin, "boss");
	ck_assert_str_eq(conf_charsets[p->charset], "cp850");
	ck_assert_int_eq(p->attachments, CONF_ATTACHMENTS_UUENCODE);
	ck_assert(!p->encapsulate && p->received == 1 && p->names == 1 && !p->receipts &&
		  p->classic_log);
	ck_assert_int_eq(p->get_timeout, 360000);
	ck_assert_int_eq(p->wait, 7000);
	ck_assert_int_eq(office("mailboxes = any\n")->mailboxes, CONF_MAILBOXES_ANY);
	p = office("");
	ck_assert_int_eq(p->format, CONF_OFFICE_MAILDIR);
	ck_assert(p->mailboxes == CONF_MAILBOXES_EXISTING && p->encapsulate && !p->received &&
		  !p->names && p->receipts && !p->classic_log);
	ck_assert(p->attachments == CONF_ATTACHMENTS_MIME && p->wait == 120000 &&
		  p->get_timeout == 300000);
	ck_assert_str_eq(p->admin, "admin");
	refused("postoffice p", "path = /p", "domain"); /* it is needed */
	refused("postoffice p", "domain = a.b\npath = /p\nwait = 0s", "wait");
	refused("postoffice p", "domain = a.b\npath = /p\nget_timeout = 25h", "get_timeout");
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/keys_route");
	SUITE_CASE(s, "routes", where_and_what, security, words, how_much_and_how_long,
		   defaults_of_routes);
	SUITE_CASE(s, "postoffices", postoffices);
	return s;
}
SUITE_MAIN(suite)
