/* link: the asking end, against a gateway that is played here at every split point. */
#include "daemon/link.h"

#include "daemon/words.h"
#include "support/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct err err;
static char path[108];
static int listening;
static const char *script; /* what the played gateway answers */
static size_t cut;
static char asked[4096];

static void *play(void *arg)
{
	(void)arg;
	int fd = accept(listening, NULL, NULL);
	ssize_t n = recv(fd, asked, sizeof asked - 1, 0);
	asked[n > 0 ? n : 0] = '\0';
	size_t all = strlen(script);
	send(fd, script, cut, MSG_NOSIGNAL);
	if (cut && cut < all)
		sched_yield();
	send(fd, script + cut, all - cut, MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void listen_here(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	snprintf(path, sizeof path, "%.90s/control", suite_scratch());
	strcpy(un.sun_path, path);
	unlink(path);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&un, sizeof un), 0);
	ck_assert_int_eq(listen(listening, 4), 0);
}

static char lines[256];
static bool note(void *ctx, const json_t *object)
{
	(void)ctx;
	strcat(lines, words_text(object, "line"));
	return strcmp(words_text(object, "line"), "enough") != 0;
}

/* Asks the played gateway. */
static enum result ask(const char *answer, json_t **last)
{
	struct link l;
	pthread_t thread;
	script = answer;
	lines[0] = '\0';
	pthread_create(&thread, NULL, play, NULL);
	ck_assert_int_eq(link_open(&l, path, &err), OK);
	enum result r = link_ask(&l, json_pack("{s:s}", "command", "x"), note, NULL, last, &err);
	pthread_join(thread, NULL);
	link_close(&l);
	return r;
}

START_TEST(every_split_point)
{
	static const char good[] = "{\"line\":\"a\"}\n{\"line\":\"b\"}\n{\"ok\":true,\"n\":7}\n";
	listen_here();
	for (cut = 0; cut < sizeof good - 1; cut++) {
		json_t *last = NULL;
		ck_assert_int_eq(ask(good, &last), OK);
		ck_assert_str_eq(lines, "ab");
		ck_assert_int_eq(words_number(last, "n"), 7);
		json_decref(last);
	}
	ck_assert_str_eq(asked, "{\"command\":\"x\"}\n");
	close(listening);
	suite_scratch_remove();
}
END_TEST

START_TEST(failures_and_nonsense)
{
	cut = 0;
	listen_here();
	ck_assert_int_eq(
		ask("{\"error\":{\"result\":\"denied\",\"text\":\"no\",\"remedy\":\"ask\"}}\n",
		    NULL),
		E_DENIED);
	ck_assert_str_eq(err.text, "no");
	ck_assert_str_eq(err.remedy, "ask");
	ck_assert_int_eq(ask("220 mail.example.net ESMTP\r\n", NULL), E_CORRUPT);
	ck_assert_int_eq(ask("{\"line\":\"a\"}\n{\"li", NULL), E_CLOSED);
	ck_assert_int_eq(ask("", NULL), E_CLOSED);
	ck_assert_int_eq(ask("{\"line\":\"enough\"}\n{\"line\":\"more\"}\n{\"ok\":true}\n", NULL),
			 E_CANCELLED);
	ck_assert_str_eq(lines, "enough");
	close(listening);
	suite_scratch_remove();
}
END_TEST

START_TEST(nobody_there)
{
	struct link l;
	char expected[300];
	listen_here();
	close(listening);
	ck_assert_int_eq(link_open(&l, path, &err), E_NOTFOUND);
	snprintf(expected, sizeof expected, "the gateway is not running (no answer at %s)", path);
	ck_assert_str_eq(err.text, expected);
	ck_assert_int_gt((int)strlen(err.remedy), 0);
	unlink(path);
	ck_assert_int_eq(link_open(&l, path, &err), E_NOTFOUND);
	link_close(&l); /* harmless */
	suite_scratch_remove();
}
END_TEST

static void *end_soon(void *arg)
{
	(void)arg;
	int fd = accept(listening, NULL, NULL);
	send(fd, "rest", 4, MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

START_TEST(waiting_for_the_end)
{
	struct link l;
	pthread_t thread;
	listen_here();
	ck_assert_int_eq(link_open(&l, path, &err), OK);
	ck_assert_int_eq(link_wait_end(&l, 1, &err), E_TIMEOUT);
	pthread_create(&thread, NULL, end_soon, NULL);
	ck_assert_int_eq(link_wait_end(&l, 30000, &err), OK);
	pthread_join(thread, NULL);
	link_close(&l);
	close(listening);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/link");
	SUITE_CASE(s, "answers", every_split_point, failures_and_nonsense);
	SUITE_CASE(s, "ends", nobody_there, waiting_for_the_end);
	return s;
}
SUITE_MAIN(suite)
