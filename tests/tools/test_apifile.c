/* apifile: the lock, a file that is taken away meanwhile, what stays, what is dropped. */
#include "deliver/apifile.h"

#include "support/frail.h"
#include "support/suite.h"
#include "tools/yard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "f.api"

static struct err err;

static void setup(void)
{
	yard_open();
}

static void open_it(struct apifile *f)
{
	ck_assert_msg(apifile_open(f, file_system(), clock_system(), yard_path(NAME), true, 60000,
				   &err) == OK,
		      "%s", err.text);
}

static void append(struct apifile *f, const char *text)
{
	ck_assert_int_eq(file_write_all(file_system(), f->fd, text, strlen(text)), OK);
}

static void expect(const char *want)
{
	char *got = yard_read(NAME);
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got, want);
	free(got);
}

static unsigned thefts;

/* Another program takes the file away between our open and our lock. */
static int openat_and_lose(int dir, const char *path, int flags, mode_t mode)
{
	int fd = file_system()->openat(dir, path, flags, mode);
	if (thefts) {
		thefts--;
		ck_assert_int_eq(unlink(path), 0);
	}
	return fd;
}

/* Who gets the lock gets the file of that name, not one that was removed meanwhile. */
START_TEST(taken_away_meanwhile)
{
	struct file_ops ops = *file_system();
	struct apifile f;
	ops.openat = openat_and_lose;
	thefts = 2;
	ck_assert_int_eq(apifile_open(&f, &ops, clock_system(), yard_path(NAME), true, 60000, &err),
			 OK);
	append(&f, "new");
	apifile_close(&f);
	expect("new");
	thefts = 1;
	ck_assert_int_eq(
		apifile_open(&f, &ops, clock_system(), yard_path(NAME), false, 60000, &err),
		E_NOTFOUND);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct apifile f, g;
	open_it(&f);
	ck_assert_int_eq(apifile_open(&g, file_system(), clock_system(), f.path, true, 0, &err),
			 E_BUSY);
	ck_assert_ptr_nonnull(strstr(err.text, "is in use by another program"));
	apifile_close(&f);
	open_it(&f);
	apifile_close(&f);
	ck_assert_int_eq(mkdir(yard_path("folder"), 0700), 0);
	ck_assert_int_ne(
		apifile_open(&g, file_system(), clock_system(), yard_path("folder"), true, 0, &err),
		OK);
	ck_assert_int_eq(mkfifo(yard_path("pipe"), 0600), 0);
	ck_assert_int_eq(
		apifile_open(&g, file_system(), clock_system(), yard_path("pipe"), true, 0, &err),
		E_UNSUPPORTED);
	ck_assert_int_eq(
		apifile_open(&g, file_system(), clock_system(), yard_path("none"), false, 0, &err),
		E_NOTFOUND);
}
END_TEST

START_TEST(commit_and_drop)
{
	struct apifile f;
	open_it(&f);
	append(&f, "one");
	ck_assert_int_eq(apifile_commit(&f, &err), OK);
	append(&f, "two");
	apifile_drop(&f);
	expect("one");
	f.files = frail_ops();
	append(&f, "three");
	frail_fail_at(1, EIO);
	ck_assert_int_eq(apifile_commit(&f, &err), E_IO);
	frail_fail_at(0, 0);
	apifile_close(&f);
	expect("one");
}
END_TEST

/* The file is the old one or the new one, whatever call fails. */
START_TEST(keeping_fails_in_turn)
{
	static const struct apifile_range ranges[] = {{0, 2}, {4, 6}};
	for (unsigned n = 1;; n++) {
		struct apifile f;
		yard_write(NAME, "aabbcc", 6);
		open_it(&f);
		f.files = frail_ops();
		frail_fail_at(n, EIO);
		enum result r = apifile_keep(&f, ranges, 2, &err);
		frail_fail_at(0, 0);
		apifile_close(&f);
		char *got = yard_read(NAME);
		ck_assert_msg(strcmp(got, "aacc") == 0 || (r != OK && strcmp(got, "aabbcc") == 0),
			      "%u: %s", n, got);
		ck_assert_uint_eq(yard_containing(".", "aacc"), strcmp(got, "aacc") == 0);
		free(got);
		if (r == OK)
			break;
		ck_assert_uint_lt(n, 30);
	}
}
END_TEST

static char made[PATH_MAX];

static int openat_and_tell(int dir, const char *path, int flags, mode_t mode)
{
	if (flags & O_CREAT)
		snprintf(made, sizeof made, "%s", path);
	return file_system()->openat(dir, path, flags, mode);
}

/* In a mailbag's folder nobody may take the new file for a message before it has its name. */
START_TEST(what_is_half_made_is_hidden)
{
	static const struct apifile_range range = {0, 2};
	struct file_ops ops = *file_system();
	struct apifile f;
	yard_write(NAME, "aabbcc", 6);
	open_it(&f);
	ops.openat = openat_and_tell;
	f.files = &ops;
	ck_assert_int_eq(apifile_keep(&f, &range, 1, &err), OK);
	ck_assert_ptr_nonnull(strstr(made, "/." NAME));
	apifile_close(&f);
	expect("aa");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tools/apifile");
	TCase *t = tcase_create("apifile");
	tcase_add_checked_fixture(t, setup, yard_close);
	tcase_add_test(t, taken_away_meanwhile);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, commit_and_drop);
	tcase_add_test(t, keeping_fails_in_turn);
	tcase_add_test(t, what_is_half_made_is_hidden);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
