/* notify: datagrams to a path and to an abstract name; silence without a manager. */
#include "daemon/notify.h"

#include "support/suite.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Binds where NOTIFY_SOCKET will point: "/path" or "@name". */
static int listen_at(const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	size_t n = strlen(name);
	memcpy(un.sun_path, name, n);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *received(int fd)
{
	static char text[1024];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(to_a_path)
{
	char path[300], expected[64];
	snprintf(path, sizeof path, "%s/notify", suite_scratch());
	int fd = listen_at(path);
	ck_assert(notify_wanted());
	notify_ready("running");
	snprintf(expected, sizeof expected, "READY=1\nMAINPID=%ld\nSTATUS=running", (long)getpid());
	ck_assert_str_eq(received(fd), expected);
	notify_reloading();
	const char *text = received(fd);
	ck_assert_int_eq(strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	notify_stopping();
	ck_assert_int_eq(strncmp(received(fd), "STOPPING=1\n", 11), 0);
	close(fd);
	suite_scratch_remove();
}
END_TEST

START_TEST(to_an_abstract_name)
{
	char name[64];
	snprintf(name, sizeof name, "@smtpgate-test-%ld", (long)getpid());
	int fd = listen_at(name);
	notify_watchdog();
	ck_assert_str_eq(received(fd), "WATCHDOG=1");
	close(fd);
	ck_assert(!notify_send("READY=%d", 1)); /* nobody there any more: said, and no harm done */
}
END_TEST

START_TEST(without_a_manager)
{
	unsetenv("NOTIFY_SOCKET");
	ck_assert(!notify_wanted());
	ck_assert(!notify_send("READY=1"));
	setenv("NOTIFY_SOCKET", "relative", 1);
	ck_assert(!notify_wanted());
	setenv("NOTIFY_SOCKET", "@", 1);
	ck_assert(!notify_wanted());
}
END_TEST

START_TEST(watchdog_is_for_us)
{
	char pid[32];
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_int_eq(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_PID", "1", 1);
	ck_assert_int_eq(notify_watchdog_ms(), 0);
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	ck_assert_int_eq(notify_watchdog_ms(), 15000);
	setenv("WATCHDOG_USEC", "nonsense", 1);
	ck_assert_int_eq(notify_watchdog_ms(), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/notify");
	SUITE_CASE(s, "datagrams", to_a_path, to_an_abstract_name, without_a_manager);
	SUITE_CASE(s, "watchdog", watchdog_is_for_us);
	return s;
}
SUITE_MAIN(suite)
