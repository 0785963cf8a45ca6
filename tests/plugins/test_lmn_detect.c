/* lmn in network namespaces: what detect says of the host, and low ports that outlive root. */
#include "plugins/lmn_rig.h"
#include "plugins/netns.h"
#include "support/suite.h"

#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct lmn_case c;

static void look(const char *key, const char *value)
{
	lmn_make(&c, key, value, NULL, 0, NULL, 0);
	lmn_look(&c);
}

static void says(enum sgt_state state, const char *cause, const char *remedy)
{
	ck_assert_msg(c.report.state == state, "state %d: %s", c.report.state, c.report.cause);
	ck_assert_str_eq(c.report.cause, cause);
	ck_assert_str_eq(c.report.remedy, remedy);
	lmn_end(&c);
}

START_TEST(loopback_down)
{
	netns_enter();
	look(NULL, NULL);
	says(SGT_NOT_RUNNING, "the loopback device lo is down", "ip link set lo up");
	netns_device("lo", true);
	look(NULL, NULL);
	ck_assert_ptr_nonnull(strstr(c.report.detail, "IPv4"));
	says(SGT_RUNNING, "", "");
	netns_device("lo", false);
	look(NULL, NULL);
	says(SGT_NOT_RUNNING, "the loopback device lo is down", "ip link set lo up");
}
END_TEST

START_TEST(device)
{
	netns_enter_with_loopback();
	look("device", "lo");
	says(SGT_RUNNING, "", "");
	look("device", "cable7");
	says(SGT_NOT_RUNNING, "device = cable7: there is no such network device", "ip link show");
}
END_TEST

START_TEST(source)
{
	netns_enter_with_loopback();
	look("source", "127.0.0.2");
	says(SGT_RUNNING, "", "");
	look("source", "203.0.113.7");
	says(SGT_NOT_RUNNING, "source = 203.0.113.7: this machine has no such address",
	     "ip address show to 203.0.113.7");
}
END_TEST

START_TEST(mark)
{
	netns_enter_with_loopback();
	look("mark", "7");
	says(SGT_RUNNING, "", "");
	if (getuid() != 0)
		return; /* in a user namespace there is nobody else to become */
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setuid(65534), 0);
	look("mark", "7");
	says(SGT_FORBIDDEN, "mark or device cannot be set on sockets: Operation not permitted",
	     "systemctl edit smtpgate    # [Service] AmbientCapabilities=CAP_NET_ADMIN "
	     "CAP_NET_RAW");
}
END_TEST

/* Port 25 is bound by root, and served after the rights were dropped, again and again. */
START_TEST(low_port_outlives_root)
{
	struct sgt_plan plan = {.name = "door", .address = "127.0.0.1:25"};
	netns_enter_with_loopback();
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	ck_assert_msg(lmn_make_ready(&c) == SGT_OK, "%s", c.error.text);
	if (getuid() == 0)
		ck_assert_int_eq(setuid(65534), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert(rig_start(&c.rig));
		struct door *d = door_open(&c.rig, plan.address, 0);
		ck_assert_msg(d != NULL, "%s", c.rig.failure);
		ck_assert(lmn_answers(25));
		ck_assert_ptr_nonnull(end_accept(d, 10000));
		if (i == 1)
			door_close(d); /* also a listener that was ended */
		rig_stop(&c.rig);
	}
	lmn_end(&c);
}
END_TEST

START_TEST(low_port_without_root)
{
	struct sgt_plan plan = {.name = "lan", .address = "127.0.0.1:25"};
	netns_enter_with_loopback();
	if (getuid() != 0)
		return;
	ck_assert_int_eq(setuid(65534), 0);
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_DENIED);
	ck_assert_int_eq(c.error.number, 123);
	ck_assert_str_eq(c.error.text, "rights forbid to listen at 127.0.0.1:25");
	lmn_end(&c);
}
END_TEST

/* Nobody answers in an empty namespace: unreachable, by an event. */
START_TEST(unreachable)
{
	netns_enter_with_loopback();
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	ck_assert(rig_start(&c.rig));
	static const char *const to[] = {"192.0.2.1:25", "[2001:db8::1]:25"};
	for (int i = 0; i < 2; i++) {
		struct end *end = end_connect(&c.rig, to[i]);
		ck_assert_ptr_nonnull(end);
		ck_assert(end_wait(end, END_FAILED, 10000));
		ck_assert_msg(end->error == SGT_UNREACHABLE && end->error_number == 121, "%s",
			      end->error_text);
	}
	lmn_end(&c);
}
END_TEST

/* With one port to come from, a connect to that port meets itself: nobody listens there. */
START_TEST(meets_itself)
{
	netns_enter_with_loopback();
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");
	if (!f)
		return; /* not ours to set in a user namespace */
	ck_assert_int_gt(fprintf(f, "30001 30001"), 0);
	ck_assert_int_eq(fclose(f), 0);
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	ck_assert(rig_start(&c.rig));
	struct end *end = end_connect(&c.rig, "127.0.0.1:30001");
	ck_assert_ptr_nonnull(end);
	ck_assert(end_wait(end, END_FAILED, 10000));
	ck_assert_int_eq(end->error, SGT_REFUSED);
	lmn_end(&c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/lmn_detect");
	SUITE_CASE(s, "detect", loopback_down, device, source, mark);
	SUITE_CASE(s, "ports", low_port_outlives_root, low_port_without_root);
	SUITE_CASE(s, "connect", unreachable, meets_itself);
	return s;
}

int main(void)
{
	if (!netns_possible())
		return 77;
	return suite_run(suite());
}
