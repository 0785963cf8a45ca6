/* keys_profile: each key of a [profile] fills its own member; its defaults are those of `modern`. */
#include "conf/fake.h"
#include "mail/repair.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct conf_profile *load(const char *lines)
{
	char text[2000];
	snprintf(text, sizeof text, "[profile p]\n%s\n", lines);
	enum result r = fake_load(text);
	ck_assert_msg(r == OK, "%s", fake_faults());
	return settings_profile(fake_settings(), "p");
}

static void refused(const char *line, const char *fault)
{
	char text[300];
	snprintf(text, sizeof text, "[profile p]\n%s\n", line);
	ck_assert_int_ne(fake_load(text), OK);
	ck_assert_msg(strstr(fake_faults(), fault) != NULL, "%s: %s", line, fake_faults());
}

START_TEST(members)
{
	const struct conf_profile *p =
		load("clients = 10.0.0.0/8, ::1\ntls_min = 1.1\ntls_offer = no\nauth_clear = yes\n"
		     "auth_prompt = User Name:, Pass:\nhelo = any\nbrackets = optional\n"
		     "bare_newline = note\nrepair = date, mime\nfrom = f@x.y\nsender = s@x.y\n"
		     "max_size = 3K\n");
	ck_assert_str_eq(p->name, "p");
	ck_assert_uint_eq(p->clients.count, 2);
	ck_assert_int_eq(p->tls_min, CONF_TLS_1_1);
	ck_assert(!p->tls_offer && p->auth_clear && p->helo_any && p->brackets_optional);
	ck_assert_str_eq(p->prompt_user, "User Name:");
	ck_assert_str_eq(p->prompt_password, "Pass:");
	ck_assert_int_eq(p->bare_newline, CONF_NEWLINE_NOTE);
	ck_assert_uint_eq(p->repair, MAIL_REPAIR_DATE | MAIL_REPAIR_MIME);
	ck_assert_str_eq(p->from, "f@x.y");
	ck_assert_str_eq(p->sender, "s@x.y");
	ck_assert_uint_eq(p->max_size, 3072);
	fake_free();
}
END_TEST

/* One at a time: no other is moved by it. */
START_TEST(each_alone)
{
	ck_assert(load("auth_clear = yes\n")->auth_clear && !load("auth_clear = yes\n")->helo_any);
	ck_assert(load("helo = any\n")->helo_any && !load("helo = any\n")->brackets_optional);
	const struct conf_profile *p = load("brackets = optional\n");
	ck_assert(p->brackets_optional && !p->helo_any && !p->auth_clear && p->tls_offer);
	p = load("tls_offer = no\n");
	ck_assert(!p->tls_offer && !p->auth_clear);
	fake_free();
}
END_TEST

START_TEST(words)
{
	static const char *const versions[] = {"1.0", "1.1", "1.2", "1.3"};
	static const char *const newlines[] = {"reject", "normalise", "note"};
	static const char *const repairs[] = {"date", "message-id", "from", "charset", "mime"};
	static const unsigned bits[] = {MAIL_REPAIR_DATE, MAIL_REPAIR_MESSAGE_ID, MAIL_REPAIR_FROM,
					MAIL_REPAIR_CHARSET, MAIL_REPAIR_MIME};
	char line[64];
	for (int i = CONF_TLS_1_0; i <= CONF_TLS_1_3; i++) {
		snprintf(line, sizeof line, "tls_min = %s\n", versions[i]);
		ck_assert_int_eq((int)load(line)->tls_min, i);
	}
	for (int i = CONF_NEWLINE_REJECT; i <= CONF_NEWLINE_NOTE; i++) {
		snprintf(line, sizeof line, "bare_newline = %s\n", newlines[i]);
		ck_assert_int_eq((int)load(line)->bare_newline, i);
	}
	for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
		snprintf(line, sizeof line, "repair = %s\n", repairs[i]);
		ck_assert_uint_eq(load(line)->repair, bits[i]);
	}
	refused("tls_min = 1.4", "tls_min");
	refused("bare_newline = rejct", "reject");
	refused("repair = dates", "date");
	refused("helo = all", "helo");
	refused("brackets = no", "brackets");
	fake_free();
}
END_TEST

START_TEST(defaults)
{
	const struct conf_profile *p = load("");
	ck_assert(p->tls_min == CONF_TLS_1_2 && p->tls_offer && !p->auth_clear);
	ck_assert(!p->helo_any && !p->brackets_optional && !p->prompt_user && !p->prompt_password);
	ck_assert(p->bare_newline == CONF_NEWLINE_REJECT && !p->clients.count && !p->max_size);
	ck_assert(!p->from && !p->sender);
	ck_assert_uint_eq(p->repair, MAIL_REPAIR_MESSAGE_ID);
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/keys_profile");
	SUITE_CASE(s, "keys", members, each_alone, words, defaults);
	return s;
}
SUITE_MAIN(suite)
