/* mx: order, shuffle, null MX, implicit MX, our own hosts. */
#include "route/mx.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct net_ip own_ip, other_ip;
static const char *const own_names[] = {"gw.company.com", "mail.company.com."};
static struct route_self self = {own_names, 2, &own_ip, 1};

static void setup(void)
{
	net_ip_parse("198.51.100.1", &own_ip);
	net_ip_parse("198.51.100.2", &other_ip);
}

/* "10 a,20 b" to a list; returns its length. */
static size_t list_of(const char *text, struct route_mx list[8])
{
	size_t n = 0;
	memset(list, 0, 8 * sizeof *list);
	for (int used;
	     *text && sscanf(text, "%u %255[^,]%n", &list[n].preference, list[n].host, &used) == 2;
	     n++)
		text += used + (text[used] == ',');
	return n;
}

static const char *print(const struct route_mx *list, size_t n)
{
	static char out[1024];
	size_t at = 0;
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, sizeof out - at, "%s%u %s", i ? "," : "",
				       list[i].preference, list[i].host);
	return out;
}

static const struct {
	const char *answers, *domain;
	enum route_mx_kind kind;
	const char *left;
} table[] = {
	{"20 b,10 a,30 c", "d.example", ROUTE_MX_HOSTS, "10 a,20 b,30 c"},
	{"0 a", "d.example", ROUTE_MX_HOSTS, "0 a"},
	{"", "d.example", ROUTE_MX_IMPLICIT, "0 d.example"},
	{"", "GW.company.com", ROUTE_MX_LOOP, ""},
	{"0 .", "d.example", ROUTE_MX_NULL, ""},
	{"10 .", "d.example", ROUTE_MX_NULL, ""},
	{"0 .,0 .", "d.example", ROUTE_MX_NULL, ""},
	{"0 .,10 a", "d.example", ROUTE_MX_HOSTS, "10 a"},
	{"10 a,20 gw.company.com,30 c", "d.example", ROUTE_MX_HOSTS, "10 a"},
	{"10 a,20 GW.Company.com.,20 b,5 x", "d.example", ROUTE_MX_HOSTS, "5 x,10 a"},
	{"10 a,20 mail.company.com", "d.example", ROUTE_MX_HOSTS, "10 a"},
	{"10 gw.company.com,20 b", "d.example", ROUTE_MX_LOOP, ""},
	{"30 gw.company.com,10 mail.company.com,20 b", "d.example", ROUTE_MX_LOOP, ""},
	{"10 xgw.company.com,20 gw.company.com.x", "d.example", ROUTE_MX_HOSTS,
	 "10 xgw.company.com,20 gw.company.com.x"},
	{"10 a,20 [198.51.100.1]", "d.example", ROUTE_MX_HOSTS, "10 a"},
	{"10 a,20 [127.0.0.2],30 b", "d.example", ROUTE_MX_HOSTS, "10 a"},
	{"10 a,20 [198.51.100.2]", "d.example", ROUTE_MX_HOSTS, "10 a,20 [198.51.100.2]"},
	{"65535 b,0 a", "d.example", ROUTE_MX_HOSTS, "0 a,65535 b"},
};

START_TEST(ordered)
{
	struct route_mx list[8];
	size_t n = list_of(table[_i].answers, list);
	for (uint64_t random = 0; random < 50; random++) {
		n = list_of(table[_i].answers, list);
		ck_assert_int_eq(route_mx_order(list, &n, table[_i].domain, &self, random),
				 table[_i].kind);
		ck_assert_str_eq(print(list, n), table[_i].left);
	}
}
END_TEST

/* Every order of the equal ones comes up, about as often as the others; the rest stays in place. */
START_TEST(equals_are_shuffled)
{
	static const char *const orders[] = {"abc", "acb", "bac", "bca", "cab", "cba"};
	unsigned seen[6] = {0};
	for (uint64_t random = 0; random < 6000; random++) {
		struct route_mx list[8];
		size_t n = list_of("5 first,10 a,10 b,10 c,20 last", list);
		ck_assert_int_eq(route_mx_order(list, &n, "d.example", &self, random),
				 ROUTE_MX_HOSTS);
		ck_assert_uint_eq(n, 5);
		ck_assert_str_eq(list[0].host, "first");
		ck_assert_str_eq(list[4].host, "last");
		const char order[] = {list[1].host[0], list[2].host[0], list[3].host[0], '\0'};
		for (size_t i = 0; i < 6; i++)
			seen[i] += strcmp(order, orders[i]) == 0;
	}
	for (size_t i = 0; i < 6; i++)
		ck_assert_msg(seen[i] > 800 && seen[i] < 1200, "%s: %u of 6000", orders[i],
			      seen[i]);
}
END_TEST

START_TEST(own_address_is_found_later)
{
	struct route_mx list[8];
	const struct net_ip both[] = {other_ip, own_ip};
	size_t n = list_of("10 a,20 alias,20 b,30 c", list);
	ck_assert_int_eq(route_mx_order(list, &n, "d.example", &self, 1), ROUTE_MX_HOSTS);
	ck_assert_uint_eq(n, 4);
	for (size_t i = 0; i < n; i++) {
		bool alias = strcmp(list[i].host, "alias") == 0;
		list[i].ips = alias ? both : &other_ip;
		list[i].ip_count = alias ? 2 : 1;
	}
	ck_assert(route_mx_drop_own(list, &n, &self));
	ck_assert_str_eq(print(list, n), "10 a");
	list[0].ips = both;
	list[0].ip_count = 2;
	ck_assert(!route_mx_drop_own(list, &n, &self));
	ck_assert_uint_eq(n, 0);
	ck_assert(!route_mx_drop_own(list, &n, &self));
}
END_TEST

START_TEST(whose_address)
{
	static const char *const ours[] = {"198.51.100.1", "127.0.0.1", "127.9.9.9",          "::1",
					   "0.0.0.0",      "::",        "::ffff:198.51.100.1"};
	struct net_ip ip;
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
		ck_assert_int_eq(net_ip_parse(ours[i], &ip), OK);
		ck_assert_msg(route_self_has(&self, &ip), "%s", ours[i]);
	}
	ck_assert(!route_self_has(&self, &other_ip));
}
END_TEST

START_TEST(answers_to_give)
{
	ck_assert_int_eq(route_mx_code(ROUTE_MX_HOSTS), 0);
	ck_assert_int_eq(route_mx_code(ROUTE_MX_NULL), 556);
	ck_assert_str_eq(route_mx_status(ROUTE_MX_NULL), "5.1.10");
	ck_assert_int_eq(route_mx_code(ROUTE_MX_LOOP), 554);
	ck_assert_str_eq(route_mx_status(ROUTE_MX_LOOP), "5.4.6");
	ck_assert_ptr_nonnull(strstr(route_mx_words(ROUTE_MX_LOOP), "loops"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("mx");
	TCase *tc = tcase_create("mx");
	tcase_add_unchecked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, ordered, 0, sizeof table / sizeof *table);
	tcase_add_test(tc, equals_are_shuffled);
	tcase_add_test(tc, own_address_is_found_later);
	tcase_add_test(tc, whose_address);
	tcase_add_test(tc, answers_to_give);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
