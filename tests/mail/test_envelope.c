/* envelope: adding, growth, copies that stand alone, short memory. */
#include "mail/envelope.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

START_TEST(starts_empty)
{
	struct region *r = region_new(0);
	struct mail_envelope e;
	mail_envelope_init(&e, r);
	const char *const texts[] = {e.reverse_path, e.session, e.listener,
				     e.protocol,     e.client,  e.helo};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_str_eq(texts[i], "");
	ck_assert_uint_eq(e.count, 0);
	ck_assert_int_eq(e.priority, MAIL_NORMAL);
	ck_assert_ptr_eq(e.region, r);
	region_destroy(&r);
}
END_TEST

START_TEST(ten_thousand_recipients)
{
	struct region *r = region_new(0);
	struct mail_envelope e;
	char address[32];
	mail_envelope_init(&e, r);
	for (int i = 0; i < 10000; i++) {
		snprintf(address, sizeof address, "user%d@example.net", i);
		ck_assert_int_eq(mail_envelope_add(&e, address), OK);
	}
	ck_assert_uint_eq(e.count, 10000);
	ck_assert_str_eq(e.recipients[0], "user0@example.net");
	ck_assert_str_eq(e.recipients[9999], "user9999@example.net");
	/* Doubling: all arrays together are at most twice the last one, which is at most twice what
	 * is needed. */
	ck_assert_uint_le(region_used(r), 10000 * (32 + 8 * sizeof(char *)));
	region_destroy(&r);
}
END_TEST

START_TEST(each_mailbox_once)
{
	static const char *const given[] = {"a@b.c",      "x@b.c",      "A@B.C", "\"a\"@b.c",
					    "no address", "a@b.d",      "x@b.c", "a",
					    "no address", "No address", "aa@b.c"};
	static const char *const left[] = {"a@b.c", "x@b.c", "no address", "a@b.d", "a", "aa@b.c"};
	struct region *r = region_new(0);
	struct mail_envelope e;
	mail_envelope_init(&e, r);
	ck_assert_int_eq(mail_envelope_unique(&e), OK);
	ck_assert_uint_eq(e.count, 0);
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		ck_assert_int_eq(mail_envelope_add(&e, given[i]), OK);
	ck_assert_int_eq(mail_envelope_unique(&e), OK);
	ck_assert_uint_eq(e.count, sizeof left / sizeof *left);
	for (size_t i = 0; i < e.count; i++)
		ck_assert_str_eq(e.recipients[i], left[i]);
	region_destroy(&r);
}
END_TEST

/* Each spelling of a mailbox is found, also behind a cut, in another order and where there is no memory for marks. */
START_TEST(has_a_mailbox)
{
	struct region *r = region_new(0);
	struct mail_envelope e;
	char address[40];
	mail_envelope_init(&e, r);
	ck_assert(!mail_envelope_has(&e, "a@b.c"));
	for (int i = 0; i < 300; i++) {
		snprintf(address, sizeof address, "User.%d@Example.NET", i);
		ck_assert(!mail_envelope_has(&e, address));
		ck_assert_int_eq(mail_envelope_add_once(&e, address, ""), OK);
		snprintf(address, sizeof address, "\"user.%d\"@example.net", i);
		ck_assert(mail_envelope_has(&e, address));
		ck_assert_int_eq(mail_envelope_add_once(&e, address, ""), OK);
	}
	ck_assert_uint_eq(e.count, 300);
	ck_assert_int_eq(mail_envelope_add(&e, "no address"), OK);
	ck_assert(mail_envelope_has(&e, "no address"));
	ck_assert(!mail_envelope_has(&e, "No address"));
	mail_envelope_cut(&e, 100);
	ck_assert_uint_eq(e.count, 100);
	ck_assert(mail_envelope_has(&e, "user.99@example.net"));
	ck_assert(!mail_envelope_has(&e, "user.100@example.net"));
	ck_assert_int_eq(mail_envelope_add_once(&e, "x@example.net", ""), OK);
	ck_assert(mail_envelope_has(&e, "x@example.net"));
	ck_assert(!mail_envelope_has(&e, "user.100@example.net"));
	ck_assert_int_eq(mail_envelope_add(&e, "user.0@example.net"), OK);
	ck_assert_int_eq(mail_envelope_add(&e, "last@example.net"), OK);
	ck_assert(mail_envelope_has(&e, "last@example.net"));
	ck_assert_int_eq(mail_envelope_unique(&e), OK); /* last@ is one further to the front now */
	ck_assert_uint_eq(e.count, 102);
	ck_assert(mail_envelope_has(&e, "last@example.net"));
	mail_envelope_empty(&e);
	ck_assert(!mail_envelope_has(&e, "user.0@example.net"));
	ck_assert_int_eq(mail_envelope_add(&e, "y@example.net"), OK);
	ck_assert(mail_envelope_has(&e, "y@example.net"));
	region_destroy(&r);
}
END_TEST

START_TEST(has_without_memory)
{
	for (size_t max = 100; max < 600; max += 4) {
		struct region *r = region_new(max);
		struct mail_envelope e;
		mail_envelope_init(&e, r);
		for (int i = 0; i < 9; i++) {
			char address[8];
			snprintf(address, sizeof address, "%d@b", i);
			if (mail_envelope_add(&e, address) != OK)
				break;
			ck_assert(mail_envelope_has(&e, address));
			ck_assert(!mail_envelope_has(&e, "x@b"));
			ck_assert(mail_envelope_has(&e, "0@B"));
		}
		region_destroy(&r);
	}
}
END_TEST

START_TEST(copy_stands_alone)
{
	struct region *one = region_new(0), *other = region_new(0);
	struct mail_envelope e, copy;
	char sender[] = "a@b";
	mail_envelope_init(&e, one);
	e.reverse_path = region_strdup(one, sender);
	e.session = region_strdup(one, "s1-1");
	e.listener = region_strdup(one, "lan");
	e.protocol = region_strdup(one, "ESMTP");
	e.client = region_strdup(one, "192.0.2.1");
	e.helo = region_strdup(one, "pc");
	e.eight_bit = true;
	e.arrived = 42;
	e.priority = MAIL_URGENT;
	for (int i = 0; i < 9; i++)
		ck_assert_int_eq(mail_envelope_add(&e, i ? "c@d" : "first@d"), OK);
	ck_assert_int_eq(mail_envelope_copy(&copy, &e, other), OK);
	region_destroy(&one);
	ck_assert_str_eq(copy.reverse_path, "a@b");
	ck_assert_str_eq(copy.session, "s1-1");
	ck_assert_str_eq(copy.listener, "lan");
	ck_assert_str_eq(copy.protocol, "ESMTP");
	ck_assert_str_eq(copy.client, "192.0.2.1");
	ck_assert_str_eq(copy.helo, "pc");
	ck_assert(copy.eight_bit && copy.arrived == 42 && copy.priority == MAIL_URGENT);
	ck_assert_uint_eq(copy.count, 9);
	ck_assert_str_eq(copy.recipients[0], "first@d");
	ck_assert_str_eq(copy.recipients[8], "c@d");
	ck_assert_int_eq(mail_envelope_add(&copy, "more@d"), OK);
	ck_assert_uint_eq(copy.count, 10);
	region_destroy(&other);
}
END_TEST

START_TEST(short_memory_is_told)
{
	struct region *big = region_new(0);
	struct mail_envelope e, copy;
	mail_envelope_init(&e, big);
	e.helo = "some.host.example.net";
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(mail_envelope_add(&e, "user@example.net"), OK);
	enum result r = E_NOMEM;
	for (size_t max = 1; r != OK; max++) {
		struct region *small = region_new(max);
		r = mail_envelope_copy(&copy, &e, small);
		ck_assert(r == OK || r == E_NOMEM);
		ck_assert_uint_le(copy.count, 5);
		region_destroy(&small);
		ck_assert_uint_lt(max, 4096);
	}
	struct region *small = region_new(256);
	mail_envelope_init(&e, small);
	size_t added = 0;
	while (mail_envelope_add(&e, "user@example.net") == OK)
		added++;
	ck_assert_uint_eq(e.count, added);
	for (size_t i = 0; i < added; i++)
		ck_assert_str_eq(e.recipients[i], "user@example.net");
	region_destroy(&small);
	region_destroy(&big);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("envelope");
	SUITE_CASE(s, "add", starts_empty, ten_thousand_recipients, each_mailbox_once,
		   has_a_mailbox, has_without_memory);
	SUITE_CASE(s, "copy", copy_stands_alone);
	SUITE_CASE(s, "memory", short_memory_is_told);
	return s;
}
SUITE_MAIN(suite)
