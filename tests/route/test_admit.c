/* admit: no address form opens a relay to a foreign client; who may relay may. */
#include "route/route.h"
#include "route/site.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

/* Every way that is known to write "send this on to victim@far.example" at a host. %s: a local
 * domain or own literal. */
static const char *const forms[] = {
	"victim@far.example",
	"victim@[198.51.100.7]",
	"victim@[IPv6:2001:db8::7]",
	"victim%%far.example@%s",
	"victim%%far.example%%x@%s",
	"\"victim@far.example\"@%s",
	"\"victim%%far.example\"@%s",
	"\"far.example!victim\"@%s",
	"\"victim\\@far.example\"@%s",
	"\"<victim@far.example>\"@%s",
	"\"@%s:victim@far.example\"@%s",
	"@%s:victim@far.example",
	"@%s,@far.example:victim@far.example",
	"@%s:victim%%far.example@%s",
	"@far.example:victim@far.example",
	"far.example!victim@%s",
	"far.example!victim",
	"%s!far.example!victim",
	"%s!victim@far.example",
	"%s!victim%%far.example",
	"victim%%far.example",
	"\"victim@far.example\"",
	"victim",
	"victim@far.example@%s",
	"victim@%s@far.example",
	"victim@far.example.%s",
	"victim@far.example,%s",
	"victim@far.example %s",
	"<victim@far.example>",
	"victim@far.example>%s",
	"victim@far.example\r\n@%s",
	"victim@\"far.example\"",
	"victim(@%s)@far.example",
	"victim@(%s)far.example",
	"\\victim@far.example",
	"victim@far.example.",
	"victim@.far.example",
	"victim@%s.far.example",
	"postmaster@far.example",
	"postmaster%%far.example@%s",
	"far.example!postmaster",
};

static const char *const homes[] = {"company.com", "any.company.com", "x.branch.company.com",
				    "[10.1.0.25]", "[127.0.0.1]",     "gw.company.com"};

static const char *const foreign[] = {"203.0.113.5",       "2001:db8::5", "::ffff:203.0.113.5", "",
				      "0a:0b:0c:0d:0e:0f", NULL};

static struct route_decision admit(struct site *s, const char *client, const char *recipient)
{
	struct route_decision d;
	struct route_from from = {"someone@far.example", client, "lan", NULL};
	route_admit(&s->world, &s->listen, &from, recipient, &d);
	return d;
}

/* Refused, or a mailbox here; and a mailbox is one folder of the postoffice. */
START_TEST(no_form_opens_a_relay)
{
	struct site *s = site_make(true);
	char recipient[400];
	for (size_t h = 0; h < sizeof homes / sizeof *homes; h++) {
		snprintf(recipient, sizeof recipient, forms[_i], homes[h], homes[h]);
		for (size_t c = 0; c < sizeof foreign / sizeof *foreign; c++) {
			struct route_decision d = admit(s, foreign[c], recipient);
			ck_assert_msg(d.kind == ROUTE_REFUSE || d.kind == ROUTE_LOCAL,
				      "%s from %s: kind %d", recipient,
				      foreign[c] ? foreign[c] : "nowhere", (int)d.kind);
			ck_assert_msg(d.kind != ROUTE_REFUSE ||
					      (d.code >= 500 && d.code < 600 && d.status[0] == '5'),
				      "%s: %d %s", recipient, d.code, d.status);
			ck_assert(d.kind != ROUTE_LOCAL ||
				  (d.mailbox[0] != '.' && !strchr(d.mailbox, '/')));
		}
	}
}
END_TEST

START_TEST(who_is_logged_in_sends_to_anywhere)
{
	struct site *s = site_make(true);
	struct route_decision d;
	struct route_from from = {"someone@far.example", "203.0.113.5", "lan", NULL};
	route_admit(&s->world, &s->listen, &from, "x@far.example", &d);
	ck_assert_int_eq(d.kind, ROUTE_REFUSE);
	from.user = "anna";
	route_admit(&s->world, &s->listen, &from, "x@far.example", &d);
	ck_assert_int_eq(d.kind, ROUTE_SMART);
	route_admit(&s->world, &s->listen, &from, "x@blocked.example", &d);
	ck_assert_int_eq(d.kind, ROUTE_REFUSE); /* the routes' own refusals stand */
}
END_TEST

static const struct {
	const char *client, *recipient;
	enum route_kind kind;
	const char *status, *rule;
} table[] = {
	{"203.0.113.5", "bob@company.com", ROUTE_LOCAL, "", "postoffice COMPANY/HQ"},
	{"203.0.113.5", "nobody@company.com", ROUTE_REFUSE, "5.1.1", "postoffice COMPANY/HQ"},
	{"203.0.113.5", "postmaster", ROUTE_LOCAL, "", "postoffice COMPANY/HQ"},
	{"203.0.113.5", "x@far.example", ROUTE_REFUSE, "5.7.1", "listen lan: relay_from"},
	{"203.0.113.5", "x@blocked.example", ROUTE_REFUSE, "5.7.1", "listen lan: relay_from"},
	{"203.0.113.5", "x@waste.example", ROUTE_REFUSE, "5.7.1", "listen lan: relay_from"},
	{"203.0.113.5", "x@a.hold.example", ROUTE_REFUSE, "5.7.1", "listen lan: relay_from"},
	{"203.0.113.5", "x@partner.example", ROUTE_REFUSE, "5.7.1", "listen lan: relay_from"},
	{"203.0.113.5", "not an address", ROUTE_REFUSE, "5.1.3", "address"},
	{"203.0.113.5", "m\374@company.com", ROUTE_REFUSE, "5.6.7", "address"},
	{"203.0.113.5", "m\303\274@company.com", ROUTE_REFUSE, "5.1.1", "postoffice COMPANY/HQ"},
	{"127.0.0.1", "x@far.example", ROUTE_SMART, "", "route default"},
	{"::1", "x@far.example", ROUTE_SMART, "", "route default"},
	{"10.1.255.255", "x@far.example", ROUTE_SMART, "", "route lanonly"},
	{"10.2.0.0", "x@far.example", ROUTE_REFUSE, "5.7.1", "listen lan: relay_from"},
	{"127.0.0.1", "x@blocked.example", ROUTE_REFUSE, "5.7.1", "route blocked"},
	{"127.0.0.1", "x@waste.example", ROUTE_DISCARD, "", "route waste"},
	{"127.0.0.1", "x%far.example@partner.example", ROUTE_MX, "", "route partner"},
	{"127.0.0.1", "nobody@company.com", ROUTE_REFUSE, "5.1.1", "postoffice COMPANY/HQ"},
};

START_TEST(who_may_what)
{
	struct site *s = site_make(true);
	struct route_decision d = admit(s, table[_i].client, table[_i].recipient);
	ck_assert_msg(d.kind == table[_i].kind, "%s: kind %d, %s", table[_i].recipient, (int)d.kind,
		      d.reason);
	ck_assert_str_eq(d.status, table[_i].status);
	ck_assert_str_eq(d.rule, table[_i].rule);
	ck_assert_int_eq(d.code, d.kind != ROUTE_REFUSE           ? 0
				 : strcmp(d.status, "5.1.3") == 0 ? 501
				 : strcmp(d.status, "5.6.7") == 0 ? 553
								  : 550);
}
END_TEST

START_TEST(accept_from_guards_local_domains)
{
	struct site *s = site_make(true);
	s->listen.accept_from.count = 0;
	struct route_decision d = admit(s, "203.0.113.5", "bob@company.com");
	ck_assert_int_eq(d.kind, ROUTE_REFUSE);
	ck_assert_str_eq(d.status, "5.7.1");
	ck_assert_str_eq(d.rule, "listen lan: accept_from");
	ck_assert_str_eq(d.mailbox, "");
	ck_assert_str_eq(admit(s, "203.0.113.5", "nobody@company.com").status,
			 "5.7.1"); /* tells nothing */
	ck_assert_int_eq(admit(s, "203.0.113.5", "postmaster").kind, ROUTE_REFUSE);
	ck_assert_int_eq(admit(s, "10.1.0.1", "bob@company.com").kind,
			 ROUTE_LOCAL); /* may send anywhere */
}
END_TEST

START_TEST(postmaster_without_a_postoffice)
{
	struct site *s = site_make(true);
	s->settings.postoffice_count = 0;
	s->settings.gateway.admin = "chief@partner.example";
	ck_assert_int_eq(admit(s, "203.0.113.5", "Postmaster").kind, ROUTE_MX);
	ck_assert_str_eq(admit(s, "203.0.113.5", "Postmaster").address, "chief@partner.example");
	ck_assert_int_eq(admit(s, "203.0.113.5", "chief@partner.example").kind, ROUTE_REFUSE);
}
END_TEST

START_TEST(without_routes)
{
	struct site *s = site_make(false);
	ck_assert_int_eq(admit(s, "203.0.113.5", "x@far.example").kind, ROUTE_REFUSE);
	ck_assert_int_eq(admit(s, "127.0.0.1", "x@far.example").kind, ROUTE_HOLD);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("admit");
	TCase *tc = tcase_create("tables");
	tcase_add_loop_test(tc, no_form_opens_a_relay, 0, sizeof forms / sizeof *forms);
	tcase_add_loop_test(tc, who_may_what, 0, sizeof table / sizeof *table);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "rules", who_is_logged_in_sends_to_anywhere, accept_from_guards_local_domains,
		   postmaster_without_a_postoffice, without_routes);
	return s;
}
SUITE_MAIN(suite)
