/* pickup: who holds a file back, where it goes, and exactly once whatever call fails. */
#include "deliver/pickup.h"

#include "deliver/pickup_yard.h"
#include "support/frail.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAIL "From: a@x.example\nTo: b@y.example\n\nhi\n"

static char path[400];

static const char *in(const char *name)
{
	snprintf(path, sizeof path, "%s/%s", yard.folder, name);
	return path;
}

static void run(void)
{
	ck_assert_msg(yard_run() == OK, "%s", yard.err.text);
}

START_TEST(taken)
{
	yard_puts("a", MAIL);
	yard_puts("B.EML", MAIL);
	run();
	ck_assert_str_eq(yard.told, "B.EML a@x.example 1 sent\na a@x.example 1 sent\n");
	ck_assert_uint_eq(yard_count(), 2);
	ck_assert_str_eq(yard_names(), "");
	run(); /* nothing is left */
	ck_assert_uint_eq(yard_count(), 2);
}
END_TEST

START_TEST(locked)
{
	struct flock whole = {.l_type = F_WRLCK};
	yard_puts("a", MAIL);
	int fd = open(in("a"), O_RDONLY);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	run();
	ck_assert_str_eq(yard_reason("a"), "a program holds it locked (flock)");
	close(fd);
	fd = open(in("a"), O_RDWR);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
	run();
	ck_assert_msg(strncmp(yard_reason("a"), "a program holds it locked (process", 34) == 0,
		      "%s", yard_reason("a"));
	whole.l_type = F_UNLCK;
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
	run();
	ck_assert_str_eq(yard_reason("a"), "a program has it open for writing");
	ck_assert_uint_eq(yard_count(), 0);
	close(fd);
	run();
	ck_assert_uint_eq(yard_count(), 1);
}
END_TEST

START_TEST(not_ours)
{
	yard_puts("a", MAIL);
	char other[420];
	snprintf(other, sizeof other, "%s2", yard.folder);
	ck_assert_int_eq(link(in("a"), other), 0);
	char name[200];
	memset(name, 'n', 161);
	name[161] = '\0';
	yard_puts(name, MAIL);
	ck_assert_int_eq(mkfifo(in("pipe"), 0600), 0);
	run();
	ck_assert_str_eq(yard_reason("a"),
			 "it has a second name (hard link): who owns it is not sure");
	ck_assert_str_eq(yard_reason("pipe"), "it is no regular file");
	ck_assert_str_eq(yard_reason(name), "its name has more than 160 bytes");
	ck_assert_uint_eq(yard_count(), 0);
}
END_TEST

START_TEST(archived)
{
	char *name = NULL;
	yard.conf.after = CONF_AFTER_ARCHIVE;
	yard_puts("a.eml", MAIL);
	run();
	yard_puts("a.eml", MAIL); /* the same name again keeps the first */
	run();
	DIR *dir = opendir(in("archive"));
	ck_assert_ptr_nonnull(dir);
	size_t count = 0;
	for (struct dirent *d; (d = readdir(dir));)
		if (strstr(d->d_name, ".a.eml") && strncmp(d->d_name, "drop-", 5) == 0) {
			count++;
			free(name);
			name = strdup(d->d_name);
		}
	closedir(dir);
	ck_assert_uint_eq(count, 2);
	char whole[400];
	snprintf(whole, sizeof whole, "archive/%s", name);
	char *bytes = yard_read(whole);
	ck_assert_str_eq(bytes, MAIL);
	free(bytes);
	free(name);
}
END_TEST

START_TEST(set_aside)
{
	char aside[400];
	yard_puts("a", "nonsense");
	run();
	ck_assert_str_eq(yard_names(), "a.bad a.bad.txt");
	char *why = yard_read("a.bad.txt");
	ck_assert_str_eq(why, "it is no mail: its first line is no field of a header\n");
	free(why);
	yard_puts("a", "other nonsense"); /* again: the first one stays */
	run();
	char *first = yard_read("a.bad");
	ck_assert_str_eq(first, "nonsense");
	free(first);
	ck_assert_msg(strstr(yard_names(), "a.bad a.bad.txt a.drop-") != NULL, "%s", yard_names());
	snprintf(aside, sizeof aside, "%s/aside", yard.folder);
	yard.conf.bad = aside;
	yard_puts("b", "nonsense");
	run();
	ck_assert(yard_has("aside/b.bad") && yard_has("aside/b.bad.txt"));
}
END_TEST

START_TEST(folders)
{
	yard.conf.path = "/nonexistent/in";
	ck_assert_int_eq(pickup_ready(&yard.pickup, &yard.err), E_NOTFOUND);
	ck_assert_str_eq(yard.err.remedy, "mkdir -p /nonexistent/in, or mount what it lies on");
	yard_puts("file", "x");
	yard.conf.path = in("file");
	ck_assert_int_eq(pickup_ready(&yard.pickup, &yard.err), E_UNSUPPORTED);
	yard.conf.path = yard.folder;
	yard.conf.after = CONF_AFTER_ARCHIVE;
	yard.conf.archive = "/dev/shm";
	struct stat a, b;
	if (stat("/dev/shm", &a) == 0 && stat(yard.folder, &b) == 0 && a.st_dev != b.st_dev) {
		ck_assert_int_eq(pickup_ready(&yard.pickup, &yard.err), E_UNSUPPORTED);
		ck_assert_ptr_nonnull(strstr(yard.err.text, "is on another disk"));
	}
}
END_TEST

START_TEST(more_than_a_batch)
{
	for (int i = 0; i < 2 * PICKUP_BATCH + 5; i++) {
		char name[20];
		snprintf(name, sizeof name, "%d", i);
		yard_puts(name, MAIL);
	}
	run();
	ck_assert_uint_eq(yard_count(), 2 * PICKUP_BATCH + 5);
	ck_assert_str_eq(yard_names(), "");
}
END_TEST

/* A file of an earlier run, of whatever moment, is gone on with under its own ID. */
START_TEST(left_over)
{
	char envelope[100];
	yard_puts(".drop-0000000000001-00000000000000ff.a.eml", MAIL);
	yard_puts(".drop-0000000000002-00000000000000ff.b.eml", "nonsense");
	run();
	ck_assert_str_eq(yard.told, "a.eml a@x.example 1 sent\nb.eml it is no mail: its first line "
				    "is no field of a header\n");
	snprintf(path, sizeof path, "%s/maildrop/drop-0000000000001-00000000000000ff-1",
		 suite_scratch());
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_str_eq(yard_names(), "b.eml.bad b.eml.bad.txt");
	free(yard_mail(0, envelope, sizeof envelope));
}
END_TEST

/* Whatever call fails, also as if the process had ended there: one message in the end, and no file left. */
START_TEST(once_whatever_fails)
{
	bool struck = true, archive = _i;
	yard.conf.after = archive ? CONF_AFTER_ARCHIVE : CONF_AFTER_DELETE;
	for (unsigned n = 1; struck; n++) {
		size_t before = yard_count();
		yard_puts("a", MAIL);
		yard.pickup.files = frail_ops();
		frail_fail_at(n, EIO);
		yard_run();
		unsigned calls = 0;
		for (const char *p = frail_calls(); *p; p++)
			calls += *p != ' ' && (p[1] == ' ' || !p[1]);
		struck = calls >= n;
		frail_fail_at(0, 0);
		yard.pickup.files = file_system();
		size_t between = yard_count();
		ck_assert_msg(between == before || between == before + 1, "%u", n);
		pickup_list_free(&yard.list); /* a new process */
		run();
		ck_assert_msg(yard_count() == before + 1, "%u: %s", n, yard.told);
		ck_assert_str_eq(yard_names(), archive ? "archive" : "");
		ck_assert_uint_lt(n, 200);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/pickup");
	TCase *t = tcase_create("folder");
	tcase_add_checked_fixture(t, yard_open, yard_close);
	tcase_add_test(t, taken);
	tcase_add_test(t, locked);
	tcase_add_test(t, not_ours);
	tcase_add_test(t, archived);
	tcase_add_test(t, set_aside);
	tcase_add_test(t, folders);
	tcase_add_test(t, more_than_a_batch);
	tcase_add_test(t, left_over);
	tcase_add_loop_test(t, once_whatever_fails, 0, 2);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
