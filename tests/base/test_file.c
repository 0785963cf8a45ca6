/* file: replaced whole or not at all whatever fails, folders made and synced, bounded reading. */
#include "base/file.h"
#include "support/frail.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[512];

/* A path in this test's scratch folder; static. */
static const char *in_scratch(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", suite_scratch(), name);
	return path;
}

static void holds(const char *file, const char *content)
{
	char *bytes;
	size_t n;
	struct err e;
	ck_assert_msg(file_read(file, 1 << 20, &bytes, &n, &e) == OK, "%s", e.text);
	ck_assert_uint_eq(n, strlen(content));
	ck_assert_str_eq(bytes, content);
	free(bytes);
}

static unsigned entries(const char *folder)
{
	unsigned n = 0;
	DIR *d = opendir(folder);
	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static unsigned open_descriptors(void)
{
	return entries("/proc/self/fd");
}

START_TEST(replace_writes_what_is_given)
{
	struct stat st;
	umask(077); /* takes nothing of the mode away */
	const char *file = in_scratch("state");
	ck_assert_int_eq(file_replace(file_system(), file, "old", 3, 0600, NULL), OK);
	holds(file, "old");
	ck_assert(stat(file, &st) == 0 && (st.st_mode & 07777) == 0600);
	ck_assert_int_eq(file_replace(file_system(), file, "", 0, 0644, NULL), OK);
	holds(file, "");
	ck_assert(stat(file, &st) == 0 && (st.st_mode & 07777) == 0644);
	ck_assert_uint_eq(entries(suite_scratch()), 1);
	ck_assert_int_eq(chdir(suite_scratch()), 0);
	ck_assert_int_eq(file_replace(file_system(), "bare", "name", 4, 0600, NULL), OK);
	holds("bare", "name");
}
END_TEST

START_TEST(replace_syncs_before_it_renames)
{
	frail_fail_at(0, 0);
	ck_assert_int_eq(file_replace(frail_ops(), in_scratch("state"), "x", 1, 0600, NULL), OK);
	ck_assert_str_eq(frail_calls(), "openat write fsync close renameat openat fsync close");
}
END_TEST

static const int errnums[] = {EIO, ENOSPC, EACCES};

START_TEST(replace_leaves_old_or_new_whatever_fails)
{
	const char *file = in_scratch("state");
	struct err e;
	unsigned before = open_descriptors(), i = 1;
	for (;; i++) {
		ck_assert_int_eq(file_replace(file_system(), file, "old", 3, 0600, NULL), OK);
		frail_fail_at(i, errnums[_i]);
		enum result r = file_replace(frail_ops(), file, "the new", 7, 0600, &e);
		bool renamed = strstr(frail_calls(), "renameat open") != NULL;
		holds(file, renamed ? "the new" : "old");
		ck_assert_uint_eq(entries(suite_scratch()), 1); /* no leftover */
		if (r == OK)
			break;
		ck_assert_int_eq(r, result_of_errno(errnums[_i]));
		ck_assert_int_eq(e.code, r);
		ck_assert_ptr_nonnull(strstr(e.text, suite_scratch()));
	}
	ck_assert_uint_eq(
		i,
		8); /* the last close, of a folder only read, may fail; everything before was told */
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(short_writes_go_on)
{
	frail_fail_at(2, 0); /* the write takes less */
	ck_assert_int_eq(file_replace(frail_ops(), in_scratch("state"), "whole", 5, 0600, NULL),
			 OK);
	holds(path, "whole");
	frail_fail_at(2, EINTR);
	ck_assert_int_eq(file_replace(frail_ops(), path, "again", 5, 0600, NULL), OK);
	holds(path, "again");
}
END_TEST

START_TEST(a_leftover_is_not_written_into)
{
	char leftover[600], target[512];
	snprintf(target, sizeof target, "%s/target", suite_scratch());
	ck_assert_int_eq(file_replace(file_system(), target, "mine", 4, 0600, NULL), OK);
	snprintf(leftover, sizeof leftover, "%s.%ld.tmp", in_scratch("state"), (long)getpid());
	int fd = open(leftover, O_WRONLY | O_CREAT, 0666); /* of a crash, and open to all */
	ck_assert(fd >= 0 && fchmod(fd, 0666) == 0 && close(fd) == 0);
	ck_assert_int_eq(file_replace(file_system(), path, "secret", 6, 0600, NULL), OK);
	struct stat st;
	ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	ck_assert_int_eq(link(target, leftover), 0); /* another name of a file of ours */
	ck_assert_int_eq(file_replace(file_system(), path, "other", 5, 0600, NULL), OK);
	holds(target, "mine");
	holds(path, "other");
}
END_TEST

START_TEST(replace_refuses_what_cannot_be)
{
	struct err e;
	char name[PATH_MAX + 10];
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	ck_assert_int_eq(file_replace(file_system(), name, "", 0, 0600, &e), E_LIMIT);
	ck_assert_int_eq(file_replace(file_system(), in_scratch("no/state"), "", 0, 0600, &e),
			 E_NOTFOUND);
	ck_assert_int_eq(mkdir(in_scratch("folder"), 0700), 0);
	ck_assert_int_ne(file_replace(file_system(), path, "x", 1, 0600, &e), OK);
	ck_assert_ptr_nonnull(strstr(e.text, "put in place"));
	ck_assert_uint_eq(entries(suite_scratch()), 1);
}
END_TEST

START_TEST(reading_is_bounded)
{
	char *bytes = NULL, *big = malloc(300000);
	size_t n;
	struct err e;
	memset(big, 'b', 300000);
	const char *file = in_scratch("data");
	ck_assert_int_eq(file_read(file, 10, &bytes, &n, &e), E_NOTFOUND);
	for (size_t size = 0; size < 300000; size = size ? size * 2 : 1) {
		ck_assert_int_eq(file_replace(file_system(), file, big, size, 0600, NULL), OK);
		ck_assert_int_eq(file_read(file, size, &bytes, &n, &e), OK);
		ck_assert(n == size && !memcmp(bytes, big, n) && bytes[n] == '\0');
		free(bytes);
		bytes = NULL;
		if (size) {
			ck_assert_int_eq(file_read(file, size - 1, &bytes, &n, &e), E_LIMIT);
			ck_assert_ptr_null(bytes);
		}
	}
	ck_assert_int_eq(file_read(suite_scratch(), 10, &bytes, &n, &e), E_IO);
	ck_assert_int_eq(file_replace(file_system(), file, big, 300000, 0600, NULL), OK);
	unsigned i = 1;
	for (; scarce_fail_at(i), file_read(file, 300000, &bytes, &n, &e) != OK; i++) {
		ck_assert_int_eq(e.code, E_NOMEM);
		ck_assert_ptr_nonnull(strstr(e.text, "no memory"));
	}
	scarce_end();
	ck_assert_uint_gt(i, 2);
	free(bytes);
	free(big);
}
END_TEST

START_TEST(folders_are_made_and_synced)
{
	struct stat st;
	umask(022);
	ck_assert_int_eq(file_make_dirs(file_system(), in_scratch("a/b//c/"), 0750, NULL), OK);
	ck_assert(stat(in_scratch("a/b/c"), &st) == 0 && S_ISDIR(st.st_mode) &&
		  (st.st_mode & 07777) == 0750);
	frail_fail_at(0, 0);
	ck_assert_int_eq(file_make_dirs(frail_ops(), in_scratch("a/b/c"), 0750, NULL), OK);
	ck_assert_str_eq(frail_calls(), ""); /* nothing was missing */
	ck_assert_int_eq(file_make_dirs(frail_ops(), in_scratch("a/d/e"), 0750, NULL), OK);
	ck_assert_str_eq(frail_calls(), "mkdirat openat fsync close mkdirat openat fsync close");
	ck_assert_int_eq(chdir(suite_scratch()), 0);
	ck_assert_int_eq(file_make_dirs(file_system(), "x/y", 0700, NULL), OK);
	ck_assert_int_eq(stat(in_scratch("x/y"), &st), 0);
	ck_assert_int_eq(file_make_dirs(file_system(), "/", 0700, NULL), OK);
	ck_assert_int_eq(file_make_dirs(file_system(), ".", 0700, NULL), OK);
}
END_TEST

START_TEST(names_in_any_case)
{
	char found[PATH_MAX];
	ck_assert_int_eq(file_make_dirs(file_system(), in_scratch("Smtp"), 0700, NULL), OK);
	ck_assert(!file_find(in_scratch(""), "none", found, sizeof found));
	ck_assert(!file_find(in_scratch("none"), "smtp", found, sizeof found));
	ck_assert(file_find(suite_scratch(), "SMTP", found, sizeof found));
	ck_assert_str_eq(strrchr(found, '/'), "/Smtp");
	ck_assert(!file_find(suite_scratch(), "SMTP", found, strlen(found)));
	ck_assert_int_eq(file_make_dirs(file_system(), in_scratch("SMTP"), 0700, NULL), OK);
	ck_assert(file_find(suite_scratch(), "SMTP", found, sizeof found));
	ck_assert_str_eq(strrchr(found, '/'), "/SMTP");
}
END_TEST

START_TEST(folders_that_cannot_be)
{
	struct err e;
	unsigned before = open_descriptors();
	ck_assert_int_eq(file_replace(file_system(), in_scratch("file"), "", 0, 0600, NULL), OK);
	ck_assert_int_eq(file_make_dirs(file_system(), path, 0700, &e), E_EXISTS);
	ck_assert_int_ne(file_make_dirs(file_system(), in_scratch("file/x"), 0700, &e), OK);
	ck_assert_ptr_nonnull(strstr(e.text, "not a folder"));
	ck_assert_int_eq(symlink("nowhere", in_scratch("dangling")), 0);
	ck_assert_int_ne(file_make_dirs(file_system(), path, 0700, &e), OK);
	char deep[PATH_MAX + 10];
	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 ? '/' : 'd';
	deep[sizeof deep - 1] = '\0';
	ck_assert_int_eq(file_make_dirs(file_system(), deep, 0700, &e), E_LIMIT);
	for (unsigned i = 1;; i++) {
		char name[32];
		snprintf(name, sizeof name, "%u/b", i);
		frail_fail_at(i, EROFS);
		enum result r = file_make_dirs(frail_ops(), in_scratch(name), 0700, &e);
		if (r == OK)
			break;
		ck_assert_int_eq(r, E_DENIED);
		ck_assert_int_eq(file_make_dirs(file_system(), path, 0700, &e),
				 OK); /* and can be done again */
	}
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/file");
	TCase *tc = tcase_create("files");
	tcase_add_checked_fixture(tc, NULL, suite_scratch_remove);
	tcase_add_test(tc, replace_writes_what_is_given);
	tcase_add_test(tc, replace_syncs_before_it_renames);
	tcase_add_loop_test(tc, replace_leaves_old_or_new_whatever_fails, 0, 3);
	tcase_add_test(tc, short_writes_go_on);
	tcase_add_test(tc, a_leftover_is_not_written_into);
	tcase_add_test(tc, replace_refuses_what_cannot_be);
	tcase_add_test(tc, reading_is_bounded);
	tcase_add_test(tc, folders_are_made_and_synced);
	tcase_add_test(tc, folders_that_cannot_be);
	tcase_add_test(tc, names_in_any_case);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
