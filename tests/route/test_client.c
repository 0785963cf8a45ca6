/* client: lists of networks, and clients that have no IP. */
#include "route/client.h"
#include "support/suite.h"

static struct net_block blocks[2];

static bool fits(const char *one, const char *two, const char *client)
{
	const struct conf_nets nets = {.blocks = blocks, .count = two ? 2 : one ? 1 : 0};
	if (one)
		ck_assert_int_eq(net_block_parse(one, &blocks[0], NULL), OK);
	if (two)
		ck_assert_int_eq(net_block_parse(two, &blocks[1], NULL), OK);
	return route_client_fits(&nets, client);
}

START_TEST(ip_clients)
{
	ck_assert(fits("192.0.2.0/24", "2001:db8::/32", "192.0.2.255"));
	ck_assert(fits("192.0.2.0/24", "2001:db8::/32", "2001:db8:1::1"));
	ck_assert(fits("192.0.2.0/24", "2001:db8::/32", "::ffff:192.0.2.1"));
	ck_assert(!fits("192.0.2.0/24", "2001:db8::/32", "192.0.3.0"));
	ck_assert(fits("all", NULL, "192.0.3.0"));
	ck_assert(!fits(NULL, NULL, "192.0.3.0"));
	ck_assert(!fits("0.0.0.0/0", NULL, "2001:db8::1"));
}
END_TEST

START_TEST(clients_without_ip)
{
	const char *const names[] = {NULL,   "",        "0a:0b:0c:0d:0e:0f",
				     "ws17", "192.0.2", "127.0.0.1 "};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert(fits("192.0.2.0/24", "all", names[i]));
		ck_assert(!fits("192.0.2.0/24", "127.0.0.0/8", names[i]));
		ck_assert(!fits("0.0.0.0/0", NULL, names[i]));
		ck_assert(!fits(NULL, NULL, names[i]));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("client");
	SUITE_CASE(s, "nets", ip_clients, clients_without_ip);
	return s;
}
SUITE_MAIN(suite)
