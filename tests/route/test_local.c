/* local: which postoffice has a domain, whatever the file order. */
#include "route/local.h"
#include "route/site.h"
#include "support/suite.h"

#include <string.h>

static struct conf_postoffice offices[3];

static const char *find(const char *one, const char *two, const char *three, const char *domain)
{
	const char *domains[] = {one, two, three};
	static const char *const names[] = {"N/ONE", "N/TWO", "N/THREE"};
	struct settings s = {.postoffices = offices, .postoffice_count = 3};
	for (size_t i = 0; i < 3; i++) {
		offices[i].name = names[i];
		offices[i].domains = (struct conf_texts){.items = &domains[i], .count = 1};
	}
	const struct conf_postoffice *p = route_local_find(&s, domain);
	return p ? p->name : "";
}

START_TEST(longest_wins)
{
	ck_assert_str_eq(find(".c", ".b.c", "a.b.c", "a.b.c"), "N/THREE");
	ck_assert_str_eq(find("a.b.c", ".b.c", ".c", "a.b.c"), "N/ONE");
	ck_assert_str_eq(find(".c", ".b.c", "x", "a.b.c"), "N/TWO");
	ck_assert_str_eq(find(".b.c", ".c", "x", "a.b.c"), "N/ONE");
	ck_assert_str_eq(find(".c", ".b.c", "x", "b.c"), "N/ONE");
}
END_TEST

START_TEST(first_of_equals_wins)
{
	ck_assert_str_eq(find("a.b", "a.b", "x", "a.b"), "N/ONE");
	ck_assert_str_eq(find("x", ".b", ".b", "a.b"), "N/TWO");
}
END_TEST

START_TEST(suffix_is_below_only)
{
	ck_assert_str_eq(find(".b.c", "x", "y", "b.c"), "");
	ck_assert_str_eq(find(".b.c", "x", "y", "ab.c"), "");
	ck_assert_str_eq(find(".b.c", "x", "y", ".b.c"), "");
	ck_assert_str_eq(find("b.c", "x", "y", "a.b.c"), "");
	ck_assert_str_eq(find("b.c", "x", "y", "B.C"), "N/ONE");
}
END_TEST

START_TEST(who_unpacks)
{
	struct conf_postoffice p = {.encapsulate = true, .format = CONF_OFFICE_MMFF};
	struct conf_route way = {0};
	ck_assert(route_local_unpacks(&p, "xxEnc") && !route_local_unpacks(&p, "xxenc2"));
	p.format = CONF_OFFICE_MAILDIR;
	ck_assert(!route_local_unpacks(&p, "XXENC")); /* nothing of Microsoft Mail there */
	p.get = "smtpget";
	ck_assert(route_local_unpacks(&p, "XXENC"));
	p.way = &way; /* its names are LMTP's */
	ck_assert(!route_local_unpacks(&p, "XXENC"));
	p.way = NULL;
	p.encapsulate = false;
	ck_assert(!route_local_unpacks(&p, "XXENC"));
}
END_TEST

START_TEST(refusal_is_filled)
{
	struct route_decision d = {.kind = ROUTE_LOCAL};
	route_refuse(&d, 550, "5.7.1", "%s", "no");
	ck_assert(d.kind == ROUTE_REFUSE && d.code == 550);
	ck_assert_str_eq(d.status, "5.7.1");
	ck_assert_str_eq(d.reason, "no");
}
END_TEST

START_TEST(own_folders)
{
	struct conf_postoffice p = {0};
	ck_assert(!route_own_folder(&p, "log") && !route_own_folder(&p, "smtp"));
	p.classic_log = true;
	ck_assert(route_own_folder(&p, "Log") && !route_own_folder(&p, "smtp"));
	p = (struct conf_postoffice){.get = "smtpget"};
	ck_assert(route_own_folder(&p, "LOG") && route_own_folder(&p, "smtp"));
	ck_assert(route_own_folder(&p, "Outgoing") && !route_own_folder(&p, "logs"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("local");
	SUITE_CASE(s, "domains", longest_wins, first_of_equals_wins, suffix_is_below_only);
	SUITE_CASE(s, "refusal", refusal_is_filled, who_unpacks);
	SUITE_CASE(s, "folders", own_folders);
	return s;
}
SUITE_MAIN(suite)
