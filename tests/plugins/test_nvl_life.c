/* nvl: its network is its own; it is lost, said so, and built anew; nothing is left of it. */
#include "conformance/vde_bed.h"
#include "plugins/netns.h"
#include "plugins/nvl_rig.h"
#include "support/children.h"
#include "support/suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct nvl_case c;

/* ---- losses ---- */

static void serves(struct nvl_case *n)
{
	struct door *d = door_open(&n->rig, "127.0.0.1:25", 0);
	ck_assert_msg(d, "%s", n->rig.failure);
	struct end *e = end_connect(&n->rig, "127.0.0.1:25");
	ck_assert(e && end_wait(e, END_OPEN, 30000));
	ck_assert_ptr_nonnull(end_accept(d, 30000));
}

static void lost_and_found(const char *sentence)
{
	nvl_await_loss(&c);
	ck_assert_str_eq(c.error.text, sentence);
	ck_assert_msg(rig_start(&c.rig), "%s", c.rig.failure);
	serves(&c);
	nvl_end(&c);
	ck_assert_int_eq(child_of(getpid(), NULL), 0);
}

#define KILLED "the helper that holds the private network was killed, or hangs"

START_TEST(worker_killed)
{
	nvl_make_started(&c);
	serves(&c);
	kill(nvl_worker_of_us(), SIGKILL);
	lost_and_found(KILLED);
}
END_TEST

START_TEST(helper_killed)
{
	nvl_make_started(&c);
	serves(&c);
	pid_t worker = nvl_worker_of_us();
	kill(child_of(getpid(), NULL), SIGKILL);
	child_await_end(worker);
	lost_and_found(KILLED);
}
END_TEST

static int loopback_down(void)
{
	netns_device("lo", false);
	return 0;
}

START_TEST(device_down)
{
	nvl_make_started(&c);
	serves(&c);
	ck_assert_int_eq(nvl_inside(nvl_worker_of_us(), loopback_down), 0);
	lost_and_found("the loopback device of the private network was taken down");
}
END_TEST

/* While it is lost, what is asked of it fails with words, and nothing hangs. */
START_TEST(asked_while_lost)
{
	struct sgt_conn *conn;
	struct sgt_error e;
	nvl_make_started(&c);
	pid_t worker = nvl_worker_of_us();
	kill(worker, SIGKILL);
	child_await_end(worker);
	enum sgt_result r =
		c.rig.module->connect(c.rig.stack, "127.0.0.1:25", NULL, NULL, &conn, &e);
	ck_assert_int_ne(r, SGT_OK);
	ck_assert_str_eq(e.text, "socket: Network is down");
	nvl_await_loss(&c);
	nvl_end(&c);
}
END_TEST

/* Stacks of one section share a network and its loss; that of another section goes on. */
START_TEST(others_go_on)
{
	static const struct conformance_setting other_settings[] = {
		{"network", "loopback"}, {"mtu", "1400"}, {NULL, NULL}};
	struct nvl_case second, other;
	nvl_make_started(&c);
	pid_t worker = nvl_worker_of_us();
	nvl_make(&second, nvl_loopback);
	ck_assert(rig_prepare(&second.rig) && rig_start(&second.rig));
	nvl_make(&other, other_settings);
	ck_assert(rig_prepare(&other.rig) && rig_start(&other.rig));
	kill(worker, SIGKILL);
	nvl_await_loss(&c);
	nvl_await_loss(&second);
	serves(&other);
	ck_assert(rig_start(&second.rig) && rig_start(&c.rig));
	ck_assert_ptr_nonnull(door_open(&c.rig, "127.0.0.1:26", 0));
	ck_assert_ptr_nonnull(end_connect(&second.rig, "127.0.0.1:26"));
	nvl_end(&other);
	nvl_end(&second);
	nvl_end(&c);
	ck_assert_int_eq(child_of(getpid(), NULL), 0);
}
END_TEST

/* ---- its own network ---- */

static int port_is_ours(void)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(25), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int failed = connect(fd, (struct sockaddr *)&a, sizeof a);
	close(fd);
	return failed ? 1 : 0;
}

/* What the devices of a process' network have received, in bytes. */
static unsigned long long received(const char *pid)
{
	char path[64], line[256];
	unsigned long long sum = 0, one;
	snprintf(path, sizeof path, "/proc/%s/net/dev", pid);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f)) {
		const char *colon = strchr(line, ':');
		if (colon && sscanf(colon + 1, "%llu", &one) == 1)
			sum += one;
	}
	fclose(f);
	return sum;
}

/* In a namespace whose loopback nobody else uses, so that its counters stand still. */
START_TEST(bytes_cross_it_alone)
{
	static const char bytes[65536];
	char pid[16];
	if (geteuid() == 0)
		netns_enter_with_loopback();
	nvl_make_started(&c);
	snprintf(pid, sizeof pid, "%d", nvl_worker_of_us());
	struct door *d = door_open(&c.rig, "127.0.0.1:25", 0);
	struct end *e = end_connect(&c.rig, "127.0.0.1:25");
	ck_assert(e && end_wait(e, END_OPEN, 30000));
	struct end *in = end_accept(d, 30000);
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(nvl_inside(nvl_worker_of_us(), port_is_ours), 0);
	unsigned long long host = received("self"), own = received(pid);
	ck_assert(end_send(e, bytes, sizeof bytes));
	ck_assert(end_wait_received(in, sizeof bytes, 30000));
	ck_assert_uint_ge(received(pid) - own, sizeof bytes);
	if (geteuid() == 0) {
		ck_assert_uint_eq(received("self"), host);
		ck_assert_int_eq(port_is_ours(), 1); /* nobody listens at port 25 out here */
	}
	nvl_end(&c);
}
END_TEST

/* Kills a process when it is told to, with the rights of now. Returns where to tell it. */
static int killer_of(pid_t victim)
{
	int ends[2];
	char any;
	ck_assert_int_eq(pipe(ends), 0);
	if (fork() == 0) {
		close(ends[1]);
		_exit(read(ends[0], &any, 1) == 1 ? kill(victim, SIGKILL) : 0);
	}
	close(ends[0]);
	return ends[1];
}

/* A planned port below 1024 is bound anew after a loss, by a process that has given its rights away. */
START_TEST(low_port_without_root)
{
	struct sgt_plan plan = {.name = "door", .address = "*:25"};
	ck_assert(nvl_create_with(&c, nvl_loopback, &plan, 1));
	ck_assert_msg(rig_prepare(&c.rig), "%s", c.rig.failure);
	pid_t worker = nvl_worker_of_us();
	int killer = killer_of(worker);
	if (geteuid() == 0)
		ck_assert_int_eq(setuid(65534), 0);
	ck_assert_msg(rig_start(&c.rig), "%s", c.rig.failure);
	ck_assert_ptr_nonnull(door_open(&c.rig, "*:25", 0));
	ck_assert_int_eq(write(killer, "x", 1), 1);
	nvl_await_loss(&c);
	ck_assert_msg(rig_start(&c.rig), "%s", c.rig.failure);
	ck_assert_msg(door_open(&c.rig, "*:25", 0), "%s", c.rig.failure);
	struct end *e = end_connect(&c.rig, "127.0.0.1:25");
	ck_assert(e && end_wait(e, END_OPEN, 30000));
	nvl_end(&c);
	child_await_end(worker);
}
END_TEST

START_TEST(not_our_address)
{
	struct sgt_plan plan = {.name = "door", .address = "192.0.2.7:25"};
	ck_assert(nvl_create_with(&c, nvl_loopback, &plan, 1));
	ck_assert_int_eq(c.rig.module->prepare(c.rig.stack, &c.error), SGT_BAD_ADDRESS);
	ck_assert_str_eq(c.error.text, "192.0.2.7:25 is not an address of [vendor nvl]");
	ck_assert_str_eq(c.error.remedy, "smtpgate config vendor nvl");
	nvl_end(&c);
}
END_TEST

START_TEST(port_twice)
{
	struct sgt_plan plans[] = {{"a", "127.0.0.1:25", 0}, {"b", "127.0.0.1:25", 0}};
	ck_assert(nvl_create_with(&c, nvl_loopback, plans, 2));
	ck_assert_int_eq(c.rig.module->prepare(c.rig.stack, &c.error), SGT_IN_USE);
	ck_assert_str_eq(c.error.text,
			 "127.0.0.1:25 is in use: another listener of [vendor nvl] has it");
	ck_assert_str_eq(c.error.remedy, "give [listen b] another address");
	nvl_end(&c);
}
END_TEST

/* ---- nothing is left ---- */

static unsigned descriptors(void)
{
	unsigned n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* before: the descriptors that are open without it. */
static void one_life(const struct conformance_setting *settings, bool used, unsigned before)
{
	nvl_make(&c, settings);
	ck_assert_msg(rig_prepare(&c.rig) && rig_start(&c.rig), "%s", c.rig.failure);
	if (used)
		serves(&c);
	pid_t helper = child_of(getpid(), "nvl-helper"), worker = child_of(helper, NULL);
	ck_assert_int_gt(worker, 0);
	nvl_end(&c); /* sees that no byte is left */
	ck_assert_int_eq(child_of(getpid(), "nvl-helper"), 0);
	child_await_end(worker);
	ck_assert_uint_eq(descriptors(), before);
}

START_TEST(hundred_lives)
{
	unsigned before = descriptors();
	for (int i = 0; i < 100; i++)
		one_life(nvl_loopback, i % 10 == 0, before);
}
END_TEST

START_TEST(hundred_lives_on_an_ethernet)
{
	static struct vde_bed ethernet;
	const struct conformance_setting settings[] = {
		{"network", ethernet.url}, {"address", "10.77.0.45/24"}, {NULL, NULL}};
	if (geteuid() != 0)
		return; /* who else may open /dev/net/tun is the machine's to say */
	vde_bed_open(&ethernet);
	unsigned before = descriptors();
	for (int i = 0; i < 100; i++)
		one_life(settings, i % 10 == 0, before);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/nvl_life");
	SUITE_CASE(s, "loss", worker_killed, helper_killed, device_down, asked_while_lost,
		   others_go_on);
	SUITE_CASE(s, "own", bytes_cross_it_alone, low_port_without_root, not_our_address,
		   port_twice);
	TCase *tc = tcase_create("left");
	tcase_add_test(tc, hundred_lives);
	tcase_add_test(tc, hundred_lives_on_an_ethernet);
	tcase_set_timeout(tc, 300);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
