/* clients: limits by listener and client, rates by window, growth without leftovers. */
#include "gateway/clients.h"
#include "support/suite.h"

#include <stdio.h>

START_TEST(limits)
{
	struct clients *c = clients_new();
	uint64_t now, ever;
	ck_assert_int_eq(clients_enter(c, "192.0.2.1", 3, 2, 0), CLIENTS_OK);
	ck_assert_int_eq(clients_enter(c, "192.0.2.1", 3, 2, 0), CLIENTS_OK);
	ck_assert_int_eq(clients_enter(c, "192.0.2.1", 3, 2, 0), CLIENTS_CLIENT_FULL);
	ck_assert_int_eq(clients_enter(c, "192.0.2.2", 3, 2, 0), CLIENTS_OK);
	ck_assert_int_eq(clients_enter(c, "192.0.2.3", 3, 2, 0), CLIENTS_FULL);
	clients_leave(c, "192.0.2.1");
	ck_assert_int_eq(clients_enter(c, "192.0.2.3", 3, 2, 0), CLIENTS_OK);
	clients_leave(c, "192.0.2.9"); /* never came: nothing happens */
	clients_counts(c, &now, &ever);
	ck_assert_uint_eq(now, 3);
	ck_assert_uint_eq(ever, 4);
	clients_destroy(&c);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(rate_by_window)
{
	struct clients *c = clients_new();
	const struct conf_rate rate = {.count = 2, .ms = 1000}, none = {0};
	ck_assert(clients_message(c, "a", &rate, 5000));
	ck_assert(clients_message(c, "a", &rate, 5999));
	ck_assert(!clients_message(c, "a", &rate, 5999));
	ck_assert(clients_message(c, "b", &rate, 5999));
	ck_assert(clients_message(c, "a", &none, 5999));
	ck_assert(clients_message(c, "a", &rate, 6000));
	clients_destroy(&c);
}
END_TEST

START_TEST(many_clients)
{
	struct clients *c = clients_new();
	uint64_t now, ever;
	char name[32];
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(name, sizeof name, "10.%u.%u.%u", round, i / 256, i % 256);
			ck_assert_int_eq(clients_enter(c, name, 10000, 1, round), CLIENTS_OK);
			ck_assert_int_eq(clients_enter(c, name, 10000, 1, round),
					 CLIENTS_CLIENT_FULL);
		}
		for (unsigned i = 0; i < 5000; i++) {
			snprintf(name, sizeof name, "10.%u.%u.%u", round, i / 256, i % 256);
			clients_leave(c, name);
		}
	}
	clients_counts(c, &now, &ever);
	ck_assert_uint_eq(now, 0);
	ck_assert_uint_eq(ever, 15000);
	clients_destroy(&c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/clients");
	SUITE_CASE(s, "limits", limits, many_clients);
	SUITE_CASE(s, "rate", rate_by_window);
	return s;
}
SUITE_MAIN(suite)
