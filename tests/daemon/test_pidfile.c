/* pidfile: written, locked, taken over, removed. */
#include "daemon/pidfile.h"

#include "base/file.h"
#include "support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[300];
static struct err err;

static void setup(void)
{
	snprintf(path, sizeof path, "%s/pid", suite_scratch());
}

START_TEST(written_and_removed)
{
	struct pidfile p = PIDFILE_NONE;
	char *text, expected[32];
	size_t n;
	setup();
	ck_assert_int_eq(pidfile_take(&p, path, &err), OK);
	ck_assert_int_eq(pidfile_write(&p, &err), OK);
	ck_assert_int_eq(file_read(path, 100, &text, &n, &err), OK);
	snprintf(expected, sizeof expected, "%ld\n", (long)getpid());
	ck_assert_str_eq(text, expected);
	free(text);
	pidfile_drop(&p);
	ck_assert_int_eq(access(path, F_OK), -1);
	pidfile_drop(&p);
	suite_scratch_remove();
}
END_TEST

START_TEST(held_by_another)
{
	struct pidfile p = PIDFILE_NONE;
	int go[2], ready[2], status;
	char byte;
	setup();
	ck_assert_int_eq(pipe(go) | pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		int good = pidfile_take(&p, path, &err) == OK && pidfile_write(&p, &err) == OK;
		good &= write(ready[1], "x", 1) == 1 && read(go[0], &byte, 1) == 1;
		pidfile_drop(&p);
		_exit(!good);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(pidfile_take(&p, path, &err), E_BUSY);
	char expected[32];
	snprintf(expected, sizeof expected, ", process %ld", (long)child);
	ck_assert_ptr_nonnull(strstr(err.text, expected));
	ck_assert_int_eq(p.fd, -1);
	ck_assert_int_eq(write(go[1], "x", 1), 1);
	waitpid(child, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(pidfile_take(&p, path, &err), OK);
	pidfile_drop(&p);
	suite_scratch_remove();
}
END_TEST

START_TEST(stale_is_taken_over)
{
	struct pidfile p = PIDFILE_NONE;
	char *text;
	size_t n;
	setup();
	ck_assert_int_eq(file_replace(file_system(), path, "99999999\n", 9, 0644, &err), OK);
	ck_assert_int_eq(pidfile_take(&p, path, &err), OK);
	ck_assert_int_eq(file_read(path, 100, &text, &n, &err), OK);
	ck_assert_uint_eq(n, 0); /* no wrong number while the start is under way */
	free(text);
	pidfile_drop(&p);
	suite_scratch_remove();
}
END_TEST

START_TEST(links_are_not_followed)
{
	struct pidfile p = PIDFILE_NONE;
	char target[300];
	setup();
	snprintf(target, sizeof target, "%s/precious", suite_scratch());
	ck_assert_int_eq(file_replace(file_system(), target, "data", 4, 0644, &err), OK);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert_int_ne(pidfile_take(&p, path, &err), OK);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/pidfile");
	SUITE_CASE(s, "life", written_and_removed, stale_is_taken_over);
	SUITE_CASE(s, "held", held_by_another);
	SUITE_CASE(s, "hostile", links_are_not_followed);
	return s;
}
SUITE_MAIN(suite)
