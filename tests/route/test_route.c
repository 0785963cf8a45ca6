/* route: the decision for every kind of recipient, over one site; rules in file order. */
#include "route/route.h"
#include "route/site.h"
#include "support/suite.h"

#include <string.h>

#define A64 "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"

static const struct {
	const char *recipient, *client;
	enum route_kind kind;
	const char *rule;   /* expected rule */
	const char *detail; /* mailbox, domain, route's first smart host, or status */
} table[] = {
	/* local domains come first, always */
	{"bob@hq.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "Bob"},
	{"BOB@Company.COM", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "Bob"},
	{"\"bob\"@company.com", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "Bob"},
	{"\"a b\"@company.com", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "a b"},
	{"o'neil@company.com", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "o'neil"},
	{"bob", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "Bob"},
	{"nobody@company.com", "", ROUTE_REFUSE, "postoffice COMPANY/HQ", "5.1.1"},
	{"New.User@any.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY", "new.user"},
	{"x@west.branch.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY", "x"},
	{"x@a.b.branch.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY", "x"},
	{"x@y.north.branch.company.com", "", ROUTE_REFUSE, "postoffice COMPANY/NORTH", "5.1.1"},
	{"x@north.branch.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY", "x"},
	{"x@branch.company.com", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"x@xbranch.company.com", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	/* postmaster and admin */
	{"postmaster", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "admin"},
	{"PostMaster@company.com", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "admin"},
	{"postmaster@any.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY", "Chief"},
	{"admin@any.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY", "Chief"},
	{"admin@north.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/NORTH", "admin"},
	{"postmaster@elsewhere.example", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	/* names that are no folder of a mailbox */
	{"\"../bob\"@any.company.com", "", ROUTE_REFUSE, "postoffice COMPANY/ANY", "5.1.1"},
	{"a/b@any.company.com", "", ROUTE_REFUSE, "postoffice COMPANY/ANY", "5.1.1"},
	{"\".hidden\"@any.company.com", "", ROUTE_REFUSE, "postoffice COMPANY/ANY", "5.1.1"},
	{"\"..\"@any.company.com", "", ROUTE_REFUSE, "postoffice COMPANY/ANY", "5.1.1"},
	/* routes in file order */
	{"x@blocked.example", "", ROUTE_REFUSE, "route blocked", "5.7.1"},
	{"ceo@evil.example", "", ROUTE_REFUSE, "route blocked", "5.7.1"},
	{"\"CEO\"@Evil.example", "", ROUTE_REFUSE, "route blocked", "5.7.1"},
	{"cto@evil.example", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"x@a.hold.example", "", ROUTE_HOLD, "route quarantine", "held by route quarantine"},
	{"x@waste.example", "", ROUTE_DISCARD, "route waste", "discarded by route waste"},
	{"x@Partner.example", "", ROUTE_MX, "route partner", "partner.example"},
	{"x@sub.partner.example", "", ROUTE_MX, "route partner", "sub.partner.example"},
	{"x@not.partner.example", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"x@[192.0.2.9]", "", ROUTE_MX, "route partner", "[192.0.2.9]"},
	{"x@[127.0.0.1]", "", ROUTE_REFUSE, "route partner", "5.4.6"},
	{"x@[IPv6:::1]", "", ROUTE_REFUSE, "route partner", "5.4.6"},
	{"x@[10.1.0.25]", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"x@far.example", "10.1.2.3", ROUTE_SMART, "route lanonly", "lan.example.net:25"},
	{"x@far.example", "::ffff:10.1.2.3", ROUTE_SMART, "route lanonly", "lan.example.net:25"},
	{"x@far.example", "10.2.2.3", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"x@far.example", "0a:0b:0c", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"x@far.example", NULL, ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	/* never taken apart */
	{"a%far.example@any.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY",
	 "a%far.example"},
	{"far.example!a@any.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY",
	 "far.example!a"},
	{"\"a@far.example\"@any.company.com", "", ROUTE_LOCAL, "postoffice COMPANY/ANY",
	 "a@far.example"},
	{"@far.example:bob@company.com", "", ROUTE_LOCAL, "postoffice COMPANY/HQ", "Bob"},
	{"@company.com:x@far.example", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"bob%company.com@far.example", "", ROUTE_SMART, "route default", "Smtp.Example.net:587"},
	{"company.com!bob", "", ROUTE_REFUSE, "postoffice COMPANY/HQ", "5.1.1"},
	/* no address */
	{"", "", ROUTE_REFUSE, "address", "5.1.3"},
	{"a b@c", "", ROUTE_REFUSE, "address", "5.1.3"},
	{"x@company.com.", "", ROUTE_REFUSE, "address", "5.1.3"},
	{A64 "e@company.com", "", ROUTE_REFUSE, "address", "5.1.3"},
	{"m\374@company.com", "", ROUTE_REFUSE, "address", "5.6.7"},
	{"m\303\274@company.com", "", ROUTE_REFUSE, "postoffice COMPANY/HQ", "5.1.1"},
};

static const char *detail(const struct route_decision *d)
{
	switch (d->kind) {
	case ROUTE_LOCAL:
		return d->mailbox;
	case ROUTE_MX:
		return d->domain;
	case ROUTE_SMART:
		return d->route->smart_hosts.items[0];
	case ROUTE_REFUSE:
		return d->status;
	case ROUTE_HOLD:
	case ROUTE_DISCARD:
		break;
	}
	return d->reason;
}

START_TEST(decisions)
{
	struct site *s = site_make(true);
	struct route_decision d;
	struct route_from from = {"sender@company.com", table[_i].client, "lan", NULL};
	route_decide(&s->world, &from, table[_i].recipient, &d);
	ck_assert_msg(d.kind == table[_i].kind, "%s: kind %d, %s", table[_i].recipient, (int)d.kind,
		      d.reason);
	ck_assert_str_eq(d.rule, table[_i].rule);
	ck_assert_str_eq(detail(&d), table[_i].detail);
	ck_assert_int_eq(d.kind == ROUTE_REFUSE, d.code >= 500);
	ck_assert_int_eq(d.kind == ROUTE_REFUSE || d.kind == ROUTE_HOLD || d.kind == ROUTE_DISCARD,
			 d.reason[0] != '\0');
	ck_assert_int_eq(d.kind == ROUTE_LOCAL, d.mailbox[0] != '\0');
}
END_TEST

static struct route_decision decide(struct site *s, const char *sender, const char *listener,
				    const char *recipient)
{
	struct route_decision d;
	struct route_from from = {sender, "192.0.2.7", listener, NULL};
	route_decide(&s->world, &from, recipient, &d);
	return d;
}

START_TEST(sender_and_listener_choose)
{
	struct site *s = site_make(true);
	ck_assert_str_eq(decide(s, "scan@company.com", "lan", "x@far.example").rule,
			 "route scanner");
	ck_assert_str_eq(decide(s, "\"Scan\"@Company.com", "lan", "x@far.example").rule,
			 "route scanner");
	ck_assert_str_eq(decide(s, "scan@company.com", "other", "x@far.example").rule,
			 "route default");
	ck_assert_str_eq(decide(s, "scan@company.com", NULL, "x@far.example").rule,
			 "route default");
	ck_assert_str_eq(decide(s, "", "lan", "x@far.example").rule, "route default");
	ck_assert_str_eq(decide(s, NULL, "lan", "x@far.example").rule, "route default");
}
END_TEST

START_TEST(address_is_complete)
{
	struct site *s = site_make(true);
	s->settings.gateway.origin = "origin.example";
	ck_assert_str_eq(decide(s, "", "lan", "root").address, "root@origin.example");
	ck_assert_str_eq(decide(s, "", "lan", "root").rule, "route default");
	ck_assert_str_eq(decide(s, "", "lan", "@a:\"R t\"@Far.example").address,
			 "\"R t\"@Far.example");
	ck_assert_str_eq(decide(s, "", "lan", "no address").address, "");
}
END_TEST

START_TEST(without_routes_it_is_held)
{
	struct route_decision d = decide(site_make(false), "", "lan", "x@far.example");
	ck_assert_int_eq(d.kind, ROUTE_HOLD);
	ck_assert_str_eq(d.reason, "no route");
	ck_assert_str_eq(d.rule, "no route");
	ck_assert_ptr_null(d.route);
}
END_TEST

START_TEST(postmaster_always_arrives)
{
	struct site *s = site_make(true);
	s->settings.gateway.origin =
		"origin.example"; /* no local domain: the first postoffice takes it */
	struct route_decision d = decide(s, "", "lan", "postmaster");
	ck_assert_int_eq(d.kind, ROUTE_LOCAL);
	ck_assert_str_eq(d.mailbox, "admin");
	s->settings.postoffice_count = 0; /* nor a postoffice: [gateway] admin by the routes */
	s->settings.gateway.admin = "Chief@Partner.example";
	d = decide(s, "", "lan", "Postmaster");
	ck_assert_int_eq(d.kind, ROUTE_MX);
	ck_assert_str_eq(d.domain, "partner.example");
	ck_assert_str_eq(d.address, "Chief@Partner.example");
	s->settings.gateway.admin = NULL;
	d = decide(s, "", "lan", "postmaster");
	ck_assert_str_eq(d.address, "postmaster@origin.example");
	ck_assert_str_eq(d.rule, "route default");
}
END_TEST

/* [gateway] admin when nothing is set: its mail is not held for want of a route while there are mailboxes. */
START_TEST(own_postmaster_arrives)
{
	struct site *s = site_make(false);
	s->settings.gateway.hostname = "gate.example";
	s->settings.gateway.origin = "origin.example";
	static const char *const own[] = {"postmaster@gate.example", "Postmaster@Origin.example"};
	for (size_t i = 0; i < 2; i++) {
		struct route_decision d = decide(s, "", "lan", own[i]);
		ck_assert_int_eq(d.kind, ROUTE_LOCAL);
		ck_assert_str_eq(d.mailbox, "admin");
		ck_assert_str_eq(d.reason, "");
	}
	ck_assert_int_eq(decide(s, "", "lan", "postmaster@far.example").kind, ROUTE_HOLD);
	ck_assert_int_eq(decide(s, "", "lan", "jdoe@gate.example").kind, ROUTE_HOLD);
	s->settings.postoffice_count = 0;
	ck_assert_str_eq(decide(s, "", "lan", own[0]).reason, "no route");
	s = site_make(true);
	s->settings.gateway.hostname = "gate.example";
	ck_assert_str_eq(decide(s, "", "lan", own[0]).rule, "route default");
}
END_TEST

/* Who keeps the mailboxes elsewhere knows the names; "postmaster" alone goes to one that is here. */
START_TEST(names_of_a_store_are_its_own)
{
	static struct conf_postoffice offices[2];
	static struct conf_route way = {.name = "postoffice COMPANY/HQ"};
	struct site *s = site_make(true);
	memcpy(offices, s->settings.postoffices, sizeof offices);
	offices[0].format = CONF_OFFICE_LMTP;
	offices[0].way = &way;
	s->settings.postoffices = offices;
	s->settings.postoffice_count = 2;
	struct route_decision d = decide(s, "", "lan", "\"no one\"@hq.company.com");
	ck_assert_int_eq(d.kind, ROUTE_LOCAL);
	ck_assert_ptr_eq(d.route, &way);
	ck_assert_str_eq(d.address, "\"no one\"@hq.company.com");
	s->settings.gateway.origin = "origin.example";
	d = decide(s, "", "lan", "postmaster");
	ck_assert_str_eq(d.rule, "postoffice COMPANY/ANY");
	ck_assert_ptr_null(d.route);
	s->settings.postoffice_count = 1; /* none is here: the admin, who is in the store */
	s->settings.gateway.admin = "chief@hq.company.com";
	d = decide(s, "", "lan", "postmaster");
	ck_assert_ptr_eq(d.route, &way);
	ck_assert_str_eq(d.address, "chief@hq.company.com");
}
END_TEST

START_TEST(literal_is_never_local)
{
	struct site *s = site_make(true);
	const char *domain = "[10.1.0.25]";
	s->settings.postoffices[0].domains = (struct conf_texts){.items = &domain, .count = 1};
	ck_assert_str_eq(decide(s, "", "lan", "bob@[10.1.0.25]").rule, "route default");
}
END_TEST

START_TEST(reject_without_words)
{
	struct site *s = site_make(true);
	ck_assert_str_eq(decide(s, "", "lan", "x@blocked.example").reason,
			 "we do not write to them");
	s->settings.routes[0].reject_text = NULL;
	ck_assert_int_ne(decide(s, "", "lan", "x@blocked.example").reason[0], '\0');
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("route");
	TCase *tc = tcase_create("table");
	tcase_add_loop_test(tc, decisions, 0, sizeof table / sizeof *table);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "rules", sender_and_listener_choose, address_is_complete,
		   without_routes_it_is_held, postmaster_always_arrives, own_postmaster_arrives,
		   names_of_a_store_are_its_own, literal_is_never_local, reject_without_words);
	return s;
}
SUITE_MAIN(suite)
