/* alias: whom a name stands for in the end, which names are none, and who may send to one. */
#include "route/alias.h"

#include "route/site.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct site *site;
static struct mail_aliases *aliases;
static char got[4000];

static void setup(void)
{
	site = site_make(true);
	site->settings.gateway.origin = "origin.example";
}

static void teardown(void)
{
	mail_aliases_unref(&aliases);
}

static void file(const char *text)
{
	mail_aliases_unref(&aliases);
	ck_assert_int_eq(mail_aliases_read(text, strlen(text), NULL, NULL, &aliases, NULL), OK);
}

static enum result add(void *ctx, const char *address)
{
	size_t n = strlen(got);
	(void)ctx;
	snprintf(got + n, sizeof got - n, "%s%s", n ? " " : "", address);
	return OK;
}

static enum result follow(const char *address, size_t *count)
{
	const struct route_from from = {"me@x.example", "10.1.0.1", "lan", NULL};
	got[0] = '\0';
	return route_alias(&site->world, aliases, &from, address, add, NULL, count);
}

static void stands_for(const char *address, const char *want)
{
	size_t count;
	ck_assert_int_eq(follow(address, &count), OK);
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s", address, got);
}

START_TEST(followed)
{
	const char *origin = site->settings.gateway.origin;
	char whole[300], want[600];
	file("root: bob@hq.company.com, far@else.example, me\nme: \\me\nops: root, "
	     "far@ELSE.example\n");
	snprintf(want, sizeof want, "bob@hq.company.com far@else.example me@%s", origin);
	stands_for("root", want);
	snprintf(whole, sizeof whole, "ROOT@%s", origin);
	stands_for(whole, want);
	stands_for("root@hq.company.com", want);
	snprintf(want, sizeof want, "bob@hq.company.com far@else.example me@%s far@ELSE.example",
		 origin);
	stands_for("ops", want);
}
END_TEST

START_TEST(no_alias)
{
	file("bob: x@else.example\nroot: x@else.example\ngone: nobody@hq.company.com\n");
	stands_for("bob@hq.company.com", ""); /* has a mailbox */
	stands_for("root@else.example", "");  /* not ours */
	stands_for("root@[127.0.0.1]", "");
	stands_for("gone@hq.company.com", ""); /* nothing that could be delivered */
	stands_for("unknown", "");
	stands_for("a b@c", "");
	mail_aliases_unref(&aliases);
	stands_for("root", "");
}
END_TEST

START_TEST(circles)
{
	char text[4000] = "", want[300];
	size_t n = 0, count;
	file("a: b, x@else.example\nb: a\n");
	snprintf(want, sizeof want, "a@%s x@else.example", site->settings.gateway.origin);
	stands_for("a", want);
	for (int i = 0; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "n%d: n%d\n", i, i + 1);
	file(text);
	ck_assert_int_eq(follow("n0", &count), E_LIMIT);
	n = 0;
	for (int i = 0; i < 6; i++) /* doubles and doubles */
		n += (size_t)snprintf(text + n, sizeof text - n,
				      "m%d: m%d, m%d, m%d, m%d, m%d, m%d\n", i, i + 1, i + 1, i + 1,
				      i + 1, i + 1, i + 1);
	file(text);
	ck_assert_int_eq(follow("m0", &count), E_LIMIT);
}
END_TEST

START_TEST(admitted)
{
	struct route_from from = {"me@x.example", "10.1.0.1", "lan", NULL};
	struct route_decision d;
	struct net_block one;
	ck_assert(route_alias_admit(&site->listen, &from, &d)); /* relay_from */
	from.client = "192.0.2.1";
	ck_assert(route_alias_admit(&site->listen, &from, &d)); /* accept_from */
	ck_assert_int_eq(net_block_parse("10.9.9.9/32", &one, NULL), OK);
	site->listen.accept_from = (struct conf_nets){&one, 1};
	ck_assert(!route_alias_admit(&site->listen, &from, &d));
	ck_assert_int_eq(d.code, 550);
	ck_assert_str_eq(d.rule, "listen lan: accept_from");
	from.user = "jo";
	ck_assert(route_alias_admit(&site->listen, &from, &d));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("route/alias");
	TCase *t = tcase_create("alias");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, followed);
	tcase_add_test(t, no_alias);
	tcase_add_test(t, circles);
	tcase_add_test(t, admitted);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
