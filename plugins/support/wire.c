/* Wires: see wire.h. What could hinder one is looked at in wire_detect.c. */
#include "support/wire.h"
#include "support/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libvdeplug.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVED 64 /* rounds of a switch of our own before others have their turn */

/* ---- URLs ---- */

static const char schemes[][10] = {
	[WIRE_VDE] = "vde://",
	[WIRE_TAP] = "tap://",
	[WIRE_UDP] = "udp://",
	[WIRE_SWITCH] = "switch://",
};

static enum sgt_result bad(struct sgt_error *error, const char *url, const char *why)
{
	error_set(error, SGT_BAD_SETTING, "network = %.100s: %s", url, why);
	return SGT_BAD_SETTING;
}

/* A path that may stand in a command without quotes. */
static bool is_path(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"/._-+@:,=");
	return text[0] == '/' && text[1] && !text[n] && text[n - 1] != '/';
}

static bool is_device(const char *text)
{
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	return n && !text[n] && n < IFNAMSIZ && text[0] != '-' && text[0] != '.';
}

static bool is_port(const char *text, size_t n)
{
	char digits[6] = "";
	if (!n || n > 5 || strspn(text, "0123456789") != n)
		return false;
	memcpy(digits, text, n);
	unsigned long port = strtoul(digits, NULL, 10);
	return port && port <= 65535;
}

/* PORT->HOST:PORT; leaves our port in place. */
static bool read_udp(struct wire *w, const char *text)
{
	char host[INET_ADDRSTRLEN] = "";
	struct in_addr in;
	const char *arrow = strstr(text, "->"), *colon = arrow ? strrchr(arrow, ':') : NULL;
	if (!colon || !is_port(text, (size_t)(arrow - text)) ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    !is_port(colon + 1, strlen(colon + 1)))
		return false;
	size_t n = (size_t)(colon - arrow) - 2;
	if (!n || n >= sizeof host)
		return false;
	memcpy(host, arrow + 2, n);
	snprintf(w->place, sizeof w->place, "%.*s", (int)(arrow - text), text);
	return inet_pton(AF_INET, host, &in) == 1;
}

static enum sgt_result read_place(struct wire *w, const char *url, struct sgt_error *error)
{
	const char *rest = url + strlen(schemes[w->kind]);
	if (w->kind == WIRE_UDP)
		return read_udp(w, rest) ? SGT_OK
					 : bad(error, url,
					       "write udp://PORT->ADDRESS:PORT, as in "
					       "udp://7001->192.0.2.1:7002");
	if (w->kind == WIRE_TAP && !is_device(rest))
		return bad(error, url, "not the name of a network device");
	if (w->kind != WIRE_TAP && !is_path(rest))
		return bad(error, url,
			   "needs the folder of the switch, a whole path without blanks, as in "
			   "vde:///run/vde.ctl");
	if (strlen(rest) > WIRE_PLACE_MAX)
		return bad(error, url, "the path is longer than 80 characters");
	memcpy(w->place, rest, strlen(rest) + 1);
	return SGT_OK;
}

enum sgt_result wire_init(struct wire *w, const char *url, struct sgt_error *error)
{
	memset(w, 0, sizeof *w);
	w->fd = w->data_fd = w->ctl_fd = -1;
	snprintf(w->name, sizeof w->name, "smtpgate");
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (strncmp(url, schemes[i], strlen(schemes[i])) != 0)
			continue;
		w->kind = (enum wire_kind)i;
		enum sgt_result r = read_place(w, url, error);
		if (r == SGT_OK)
			snprintf(w->url, sizeof w->url, "%s", url);
		return r;
	}
	return bad(error, url,
		   "is none of vde://FOLDER, tap://DEVICE, udp://PORT->ADDRESS:PORT, "
		   "switch://FOLDER");
}

/* ---- opening and closing ---- */

static void drop(struct wire *w)
{
	if (w->conn)
		vde_close(w->conn);
	w->conn = NULL;
	w->data_fd = w->ctl_fd = -1;
}

static enum sgt_result plug(struct wire *w, struct sgt_error *error)
{
	char url[sizeof w->url];
	struct sgt_report report;
	memcpy(url, w->url, sizeof url);
	wire_look(w, WIRE_PATIENCE, &report);
	if (report.state != SGT_RUNNING) {
		error_set(error, report.state == SGT_FORBIDDEN ? SGT_DENIED : SGT_SOCKET, "%s",
			  report.cause);
		error_remedy(error, "%s", report.remedy);
		return error->result;
	}
	w->conn = vde_open(url, w->name, NULL);
	if (!w->conn)
		return error_errno(error, ERROR_SOCKET, errno ? errno : EIO, w->url);
	w->data_fd = vde_datafd(w->conn);
	w->ctl_fd = vde_ctlfd(w->conn);
	fcntl(w->data_fd, F_SETFD, FD_CLOEXEC);
	fcntl(w->data_fd, F_SETFL, O_RDWR | O_NONBLOCK);
	if (w->ctl_fd >= 0)
		fcntl(w->ctl_fd, F_SETFD, FD_CLOEXEC);
	return SGT_OK;
}

enum sgt_result wire_prepare(struct wire *w, struct sgt_error *error)
{
	return w->kind == WIRE_TAP && !w->conn ? plug(w, error) : SGT_OK;
}

static int watch(struct wire *w)
{
	struct epoll_event data = {.events = EPOLLIN}, ctl = {.events = EPOLLIN | EPOLLRDHUP};
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->fd < 0 || epoll_ctl(w->fd, EPOLL_CTL_ADD, w->data_fd, &data) < 0)
		return errno;
	if (w->ctl_fd >= 0 && epoll_ctl(w->fd, EPOLL_CTL_ADD, w->ctl_fd, &ctl) < 0)
		return errno;
	return 0;
}

enum sgt_result wire_open(struct wire *w, struct sgt_error *error)
{
	struct sgt_report report;
	if (w->conn) { /* a TAP that was kept: its device may be gone or down */
		wire_look(w, WIRE_PATIENCE, &report);
		if (report.state != SGT_RUNNING)
			drop(w);
	}
	enum sgt_result r = w->conn ? SGT_OK : plug(w, error);
	if (r != SGT_OK)
		return r;
	int e = watch(w);
	if (!e)
		return SGT_OK;
	wire_close(w);
	return error_errno(error, ERROR_SOCKET, e, w->url);
}

void wire_close(struct wire *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	if (w->kind != WIRE_TAP)
		drop(w);
}

void wire_free(struct wire *w)
{
	wire_close(w);
	drop(w);
}

/* ---- frames ---- */

/* The control connection of a switch ends with the switch. */
static bool switch_ended(const struct wire *w)
{
	struct pollfd p = {.fd = w->ctl_fd, .events = POLLIN | POLLRDHUP};
	return w->ctl_fd >= 0 && poll(&p, 1, 0) == 1;
}

static bool waits(const struct wire *w)
{
	struct pollfd p = {.fd = w->data_fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

/* A switch of our own works inside of recv, which waits without a limit when it has nothing to do. */
static long serve(struct wire *w, void *frame, size_t size)
{
	for (int i = 0; i < SERVED && waits(w); i++) {
		ssize_t n = vde_recv(w->conn, frame, size, 0);
		if (n > 1) /* 0 and 1: others' business */
			return n;
	}
	return 0;
}

/* Nothing is there now. After a frame, that was what the wait was for, and an end of the switch ends the next wait at once. */
static long none_waits(struct wire *w)
{
	bool got = w->got;
	w->got = false;
	return !got && switch_ended(w) ? WIRE_LOST : 0;
}

long wire_recv(struct wire *w, void *frame, size_t size)
{
	if (w->kind == WIRE_SWITCH)
		return serve(w, frame, size);
	ssize_t n = vde_recv(w->conn, frame, size, MSG_DONTWAIT);
	if (n > 1) {
		w->got = true;
		return n;
	}
	int e = n < 0 ? errno : EAGAIN;
	if (e == EAGAIN || e == EINTR)
		return none_waits(w);
	return w->kind == WIRE_UDP ? 0 : WIRE_LOST; /* udp: an answer to what we sent before */
}

int wire_send(struct wire *w, const void *frame, size_t len)
{
	ssize_t n = vde_send(w->conn, frame, len, MSG_DONTWAIT);
	if (n >= 0)
		return 1;
	int e = errno;
	if (e == EAGAIN || e == ENOBUFS)
		return w->kind == WIRE_SWITCH ? 1 : 0;
	if (w->kind == WIRE_UDP || w->kind == WIRE_SWITCH || e == EMSGSIZE || e == EINVAL ||
	    e == EINTR)
		return 1;
	return WIRE_LOST;
}

void wire_want_room(struct wire *w, bool want)
{
	struct epoll_event data = {.events = EPOLLIN | (want ? (uint32_t)EPOLLOUT : 0u)};
	epoll_ctl(w->fd, EPOLL_CTL_MOD, w->data_fd, &data);
}

void wire_lost(const struct wire *w, struct sgt_error *error)
{
	struct sgt_report report;
	struct wire other = *w; /* as one that is not open */
	other.conn = NULL;
	wire_look(&other, WIRE_GLANCE, &report);
	if (report.state == SGT_RUNNING) /* it is back already */
		error_set(error, SGT_SOCKET, "the virtual Ethernet %s was lost", w->url);
	else
		error_set(error, SGT_SOCKET, "%s", report.cause);
	error_remedy(error, "%s", report.remedy);
}
