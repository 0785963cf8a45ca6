/* plugins/win: an alias belongs to one host as long as connections go there, and is not given to another soon. */
#include "support/suite.h"
#include "win/win_hop.h"

#include <arpa/inet.h>
#include <string.h>

static struct win_hops hops;

static const uint8_t *host(unsigned n)
{
	static uint8_t ip[WIN_IP6_LEN] = {0xfd, 0x77};
	ip[14] = (uint8_t)(n >> 8);
	ip[15] = (uint8_t)n;
	return ip;
}

START_TEST(one_host_has_one_alias)
{
	memset(&hops, 0, sizeof hops);
	ck_assert_ptr_null(win_hop_of_ip(&hops, host(1)));
	struct win_hop *one = win_hop_get(&hops, host(1)), *two = win_hop_get(&hops, host(2));
	ck_assert_ptr_eq(win_hop_get(&hops, host(1)), one);
	ck_assert_ptr_eq(win_hop_of_ip(&hops, host(2)), two);
	ck_assert_ptr_eq(win_hop_of_alias(&hops, two->alias), two);
	ck_assert_uint_ne(one->alias, two->alias);
	ck_assert_uint_eq(ntohl(one->alias) & WIN_HOP_MASK, WIN_HOP_NET);
	ck_assert_ptr_null(win_hop_of_alias(&hops, 0));
}
END_TEST

START_TEST(who_has_connections_stays)
{
	memset(&hops, 0, sizeof hops);
	struct win_hop *kept = win_hop_get(&hops, host(0));
	uint32_t alias = kept->alias;
	kept->flows = 1;
	for (unsigned n = 1; n < 5 * WIN_HOPS_MAX; n++) {
		struct win_hop *h = win_hop_get(&hops, host(n));
		ck_assert_ptr_nonnull(h);
		ck_assert_uint_ne(h->alias, alias);
	}
	ck_assert_ptr_eq(win_hop_get(&hops, host(0)), kept);
	ck_assert_uint_eq(kept->alias, alias);
}
END_TEST

START_TEST(all_places_are_taken)
{
	memset(&hops, 0, sizeof hops);
	for (unsigned n = 0; n < WIN_HOPS_MAX; n++)
		win_hop_get(&hops, host(n))->flows = 1;
	ck_assert_ptr_null(win_hop_get(&hops, host(WIN_HOPS_MAX)));
	ck_assert_ptr_nonnull(win_hop_get(&hops, host(7)));
	win_hop_get(&hops, host(7))->flows = 0;
	ck_assert_ptr_nonnull(win_hop_get(&hops, host(WIN_HOPS_MAX)));
	ck_assert_ptr_null(win_hop_of_ip(&hops, host(7)));
}
END_TEST

/* The network's own address and the last one are nobody's. */
START_TEST(aliases_come_round)
{
	memset(&hops, 0, sizeof hops);
	hops.given = ~WIN_HOP_MASK - 2;
	ck_assert_uint_eq(ntohl(win_hop_get(&hops, host(1))->alias), 0xf0fffffe);
	ck_assert_uint_eq(ntohl(win_hop_get(&hops, host(2))->alias), 0xf0000001);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/win_hop");
	SUITE_CASE(s, "hops", one_host_has_one_alias, who_has_connections_stays,
		   all_places_are_taken, aliases_come_round);
	return s;
}
SUITE_MAIN(suite)
