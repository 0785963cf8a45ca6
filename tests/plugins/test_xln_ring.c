/* xln: bytes cross the ring and no other way; and all the ways to set a ring up carry them. */
#include "conformance/host_bed.h"
#include "plugins/lmn_rig.h"
#include "plugins/seccomp.h"
#include "support/suite.h"
#include "xln/xln.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- other setups ---- */

static const unsigned plain[] = {0};
static const unsigned cooperative[] = {IORING_SETUP_COOP_TASKRUN};

static int open_plain(struct xln_ring *r, unsigned entries, bool sqpoll)
{
	(void)sqpoll;
	return xln_ring_open_as(r, entries, plain, 1);
}

static int open_cooperative(struct xln_ring *r, unsigned entries, bool sqpoll)
{
	(void)sqpoll;
	return xln_ring_open_as(r, entries, cooperative, 1);
}

static int (*const opens[])(struct xln_ring *r, unsigned entries,
			    bool sqpoll) = {xln_ring_open, open_plain, open_cooperative};

/* What a ring's setup may change: waiting, waking, cancelling, many at once. */
static const char *const names[] = {
	"accept_one",         "connect_one",         "connect_refused",
	"echo_all",           "echo_connected",      "close_others_in_event",
	"half_close_by_us",   "reset_while_stopped", "close_while_sending",
	"wakeup_ends_run",    "wakeup_from_thread",  "slow_reader_stops_peer",
	"start_stop_hundred", "datagrams_echo",      "sessions_300"};
#define NAMES (sizeof names / sizeof *names)

static size_t index_of(const char *name)
{
	size_t i = 0;
	while (i < conformance_count() && strcmp(conformance_name(i), name) != 0)
		i++;
	ck_assert_msg(i < conformance_count(), "no conformance test %s", name);
	return i;
}

/* The first setup with a thread of the kernel that polls, the others by functions that take what they say. */
START_TEST(setups)
{
	static const struct conformance_setting polling[] = {{"sqpoll", "yes"}, {NULL, NULL}};
	size_t setup = (size_t)_i / NAMES;
	const char *name = names[(size_t)_i % NAMES];
	struct conformance_bed bed;
	struct xln_kernel kernel = xln_kernel_real;
	char why[CONFORMANCE_TEXT_MAX];
	host_bed_kernel(&bed, &RIG_MODULE);
	bed.settings = setup == 0 ? polling : NULL;
	kernel.open = opens[setup];
	xln_kernel = &kernel;
	enum conformance_verdict v = conformance_run(&bed, index_of(name), why);
	ck_assert_msg(v == CONFORMANCE_OK, "setup %zu: %s: %s", setup, name, why);
}
END_TEST

/* ---- the proof ---- */

/* All calls by which bytes or connections could go round the ring. */
static const long others[] = {
	SYS_accept,   SYS_accept4,       SYS_connect,  SYS_recvfrom, SYS_recvmsg, SYS_recvmmsg,
	SYS_sendto,   SYS_sendmsg,       SYS_sendmmsg, SYS_readv,    SYS_writev,  SYS_splice,
	SYS_sendfile, SYS_epoll_create1, SYS_poll,     SYS_ppoll,    SYS_select,  SYS_pselect6};

static bool echoed(const void *ctx)
{
	return ((const struct end *)ctx)->received == 100000;
}

/* One stack talks to another in a process that may not use sockets but by the ring; the counters say how much. */
START_TEST(no_other_way)
{
	static unsigned char data[100000];
	struct lmn_case c;
	struct sgt_counters n;
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	seccomp_deny(others, sizeof others / sizeof *others, ENOSYS);
	ck_assert(rig_start(&c.rig));
	struct door *d = door_open(&c.rig, "127.0.0.1:0", 0);
	ck_assert_ptr_nonnull(d);
	d->mode = END_ECHO;
	struct end *end = end_connect(&c.rig, d->address);
	ck_assert_ptr_nonnull(end);
	ck_assert(end_wait(end, END_OPEN, 10000));
	end->checked = true;
	end->seed = 7;
	pattern_fill(data, 7, 0, sizeof data);
	ck_assert(end_send(end, data, sizeof data));
	ck_assert(arena_until(&c.arena, echoed, end, 30000));
	c.rig.module->counters(c.rig.stack, &n);
	ck_assert_uint_eq(n.bytes_in, 2 * sizeof data);
	ck_assert_uint_eq(n.bytes_out, 2 * sizeof data);
	ck_assert_uint_eq(n.accepted, 1);
	ck_assert_uint_eq(n.connected, 1);
	lmn_end(&c);
}
END_TEST

/* What closed rings hold of an ordinary user's limit comes back late; opening waits for it. A limit that no ring fits in is told. */
START_TEST(again_and_again)
{
	const struct rlimit room = {1 << 20, 1 << 20}, none = {4096, 4096};
	struct xln_ring ring;
	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &room), 0);
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(xln_ring_open(&ring, 4096, false), 0);
		xln_ring_close(&ring);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
	int e = xln_ring_open(&ring, 4096, false);
	ck_assert(e == -ENOMEM || e == 0); /* a kernel that does not count rings */
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/xln_ring");
	SUITE_CASE(s, "proof", no_other_way);
	SUITE_CASE(s, "limit", again_and_again);
	TCase *tc = tcase_create("setups");
	tcase_add_loop_test(tc, setups, 0, (int)(NAMES * sizeof opens / sizeof *opens));
	tcase_set_timeout(tc, 300);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
