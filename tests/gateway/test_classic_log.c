/* classic_log: what goes into whose file, files that are moved, full, shared or not to be had, and what is said of those. */
#include "gateway/classic_log.h"

#include "base/file.h"
#include "base/text.h"
#include "support/suite.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct settings settings;
static struct conf_postoffice offices[2];
static char folders[2][PATH_MAX];
static struct clock_fake fake;
static struct classic_log *classic;
static _Atomic int failed, well;

static void tap(const char *line, void *ctx)
{
	(void)ctx;
	if (strstr(line, "classic-log failed"))
		atomic_fetch_add(&failed, 1);
	if (strstr(line, "classic-log well"))
		atomic_fetch_add(&well, 1);
}

static void setup(void)
{
	char mailbox[PATH_MAX + 8];
	setenv("TZ", "UTC", 1);
	tzset();
	clock_fake_init(&fake, 0, 1700000000000); /* 22:13:20 */
	log_tap(tap, NULL);
	for (int i = 0; i < 2; i++) {
		snprintf(folders[i], PATH_MAX, "%s/%d", suite_scratch(), i);
		ck_assert_int_eq(mkdir(folders[i], 0700), 0);
		snprintf(mailbox, sizeof mailbox, "%s/admin", folders[i]);
		ck_assert_int_eq(mkdir(mailbox, 0700), 0); /* one without any is away */
		offices[i] = (struct conf_postoffice){.name = i ? "TEST/TWO" : "TEST/ONE",
						      .path = folders[i],
						      .wait = 60000,
						      .classic_log = true};
	}
	settings = (struct settings){.postoffices = offices, .postoffice_count = 2, .refs = 1};
	settings.log.level = LOG_INFO;
	classic = classic_log_new(&fake.clock);
	ck_assert_ptr_nonnull(classic);
}

static void teardown(void)
{
	classic_log_destroy(&classic);
	log_tap(NULL, NULL);
	ck_assert_int_eq(settings.refs, 1);
	suite_scratch_remove();
}

static void apply(void)
{
	struct err err;
	ck_assert_int_eq(classic_log_apply(classic, &settings, &err), OK);
}

static void post(struct classic_log *to, const char *office, const char *text)
{
	struct buf b;
	buf_init(&b, 0);
	ck_assert_int_eq(buf_puts(&b, text), OK);
	classic_log_post(to, office, &b);
	ck_assert_uint_eq(b.len, 0);
}

static const char *place(int i, const char *name)
{
	static char path[2 * PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", folders[i], name);
	return path;
}

/* The file's text, "" when there is none. */
static const char *text_of(int i, const char *name)
{
	static char *bytes;
	size_t n;
	struct err err;
	free(bytes);
	bytes = NULL;
	return file_read(place(i, name), 1u << 30, &bytes, &n, &err) == OK ? bytes : "";
}

static void await(_Atomic int *count, int n)
{
	for (int i = 0; i < 6000 && atomic_load(count) < n; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	ck_assert_int_eq(atomic_load(count), n);
}

START_TEST(each_to_its_own_and_what_is_for_all_to_all)
{
	apply();
	post(classic, NULL, "all\n");
	post(classic, "test/two", "two\n");
	classic_log_destroy(&classic);
	ck_assert_str_eq(text_of(0, "log/SMTPGATE.LOG"), "all\n");
	ck_assert_str_eq(text_of(1, "log/SMTPGATE.LOG"), "all\ntwo\n");
}
END_TEST

START_TEST(only_where_the_key_is_and_at_its_level)
{
	struct conf_postoffice other[2] = {offices[0], offices[1]};
	struct settings reloaded = settings;
	reloaded.postoffices = other;
	reloaded.log.level = LOG_DEBUG;
	other[0].classic_log = false;
	offices[0].classic_log = offices[1].classic_log = false;
	apply();
	ck_assert_int_eq(classic_log_level(classic), CLASSIC_LOG_OFF);
	struct err err;
	ck_assert_int_eq(classic_log_apply(classic, &reloaded, &err), OK);
	ck_assert_int_eq(classic_log_level(classic), CLASSIC_LOG_DEBUG);
	ck_assert_uint_eq(classic_log_wait(classic), 60);
	post(classic, NULL, "all\n");
	apply(); /* a reload that takes it away */
	ck_assert_int_eq(classic_log_level(classic), CLASSIC_LOG_OFF);
	post(classic, NULL, "late\n");
	classic_log_destroy(&classic);
	ck_assert_int_ne(access(place(0, "log"), F_OK), 0);
	ck_assert_str_eq(text_of(1, "log/SMTPGATE.LOG"), "all\n");
	ck_assert_int_eq(reloaded.refs, 1);
}
END_TEST

START_TEST(names_in_any_case)
{
	ck_assert_int_eq(mkdir(place(0, "LOG"), 0700), 0);
	close(open(place(0, "LOG/smtpgate.log"), O_CREAT | O_WRONLY, 0600));
	apply();
	post(classic, "TEST/ONE", "one\n");
	classic_log_destroy(&classic);
	ck_assert_str_eq(text_of(0, "LOG/smtpgate.log"), "one\n");
	ck_assert_int_ne(access(place(0, "log"), F_OK), 0);
}
END_TEST

START_TEST(full_becomes_old_and_only_one_old_is_kept)
{
	ck_assert_int_eq(mkdir(place(0, "log"), 0700), 0);
	for (int i = 0; i < 2; i++) {
		int fd = open(place(0, "log/SMTPGATE.LOG"), O_CREAT | O_WRONLY | O_TRUNC, 0600);
		ck_assert_int_eq(ftruncate(fd, (off_t)CLASSIC_LOG_MAX - 1 + i), 0);
		close(fd);
		apply();
		post(classic, "TEST/ONE", "a\n");
		post(classic, "TEST/ONE", "b\n");
		classic_log_destroy(&classic);
		struct stat st;
		ck_assert_int_eq(stat(place(0, "log/SMTPGATE.OLD"), &st), 0);
		ck_assert_int_eq(st.st_size, (off_t)CLASSIC_LOG_MAX - 1 + i);
		ck_assert_str_eq(text_of(0, "log/SMTPGATE.LOG"), "a\nb\n");
		classic = classic_log_new(&fake.clock);
	}
}
END_TEST

START_TEST(what_cannot_be_written_is_told_once_and_counted)
{
	ck_assert_int_eq(mkdir(place(0, "log"), 0700), 0);
	ck_assert_int_eq(mkdir(place(0, "log/SMTPGATE.LOG"), 0700), 0);
	apply();
	post(classic, "TEST/ONE", "a\nb\n");
	post(classic, "TEST/ONE", "c\n");
	post(classic, "TEST/TWO", "d\n");
	await(&failed, 1);
	for (int i = 0; i < 6000 && !*text_of(1, "log/SMTPGATE.LOG"); i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	ck_assert_str_eq(text_of(1, "log/SMTPGATE.LOG"), "d\n");
	ck_assert_int_eq(rmdir(place(0, "log/SMTPGATE.LOG")), 0);
	apply(); /* a reload forgets nothing of it */
	post(classic, "TEST/ONE", "e\n");
	await(&well, 1);
	ck_assert_int_eq(atomic_load(&failed), 1);
	ck_assert_str_eq(text_of(0, "log/SMTPGATE.LOG"),
			 "22:13:20 - 3 lines are missing here\ne\n");
}
END_TEST

START_TEST(no_folder_is_made_on_an_empty_mount_point)
{
	offices[0].format = CONF_OFFICE_MMFF;
	apply();
	post(classic, "TEST/ONE", "a\n");
	await(&failed, 1);
	ck_assert_int_ne(access(place(0, "log"), F_OK), 0);
	ck_assert_int_eq(mkdir(place(0, "Smtp"), 0700), 0);
	post(classic, "TEST/ONE", "b\n");
	await(&well, 1);
	ck_assert_str_eq(text_of(0, "log/SMTPGATE.LOG"),
			 "22:13:20 - 1 lines are missing here\nb\n");
}
END_TEST

START_TEST(links_and_pipes_are_no_files)
{
	ck_assert_int_eq(mkdir(place(0, "log"), 0700), 0);
	ck_assert_int_eq(mkdir(place(1, "log"), 0700), 0);
	ck_assert_int_eq(symlink("/dev/null", place(0, "log/SMTPGATE.LOG")), 0);
	ck_assert_int_eq(mkfifo(place(1, "log/SMTPGATE.LOG"), 0600), 0);
	apply();
	post(classic, NULL, "a\n");
	await(&failed, 2);
}
END_TEST

START_TEST(more_than_may_wait_is_lost_and_counted)
{
	char *much = malloc(CLASSIC_LOG_WAITING + 2);
	memset(much, 'x', CLASSIC_LOG_WAITING + 1);
	much[CLASSIC_LOG_WAITING] = '\n';
	much[CLASSIC_LOG_WAITING + 1] = '\0';
	apply();
	post(classic, "TEST/ONE", much);
	post(classic, "TEST/ONE", "a\n");
	classic_log_destroy(&classic);
	ck_assert_str_eq(text_of(0, "log/SMTPGATE.LOG"),
			 "22:13:20 - 1 lines are missing here\na\n");
	free(much);
}
END_TEST

#define PIECES 200

static void *post_many(void *ctx)
{
	for (int i = 0; i < PIECES; i++)
		post(ctx, "TEST/ONE", "begin\nmiddle\nend\n");
	return NULL;
}

START_TEST(two_gateways_write_whole_pieces_while_the_file_is_moved_away)
{
	struct classic_log *logs[2] = {classic, classic_log_new(&fake.clock)};
	struct err err;
	pthread_t threads[2];
	size_t lines = 0;
	static const char *const want[] = {"begin\n", "middle\n", "end\n"};
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(classic_log_apply(logs[i], &settings, &err), OK);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, logs[i]), 0);
	}
	for (int i = 0; i < 20; i++) {
		char from[2 * PATH_MAX], to[32];
		snprintf(to, sizeof to, "log/moved.%d", i);
		text_copy(from, sizeof from, place(0, "log/SMTPGATE.LOG"));
		rename(from, place(0, to)); /* or it is not there yet */
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		classic_log_destroy(&logs[i]);
	}
	classic = NULL;
	for (int i = 0; i <= 20; i++) {
		char name[32];
		snprintf(name, sizeof name, "log/moved.%d", i);
		const char *at = text_of(0, i < 20 ? name : "log/SMTPGATE.LOG");
		for (size_t k = 0; *at; k++, lines++) {
			ck_assert_msg(text_starts(at, want[k % 3]), "%.40s", at);
			at += strlen(want[k % 3]);
		}
	}
	ck_assert_uint_eq(lines, (size_t)2 * 3 * PIECES);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("classic_log");
	TCase *tc = tcase_create("classic_log");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, each_to_its_own_and_what_is_for_all_to_all);
	tcase_add_test(tc, only_where_the_key_is_and_at_its_level);
	tcase_add_test(tc, names_in_any_case);
	tcase_add_test(tc, full_becomes_old_and_only_one_old_is_kept);
	tcase_add_test(tc, what_cannot_be_written_is_told_once_and_counted);
	tcase_add_test(tc, no_folder_is_made_on_an_empty_mount_point);
	tcase_add_test(tc, links_and_pipes_are_no_files);
	tcase_add_test(tc, more_than_may_wait_is_lost_and_counted);
	tcase_add_test(tc, two_gateways_write_whole_pieces_while_the_file_is_moved_away);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
