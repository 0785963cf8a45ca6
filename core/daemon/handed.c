/* Descriptors at the start of the process: see handed.h. */
#include "daemon/handed.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t announced(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	if (!pid || !count || strtol(pid, NULL, 10) != (long)getpid())
		return 0;
	long n = strtol(count, NULL, 10);
	return n > 0 ? (size_t)n : 0;
}

static void name_all(struct handed *h)
{
	const char *names = getenv("LISTEN_FDNAMES");
	char *at = h->names;
	text_copy(h->names, sizeof h->names, names ? names : "");
	for (size_t i = 0; i < h->count; i++) {
		h->fds[i].name = at;
		at += strcspn(at, ":");
		if (*at)
			*at++ = '\0';
	}
}

enum result handed_take(struct handed *h, struct err *err)
{
	enum result r = OK;
	memset(h, 0, sizeof *h);
	size_t n = announced();
	if (n > HANDED_MAX)
		r = err_set(err, E_LIMIT, "LISTEN_FDS = %zu: at most %d descriptors are taken", n,
			    HANDED_MAX);
	for (size_t i = 0; r == OK && i < n; i++) {
		int fd = HANDED_FIRST + (int)i;
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
			r = err_set(err, E_RANGE, "LISTEN_FDS = %zu, but descriptor %d is not open",
				    n, fd);
		else
			h->fds[h->count++].fd = fd;
	}
	name_all(h);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return r;
}

void handed_close_others(const struct handed *h)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", O_RDWR); /* the lowest free number: this one */
	close_range(HANDED_FIRST + (unsigned)h->count, ~0u, 0);
}

void handed_raise_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}
