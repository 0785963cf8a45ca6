/* Messages, most with a descriptor: see nvl_talk.h. Linked into the module and into its helper. */
#include "nvl/nvl_talk.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

bool nvl_refuse(struct nvl_word *why, enum sgt_state state, const char *remedy, const char *cause,
		...)
{
	va_list args;
	why->op = NVL_REFUSED;
	why->code = (int32_t)state;
	va_start(args, cause);
	vsnprintf(why->cause, sizeof why->cause, cause, args);
	va_end(args);
	snprintf(why->remedy, sizeof why->remedy, "%s", remedy);
	return false;
}

union one_descriptor {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int nvl_talk_send(int s, const void *message, size_t len, int fd)
{
	union one_descriptor control;
	struct iovec io = {.iov_len = len};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
	memcpy(&io.iov_base, &message, sizeof message); /* iovec knows no const */
	if (fd >= 0) {
		memset(&control, 0, sizeof control);
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof control.bytes;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS,
				      .cmsg_len = CMSG_LEN(sizeof fd)};
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(s, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno : 0;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 0 when there is something to receive, else an errno. A signal does not end the wait. */
static int wait_for(int s, int ms)
{
	int64_t end = now_ms() + ms;
	struct pollfd p = {.fd = s, .events = POLLIN};
	int n;
	do {
		int64_t left = end - now_ms();
		n = poll(&p, 1, ms < 0 ? -1 : left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : n < 0 ? errno : ETIMEDOUT;
}

static int descriptor_of(struct msghdr *m)
{
	int fd = -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

ssize_t nvl_talk_receive(int s, void *message, size_t len, int *fd, int ms)
{
	union one_descriptor control;
	struct iovec io = {.iov_base = message, .iov_len = len};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
	if (fd) {
		*fd = -1;
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof control.bytes;
	}
	int e = wait_for(s, ms);
	if (e)
		return -e;
	ssize_t n = recvmsg(s, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT | (fd ? 0 : MSG_PEEK));
	if (n < 0)
		return -errno;
	if (fd)
		*fd = descriptor_of(&m);
	return n;
}
