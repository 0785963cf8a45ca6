/* keys_notify: each key of [notify] fills its own member, takes its whole range and no more, and has its default. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const struct conf_notify *load(const char *text)
{
	enum result r = fake_load(text);
	ck_assert_msg(r == OK, "%s", fake_faults());
	return &fake_settings()->notify;
}

static void refused(const char *line, const char *fault)
{
	char text[300];
	snprintf(text, sizeof text, "[notify]\n%s\n", line);
	ck_assert_int_ne(fake_load(text), OK);
	ck_assert_msg(strstr(fake_faults(), fault) != NULL, "%s: %s", line, fake_faults());
}

START_TEST(members)
{
	const struct conf_notify *n =
		load("[notify]\nto = a@b.c\ncommand = /bin/x -y\non = disk_low, spool_error\n"
		     "route_down = 2m\nqueue_old = 3h\nat_most = 5/6m\nheartbeat_to = d@e.f\n"
		     "heartbeat_every = 7d\n");
	ck_assert_str_eq(n->to, "a@b.c");
	ck_assert_str_eq(n->command, "/bin/x -y");
	ck_assert_uint_eq(n->on, 1u << CONF_DISK_LOW | 1u << CONF_SPOOL_ERROR);
	ck_assert_int_eq(n->route_down, 120000);
	ck_assert_int_eq(n->queue_old, 3 * 3600000);
	ck_assert(n->at_most.count == 5 && n->at_most.ms == 360000);
	ck_assert_str_eq(n->heartbeat_to, "d@e.f");
	ck_assert_int_eq(n->heartbeat_every, INT64_C(7) * 86400000);
	fake_free();
}
END_TEST

START_TEST(defaults)
{
	const struct conf_notify *n = load("[gateway]\nadmin = boss@b.c\n");
	ck_assert_str_eq(n->to, "boss@b.c");
	ck_assert_str_eq(n->heartbeat_to, "boss@b.c");
	ck_assert_ptr_null(n->command);
	ck_assert_uint_eq(n->on, (1u << CONF_EVENTS) - 1);
	ck_assert_int_eq(n->route_down, 15 * 60000);
	ck_assert_int_eq(n->queue_old, 3600000);
	ck_assert(n->at_most.count == 4 && n->at_most.ms == 3600000);
	ck_assert_int_eq(n->heartbeat_every, 0);
	n = load("[notify]\nto = none\non = none\nat_most = unlimited\n");
	ck_assert_ptr_null(n->to);
	ck_assert_ptr_null(n->heartbeat_to);
	ck_assert(n->on == 0 && n->at_most.count == 0);
	fake_free();
}
END_TEST

/* The words stand in the order of their bits. */
START_TEST(events)
{
	char text[100];
	for (unsigned i = 0; i < CONF_EVENTS; i++) {
		snprintf(text, sizeof text, "[notify]\non = %s\n", conf_events[i]);
		ck_assert_uint_eq(load(text)->on, 1u << i);
	}
	ck_assert_ptr_null(conf_events[CONF_EVENTS]);
	ck_assert_uint_eq(load("[notify]\non = route_down, token_expiring, disk_low, plugin_down, "
			       "queue_old, bad_file, bounce_double, spool_error\n")
				  ->on,
			  1u << CONF_ROUTE_DOWN | 1u << CONF_TOKEN_EXPIRING | 1u << CONF_DISK_LOW |
				  1u << CONF_PLUGIN_DOWN | 1u << CONF_QUEUE_OLD |
				  1u << CONF_BAD_FILE | 1u << CONF_BOUNCE_DOUBLE |
				  1u << CONF_SPOOL_ERROR);
	fake_free();
}
END_TEST

START_TEST(ranges)
{
	const struct conf_notify *n = load("[notify]\nroute_down = 1s\nqueue_old = 1s\n");
	ck_assert(n->route_down == 1000 && n->queue_old == 1000);
	n = load("[notify]\nroute_down = 30d\nqueue_old = 30d\nheartbeat_every = 30d\n");
	ck_assert(n->route_down == INT64_C(30) * 86400000 && n->queue_old == n->route_down);
	refused("route_down = 0s", "route_down");
	refused("route_down = 31d", "route_down");
	refused("queue_old = 0s", "queue_old");
	refused("queue_old = 31d", "queue_old");
	refused("heartbeat_every = 31d", "heartbeat_every");
	refused("on = disc_low", "disk_low");
	refused("to = a b", "to");
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/keys_notify");
	SUITE_CASE(s, "keys", members, defaults, events, ranges);
	return s;
}
SUITE_MAIN(suite)
