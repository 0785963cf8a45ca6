/* sd_notify by hand: see notify.h. A datagram never blocks and its loss never fails the gateway. */
#include "daemon/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static bool find(struct sockaddr_un *un, socklen_t *len)
{
	const char *path = getenv("NOTIFY_SOCKET");
	if (!path || (path[0] != '/' && path[0] != '@') || !path[1])
		return false;
	size_t n = strlen(path);
	if (n >= sizeof un->sun_path)
		return false;
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(un->sun_path, path, n);
	if (path[0] == '@')
		un->sun_path[0] = '\0'; /* abstract: no file, and no NUL at its end */
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (path[0] == '/'));
	return true;
}

bool notify_wanted(void)
{
	struct sockaddr_un un;
	socklen_t len;
	return find(&un, &len);
}

bool notify_send(const char *format, ...)
{
	struct sockaddr_un un;
	socklen_t len;
	char text[1024];
	if (!find(&un, &len))
		return false;
	va_list ap;
	va_start(ap, format);
	int n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	size_t size = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ssize_t sent =
		sendto(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&un, len);
	close(fd);
	return sent == (ssize_t)size;
}

void notify_ready(const char *status)
{
	notify_send("READY=1\nMAINPID=%ld\nSTATUS=%s", (long)getpid(), status);
}

void notify_reloading(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_send("RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the configuration",
		    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_stopping(void)
{
	notify_send("STOPPING=1\nSTATUS=finishing what is being written");
}

int64_t notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	if (!usec || (pid && atol(pid) != (long)getpid()))
		return 0;
	int64_t half = strtoll(usec, NULL, 10) / 2000;
	return half > 0 ? half : 0;
}

void notify_watchdog(void)
{
	notify_send("WATCHDOG=1");
}
