/* Wires on real switches, TAP devices and UDP ports: frames, what detect says of each trouble, and that its remedy works. */
#include "support/wire.h"

#include "conformance/vde_bed.h"
#include "support/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define LONG 60000 /* ms */

static struct vde_bed bed;
static struct sgt_error error;
static struct sgt_report report;

/* ---- helpers ---- */

static void make(struct wire *w, const char *format, const char *place)
{
	char url[256];
	snprintf(url, sizeof url, format, place);
	ck_assert_msg(wire_init(w, url, &error) == SGT_OK, "%s", error.text);
}

static void plug(struct wire *w, const char *format, const char *place)
{
	make(w, format, place);
	ck_assert_msg(wire_open(w, &error) == SGT_OK, "%s", error.text);
}

/* A broadcast with this text; returns its length. */
static size_t frame_of(unsigned char out[128], const char *text)
{
	memset(out, 0xff, 6);
	memcpy(out + 6, "\2smtp\1\x88\xb5", 8);
	size_t n = strlen(text) + 1;
	memcpy(out + 14, text, n);
	return 14 + n;
}

static bool hears(struct wire *w, const char *text)
{
	unsigned char got[WIRE_FRAME_MAX];
	struct pollfd p = {.fd = wire_fd(w), .events = POLLIN};
	while (poll(&p, 1, LONG) == 1) {
		long n = wire_recv(w, got, sizeof got);
		if (n < 0)
			return false;
		if (n > 14 && strcmp((char *)got + 14, text) == 0)
			return true;
	}
	return false;
}

static void say(struct wire *w, const char *text)
{
	unsigned char frame[128];
	size_t n = frame_of(frame, text);
	ck_assert_int_eq(wire_send(w, frame, n), 1);
}

static void look(const char *format, const char *place, enum sgt_state state, const char *cause)
{
	struct wire w;
	make(&w, format, place);
	wire_detect(&w, &report);
	ck_assert_msg(report.state == state, "state %d: %s", report.state, report.cause);
	ck_assert_msg(strstr(report.cause, cause), "\"%s\" lacks \"%s\"", report.cause, cause);
	ck_assert_msg(state == SGT_RUNNING || report.remedy[0], "no remedy for %s", report.cause);
	ck_assert_str_eq(report.detail, w.url);
	wire_free(&w);
}

/* Does what the remedy says, as an operator would. */
static void paste(const char *remedy)
{
	int status = system(remedy);
	ck_assert_msg(status == 0, "status %x of: %s", (unsigned)status, remedy);
}

static void wait_until_running(const char *dir)
{
	struct wire w;
	make(&w, "vde://%s", dir);
	for (int i = 0; i < LONG / 10; i++, usleep(10000)) {
		wire_detect(&w, &report);
		if (report.state == SGT_RUNNING)
			return;
	}
	ck_abort_msg("no switch after the remedy: %s", report.cause);
}

/* The switch that a remedy started in the background is found by its socket. */
static void end_switch(const char *dir)
{
	char command[256];
	snprintf(command, sizeof command,
		 "kill $(ss -xlpH | grep -F '%s/ctl' | sed 's/.*pid=\\([0-9]*\\).*/\\1/')", dir);
	paste(command);
}

/* Runs fn as an ordinary user without groups; its Check failures are ours. */
static void as_nobody(void (*fn)(void))
{
	int status;
	pid_t pid = fork();
	if (!pid) {
		if (setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
			_exit(2);
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
}

/* ---- frames ---- */

START_TEST(frames_cross_a_switch)
{
	struct wire a, b;
	vde_bed_open_plain(&bed, NULL);
	plug(&a, "%s", bed.url);
	plug(&b, "%s", bed.url);
	say(&a, "hallo");
	ck_assert(hears(&b, "hallo"));
	say(&b, "and back");
	ck_assert(hears(&a, "and back"));
	unsigned char none[64];
	ck_assert_int_eq(wire_recv(&a, none, sizeof none), 0);
	ck_assert(fcntl(a.data_fd, F_GETFD) & FD_CLOEXEC && fcntl(a.ctl_fd, F_GETFD) & FD_CLOEXEC);
	wire_free(&a);
	wire_free(&b);
}
END_TEST

/* The second wire stands in another process: the first one serves it. */
START_TEST(frames_cross_a_switch_of_ours)
{
	struct wire a, b;
	char dir[128];
	int status;
	snprintf(dir, sizeof dir, "%s/own", suite_scratch());
	plug(&a, "switch://%s", dir);
	pid_t pid = fork();
	if (!pid) {
		plug(&b, "vde://%s", dir);
		say(&b, "from a child");
		_exit(hears(&b, "from its parent") ? 0 : 1);
	}
	ck_assert(hears(&a, "from a child"));
	say(&a, "from its parent");
	unsigned char got[64];
	while (waitpid(pid, &status, WNOHANG) == 0)
		ck_assert_int_eq(wire_recv(&a, got, sizeof got), 0);
	ck_assert_int_eq(status, 0);
	/* All who looked and left are forgotten: nothing is left to serve. */
	struct pollfd p = {.fd = wire_fd(&a), .events = POLLIN};
	while (poll(&p, 1, 100) == 1)
		ck_assert_int_eq(wire_recv(&a, got, sizeof got), 0);
	wire_free(&a);
	suite_scratch_remove();
}
END_TEST

START_TEST(frames_cross_by_udp)
{
	struct wire a, b;
	char ab[64], ba[64];
	unsigned port = 10000 + (unsigned)getpid() % 10000; /* below those that the kernel gives */
	snprintf(ab, sizeof ab, "%u->127.0.0.1:%u", port, port + 10000);
	snprintf(ba, sizeof ba, "%u->127.0.0.1:%u", port + 10000, port);
	plug(&a, "udp://%s", ab);
	say(&a, "nobody is there yet");
	say(&a, "so this is lost");
	unsigned char none[64];
	ck_assert_int_eq(wire_recv(&a, none, sizeof none), 0);
	look("udp://%s", ab, SGT_NOT_RUNNING, "another program uses it");
	plug(&b, "udp://%s", ba);
	say(&a, "hallo");
	ck_assert(hears(&b, "hallo"));
	wire_free(&a);
	wire_free(&b);
}
END_TEST

/* A full queue is said, room wakes the poller, nothing blocks. */
START_TEST(full_queue)
{
	struct wire a;
	unsigned char frame[1514] = {0};
	vde_bed_open_plain(&bed, NULL);
	plug(&a, "%s", bed.url);
	memset(frame, 0xff, 6);
	frame[6] = 2;
	kill(bed.pid, SIGSTOP);
	int n = 0;
	while (n < 100000 && wire_send(&a, frame, sizeof frame) == 1)
		n++;
	ck_assert_int_lt(n, 100000);
	ck_assert_int_eq(wire_send(&a, frame, sizeof frame), 0);
	struct pollfd p = {.fd = wire_fd(&a), .events = POLLIN};
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	wire_want_room(&a, true);
	kill(bed.pid, SIGCONT);
	ck_assert_int_eq(poll(&p, 1, LONG), 1);
	ck_assert_int_eq(wire_send(&a, frame, sizeof frame), 1);
	wire_want_room(&a, false);
	wire_free(&a);
}
END_TEST

START_TEST(switch_dies)
{
	struct wire a;
	unsigned char got[64];
	vde_bed_open_plain(&bed, NULL);
	plug(&a, "%s", bed.url);
	struct pollfd p = {.fd = wire_fd(&a), .events = POLLIN};
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	vde_bed_cut(&bed);
	ck_assert_int_eq(poll(&p, 1, LONG), 1);
	ck_assert_int_eq(wire_recv(&a, got, sizeof got), WIRE_LOST);
	ck_assert_int_eq(wire_send(&a, "0123456789abcdef", 16), WIRE_LOST);
	wire_lost(&a, &error);
	ck_assert_int_eq(error.number, 123);
	ck_assert_ptr_nonnull(strstr(error.text, "died and left its files"));
	wire_close(&a);
	ck_assert_int_eq(wire_open(&a, &error), SGT_SOCKET);
	vde_bed_mend(&bed);
	ck_assert_msg(wire_open(&a, &error) == SGT_OK, "%s", error.text);
	say(&a, "again");
	wire_free(&a);
}
END_TEST

/* After a frame its end may be told by the second look only; the descriptor stays readable until then. */
START_TEST(switch_dies_behind_a_frame)
{
	struct wire a, b;
	unsigned char got[64];
	vde_bed_open_plain(&bed, NULL);
	plug(&a, "%s", bed.url);
	plug(&b, "%s", bed.url);
	say(&b, "one frame");
	ck_assert(hears(&a, "one frame"));
	vde_bed_cut(&bed);
	struct pollfd p = {.fd = wire_fd(&a), .events = POLLIN};
	long n = 0;
	for (int looks = 0; looks < 2 && !n; looks++) {
		ck_assert_int_eq(poll(&p, 1, LONG), 1);
		n = wire_recv(&a, got, sizeof got);
	}
	ck_assert_int_eq(n, WIRE_LOST);
	wire_free(&a);
	wire_free(&b);
}
END_TEST

/* ---- what detect says ---- */

START_TEST(no_switch)
{
	char dir[128];
	snprintf(dir, sizeof dir, "%s/a/sw", suite_scratch());
	look("vde://%s", dir, SGT_NOT_RUNNING, "no switch at ");
	paste(report.remedy);
	wait_until_running(dir);
	end_switch(dir);
	suite_scratch_remove();
}
END_TEST

START_TEST(remedy_is_the_manuals)
{
	if (geteuid() != 0)
		return;
	look("vde://%s", "/run/none.ctl", SGT_NOT_RUNNING, "no switch at /run/none.ctl");
	ck_assert_str_eq(report.remedy,
			 "vde_switch -sock /run/none.ctl -mod 660 -group vde2-net -daemon");
}
END_TEST

START_TEST(dead_switch_left_files)
{
	vde_bed_open_plain(&bed, NULL);
	vde_bed_cut(&bed);
	look("%s", bed.url, SGT_NOT_RUNNING, "died and left its files");
	paste(report.remedy);
	wait_until_running(bed.dir);
	end_switch(bed.dir);
}
END_TEST

START_TEST(switch_hangs)
{
	struct wire w;
	vde_bed_open_plain(&bed, NULL);
	kill(bed.pid, SIGSTOP);
	look("%s", bed.url, SGT_NOT_RUNNING, "does not answer");
	make(&w, "%s", bed.url);
	ck_assert_int_eq(wire_open(&w, &error), SGT_SOCKET);
	kill(bed.pid, SIGCONT);
	wait_until_running(bed.dir);
	wire_free(&w);
}
END_TEST

static int told[2]; /* by which that user's process tells us the remedy */

static void look_forbidden(void)
{
	look("%s", bed.url, SGT_FORBIDDEN, "a switch is at ");
	ck_assert_ptr_nonnull(strstr(report.cause, "(mode 0700, owner root) keep user nobody out"));
	struct wire w;
	make(&w, "%s", bed.url);
	ck_assert_int_eq(wire_open(&w, &error), SGT_DENIED);
	ck_assert(write(told[1], report.remedy, strlen(report.remedy)) > 0);
}

static void plug_and_talk(void)
{
	struct wire w;
	plug(&w, "%s", bed.url);
	say(&w, "hallo");
	wire_free(&w);
}

/* A switch started by root is closed to others; what the remedy says, done by root, lets this user in. */
START_TEST(switch_of_root)
{
	char remedy[SGT_TEXT_MAX] = "";
	if (geteuid() != 0)
		return;
	vde_bed_open_plain(&bed, NULL);
	ck_assert_int_eq(pipe(told), 0);
	as_nobody(look_forbidden);
	ck_assert(read(told[0], remedy, sizeof remedy - 1) > 0);
	paste(remedy);
	as_nobody(plug_and_talk);
}
END_TEST

START_TEST(place_taken)
{
	vde_bed_open_plain(&bed, NULL);
	look("switch://%s", bed.dir, SGT_NOT_RUNNING, "another switch runs at ");
	vde_bed_cut(&bed);
	look("switch://%s", bed.dir, SGT_NOT_RUNNING, "died and left its files");
	paste(report.remedy);
	look("switch://%s", bed.dir, SGT_RUNNING, "");
	look("switch://%s", "/tmp", SGT_NOT_RUNNING, "is there already");
	look("switch://%s", "/nowhere/at/all", SGT_NOT_RUNNING, "the folder /nowhere/at");
}
END_TEST

/* ---- TAP devices, in a namespace of their own ---- */

START_TEST(tap_device)
{
	struct wire w;
	unsigned char got[WIRE_FRAME_MAX];
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	look("tap://%s", "lo", SGT_NOT_RUNNING, "no TAP");
	look("tap://%s", "wire0", SGT_NOT_RUNNING, "there is no TAP device wire0");
	paste(report.remedy);
	look("tap://%s", "wire0", SGT_RUNNING, "");
	make(&w, "tap://%s", "wire0");
	ck_assert_msg(wire_prepare(&w, &error) == SGT_OK, "%s", error.text);
	ck_assert_msg(wire_open(&w, &error) == SGT_OK, "%s", error.text);
	say(&w, "hallo");
	ck_assert(netdev_bytes(0, "wire0") > 0);
	wire_close(&w);
	ck_assert_msg(wire_open(&w, &error) == SGT_OK, "%s", error.text);
	paste("ip link set wire0 down");
	while (wire_recv(&w, got, sizeof got) > 0)
		;
	ck_assert_int_eq(wire_send(&w, got, 64), WIRE_LOST);
	wire_lost(&w, &error);
	ck_assert_str_eq(error.text, "the TAP device wire0 is down");
	paste(error.remedy);
	wire_close(&w);
	ck_assert_msg(wire_open(&w, &error) == SGT_OK, "%s", error.text);
	paste("ip link del wire0");
	ck_assert_int_eq(wire_recv(&w, got, sizeof got), WIRE_LOST);
	wire_free(&w);
}
END_TEST

static void look_at_tun(void)
{
	look("tap://%s", "wire0", SGT_FORBIDDEN, "rights forbid user nobody to open /dev/net/tun");
}

START_TEST(tap_forbidden)
{
	struct stat st;
	if (geteuid() == 0 && stat("/dev/net/tun", &st) == 0 && !(st.st_mode & S_IWOTH))
		as_nobody(look_at_tun);
}
END_TEST

/* ---- URLs ---- */

static const char *const bad_urls[] = {
	"",
	"vde",
	"vde://",
	"vde:///",
	"vde://relative",
	"vde:///run/with blank",
	"vde:///run/$(reboot)",
	"vde:///run/vde.ctl/",
	"vde:///0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/12345",
	"tap://",
	"tap://-x",
	"tap://a/b",
	"tap://sixteen-letters-",
	"udp://7001",
	"udp://7001->",
	"udp://7001->host:7002",
	"udp://7001->192.0.2.1:0",
	"udp://70010->192.0.2.1:7002",
	"udp://->192.0.2.1:7002",
	"udp://7001->192.0.2.1:",
	"switch://x",
	"http://example.net/",
};

START_TEST(bad_url)
{
	struct wire w;
	ck_assert_int_eq(wire_init(&w, bad_urls[_i], &error), SGT_BAD_SETTING);
	ck_assert_msg(strncmp(error.text, "network = ", 10) == 0, "%s", error.text);
	wire_free(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/support_wire");
	SUITE_CASE(s, "frames", frames_cross_a_switch, frames_cross_a_switch_of_ours,
		   frames_cross_by_udp, full_queue, switch_dies, switch_dies_behind_a_frame);
	SUITE_CASE(s, "detect", no_switch, remedy_is_the_manuals, dead_switch_left_files,
		   switch_hangs, switch_of_root, place_taken);
	SUITE_CASE(s, "tap", tap_device, tap_forbidden);
	TCase *tc = tcase_create("urls");
	tcase_add_loop_test(tc, bad_url, 0, sizeof bad_urls / sizeof *bad_urls);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
