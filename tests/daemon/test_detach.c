/* detach: the parent ends with what the child says. */
#include "daemon/detach.h"

#include "daemon/exits.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[300];

/* Detaches in a child of the test, which is the "parent" of detach.h; `rest` is what the daemon does. Its status. */
static int detached(void (*rest)(struct detach *d))
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct detach d = DETACH_NONE;
		struct err err;
		if (detach_start(&d, &err) != OK)
			_exit(99);
		rest(&d);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void says_123(struct detach *d)
{
	detach_done(d, 123);
}

static void dies(struct detach *d)
{
	(void)d;
	_exit(0);
}

/* Writes what it sees of itself after it said that all is well. */
static void reports(struct detach *d)
{
	char folder[64] = "", line[200], out[64];
	mode_t mask = umask(0);
	FILE *to = fopen(path, "w");
	detach_done(d, 0);
	detach_done(d, 1); /* too late to matter */
	ssize_t n = readlink("/proc/self/fd/1", out, sizeof out - 1);
	out[n > 0 ? n : 0] = '\0';
	snprintf(line, sizeof line, "%s %o %s %d\n", getcwd(folder, sizeof folder), mask, out,
		 getsid(0) != getpid() && getsid(0) != getsid(getppid()));
	fputs(line, to);
	fclose(to);
}

START_TEST(status_is_passed_on)
{
	ck_assert_int_eq(detached(says_123), 123);
}
END_TEST

START_TEST(a_silent_death_is_a_failure)
{
	ck_assert_int_eq(detached(dies), EXIT_FAILED);
}
END_TEST

START_TEST(the_child_has_left)
{
	char line[200] = "";
	snprintf(path, sizeof path, "%s/seen", suite_scratch());
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	pid_t reader = fork();
	if (reader == 0) /* opens the other end; what it reads decides */
		_exit(!(fgets(line, sizeof line, fopen(path, "r")) &&
			strncmp(line, "/ 27 /dev/null ", 15) == 0));
	int status;
	ck_assert_int_eq(detached(reports), 0);
	waitpid(reader, &status, 0);
	ck_assert_int_eq(status, 0);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/detach");
	SUITE_CASE(s, "status", status_is_passed_on, a_silent_death_is_a_failure);
	SUITE_CASE(s, "child", the_child_has_left);
	return s;
}
SUITE_MAIN(suite)
