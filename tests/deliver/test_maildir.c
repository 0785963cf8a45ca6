/* maildir: content, names, crash safety, every call failed in turn, many threads; mailboxes matched
 * without case. */
#include "deliver/maildir.h"

#include "spool/desk.h"
#include "spool/faulty.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct clock_fake fake;
static struct maildir_namer namer;
static struct stage st;
static char box[PATH_MAX];

static void setup(void)
{
	stage_open(&st, SPOOL_MEMORY);
	clock_fake_init(&fake, 0, 1700000000123);
	namer = (struct maildir_namer){.clock = &fake.clock, .host = "a/b:c.example"};
	struct err err;
	ck_assert_int_eq(maildir_make(file_system(), suite_scratch(), "Joe", &err), OK);
	snprintf(box, sizeof box, "%s/Joe", suite_scratch());
	faulty_arm(0, 0, 0);
}

static void teardown(void)
{
	stage_close(&st);
}

static struct spool_message *message(const char *data, size_t n)
{
	struct spool_message *m;
	ck_assert_int_eq(desk_submit(&st.desk, data, n, NULL, &m), OK);
	return m;
}

/* Files in a folder of the mailbox; the name of one of them. */
static size_t files_in(const char *part, char name[NAME_MAX + 1])
{
	char path[PATH_MAX + 8];
	size_t n = 0;
	snprintf(path, sizeof path, "%s/%s", box, part);
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.') {
			n++;
			if (name)
				snprintf(name, NAME_MAX + 1, "%s", d->d_name);
		}
	closedir(dir);
	return n;
}

static void expect_file(const char *want, size_t n)
{
	char name[NAME_MAX + 1], path[PATH_MAX + NAME_MAX + 8], *got;
	size_t len;
	struct err err;
	ck_assert_uint_eq(files_in("new", name), 1);
	ck_assert_uint_eq(files_in("tmp", NULL), 0);
	snprintf(path, sizeof path, "%s/new/%s", box, name);
	ck_assert_int_eq(file_read(path, 1 << 30, &got, &len, &err), OK);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(got, want, n);
	free(got);
	ck_assert_int_eq(unlink(path), 0);
}

static void deliver(const char *prefix, const char *data, size_t n, const char *want, size_t want_n)
{
	struct err err;
	struct spool_message *m = message(data, n);
	ck_assert_int_eq(maildir_deliver_as(&namer, faulty_files(), box, m, prefix, NULL, &err),
			 OK);
	spool_message_unref(&m);
	expect_file(want, want_n);
}

START_TEST(line_ends)
{
#define DELIVER(prefix, data, want) deliver(prefix, data, sizeof(data) - 1, want, sizeof(want) - 1)
	DELIVER("", "a: b\r\n\r\nx\r\n", "a: b\n\nx\n");
	DELIVER("Return-Path: <>\r\nX: y\n", "a: b\r\n", "Return-Path: <>\nX: y\na: b\n");
	DELIVER("", "", "");
	DELIVER("", "no end", "no end");
	DELIVER("", "a\rb\r\r\nc\nd\r", "a\rb\r\nc\nd\r");
	DELIVER("p\r", "\nx", "p\nx");
	DELIVER("", "\0\xff\r\n", "\0\xff\n");
#undef DELIVER
}
END_TEST

/* CRLF across every border of the pieces it is read in, in memory and in a file. */
START_TEST(line_ends_everywhere)
{
	enum { SIZE = SPOOL_BODY_INLINE + 40000 };
	char *in = malloc(SIZE), *out = malloc(SIZE);
	for (size_t shift = 0; shift < 3; shift++)
		for (int large = 0; large < 2; large++) {
			size_t n = large ? SIZE : 40000, len = 0;
			for (size_t i = 0; i < n; i++)
				in[i] = "z\r\n"[(i + shift) % 3];
			for (size_t i = 0; i < n; i++)
				if (in[i] != '\r' || i + 1 == n)
					out[len++] = in[i];
			deliver("", in, n, out, len);
		}
	free(in);
	free(out);
}
END_TEST

START_TEST(name_is_unique_and_escaped)
{
	char name[NAME_MAX + 1], want[NAME_MAX + 1];
	struct err err;
	struct spool_message *m = message("x", 1);
	ck_assert_int_eq(maildir_deliver_as(&namer, faulty_files(), box, m, "", NULL, &err), OK);
	files_in("new", name);
	snprintf(want, sizeof want, "1700000000.M123000P%ldQ1.a\\057b\\072c.example",
		 (long)getpid());
	ck_assert_str_eq(name, want);
	ck_assert_int_eq(maildir_deliver_as(&namer, faulty_files(), box, m, "", NULL, &err), OK);
	ck_assert_uint_eq(files_in("new", NULL), 2);
	/* A file of that name left in tmp by a crash is stepped over. */
	char stale[PATH_MAX + NAME_MAX];
	snprintf(stale, sizeof stale, "%s/tmp/1700000000.M123000P%ldQ3.a\\057b\\072c.example", box,
		 (long)getpid());
	FILE *f = fopen(stale, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(maildir_deliver_as(&namer, faulty_files(), box, m, "", NULL, &err), OK);
	ck_assert_uint_eq(files_in("new", NULL), 3);
	ck_assert_uint_eq(files_in("tmp", NULL), 1);
	spool_message_unref(&m);
}
END_TEST

START_TEST(missing_folders_are_made)
{
	char part[PATH_MAX + 8];
	struct err err;
	struct spool_message *m = message("x", 1);
	for (size_t i = 0; i < 3; i++) {
		snprintf(part, sizeof part, "%s/%s", box,
			 ((const char *[]){"new", "cur", "tmp"})[i]);
		ck_assert_int_eq(rmdir(part), 0);
	}
	ck_assert_int_eq(maildir_deliver_as(&namer, faulty_files(), box, m, "", NULL, &err), OK);
	expect_file("x", 1);
	ck_assert_uint_eq(files_in("cur", NULL), 0);
	ck_assert_int_eq(
		maildir_deliver_as(&namer, faulty_files(), "/nonexistent/x", m, "", NULL, &err),
		E_NOTFOUND);
	spool_message_unref(&m);
}
END_TEST

/* Each call fails in turn: an error means that nothing is delivered and nothing left over but what
 * could not be removed; OK means that it is there. */
START_TEST(every_call_fails)
{
	static const struct {
		int errnum;
		enum result want;
	} causes[] = {{ENOSPC, E_FULL}, {EACCES, E_DENIED}, {EIO, E_IO}, {EDQUOT, E_FULL}};
	struct spool_message *m = message("a\r\nb\r\n", 6);
	for (size_t c = 0; c < sizeof causes / sizeof *causes; c++)
		for (unsigned n = 1;; n++) {
			struct err err = {.code = OK};
			faulty_arm(n, causes[c].errnum, 0);
			enum result r =
				maildir_deliver_as(&namer, faulty_files(), box, m, "", NULL, &err);
			bool struck = faulty_struck();
			faulty_arm(0, 0, 0);
			if (r != OK) {
				ck_assert_int_eq(r, causes[c].want);
				ck_assert_int_eq(err.code, r);
				ck_assert_uint_eq(files_in("new", NULL), 0);
				ck_assert_uint_eq(files_in("tmp", NULL), 0);
				continue;
			}
			expect_file("a\nb\n", 4);
			if (!struck) {
				ck_assert_uint_gt(n, 8);
				break;
			}
		}
	spool_message_unref(&m);
}
END_TEST

static void *deliver_many(void *arg)
{
	struct err err;
	for (int i = 0; i < 50; i++)
		if (maildir_deliver(file_system(), box, arg, "X: y\r\n", NULL, &err) != OK)
			return arg;
	return NULL;
}

START_TEST(many_threads)
{
	pthread_t threads[4];
	struct spool_message *m = message("x\r\n", 3);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, deliver_many, m), 0);
	for (size_t i = 0; i < 4; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		ck_assert_ptr_null(failed);
	}
	ck_assert_uint_eq(files_in("new", NULL), 200);
	spool_message_unref(&m);
}
END_TEST

START_TEST(names_that_no_mailbox_has)
{
	static const char *const bad[] = {
		"",      ".",
		"..",    ".hidden",
		"a/b",   "/",
		"a\nb",  "\x7f",
		"a\x01", "12345678901234567890123456789012345678901234567890123456789012345"};
	char out[PATH_MAX];
	struct err err;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(!maildir_name_ok(bad[i]), "%s", bad[i]);
		ck_assert_int_eq(maildir_find(suite_scratch(), bad[i], out, sizeof out),
				 E_NOTFOUND);
		ck_assert_int_eq(maildir_make(file_system(), suite_scratch(), bad[i], &err),
				 E_SYNTAX);
	}
	ck_assert(maildir_name_ok("j\xc3\xb6rg"));
	ck_assert(maildir_name_ok(
		"1234567890123456789012345678901234567890123456789012345678901234"));
}
END_TEST

START_TEST(found_without_case)
{
	char out[PATH_MAX], want[PATH_MAX];
	struct err err;
	const char *path = suite_scratch();
	ck_assert_int_eq(maildir_find(path, "jOE", out, sizeof out), OK);
	ck_assert_str_eq(out, "Joe");
	ck_assert_int_eq(maildir_find(path, "joey", out, sizeof out), E_NOTFOUND);
	ck_assert_int_eq(maildir_make(file_system(), path, "Joe", &err), OK);
	snprintf(want, sizeof want, "%s/joe", path);
	ck_assert_int_eq(mkdir(want, 0700), 0);
	ck_assert_int_eq(maildir_find(path, "joe", out, sizeof out), OK);
	ck_assert_str_eq(out, "joe"); /* exactly this one */
	ck_assert_int_eq(maildir_find(path, "JOe", out, sizeof out), OK);
	ck_assert_str_eq(out, "Joe"); /* byte order */
	snprintf(want, sizeof want, "%s/file", path);
	FILE *f = fopen(want, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(maildir_find(path, "file", out, sizeof out), E_NOTFOUND);
	ck_assert_int_eq(maildir_find(path, "FILE", out, sizeof out), E_NOTFOUND);
	ck_assert_int_eq(maildir_find("/nonexistent", "joe", out, sizeof out), E_NOTFOUND);
}
END_TEST

/* A postoffice without any mailbox is a mount point without its share. */
START_TEST(there_or_away)
{
	char path[PATH_MAX];
	static const char *const none[] = {"", "/.hidden", "/log"};
	ck_assert(!maildir_there("/nonexistent"));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		snprintf(path, sizeof path, "%s/point%s", suite_scratch(), none[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		path[strlen(path) - strlen(none[i])] = '\0';
		ck_assert(!maildir_there(path));
	}
	strcat(path, "/file");
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	snprintf(path, sizeof path, "%s/point", suite_scratch());
	ck_assert(!maildir_there(path));
	strcat(path, "/joe"); /* new, cur and tmp are made when mail comes */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/point", suite_scratch());
	ck_assert(maildir_there(path));
}
END_TEST

START_TEST(making_fails_in_turn)
{
	struct err err;
	for (unsigned n = 1;; n++) {
		char name[16], out[PATH_MAX];
		snprintf(name, sizeof name, "box%u", n);
		faulty_arm(n, EIO, 0);
		enum result r = maildir_make(faulty_files(), suite_scratch(), name, &err);
		bool struck = faulty_struck();
		faulty_arm(0, 0, 0);
		if (r == OK)
			ck_assert_int_eq(maildir_find(suite_scratch(), name, out, sizeof out), OK);
		if (!struck)
			break;
		ck_assert_uint_lt(n, 100);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/maildir");
	TCase *t = tcase_create("deliver");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, line_ends);
	tcase_add_test(t, line_ends_everywhere);
	tcase_add_test(t, name_is_unique_and_escaped);
	tcase_add_test(t, missing_folders_are_made);
	tcase_add_test(t, every_call_fails);
	tcase_add_test(t, many_threads);
	tcase_add_test(t, names_that_no_mailbox_has);
	tcase_add_test(t, found_without_case);
	tcase_add_test(t, there_or_away);
	tcase_add_test(t, making_fails_in_turn);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
