/* keys_pickup: each key of a [pickup] fills its own member, takes its whole range and no more, and has its default. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct conf_pickup *load(const char *lines)
{
	char text[2000];
	snprintf(text, sizeof text, "[pickup in]\npath = /in\n%s\n[profile p]\n", lines);
	enum result r = fake_load(text);
	ck_assert_msg(r == OK, "%s", fake_faults());
	return &fake_settings()->pickups[0];
}

static void refused(const char *lines, const char *fault)
{
	char text[300];
	snprintf(text, sizeof text, "[pickup in]\n%s\n", lines);
	ck_assert_int_ne(fake_load(text), OK);
	ck_assert_msg(strstr(fake_faults(), fault) != NULL, "%s: %s", lines, fake_faults());
}

START_TEST(members)
{
	const struct conf_pickup *p =
		load("files = *.eml\nfiles = *.txt\nformat = sendmail\nsettle = 3s\npoll = 4s\n"
		     "after = archive\narchive = /old\nbad = /bad\nsender = s@x.y\n"
		     "recipient = r@x.y\nsenders = x.y\nmax_size = 3K\npriority = bulk\n"
		     "profile = p\ncharset = cp850\n");
	ck_assert_str_eq(p->name, "in");
	ck_assert_str_eq(p->path, "/in");
	ck_assert_uint_eq(p->files.count, 2);
	ck_assert_str_eq(p->files.items[1], "*.txt");
	ck_assert_int_eq(p->format, CONF_PICKUP_SENDMAIL);
	ck_assert_int_eq(p->settle, 3000);
	ck_assert_int_eq(p->poll, 4000);
	ck_assert_int_eq(p->after, CONF_AFTER_ARCHIVE);
	ck_assert_str_eq(p->archive, "/old");
	ck_assert_str_eq(p->bad, "/bad");
	ck_assert_str_eq(p->sender, "s@x.y");
	ck_assert_str_eq(p->recipient, "r@x.y");
	ck_assert_uint_eq(p->senders_written.count, 1);
	ck_assert_str_eq(p->senders_written.items[0], "x.y");
	ck_assert(conf_patterns_match(&p->senders, "a@x.y") &&
		  !conf_patterns_match(&p->senders, "a@z.y"));
	ck_assert_uint_eq(p->max_size, 3072);
	ck_assert_int_eq(p->priority, MAIL_BULK);
	ck_assert_str_eq(p->profile, "p");
	ck_assert_str_eq(conf_charsets[p->charset], "cp850");
	fake_free();
}
END_TEST

START_TEST(words)
{
	static const char *const formats[] = {"auto", "eml", "mmff", "sendmail"};
	static const char *const priorities[] = {"urgent", "normal", "bulk"};
	char line[64];
	for (int i = CONF_PICKUP_AUTO; i <= CONF_PICKUP_SENDMAIL; i++) {
		snprintf(line, sizeof line, "format = %s\n", formats[i]);
		ck_assert_int_eq((int)load(line)->format, i);
	}
	for (int i = MAIL_URGENT; i <= MAIL_BULK; i++) {
		snprintf(line, sizeof line, "priority = %s\n", priorities[i]);
		ck_assert_int_eq((int)load(line)->priority, i);
	}
	for (unsigned i = 0; conf_charsets[i]; i++) {
		snprintf(line, sizeof line, "charset = %s\n", conf_charsets[i]);
		ck_assert_uint_eq(load(line)->charset, i);
	}
	refused("path = /in\nformat = elm\n", "eml");
	refused("path = /in\nafter = remove\n", "after");
	fake_free();
}
END_TEST

START_TEST(defaults)
{
	const struct conf_pickup *p = load("");
	ck_assert_uint_eq(p->files.count, 1);
	ck_assert_str_eq(p->files.items[0], "*");
	ck_assert(p->format == CONF_PICKUP_AUTO && p->after == CONF_AFTER_DELETE);
	ck_assert(p->settle == 2000 && p->poll == 10000 && p->priority == MAIL_NORMAL);
	ck_assert_str_eq(p->archive, "/in/archive");
	ck_assert(!p->bad && !p->sender && !p->recipient);
	ck_assert(conf_patterns_match(&p->senders, "who@ever.test"));
	ck_assert_uint_eq(p->max_size, 50u << 20);
	ck_assert_str_eq(p->profile, "legacy");
	ck_assert_str_eq(conf_charsets[p->charset], "cp437");
	fake_free();
}
END_TEST

START_TEST(limits)
{
	ck_assert_int_eq(load("settle = 0\n")->settle, 0);
	ck_assert_int_eq(load("settle = 1d\npoll = 1d\n")->poll, 86400000);
	ck_assert_int_eq(load("poll = 1s\n")->poll, 1000);
	ck_assert_uint_eq(load("max_size = 1K\n")->max_size, 1024);
	refused("files = *", "path"); /* it is needed */
	refused("path = /in\nsettle = 25h", "settle");
	refused("path = /in\npoll = 0s", "poll");
	refused("path = /in\npoll = 25h", "poll");
	refused("path = /in\nmax_size = 1023", "max_size");
	refused("path = in", "path");
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/keys_pickup");
	SUITE_CASE(s, "keys", members, words, defaults, limits);
	return s;
}
SUITE_MAIN(suite)
