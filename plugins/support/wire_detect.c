/*
 * Could a wire be opened, and if not, why and what helps? Looks at files, sockets and devices, and leaves them as they
 * are: a switch is greeted and left again without a word.
 *
 * A remedy is for whoever can do it: root, or this user where the place is this user's.
 */
#include "support/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SWITCH_GROUP "vde2-net" /* of Debian's vde2 */
#define PERSON_MAX 33           /* a user's or group's name */

static void __attribute__((format(printf, 3, 4)))
trouble(struct sgt_report *r, enum sgt_state state, const char *cause, ...)
{
	va_list args;
	r->state = state;
	va_start(args, cause);
	vsnprintf(r->cause, sizeof r->cause, cause, args);
	va_end(args);
}

static void __attribute__((format(printf, 2, 3)))
remedy(struct sgt_report *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(r->remedy, sizeof r->remedy, format, args);
	va_end(args);
}

/* ---- who we are ---- */

static void user_name(uid_t uid, char out[PERSON_MAX])
{
	char room[1024];
	struct passwd entry, *found = NULL;
	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found)
		snprintf(out, PERSON_MAX, "%.32s", found->pw_name);
	else
		snprintf(out, PERSON_MAX, "%lu", (unsigned long)uid);
}

static bool in_group(gid_t gid)
{
	gid_t all[256];
	int n = getgroups(sizeof all / sizeof *all, all);
	if (getegid() == gid)
		return true;
	for (int i = 0; i < n; i++)
		if (all[i] == gid)
			return true;
	return false;
}

/* A group that lets us in and that whoever starts the switch may give it: the switches' own, else ours. */
static void group_name(char out[PERSON_MAX])
{
	char room[4096];
	struct group entry, *found = NULL;
	if (getgrnam_r(SWITCH_GROUP, &entry, room, sizeof room, &found) == 0 && found &&
	    (geteuid() == 0 || in_group(found->gr_gid))) {
		snprintf(out, PERSON_MAX, "%s", SWITCH_GROUP);
		return;
	}
	found = NULL;
	if (getgrgid_r(getegid(), &entry, room, sizeof room, &found) == 0 && found)
		snprintf(out, PERSON_MAX, "%.32s", found->gr_name);
	else
		snprintf(out, PERSON_MAX, "%lu", (unsigned long)getegid());
}

/* ---- folders ---- */

/* The folder above; "/" at the top. */
static void parent_of(const char *path, char out[WIRE_PLACE_MAX + 1])
{
	const char *slash = strrchr(path, '/');
	int n = slash == path ? 1 : (int)(slash - path);
	snprintf(out, WIRE_PLACE_MAX + 1, "%.*s", n, path);
}

/* The first folder above path that we may not search; false: there is none. */
static bool closed_above(const char *path, char out[WIRE_PLACE_MAX + 1])
{
	char part[WIRE_PLACE_MAX + 1];
	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS) == 0 || errno != EACCES)
			continue;
		memcpy(out, part, sizeof part);
		return true;
	}
	return false;
}

static bool look_above(const char *path, struct sgt_report *r)
{
	char user[PERSON_MAX], folder[WIRE_PLACE_MAX + 1];
	if (!closed_above(path, folder))
		return true;
	user_name(geteuid(), user);
	trouble(r, SGT_FORBIDDEN, "rights forbid user %s to look for a switch below %s", user,
		folder);
	remedy(r, "chmod o+x %s", folder);
	return false;
}

static void no_switch(const struct wire *w, struct sgt_report *r, bool stale)
{
	char group[PERSON_MAX], above[WIRE_PLACE_MAX + 1], first[WIRE_PLACE_MAX + 24] = "";
	parent_of(w->place, above);
	if (stale)
		snprintf(first, sizeof first, "rm -r %s && ", w->place);
	else if (access(above, F_OK) < 0)
		snprintf(first, sizeof first, "mkdir -p %s && ", above);
	group_name(group);
	if (stale)
		trouble(r, SGT_NOT_RUNNING, "the switch at %s died and left its files", w->place);
	else
		trouble(r, SGT_NOT_RUNNING, "no switch at %s", w->place);
	remedy(r, "%svde_switch -sock %s -mod 660 -group %s -daemon", first, w->place, group);
}

/* ---- switches ---- */

/* It is there, and rights keep us from it. */
static void closed(const struct wire *w, struct sgt_report *r)
{
	char user[PERSON_MAX], owner[PERSON_MAX] = "another user", group[PERSON_MAX];
	struct stat st = {.st_mode = 0};
	if (stat(w->place, &st) == 0)
		user_name(st.st_uid, owner);
	user_name(geteuid(), user);
	group_name(group);
	trouble(r, SGT_FORBIDDEN,
		"a switch is at %s, but its rights (mode %04o, owner %s) keep user %s out",
		w->place, (unsigned)st.st_mode & 07777u & ~(unsigned)S_ISGID, owner, user);
	remedy(r, "(cd %s && chgrp %s . ctl && chmod 770 . && chmod 660 ctl)    # as %s", w->place,
	       group, owner);
}

static void hangs(const struct wire *w, struct sgt_report *r)
{
	trouble(r, SGT_NOT_RUNNING, "the switch at %s does not answer (its process hangs)",
		w->place);
	remedy(r, "ss -xlp | grep %s/ctl    # names the process: end it and start the switch anew",
	       w->place);
}

/* A connection to the switch in DIR, or -errno. */
static int greet(const char *dir)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	snprintf(sun.sun_path, sizeof sun.sun_path, "%s/ctl", dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	int e = errno;
	close(fd);
	return -e;
}

/* What a plug says first to a switch (vde's protocol, version 3); here with no socket of its own for frames. */
struct greeting {
	uint32_t magic, version, type;
	struct sockaddr_un frames;
	char description[16];
} __attribute__((packed));

/*
 * Greets as a plug does and waits for any answer. vde_switch looks for the socket for frames, finds none, says so in its
 * log and hangs up: no port was made. Saying nothing would be simpler, but a switch inside of libvdeplug (switch://) spins
 * for ever on a connection that ends unsaid.
 */
static bool answers(int fd, int patience_ms)
{
	struct greeting hello = {.magic = 0xfeedface,
				 .version = 3,
				 .frames = {.sun_family = AF_UNIX},
				 .description = "smtpgate detect"};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char reply[sizeof(struct sockaddr_un)];
	int n = 0;
	int e = send(fd, &hello, sizeof hello, MSG_NOSIGNAL) < 0 ? errno : 0;
	while (!e && (n = poll(&p, 1, patience_ms)) < 0 && errno == EINTR)
		;
	bool some = e ? e != EAGAIN : n == 1;
	while (some && recv(fd, reply, sizeof reply, 0) > 0)
		; /* what is left unread makes a reset of the end */
	return some;
}

static void look_at_switch(const struct wire *w, int patience_ms, struct sgt_report *r)
{
	if (!look_above(w->place, r))
		return;
	int fd = greet(w->place);
	if (fd >= 0) {
		if (!answers(fd, patience_ms))
			hangs(w, r);
		close(fd);
		return;
	}
	switch (-fd) {
	case ENOENT:
	case ENOTDIR:
		no_switch(w, r, false);
		break;
	case ECONNREFUSED:
		no_switch(w, r, true);
		break;
	case EACCES:
	case EPERM:
		closed(w, r);
		break;
	case EAGAIN:
		hangs(w, r);
		break;
	default:
		trouble(r, SGT_NOT_RUNNING, "%s/ctl: %s", w->place, strerrordesc_np(-fd));
	}
}

/* Something is at the place of a switch of our own already, which libvdeplug wants to make by itself. */
static void occupied(const struct wire *w, struct sgt_report *r)
{
	int fd = greet(w->place);
	bool runs = fd == -EAGAIN || (fd >= 0 && answers(fd, WIRE_GLANCE));
	if (fd >= 0)
		close(fd);
	if (runs) {
		trouble(r, SGT_NOT_RUNNING, "another switch runs at %s already", w->place);
		remedy(r, "network = vde://%s    ; to join it", w->place);
	} else if (fd == -ECONNREFUSED) {
		no_switch(w, r, true);
		remedy(r, "rm -r %s", w->place);
	} else {
		trouble(r, SGT_NOT_RUNNING,
			"%s is there already: the switch makes its folder itself", w->place);
		remedy(r, "rmdir %s", w->place);
	}
}

static void look_at_place(const struct wire *w, struct sgt_report *r)
{
	char above[WIRE_PLACE_MAX + 1], user[PERSON_MAX];
	if (!look_above(w->place, r))
		return;
	parent_of(w->place, above);
	if (access(w->place, F_OK) == 0) {
		occupied(w, r);
	} else if (access(above, F_OK) < 0) {
		trouble(r, SGT_NOT_RUNNING, "the folder %s for the switch is missing", above);
		remedy(r, "mkdir -p %s", above);
	} else if (faccessat(AT_FDCWD, above, W_OK | X_OK, AT_EACCESS) < 0) {
		user_name(geteuid(), user);
		trouble(r, SGT_FORBIDDEN, "rights forbid user %s to make a switch in %s", user,
			above);
		remedy(r, "mkdir %s/%s && chown %s %s/%s    # and network = switch://%s/%s/sw",
		       above, user, user, above, user, above, user);
	}
}

/* ---- devices ---- */

/* Flags of a device, or -errno. */
static int flags_of(int fd, const char *name)
{
	struct ifreq r;
	memset(&r, 0, sizeof r);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%.15s", name);
	return ioctl(fd, SIOCGIFFLAGS, &r) < 0 ? -errno : r.ifr_flags;
}

/* The driver of TUN and TAP says which of them a device is. */
static bool is_tap(int fd, const char *name)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r;
	memset(&r, 0, sizeof r);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%.15s", name);
	r.ifr_data = (char *)&info;
	return ioctl(fd, SIOCETHTOOL, &r) == 0 && strcmp(info.bus_info, "tap") == 0;
}

static void look_at_device(const struct wire *w, const char *user, struct sgt_report *r)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int flags = flags_of(fd, w->place);
	if (flags < 0) {
		trouble(r, SGT_NOT_RUNNING, "there is no TAP device %s", w->place);
		remedy(r, "ip tuntap add dev %s mode tap user %s && ip link set %s up", w->place,
		       user, w->place);
	} else if (!is_tap(fd, w->place)) {
		trouble(r, SGT_NOT_RUNNING, "%s is a network device, but no TAP", w->place);
		remedy(r, "ip -d link show type tun    # the TAP devices of this machine");
	} else if (!(flags & IFF_UP)) {
		trouble(r, SGT_NOT_RUNNING, "the TAP device %s is down", w->place);
		remedy(r, "ip link set %s up", w->place);
	}
	close(fd);
}

static void look_at_tap(const struct wire *w, struct sgt_report *r)
{
	char user[PERSON_MAX];
	user_name(geteuid(), user);
	if (!w->conn && access("/dev/net/tun", F_OK) < 0) {
		trouble(r, SGT_ABSENT, "this machine has no TAP devices: /dev/net/tun is missing");
		remedy(r, "modprobe tun");
	} else if (!w->conn && faccessat(AT_FDCWD, "/dev/net/tun", R_OK | W_OK, AT_EACCESS) < 0) {
		trouble(r, SGT_FORBIDDEN, "rights forbid user %s to open /dev/net/tun", user);
		remedy(r, "chmod 666 /dev/net/tun");
	} else {
		look_at_device(w, user, r);
	}
}

/* Is our port of a wire by UDP free? */
static void look_at_udp(const struct wire *w, struct sgt_report *r)
{
	uint16_t port = (uint16_t)strtoul(w->place, NULL, 10);
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), e = 0;
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
		e = errno;
	if (fd >= 0)
		close(fd);
	if (!e)
		return;
	trouble(r, e == EACCES ? SGT_FORBIDDEN : SGT_NOT_RUNNING, "%s: UDP port %s: %s", w->url,
		w->place, e == EADDRINUSE ? "another program uses it" : strerrordesc_np(e));
	remedy(r, "ss -lunp 'sport = :%s'    # as root: names who it is", w->place);
}

void wire_look(const struct wire *w, int patience_ms, struct sgt_report *report)
{
	memset(report, 0, sizeof *report);
	report->state = SGT_RUNNING;
	snprintf(report->detail, sizeof report->detail, "%s", w->url);
	if (w->kind == WIRE_TAP)
		look_at_tap(w, report);
	else if (w->conn)
		return;
	else if (w->kind == WIRE_VDE)
		look_at_switch(w, patience_ms, report);
	else if (w->kind == WIRE_UDP)
		look_at_udp(w, report);
	else
		look_at_place(w, report);
}

void wire_detect(const struct wire *w, struct sgt_report *report)
{
	wire_look(w, WIRE_GLANCE, report);
}
