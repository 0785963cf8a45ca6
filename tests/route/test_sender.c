/* sender: whose an address is, in every spelling that a user might try. */
#include "route/sender.h"
#include "route/site.h"
#include "support/suite.h"

static struct conf_postoffice office;
static const char *domains[] = {"example.test", ".lan.test"};
static struct settings settings;

static bool owned(const char *user, const char *path)
{
	office.domains = (struct conf_texts){domains, 2};
	settings.gateway.origin = "origin.test";
	settings.gateway.hostname = "gw.test";
	settings.postoffices = &office;
	settings.postoffice_count = 1;
	return route_sender_owned(&settings, user, path);
}

START_TEST(names)
{
	ck_assert(owned("anna", "anna@example.test"));
	ck_assert(owned("Anna", "aNNa@Example.TEST"));
	ck_assert(owned("anna", "anna@origin.test"));
	ck_assert(owned("anna", "anna@gw.test"));
	ck_assert(owned("anna", "anna@pc.lan.test"));
	ck_assert(owned("anna", ""));
	ck_assert(!owned("anna", "berta@example.test"));
	ck_assert(!owned("anna", "anna@far.test"));
	ck_assert(!owned("anna", "anna@lan.test"));
	ck_assert(!owned("anna", "anna"));
	ck_assert(!owned("anna", "anna@example.test@far.test"));
	ck_assert(!owned("anna", "\"anna@example.test\"@far.test"));
	ck_assert(!owned("anna", "anna%example.test@far.test"));
	ck_assert(!owned("anna", "annabel@example.test"));
	ck_assert(!owned("annabel", "anna@example.test"));
}
END_TEST

START_TEST(addresses)
{
	ck_assert(owned("anna@far.test", "anna@far.test"));
	ck_assert(owned("anna@far.test", "Anna@FAR.test"));
	ck_assert(owned("anna@far.test", ""));
	ck_assert(!owned("anna@far.test", "anna@example.test"));
	ck_assert(!owned("anna@far.test", "anna@far.test.evil"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("route/sender");
	SUITE_CASE(s, "owned", names, addresses);
	return s;
}
SUITE_MAIN(suite)
