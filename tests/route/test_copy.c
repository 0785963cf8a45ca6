/* copy: whose recipients get copies, once each. */
#include "route/copy.h"
#include "route/site.h"
#include "support/suite.h"

#include <string.h>

static const char *both[] = {"archive@c.test", "boss@out.test"}, *one[] = {"archive@c.test"};
static struct conf_pattern out = {CONF_PATTERN_DOMAIN, false, "out.test"},
			   far = {CONF_PATTERN_DOMAIN, false, "far.test"},
			   any = {.kind = CONF_PATTERN_ALL};
static struct net_block everybody;
static struct conf_route routes[3];
static struct settings settings;
static struct region *region;
static struct mail_envelope envelope;

static void set(struct conf_route *r, const char *name, struct conf_pattern *match)
{
	*r = (struct conf_route){.name = name,
				 .match = {match, 1},
				 .sender = {&any, 1},
				 .client = {&everybody, 1},
				 .mx = true};
}

static void setup(void)
{
	set(&routes[0], "out", &out);
	routes[0].bcc = (struct conf_texts){both, 2};
	set(&routes[1], "held", &far);
	routes[1].what = CONF_HOLD;
	routes[1].bcc = (struct conf_texts){one, 1};
	set(&routes[2], "rest", &any);
	settings = (struct settings){.routes = routes, .route_count = 3};
	settings.gateway.origin = "o.test";
	region = region_new(0);
	mail_envelope_init(&envelope, region);
}

static void teardown(void)
{
	region_destroy(&region);
}

static size_t copies(const char *first, const char *second)
{
	const struct route_world world = {.settings = &settings};
	const struct route_from from = {.reverse_path = "s@x", .client = "192.0.2.1"};
	ck_assert_int_eq(mail_envelope_add(&envelope, first), OK);
	if (second)
		ck_assert_int_eq(mail_envelope_add(&envelope, second), OK);
	size_t before = envelope.count;
	ck_assert_int_eq(route_copy(&world, &from, &envelope), OK);
	return envelope.count - before;
}

START_TEST(added_once)
{
	ck_assert_uint_eq(copies("a@out.test", "b@out.test"), 2);
	ck_assert_str_eq(envelope.recipients[2], "archive@c.test");
	ck_assert_str_eq(envelope.recipients[3], "boss@out.test");
}
END_TEST

START_TEST(one_that_is_there_is_not_added)
{
	ck_assert_uint_eq(copies("BOSS@OUT.test", NULL), 1);
}
END_TEST

START_TEST(only_of_what_is_sent)
{
	ck_assert_uint_eq(copies("a@far.test", "a@other.test"), 0);
}
END_TEST

START_TEST(known_as_copies)
{
	ck_assert(route_is_copy(&settings, "archive@C.test"));
	ck_assert(!route_is_copy(&settings, "a@out.test"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("route/copy");
	TCase *tc = tcase_create("copies");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, added_once);
	tcase_add_test(tc, one_that_is_there_is_not_added);
	tcase_add_test(tc, only_of_what_is_sent);
	tcase_add_test(tc, known_as_copies);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
