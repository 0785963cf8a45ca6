/* control: the socket's file and mode, stale and busy ones, too many clients. */
#include "daemon/control.h"

#include "daemon/harness.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct harness h;
static struct err err;
static const struct rights ours = {.change = false};

static void answer(void *ctx, struct control_client *c, const json_t *request)
{
	(void)ctx;
	(void)request;
	control_ok(c, NULL);
}

static enum result open_again(const char *path, const char *group, struct control **s)
{
	struct control_options o = {
		.loop = h.loop, .path = path, .group = group, .rights = &ours, .request = answer};
	return control_open(s, &o, &err);
}

START_TEST(mode_without_a_group)
{
	struct stat st;
	harness_open(&h, answer, NULL);
	ck_assert_int_eq(stat(h.path, &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 07777), 0600);
	harness_close(&h);
}
END_TEST

START_TEST(mode_for_a_group)
{
	struct stat st;
	struct control *s = NULL;
	char path[300];
	harness_open(&h, answer, NULL);
	snprintf(path, sizeof path, "%s/second", suite_scratch());
	ck_assert_int_eq(open_again(path, "root", &s), OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 07777), geteuid() == 0 ? 0660 : 0600);
	control_close(&s);
	ck_assert_int_eq(open_again(path, "no-such-group", &s), OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 07777), 0600);
	control_close(&s);
	harness_close(&h);
}
END_TEST

START_TEST(a_living_one_is_left_alone)
{
	struct control *s = NULL;
	char process[40];
	harness_open(&h, answer, NULL);
	ck_assert_int_eq(open_again(h.path, NULL, &s), E_BUSY);
	ck_assert_ptr_null(s);
	snprintf(process, sizeof process, "(process %ld)", (long)getpid());
	ck_assert_ptr_nonnull(strstr(err.text, process));
	ck_assert_int_eq(access(h.path, F_OK), 0);
	harness_close(&h);
}
END_TEST

START_TEST(a_stale_one_is_replaced)
{
	struct control *s = NULL;
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	harness_open(&h, answer, NULL);
	snprintf(un.sun_path, sizeof un.sun_path, "%s/stale", suite_scratch());
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	close(fd);
	ck_assert_int_eq(open_again(un.sun_path, NULL, &s), OK);
	control_close(&s);
	harness_close(&h);
}
END_TEST

START_TEST(other_files_are_left_alone)
{
	struct control *s = NULL;
	char path[300];
	harness_open(&h, answer, NULL);
	snprintf(path, sizeof path, "%s/file", suite_scratch());
	fclose(fopen(path, "w"));
	ck_assert_int_eq(open_again(path, NULL, &s), E_EXISTS);
	ck_assert_int_eq(access(path, F_OK), 0);
	harness_close(&h);
}
END_TEST

START_TEST(paths_that_are_too_long)
{
	struct control *s = NULL;
	char path[300];
	harness_open(&h, answer, NULL);
	memset(path, 'x', 200);
	path[0] = '/';
	path[200] = '\0';
	ck_assert_int_eq(open_again(path, NULL, &s), E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.remedy, "control = "));
	harness_close(&h);
}
END_TEST

START_TEST(one_client_too_many)
{
	int fds[CONTROL_CLIENTS], eof;
	harness_open(&h, answer, NULL);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = harness_connect(&h);
		harness_settle(&h);
	}
	int more = harness_connect(&h);
	ck_assert_ptr_nonnull(strstr(harness_read(&h, more, &eof), "\"limit\""));
	ck_assert(eof);
	close(more);
	harness_send(fds[0], "{}\n");
	ck_assert_str_eq(harness_read(&h, fds[0], NULL), "{\"ok\":true}\n");
	close(fds[0]);
	harness_settle(&h);
	more = harness_connect(&h); /* a place is free again */
	harness_send(more, "{}\n");
	ck_assert_str_eq(harness_read(&h, more, NULL), "{\"ok\":true}\n");
	close(more);
	for (int i = 1; i < CONTROL_CLIENTS; i++)
		close(fds[i]);
	harness_close(&h);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/control");
	SUITE_CASE(s, "mode", mode_without_a_group, mode_for_a_group);
	SUITE_CASE(s, "file", a_living_one_is_left_alone, a_stale_one_is_replaced,
		   other_files_are_left_alone, paths_that_are_too_long);
	SUITE_CASE(s, "crowd", one_client_too_many);
	return s;
}
SUITE_MAIN(suite)
