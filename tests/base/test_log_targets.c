/* log: where it goes: standard error, the journal, files that are rotated away, syslog that comes and goes, many threads. */
#include "base/log.h"
#include "base/text.h"
#include "support/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char path[512];
static char target[600]; /* "file:PATH" */
static char content[1 << 20];

static void setup(void)
{
	snprintf(path, sizeof path, "%s/log", suite_scratch());
	snprintf(target, sizeof target, "file:%s", path);
}

static void teardown(void)
{
	log_close();
	suite_scratch_remove();
}

/* What a file holds; static. */
static const char *text_of(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ssize_t n = read(fd, content, sizeof content - 1);
	ck_assert_int_ge(n, 0);
	content[n] = '\0';
	close(fd);
	return content;
}

static void say(const char *what)
{
	LOG(LOG_INFO, "1", "test", "said", F_S("what", what));
}

START_TEST(a_file_is_appended_to_and_opened_again)
{
	char rotated[600];
	struct stat st;
	umask(0);
	ck_assert_int_eq(log_open(target, NULL), OK);
	say("one");
	ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	const char *text = text_of(path);
	ck_assert_ptr_eq(strstr(text, " 1 test said what=one\n"),
			 text + strlen("2026-11-23T10:00:00Z"));
	snprintf(rotated, sizeof rotated, "%s.1", path);
	ck_assert_int_eq(rename(path, rotated), 0);
	say("two");
	ck_assert_int_eq(log_reopen(NULL), OK);
	say("three");
	ck_assert_ptr_nonnull(strstr(text_of(rotated), "what=two\n"));
	ck_assert_ptr_null(strstr(content, "three"));
	ck_assert_ptr_nonnull(strstr(text_of(path), "what=three\n"));
	ck_assert_ptr_null(strstr(content, "two"));
	log_close();
	ck_assert_int_eq(log_open(target, NULL), OK);
	say("four");
	ck_assert_ptr_nonnull(strstr(text_of(path), "what=three\n")); /* nothing was cut off */
}
END_TEST

START_TEST(a_file_that_cannot_be_opened_again_is_kept)
{
	struct err e;
	char rotated[600];
	snprintf(rotated, sizeof rotated, "%s.1", path);
	ck_assert_int_eq(log_open(target, NULL), OK);
	ck_assert_int_eq(rename(path, rotated), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0); /* in the way */
	ck_assert_int_ne(log_reopen(&e), OK);
	ck_assert_ptr_nonnull(strstr(e.text, path));
	say("still here");
	ck_assert_ptr_nonnull(strstr(text_of(rotated), "still here"));
}
END_TEST

START_TEST(bad_targets_are_refused)
{
	struct err e;
	ck_assert_int_eq(log_open("nowhere", &e), E_SYNTAX);
	ck_assert_int_eq(log_open("file:relative", &e), E_SYNTAX);
	ck_assert_int_eq(log_open("file:/no/such/folder/log", &e), E_NOTFOUND);
	char longest[2000];
	snprintf(longest, sizeof longest, "file:/%01900d", 0);
	ck_assert_int_eq(log_open(longest, &e), E_LIMIT);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(log_open(target, &e), E_DENIED); /* a link is not followed */
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(log_open("file:/dev/null", &e), OK);
	ck_assert_int_eq(log_open("file:/dev/null", &e), E_LIMIT);
	ck_assert_int_eq(log_open("stderr", &e), E_LIMIT);
}
END_TEST

/* Sends standard error to the file `path` until it is put back. */
static int stderr_to_file(void)
{
	int kept = dup(STDERR_FILENO),
	    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert(kept >= 0 && fd >= 0);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return kept;
}

static void stderr_back(int kept)
{
	dup2(kept, STDERR_FILENO);
	close(kept);
}

START_TEST(standard_error_is_where_it_starts)
{
	int kept = stderr_to_file();
	say("early");
	ck_assert_int_eq(log_open("stderr", NULL), OK);
	say("chosen");
	log_close();
	say("late");
	stderr_back(kept);
	ck_assert_ptr_nonnull(strstr(text_of(path), "what=early\n"));
	ck_assert_ptr_nonnull(strstr(content, "what=chosen\n"));
	ck_assert_ptr_nonnull(strstr(content, "what=late\n"));
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFD) < 0, 0);
}
END_TEST

START_TEST(auto_finds_the_journal)
{
	struct stat st;
	char stream[64];
	int kept = stderr_to_file();
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	ck_assert_int_eq(log_open("auto", NULL), OK);
	LOG(LOG_ERROR, "1", "disk", "full", F_N("free", 0));
	log_close();
	setenv("JOURNAL_STREAM", "1:1", 1); /* of whoever started us, not ours */
	ck_assert_int_eq(log_open("auto", NULL), OK);
	say("plain");
	stderr_back(kept);
	ck_assert_ptr_eq(strstr(text_of(path), "<3>1 disk full free=0\n"), content);
	ck_assert_ptr_nonnull(strstr(content, "Z 1 test said what=plain\n"));
}
END_TEST

/* A syslog daemon's socket. */
static int syslog_socket(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	ck_assert(text_copy(un.sun_path, sizeof un.sun_path, path));
	unlink(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	return fd;
}

static const char *received(int fd)
{
	ssize_t n = recv(fd, content, sizeof content - 1, 0);
	content[n > 0 ? n : 0] = '\0';
	return content;
}

START_TEST(syslog_comes_and_goes)
{
	struct err e;
	log_syslog_path(path);
	ck_assert_int_eq(log_open("syslog", &e), E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(e.text, path));
	int daemon = syslog_socket();
	ck_assert_int_eq(log_open("syslog", &e), OK);
	LOG(LOG_WARN, "1", "test", "said", F_S("what", "one"));
	ck_assert_int_eq(strncmp(received(daemon), "<20>", 4), 0); /* mail.warning */
	char ending[64];
	snprintf(ending, sizeof ending, " smtpgate[%ld]: 1 test said what=one", (long)getpid());
	ck_assert_str_eq(content + strlen(content) - strlen(ending), ending);
	close(daemon);
	say("lost"); /* nobody there: no harm */
	daemon = syslog_socket();
	say("found again");
	ck_assert_ptr_nonnull(strstr(received(daemon), "found again"));
	for (int i = 0; i < 10000; i++) /* a daemon that does not read must not hold us */
		say("flood");
	close(daemon);
	log_syslog_path(NULL);
}
END_TEST

#define THREADS 4
#define EACH 500

static void *say_many(void *arg)
{
	for (int i = 0; i < EACH; i++)
		LOG(LOG_INFO, arg, "test", "counted", F_N("i", i),
		    F_S("pad", "0123456789 0123456789"));
	return NULL;
}

START_TEST(threads_do_not_mix_their_lines)
{
	static char ids[THREADS][8];
	pthread_t threads[THREADS];
	unsigned next[THREADS] = {0}, all = 0;
	ck_assert_int_eq(log_open(target, NULL), OK);
	for (unsigned i = 0; i < THREADS; i++) {
		snprintf(ids[i], sizeof ids[i], "t%u", i);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, say_many, ids[i]), 0);
	}
	for (int i = 0; i < 50; i++) { /* while it is reconfigured */
		log_configure(&(struct log_settings){.level = LOG_INFO});
		ck_assert_int_eq(log_reopen(NULL), OK);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	text_of(path);
	for (char *save, *l = strtok_r(content, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		unsigned thread, i;
		ck_assert_msg(sscanf(l, "%*s t%u test counted i=%u ", &thread, &i) == 2, "%s", l);
		ck_assert_uint_eq(i, next[thread]++);
		ck_assert_ptr_nonnull(strstr(l, " pad=\"0123456789 0123456789\""));
		all++;
	}
	ck_assert_uint_eq(all, THREADS * EACH);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/log (targets)");
	TCase *tc = tcase_create("targets");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_is_appended_to_and_opened_again);
	tcase_add_test(tc, a_file_that_cannot_be_opened_again_is_kept);
	tcase_add_test(tc, bad_targets_are_refused);
	tcase_add_test(tc, standard_error_is_where_it_starts);
	tcase_add_test(tc, auto_finds_the_journal);
	tcase_add_test(tc, syslog_comes_and_goes);
	tcase_add_test(tc, threads_do_not_mix_their_lines);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
