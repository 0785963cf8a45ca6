/* folder: open once for all, a sync that began before what it is to cover does not count, one failure is heard by all. */
#include "deliver/folder.h"

#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS 8
#define ROUNDS 50

static struct {
	unsigned opened, closed, began, ended; /* atomic; of syncs their number */
	int cause;                             /* 0: a sync is well */
	useconds_t slow;
} disk;

static int fake_openat(int dir, const char *path, int flags, mode_t mode)
{
	__atomic_add_fetch(&disk.opened, 1, __ATOMIC_SEQ_CST);
	return file_system()->openat(dir, path, flags, mode);
}

static int fake_fsync(int fd)
{
	(void)fd;
	unsigned number = __atomic_add_fetch(&disk.began, 1, __ATOMIC_SEQ_CST);
	usleep(disk.slow);
	__atomic_store_n(&disk.ended, number, __ATOMIC_SEQ_CST); /* one at a time */
	errno = disk.cause;
	return disk.cause ? -1 : 0;
}

static int fake_close(int fd)
{
	__atomic_add_fetch(&disk.closed, 1, __ATOMIC_SEQ_CST);
	return file_system()->close(fd);
}

static struct file_ops files;

static void setup(void)
{
	disk.opened = disk.closed = disk.began = disk.ended = 0;
	disk.cause = 0;
	disk.slow = 0;
	files = *file_system();
	files.openat = fake_openat;
	files.fsync = fake_fsync;
	files.close = fake_close;
}

static void join(struct folder_part *p)
{
	struct stat st;
	ck_assert_int_eq(stat(suite_scratch(), &st), 0);
	ck_assert_int_eq(folder_join(p, &files, AT_FDCWD, suite_scratch(), &st), 0);
}

START_TEST(open_once_for_all)
{
	struct folder_part a, b, none = {NULL, 0};
	join(&a);
	join(&b);
	ck_assert_uint_eq(disk.opened, 1);
	folder_leave(&a);
	folder_leave(&a);
	folder_leave(&none);
	ck_assert_uint_eq(disk.closed, 0);
	ck_assert_int_eq(folder_sync(&b), 0);
	folder_leave(&b);
	ck_assert_uint_eq(disk.closed, 1);
	join(&a);
	ck_assert_uint_eq(disk.opened, 2);
	folder_leave(&a);
}
END_TEST

START_TEST(away)
{
	struct folder_part p;
	struct stat st;
	ck_assert_int_eq(stat(suite_scratch(), &st), 0);
	ck_assert_int_eq(folder_join(&p, &files, AT_FDCWD, "/nonexistent", &st), -1);
	ck_assert_int_eq(errno, ENOENT);
	join(&p); /* nothing is left of it */
	folder_leave(&p);
}
END_TEST

/* The disk says it to one sync and not to the next; what waits for the next may be what was lost. */
START_TEST(a_failure_is_heard_by_all)
{
	struct folder_part a, b, later;
	join(&a);
	join(&b);
	disk.cause = EIO;
	ck_assert_int_eq(folder_sync(&a), -1);
	ck_assert_int_eq(errno, EIO);
	disk.cause = 0;
	join(&later);
	ck_assert_int_eq(folder_sync(&b), -1);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(folder_sync(&later), 0);
	folder_leave(&a);
	folder_leave(&b);
	folder_leave(&later);
}
END_TEST

static unsigned early; /* atomic: returned before a sync ended that had begun after the call */

static void *sync_often(void *arg)
{
	struct folder_part p;
	join(&p);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned before = __atomic_load_n(&disk.began, __ATOMIC_SEQ_CST);
		int rc = folder_sync(&p);
		if (rc != 0 || __atomic_load_n(&disk.ended, __ATOMIC_SEQ_CST) <= before)
			__atomic_add_fetch(&early, 1, __ATOMIC_SEQ_CST);
	}
	folder_leave(&p);
	return arg;
}

START_TEST(one_sync_for_many)
{
	pthread_t threads[THREADS];
	struct folder_part p;
	early = 0;
	disk.slow = 2000;
	join(&p);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sync_often, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	folder_leave(&p);
	ck_assert_uint_eq(early, 0);
	ck_assert_uint_lt(disk.began, THREADS * ROUNDS);
	ck_assert_uint_eq(disk.opened, 1);
	ck_assert_uint_eq(disk.closed, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/folder");
	TCase *t = tcase_create("folder");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, open_once_for_all);
	tcase_add_test(t, away);
	tcase_add_test(t, a_failure_is_heard_by_all);
	tcase_add_test(t, one_sync_for_many);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
