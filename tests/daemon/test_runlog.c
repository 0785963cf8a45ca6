/* runlog: what is logged during the start comes after what is said on standard error, and nothing is lost. */
#include "daemon/runlog.h"

#include "base/file.h"
#include "base/log.h"
#include "support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct runlog r;
static struct err err;
static char path[300];

static void setup(void)
{
	snprintf(path, sizeof path, "%s/stderr", suite_scratch());
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	unsetenv("JOURNAL_STREAM");
}

static char *said(void)
{
	char *text;
	size_t n;
	fflush(stderr);
	ck_assert_int_eq(file_read(path, 1 << 20, &text, &n, &err), OK);
	return text;
}

START_TEST(kept_back_until_released)
{
	struct conf_log log = {.level = LOG_INFO};
	setup();
	ck_assert_int_eq(runlog_open(&r, &log, false, &err), OK);
	LOG(LOG_WARN, NULL, "vendor", "down", F_S("name", "ftp"));
	fputs("socket error (123)\n", stderr);
	runlog_release();
	LOG(LOG_INFO, NULL, "after", "release", F_N("n", 1));
	runlog_release();
	log_close();
	char *text = said(), *line;
	ck_assert_int_eq(strncmp(text, "socket error (123)\n", 19), 0);
	line = strstr(text, "- vendor down name=ftp\n");
	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_nonnull(strstr(line, "- after release n=1\n"));
	ck_assert_ptr_null(strstr(line + 1, "- vendor down"));
	free(text);
	suite_scratch_remove();
}
END_TEST

START_TEST(files_are_written_at_once)
{
	char target[320], file[310], *text;
	size_t n;
	setup();
	snprintf(file, sizeof file, "%s/log", suite_scratch());
	snprintf(target, sizeof target, "file:%s", file);
	const char *items[] = {target};
	struct conf_log log = {.level = LOG_INFO, .to = {items, 1}};
	ck_assert_int_eq(runlog_open(&r, &log, true, &err), OK);
	LOG(LOG_WARN, NULL, "vendor", "down", F_S("name", "ftp"));
	ck_assert_int_eq(file_read(file, 4096, &text, &n, &err), OK);
	ck_assert_ptr_nonnull(strstr(text, "vendor down"));
	free(text);
	runlog_release();
	log_close();
	text = said();
	ck_assert_str_eq(text, "");
	free(text);
	suite_scratch_remove();
}
END_TEST

START_TEST(too_many_lines_are_counted)
{
	struct conf_log log = {.level = LOG_INFO};
	setup();
	ck_assert_int_eq(runlog_open(&r, &log, false, &err), OK);
	for (int i = 0; i < 20000; i++) /* more than the log keeps */
		LOG(LOG_INFO, NULL, "line", "number", F_N("i", i));
	runlog_release();
	log_close();
	char *text = said();
	ck_assert_ptr_nonnull(strstr(text, " lines of the log were lost"));
	free(text);
	suite_scratch_remove();
}
END_TEST

START_TEST(faulty_targets)
{
	const char *items[] = {"file:/nowhere/at/all"};
	struct conf_log log = {.level = LOG_INFO, .to = {items, 1}};
	setup();
	ck_assert_int_ne(runlog_open(&r, &log, false, &err), OK);
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all"));
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/runlog");
	SUITE_CASE(s, "stderr", kept_back_until_released, too_many_lines_are_counted);
	SUITE_CASE(s, "files", files_are_written_at_once, faulty_targets);
	return s;
}
SUITE_MAIN(suite)
