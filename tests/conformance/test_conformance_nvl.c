/*
 * nvl in the conformance suite: in its loopback mode, against a second stack of the same section, as whoever runs the test
 * and as an ordinary user; and over a virtual Ethernet, against the kernel of another namespace and against another nvl, also as
 * an ordinary user.
 */
#include "conformance/check.h"
#include "conformance/vde_bed.h"
#include "support/children.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SESSIONS 1000u

extern const struct sgt_module SGT_MODULE(nvl);

/* ---- loopback ---- */

/* An address of the loopback device's IPv6 network that nobody has: what is sent there comes back, and is dropped. */
static const struct conformance_setting loopback[] = {
	{"network", "loopback"}, {"address", "fd77::45/64"}, {NULL, NULL}};
#define DEAD_IN_LOOPBACK "[fd77::99]:25"

/* What the loopback device of the private network, where our child's child is, has counted. */
static uint64_t loopback_bytes(const struct conformance_bed *bed)
{
	char path[64], line[512];
	unsigned long long in = 0;
	(void)bed;
	snprintf(path, sizeof path, "/proc/%d/net/dev",
		 child_of(child_of(getpid(), "nvl-helper"), NULL));
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, " lo: %llu", &in) == 1)
			break;
	if (f)
		fclose(f);
	return 2 * in; /* all that it sent it received */
}

static void common_bed(struct conformance_bed *bed)
{
	*bed = (struct conformance_bed){
		.module = &SGT_MODULE(nvl),
		.peer = &conformance_peer_twin,
		.bulk = 1024 * 1024,
		.network_max = 24 * 1024 * 1024, /* tcp_rmem and tcp_wmem at their largest */
		.memory_max = 65536,
		.idle_max = 1024,
		.sessions = SESSIONS,
	};
}

static void loopback_bed(struct conformance_bed *bed)
{
	common_bed(bed);
	bed->name = "nvl in loopback";
	bed->settings = bed->peer_settings = loopback;
	bed->host = bed->peer_host = "127.0.0.1";
	bed->host6 = bed->peer_host6 = "[::1]";
	bed->dead = DEAD_IN_LOOPBACK;
	bed->crossed = loopback_bytes;
}

/* The build folder may be closed to others: the helper goes to a place that is not. */
static void lend_helper(void)
{
	char command[512], path[200];
	snprintf(path, sizeof path, "%.160s/nvl-helper", suite_scratch());
	snprintf(command, sizeof command, "install -m 755 '%s' '%s'", getenv("SMTPGATE_NVL_HELPER"),
		 path);
	if (system(command) != 0 || chmod(suite_scratch(), 0755) != 0 ||
	    setenv("SMTPGATE_NVL_HELPER", path, 1) != 0)
		abort();
}

static void user_bed(struct conformance_bed *bed)
{
	loopback_bed(bed);
	bed->name = "nvl in loopback, as an ordinary user";
	conformance_become_user();
}

/* ---- Ethernet ---- */

static struct vde_bed ethernet; /* each test is a process, and has its own */

static const struct conformance_setting on_ethernet[] = {
	{"network", ethernet.url}, {"address", "10.77.0.45/24, fd77::45/64"}, {NULL, NULL}};
static const struct conformance_setting twin_on_ethernet[] = {
	{"network", ethernet.url}, {"address", "10.77.0.145/24, fd77::145/64"}, {NULL, NULL}};

static void ethernet_bed(struct conformance_bed *bed)
{
	common_bed(bed);
	vde_bed_to_kernel(bed, &ethernet);
	bed->name = "nvl over vde";
	bed->settings = on_ethernet;
	bed->host = "10.77.0.45";
	bed->host6 = "[fd77::45]";
	bed->peer_settings = twin_on_ethernet;
}

static struct peer *holder; /* of the full queue, as long as the process lives */

static void let_go(void)
{
	conformance_peer_kernel.close(holder);
}

/* A full queue in the kernel's namespace. */
static const char *hole(const struct conformance_bed *bed)
{
	static char address[SGT_ADDRESS_MAX];
	holder = conformance_peer_kernel.open(bed, NULL);
	ck_assert_ptr_nonnull(holder);
	atexit(let_go);
	ck_assert(conformance_peer_kernel.hole(holder, VDE_BED_HOST, address));
	return address;
}

static void twin_bed(struct conformance_bed *bed)
{
	ethernet_bed(bed);
	bed->name = "nvl over vde, to another nvl";
	bed->dead = hole(bed);
	bed->peer = &conformance_peer_twin;
	bed->peer_host = "10.77.0.145";
	bed->peer_host6 = "[fd77::145]";
	bed->crossed = vde_bed_switched; /* their frames do not pass the kernel's device */
}

/* ---- Ethernet, as an ordinary user ---- */

/* By way of the other one, which forwards nothing and does not say so. */
static const struct conformance_setting with_a_hole[] = {{"network", ethernet.url},
							 {"address", "10.77.0.45/24, fd77::45/64"},
							 {"gateway", "10.77.0.145"},
							 {NULL, NULL}};
#define DEAD_BEHIND_THE_GATEWAY "192.0.2.1:25"

/* The switch is his, too. */
static void users_ethernet_bed(struct conformance_bed *bed)
{
	common_bed(bed);
	vde_bed_to_twin(bed, &ethernet, "10.77.0.145");
	bed->name = "nvl over vde, to another nvl, as an ordinary user";
	bed->settings = with_a_hole;
	bed->host = "10.77.0.45";
	bed->host6 = "[fd77::45]";
	bed->peer_host6 = "[fd77::145]";
	bed->peer_settings = twin_on_ethernet;
	bed->dead = DEAD_BEHIND_THE_GATEWAY;
}

/* Of this process alone, a /dev/net/tun that is open to all, as Debian's is and a container's may not be. */
static void open_tun(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount("none", "/dev/net", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mknod("/dev/net/tun", S_IFCHR, makedev(10, 200)), 0);
	ck_assert_int_eq(chmod("/dev/net/tun", 0666), 0);
}

static void become_user_bed(struct conformance_bed *bed)
{
	open_tun();
	conformance_become_user();
	users_ethernet_bed(bed);
}

static void add_users_own(Suite *s)
{
	printf("over vde only to another nvl: the other bed is root's to make\n");
	if (access("/dev/net/tun", R_OK | W_OK) == 0)
		conformance_add(s, users_ethernet_bed);
	else
		printf("and not that: /dev/net/tun is closed to this user\n");
}

static Suite *suite(void)
{
	Suite *s = suite_create("conformance/nvl");
	conformance_add(s, loopback_bed);
	if (geteuid() != 0) {
		add_users_own(s);
		return s;
	}
	lend_helper();
	conformance_add(s, user_bed);
	conformance_add(s, ethernet_bed);
	conformance_add(s, twin_bed);
	conformance_add(s, become_user_bed);
	return s;
}

int main(void)
{
	int status = suite_run(suite());
	suite_scratch_remove();
	return status;
}
