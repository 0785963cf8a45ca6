/* health: each finding by itself, its level, and the worst first. */
#include "daemon/health.h"

#include "support/suite.h"

#include <string.h>

#define NOW INT64_C(1700000000000)

static struct gateway_stack_status stack;
static struct gateway_listener_status listener;
static struct gateway_destination_status destination;
static struct gateway_pickup_status pickup;
static struct gateway_mailbag_status mailbag;
static struct gateway_status g;
static struct spool_totals t;
static const struct conf_queue limits = {.disk_min = 512u << 20, .disk_min_urgent = 64u << 20};
static struct buf why;

static void setup(void)
{
	stack = (struct gateway_stack_status){
		.name = "lmn", .state = "up", .error = "", .required = true};
	listener = (struct gateway_listener_status){
		.name = "lan", .address = "*:25", .state = "listening"};
	destination = (struct gateway_destination_status){.id = "route default", .last = ""};
	pickup = (struct gateway_pickup_status){.name = "erp", .error = ""};
	mailbag = (struct gateway_mailbag_status){.name = "TEST/HQ", .error = ""};
	g = (struct gateway_status){.stacks = &stack,
				    .stack_count = 1,
				    .listeners = &listener,
				    .listener_count = 1,
				    .destinations = &destination,
				    .destination_count = 1,
				    .pickups = &pickup,
				    .pickup_count = 1,
				    .mailbags = &mailbag,
				    .mailbag_count = 1,
				    .disk_free = 1u << 30};
	t = (struct spool_totals){0};
	buf_init(&why, 0);
}

static void expect(enum health level, const char *text)
{
	buf_clear(&why);
	ck_assert_int_eq(health_judge(&g, &t, &limits, NOW, &why), level);
	ck_assert_str_eq(buf_string(&why), text);
}

START_TEST(well)
{
	setup();
	t.oldest = NOW - HEALTH_QUEUE_OLD;
	expect(HEALTH_WELL, "");
	buf_free(&why);
}
END_TEST

START_TEST(each_finding)
{
	setup();
	stack.state = "down";
	stack.error = "no switch";
	expect(HEALTH_CRITICAL, "vendor lmn is down: no switch");
	stack.required = false;
	expect(HEALTH_WARNING, "vendor lmn is down: no switch");
	stack.state = "up";
	listener.state = "down";
	expect(HEALTH_WARNING, "listener lan on *:25 is down");
	listener.state = "listening";
	destination.wait_until = NOW + 1;
	destination.last = "refused";
	expect(HEALTH_WARNING, "route default is down: refused");
	destination.wait_until = NOW;
	pickup.error = "/in cannot be looked at";
	expect(HEALTH_WARNING, "pickup erp: /in cannot be looked at");
	pickup.error = "";
	mailbag.error = "smtpget cannot be started";
	expect(HEALTH_WARNING,
	       "mail of postoffice TEST/HQ does not leave: smtpget cannot be started");
	mailbag.error = "";
	g.disk_free = limits.disk_min - 1;
	expect(HEALTH_WARNING,
	       "only 511 MiB of disk are left, urgent mail alone is taken: make room there, "
	       "or lower disk_min");
	g.disk_free = limits.disk_min_urgent - 1;
	expect(HEALTH_CRITICAL, "only 63 MiB of disk are left, no mail is taken: make room there");
	const struct conf_queue none = {0};
	g.disk_free = 4096; /* full, whatever the limits are */
	buf_clear(&why);
	ck_assert_int_eq(health_judge(&g, &t, &none, NOW, &why), HEALTH_CRITICAL);
	ck_assert_str_eq(buf_string(&why), "only 4 KiB of disk are left: make room there");
	g.disk_free = UINT64_MAX; /* not yet known */
	t.oldest = NOW - HEALTH_QUEUE_OLD - 1;
	expect(HEALTH_WARNING, "mail waits since 60 min");
	t.oldest = 0;
	g.memory_most = 192u << 20;
	g.memory_used = 168u << 20;
	expect(HEALTH_WELL, "");
	g.memory_used++;
	expect(HEALTH_WARNING, "168 of 192 MiB of memory are taken, senders wait: raise [gateway] "
			       "memory_max, or lower max_connections of the listeners");
	g.memory_used = 0;
	g.spool_silent = HEALTH_SILENT;
	expect(HEALTH_WELL, "");
	g.spool_silent = 12000;
	expect(HEALTH_CRITICAL, "the spool has not answered for 12 s: its disk hangs, mail waits "
				"for it (dmesg and iostat tell more)");
	g.spool_silent = 0;
	t.broken = true;
	strcpy(t.trouble.text, "disk I/O error");
	expect(HEALTH_CRITICAL, "the spool is broken: disk I/O error");
	strcpy(t.trouble.remedy, "fsck it");
	expect(HEALTH_CRITICAL, "the spool is broken: disk I/O error (fsck it)");
	buf_free(&why);
}
END_TEST

START_TEST(worst_first)
{
	setup();
	listener.state = "down";
	t.broken = true;
	strcpy(t.trouble.text, "x");
	expect(HEALTH_CRITICAL, "the spool is broken: x; listener lan on *:25 is down");
	buf_free(&why);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/health");
	SUITE_CASE(s, "levels", well, each_finding, worst_first);
	return s;
}
SUITE_MAIN(suite)
