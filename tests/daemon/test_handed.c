/* handed: descriptors of the service manager, and closing what was inherited. */
#include "daemon/handed.h"

#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct handed h;
static struct err err;

static void announce(long pid, const char *count, const char *names)
{
	char text[32];
	snprintf(text, sizeof text, "%ld", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", count, 1);
	if (names)
		setenv("LISTEN_FDNAMES", names, 1);
	else
		unsetenv("LISTEN_FDNAMES");
}

static void put_at(int fd)
{
	int null = open("/dev/null", O_RDONLY);
	ck_assert_int_eq(dup2(null, fd), fd);
	if (null != fd)
		close(null);
}

START_TEST(named_descriptors)
{
	put_at(3);
	put_at(4);
	announce(getpid(), "2", "lan:retro");
	ck_assert_int_eq(handed_take(&h, &err), OK);
	ck_assert_uint_eq(h.count, 2);
	ck_assert_int_eq(h.fds[0].fd, 3);
	ck_assert_str_eq(h.fds[0].name, "lan");
	ck_assert_str_eq(h.fds[1].name, "retro");
	ck_assert_int_eq(fcntl(3, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(4, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	ck_assert_ptr_null(getenv("LISTEN_PID"));
	ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
}
END_TEST

START_TEST(without_names)
{
	put_at(3);
	put_at(4);
	announce(getpid(), "2", NULL);
	ck_assert_int_eq(handed_take(&h, &err), OK);
	ck_assert_str_eq(h.fds[0].name, "");
	ck_assert_str_eq(h.fds[1].name, "");
}
END_TEST

START_TEST(meant_for_another)
{
	announce(1, "2", "a:b");
	ck_assert_int_eq(handed_take(&h, &err), OK);
	ck_assert_uint_eq(h.count, 0);
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	unsetenv("LISTEN_PID");
	ck_assert_int_eq(handed_take(&h, &err), OK);
	ck_assert_uint_eq(h.count, 0);
	announce(getpid(), "-3", NULL);
	ck_assert_int_eq(handed_take(&h, &err), OK);
	ck_assert_uint_eq(h.count, 0);
}
END_TEST

START_TEST(wrong_numbers)
{
	close_range(3, ~0u, 0);
	announce(getpid(), "1", NULL);
	ck_assert_int_eq(handed_take(&h, &err), E_RANGE);
	announce(getpid(), "65", NULL);
	ck_assert_int_eq(handed_take(&h, &err), E_LIMIT);
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
}
END_TEST

START_TEST(others_are_closed)
{
	put_at(3);
	put_at(4);
	put_at(57);
	announce(getpid(), "1", "lan");
	ck_assert_int_eq(handed_take(&h, &err), OK);
	close(0);
	handed_close_others(&h);
	ck_assert_int_ge(fcntl(0, F_GETFD), 0);
	ck_assert_int_ge(fcntl(3, F_GETFD), 0);
	ck_assert_int_eq(fcntl(4, F_GETFD), -1);
	ck_assert_int_eq(fcntl(57, F_GETFD), -1);
}
END_TEST

START_TEST(limit_is_raised)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	handed_raise_limit();
	getrlimit(RLIMIT_NOFILE, &limit);
	ck_assert(limit.rlim_cur == limit.rlim_max);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/handed");
	SUITE_CASE(s, "taken", named_descriptors, without_names, meant_for_another, wrong_numbers);
	SUITE_CASE(s, "others", others_are_closed, limit_is_raised);
	return s;
}
SUITE_MAIN(suite)
