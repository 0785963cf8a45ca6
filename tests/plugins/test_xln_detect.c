/* xln: what detect and start say where there is no io_uring, by real filters and by injected answers of a kernel. */
#include "plugins/lmn_rig.h"
#include "plugins/seccomp.h"
#include "support/suite.h"
#include "xln/xln.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

static struct lmn_case c;

/* ---- a kernel that answers as the test says ---- */

static struct {
	int open, disabled;
	bool filtered;
	const char *release;
} answers;

static int fake_open(struct xln_ring *r, unsigned entries, bool sqpoll)
{
	(void)r;
	(void)entries;
	(void)sqpoll;
	return answers.open;
}

static int fake_disabled(void)
{
	return answers.disabled;
}

static bool fake_filtered(void)
{
	return answers.filtered;
}

static void fake_release(char out[64])
{
	strcpy(out, answers.release);
}

static const struct xln_kernel fake = {.open = fake_open,
				       .disabled = fake_disabled,
				       .filtered = fake_filtered,
				       .release = fake_release};

/* detect says it, and start says the same. */
static void says(enum sgt_state state, const char *cause, const char *remedy)
{
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	lmn_look(&c);
	ck_assert_msg(c.report.state == state, "state %d: %s", c.report.state, c.report.cause);
	ck_assert_str_eq(c.report.cause, cause);
	ck_assert_str_eq(c.report.remedy, remedy);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	enum sgt_result r = c.rig.module->start(c.rig.stack, &c.error);
	ck_assert_int_eq(r, state == SGT_FORBIDDEN ? SGT_DENIED : SGT_SOCKET);
	ck_assert_int_eq(c.error.number, 123);
	ck_assert_str_eq(c.error.text, cause);
	ck_assert_str_eq(c.error.remedy, remedy);
	lmn_end(&c);
}

static const struct {
	int open, disabled;
	bool filtered;
	const char *release;
	enum sgt_state state;
	const char *cause, *remedy;
} rows[] = {
	{-EPERM, 2, false, "6.1.0", SGT_NOT_RUNNING,
	 "io_uring is disabled on this machine (kernel.io_uring_disabled = 2)",
	 "sysctl -w kernel.io_uring_disabled=0"},
	{-EPERM, 1, false, "6.6.0", SGT_FORBIDDEN,
	 "io_uring is disabled for this user (kernel.io_uring_disabled = 1)",
	 "sysctl -w kernel.io_uring_disabled=0"},
	{-EPERM, 0, false, "6.6.0", SGT_FORBIDDEN,
	 "a security module of the kernel forbids io_uring to this process",
	 "dmesg | grep -i denied    # names the security module"},
	{-ENOSYS, -1, false, "4.19.0-26-amd64", SGT_ABSENT,
	 "io_uring of Linux 4.19.0-26-amd64 is too old: xln needs 6.0 or later",
	 "apt-get install linux-image-amd64    # and restart; until then vendor = lmn"},
	{-EOPNOTSUPP, -1, false, "5.15.0-91-generic", SGT_ABSENT,
	 "io_uring of Linux 5.15.0-91-generic is too old: xln needs 6.0 or later",
	 "apt-get install linux-image-amd64    # and restart; until then vendor = lmn"},
	{-ENOSYS, -1, false, "6.1.0-18-amd64", SGT_ABSENT,
	 "io_uring is not in this kernel: Linux 6.1.0-18-amd64 was built without it",
	 "vendor = lmn"},
	{-ENOMEM, -1, false, "6.1.0", SGT_NOT_RUNNING,
	 "memory is short for io_uring with entries = 4096 and buffers = 8192K",
	 "buffers = 1M    ; in [vendor xln], and entries = 256"},
	{-EMFILE, -1, false, "6.1.0", SGT_NOT_RUNNING,
	 "io_uring cannot be set up: Too many open files", "vendor = lmn"},
};

START_TEST(injected)
{
	answers.open = rows[_i].open;
	answers.disabled = rows[_i].disabled;
	answers.filtered = rows[_i].filtered;
	answers.release = rows[_i].release;
	xln_kernel = &fake;
	says(rows[_i].state, rows[_i].cause, rows[_i].remedy);
}
END_TEST

/* ---- a real filter ---- */

static void filtered(int errnum)
{
	static const long calls[] = {SYS_io_uring_setup};
	seccomp_deny(calls, 1, errnum);
	says(SGT_FORBIDDEN, "a seccomp filter forbids io_uring to this process",
	     "systemctl edit smtpgate    # [Service] SystemCallFilter=@aio; of a container: the "
	     "seccomp profile must allow io_uring_setup, io_uring_enter, io_uring_register");
}

START_TEST(filter_forbids)
{
	filtered(EPERM);
}
END_TEST

START_TEST(filter_denies_the_call)
{
	filtered(ENOSYS);
}
END_TEST

/* ---- this kernel ---- */

START_TEST(runs_here)
{
	char release[64];
	lmn_make(&c, NULL, NULL, NULL, 0, NULL, 0);
	lmn_look(&c);
	ck_assert_msg(c.report.state == SGT_RUNNING, "%s", c.report.cause);
	xln_kernel_real.release(release);
	ck_assert_ptr_nonnull(strstr(c.report.detail, release));
	ck_assert_ptr_nonnull(strstr(c.report.detail, "IPv4"));
	lmn_end(&c);
}
END_TEST

/* A ring that is asked for with flags of a kernel to come is made with those of this one. */
START_TEST(falls_back)
{
	static const unsigned setups[] = {1u << 30, IORING_SETUP_SINGLE_ISSUER | 1u << 29, 0};
	struct xln_ring r;
	ck_assert_int_eq(xln_ring_open_as(&r, 64, setups, 3), 0);
	ck_assert_uint_eq(r.setup, 0);
	xln_ring_close(&r);
	ck_assert_int_eq(xln_ring_open_as(&r, 64, setups, 2), -EINVAL);
	ck_assert(!r.open);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/xln_detect");
	TCase *tc = tcase_create("injected");
	tcase_add_loop_test(tc, injected, 0, sizeof rows / sizeof *rows);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "filter", filter_forbids, filter_denies_the_call);
	SUITE_CASE(s, "here", runs_here, falls_back);
	return s;
}
SUITE_MAIN(suite)
