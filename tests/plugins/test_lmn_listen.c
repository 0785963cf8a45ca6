/* lmn: planned listeners are bound once, kept over stop and start; a taken port names its holder. */
#include "plugins/lmn_rig.h"
#include "support/suite.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char address[SGT_ADDRESS_MAX];
static struct sgt_plan plan = {.name = "door", .address = address};

static void plan_at(unsigned port)
{
	snprintf(address, sizeof address, "127.0.0.1:%u", port);
}

START_TEST(kept_over_stop_and_start)
{
	struct lmn_case c;
	unsigned port = 0;
	plan_at(0);
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	for (int i = 0; i < 3; i++) {
		ck_assert(rig_start(&c.rig));
		struct door *d = door_open(&c.rig, address, 0);
		ck_assert_ptr_nonnull(d);
		ck_assert(!port || port == lmn_port_of(d->address));
		port = lmn_port_of(d->address);
		ck_assert(lmn_answers(port));
		ck_assert_ptr_nonnull(end_accept(d, 10000));
		rig_stop(&c.rig);
		ck_assert_msg(!lmn_answers(port), "peers are not refused while it is stopped");
	}
	lmn_end(&c);
}
END_TEST

/* Not planned, or ended for good: the port is free at once. */
START_TEST(unplanned_is_freed)
{
	struct lmn_case c;
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	ck_assert(rig_start(&c.rig));
	struct door *d = door_open(&c.rig, "127.0.0.1:0", 0);
	ck_assert_ptr_nonnull(d);
	unsigned port = lmn_port_of(d->address);
	door_close(d);
	close(lmn_socket("127.0.0.1", port, true, NULL));
	lmn_end(&c);
}
END_TEST

static void taken(struct lmn_case *c, const char *text, const char *remedy)
{
	ck_assert_int_eq(lmn_make_ready(c), SGT_IN_USE);
	ck_assert_int_eq(c->error.number, 110);
	ck_assert_str_eq(c->error.text, text);
	ck_assert_msg(strncmp(c->error.remedy, remedy, strlen(remedy)) == 0, "%s", c->error.remedy);
	lmn_end(c);
}

START_TEST(taken_by_ourselves)
{
	struct lmn_case c;
	unsigned port;
	char text[SGT_TEXT_MAX];
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	plan_at(port);
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	snprintf(text, sizeof text,
		 "127.0.0.1:%u is in use: this gateway itself (pid %d) listens there", port,
		 getpid());
	taken(&c, text, "give [listen door] another address");
	close(fd);
}
END_TEST

/* A child that has the socket, under a name of its own. */
static pid_t holder(int fd)
{
	int ready[2];
	char c;
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "oldmailer");
		close(ready[0]);
		close(ready[1]);
		pause();
		_exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 0); /* the end: the child is named */
	close(ready[0]);
	close(fd);
	return child;
}

START_TEST(taken_by_another)
{
	static const char *const hosts[] = {"127.0.0.1", "*", "0.0.0.0"};
	unsigned port;
	char text[SGT_TEXT_MAX], remedy[SGT_TEXT_MAX];
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	pid_t child = holder(fd);
	snprintf(remedy, sizeof remedy, "kill %d ", child);
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		struct lmn_case c;
		snprintf(address, sizeof address, "%s:%u", hosts[i], port);
		lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
		snprintf(text, sizeof text, "%s is in use: oldmailer (pid %d) listens there",
			 address, child);
		taken(&c, text, remedy);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(not_our_address)
{
	struct lmn_case c;
	snprintf(address, sizeof address, "203.0.113.77:2525");
	lmn_make(&c, NULL, NULL, &plan, 1, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_BAD_ADDRESS);
	ck_assert_str_eq(c.error.text, "203.0.113.77:2525 is not an address of this machine");
	lmn_end(&c);
}
END_TEST

/* The second plan fails: the first one's port is not kept. */
START_TEST(all_or_none)
{
	struct lmn_case c;
	unsigned ports[2];
	char texts[2][32];
	close(lmn_socket("127.0.0.1", 0, true, &ports[0]));
	int fd = lmn_socket("127.0.0.1", 0, true, &ports[1]);
	struct sgt_plan plans[2] = {{"a", texts[0], 0}, {"b", texts[1], 0}};
	for (int i = 0; i < 2; i++)
		snprintf(texts[i], sizeof texts[i], "127.0.0.1:%u", ports[i]);
	lmn_make(&c, NULL, NULL, plans, 2, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_IN_USE);
	ck_assert(!lmn_answers(ports[0]));
	lmn_end(&c);
	close(fd);
}
END_TEST

static const struct {
	const char *key, *value, *sentence;
} faulty[] = {
	{"source", "192.0.2.1:25", "source = 192.0.2.1:25: not an IP address without port"},
	{"source", "mail.example.net", "source = mail.example.net: not an IP address without port"},
	{"device", "a-name-that-is-too-long",
	 "device = a-name-that-is-too-long: not the name of a network device"},
	{"name_server", "192.0.2.1, ns.example.net",
	 "name_server = ns.example.net: not an IP address"},
};

START_TEST(faulty_setting)
{
	struct conformance_bed bed = {.module = &SGT_MODULE(lmn)};
	struct conformance_setting settings[] = {{faulty[_i].key, faulty[_i].value}, {NULL, NULL}};
	struct rig_with with = {.settings = settings};
	struct sgt_error e;
	struct rig rig;
	ck_assert(!rig_create(&rig, &bed, NULL, &with, &e));
	ck_assert_int_eq(e.result, SGT_BAD_SETTING);
	ck_assert_str_eq(e.text, faulty[_i].sentence);
	ck_assert_uint_eq(atomic_load(&rig.purse.bytes), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/lmn_listen");
	SUITE_CASE(s, "kept", kept_over_stop_and_start, unplanned_is_freed);
	SUITE_CASE(s, "taken", taken_by_ourselves, taken_by_another, all_or_none);
	SUITE_CASE(s, "address", not_our_address);
	TCase *settings = tcase_create("settings");
	tcase_add_loop_test(settings, faulty_setting, 0, sizeof faulty / sizeof *faulty);
	suite_add_tcase(s, settings);
	return s;
}
SUITE_MAIN(suite)
