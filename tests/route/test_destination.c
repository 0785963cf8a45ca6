/* destination: the text of each kind, and which decisions lead to the same place. */
#include "route/destination.h"
#include "route/site.h"
#include "support/suite.h"

#include <string.h>

static struct route_decision decide(const char *recipient)
{
	struct site *s = site_make(true);
	struct route_decision d;
	struct route_from from = {"", "192.0.2.7", "lan", NULL};
	route_decide(&s->world, &from, recipient, &d);
	return d;
}

static const struct {
	const char *recipient, *text;
} table[] = {
	{"bob@company.com", "postoffice:COMPANY/HQ"},
	{"x@Sub.Partner.example", "partner|mx:sub.partner.example"},
	{"x@[192.0.2.9]", "partner|mx:[192.0.2.9]"},
	{"x@far.example", "default|smart:smtp.example.net:587,backup.example.net:25"},
	{"x@a.hold.example", ""},
	{"x@waste.example", ""},
	{"x@blocked.example", ""},
	{"nobody@company.com", ""},
};

START_TEST(texts)
{
	struct route_decision d = decide(table[_i].recipient);
	struct buf out;
	size_t n = strlen(table[_i].text);
	buf_init(&out, 0);
	ck_assert_int_eq(route_destination_format(&d, &out), OK);
	ck_assert_str_eq(buf_string(&out), table[_i].text);
	buf_free(&out);
	for (size_t max = 1; max < n; max++) {
		buf_init(&out, max);
		ck_assert_int_eq(route_destination_format(&d, &out), E_LIMIT);
		buf_free(&out);
	}
	ck_assert_int_eq(route_destination_same(&d, &d), n > 0);
}
END_TEST

static bool same(const char *a, const char *b)
{
	struct route_decision one = decide(a), other = decide(b);
	return route_destination_same(&one, &other);
}

START_TEST(same_place)
{
	ck_assert(same("bob@company.com", "a@any.company.com") == false);
	ck_assert(same("bob@company.com", "admin@hq.company.com"));
	ck_assert(same("x@partner.example", "y@PARTNER.example"));
	ck_assert(!same("x@partner.example", "y@sub.partner.example"));
	ck_assert(same("x@far.example", "y@farther.example"));
	ck_assert(!same("x@far.example", "x@partner.example"));
	ck_assert(!same("bob@company.com", "x@a.hold.example"));
	ck_assert(!same("x@a.hold.example", "bob@company.com"));
	ck_assert(!same("x@partner.example", "bob@company.com"));
}
END_TEST

/* After a reload a route of the same name may lead elsewhere. */
START_TEST(changed_route)
{
	struct route_decision old = decide("x@far.example"), new = old;
	struct conf_route changed = *old.route;
	const char *hosts[] = {"smtp.example.net:587", "third.example.net:25"};
	new.route = &changed;
	changed.smart_hosts.items = hosts;
	ck_assert(!route_destination_same(&old, &new));
	hosts[1] = "BACKUP.example.net:25";
	ck_assert(route_destination_same(&old, &new));
	changed.smart_hosts.count = 1;
	ck_assert(!route_destination_same(&old, &new));
}
END_TEST

/* Files differ by the case of their letters. */
START_TEST(sockets_with_a_file)
{
	struct route_decision one = decide("x@far.example"), other = one;
	struct conf_route a = *one.route, b = *one.route;
	struct buf out;
	a.smart_hosts = (struct conf_texts){(const char *[]){"unix:/run/Lmtp"}, 1};
	b.smart_hosts = (struct conf_texts){(const char *[]){"unix:/run/lmtp"}, 1};
	one.route = &a;
	other.route = &b;
	ck_assert(route_destination_same(&one, &one));
	ck_assert(!route_destination_same(&one, &other));
	buf_init(&out, 0);
	ck_assert_int_eq(route_destination_format(&one, &out), OK);
	ck_assert_str_eq(buf_string(&out), "default|smart:unix:/run/Lmtp");
	buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("destination");
	TCase *tc = tcase_create("table");
	tcase_add_loop_test(tc, texts, 0, sizeof table / sizeof *table);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "same", same_place, changed_route, sockets_with_a_file);
	return s;
}
SUITE_MAIN(suite)
