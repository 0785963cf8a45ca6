/* guesses: the lock of a name and of a client, age, what a right password does, networks of IPv6, and the bound. */
#include "gateway/guesses.h"
#include "support/suite.h"

#include <stdio.h>

static struct guesses *g;

static void setup(void)
{
	g = guesses_new(42);
}

static void teardown(void)
{
	guesses_destroy(&g);
	ck_assert_ptr_null(g);
}

/* Guesses until it locks; how many that took. */
static unsigned until_locked(const char *client, const char *user, int64_t now)
{
	unsigned n = 1;
	while (!guesses_wrong(g, client, user, now) && n < 1000)
		n++;
	return n;
}

START_TEST(one_name)
{
	ck_assert(!guesses_locked(g, "192.0.2.1", "anna", 5));
	ck_assert_uint_eq(until_locked("192.0.2.1", "anna", 5), GUESSES_USER);
	ck_assert(guesses_locked(g, "192.0.2.1", "anna", 5));
	ck_assert(guesses_locked(g, "192.0.2.1", "ANNA", 5));
	ck_assert(!guesses_locked(g, "192.0.2.1", "berta", 5));
	ck_assert(!guesses_locked(g, "192.0.2.2", "anna", 5));
	ck_assert(!guesses_wrong(g, "192.0.2.1", "anna", 6)); /* told once */
}
END_TEST

START_TEST(client)
{
	char name[32];
	unsigned n = 0;
	do
		snprintf(name, sizeof name, "user%u", n++);
	while (!guesses_wrong(g, "192.0.2.1", name, 5) && n < 1000);
	ck_assert_uint_eq(n, GUESSES_CLIENT);
	ck_assert(guesses_locked(g, "192.0.2.1", "anybody", 5));
	ck_assert(!guesses_locked(g, "192.0.2.2", "anybody", 5));
}
END_TEST

/* From the last that counted on; those while it was locked prolong nothing. */
START_TEST(age)
{
	until_locked("192.0.2.1", "anna", 1000);
	guesses_wrong(g, "192.0.2.1", "anna", 1000 + GUESSES_MS - 1);
	ck_assert(guesses_locked(g, "192.0.2.1", "anna", 1000 + GUESSES_MS - 1));
	ck_assert(!guesses_locked(g, "192.0.2.1", "anna", 1000 + GUESSES_MS));
	ck_assert_uint_eq(until_locked("192.0.2.1", "anna", 1000 + GUESSES_MS), GUESSES_USER);
}
END_TEST

START_TEST(right)
{
	for (int i = 1; i < GUESSES_USER; i++)
		ck_assert(!guesses_wrong(g, "192.0.2.1", "anna", 5));
	guesses_right(g, "192.0.2.1", "Anna");
	ck_assert_uint_eq(until_locked("192.0.2.1", "anna", 5), GUESSES_USER);
}
END_TEST

START_TEST(networks)
{
	until_locked("2001:db8::1", "anna", 5);
	ck_assert(guesses_locked(g, "2001:db8::ffff:2", "anna", 5));
	ck_assert(!guesses_locked(g, "2001:db8:0:1::1", "anna", 5));
	until_locked("node 7", "anna", 5);
	ck_assert(guesses_locked(g, "node 7", "anna", 5));
}
END_TEST

/* More guessers than are kept: the latest are locked, and one that goes on is not forgotten for them. */
START_TEST(bound)
{
	char name[32];
	until_locked("192.0.2.1", "anna", 5);
	for (unsigned i = 0; i < GUESSES_ENTRIES; i++) {
		snprintf(name, sizeof name, "10.0.%u.%u", i / 256, i % 256);
		until_locked(name, "anna", 10 + i);
		ck_assert(guesses_locked(g, name, "anna", 10 + i));
	}
	ck_assert(!guesses_locked(g, "192.0.2.1", "anna", 10000)); /* forgotten */
	until_locked("192.0.2.1", "anna", 10000);
	ck_assert(guesses_locked(g, "192.0.2.1", "anna", 10000));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/guesses");
	TCase *tc = tcase_create("lock");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, one_name);
	tcase_add_test(tc, client);
	tcase_add_test(tc, age);
	tcase_add_test(tc, right);
	tcase_add_test(tc, networks);
	tcase_add_test(tc, bound);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
