/* control_client: framing at every split, hostile input, jobs, flow control, ends. */
#include "daemon/control.h"

#include "daemon/harness.h"
#include "daemon/words.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct harness h;
static struct control_job job;
static int served, gone, more_calls;
static size_t to_write;

static void job_gone(struct control_job *j)
{
	ck_assert_ptr_null(j->client);
	gone++;
}

static void job_more(struct control_job *j)
{
	more_calls++;
	if (!to_write)
		return;
	for (int i = 0; i < 10 && to_write; i++, to_write--)
		control_line(j->client, json_pack("{s:I}", "left", (json_int_t)to_write));
	if (!to_write)
		control_ok(j->client, NULL);
}

/* echo: says back "word"; job: an answer in pieces; hold: never ends. */
static void answer(void *ctx, struct control_client *c, const json_t *request)
{
	const char *command = words_text(request, "command");
	struct err err;
	(void)ctx;
	served++;
	if (strcmp(command, "echo") == 0) {
		control_ok(c, json_pack("{s:o}", "word", words_json(words_text(request, "word"))));
	} else if (strcmp(command, "job") == 0) {
		job = (struct control_job){.more = job_more, .gone = job_gone};
		control_begin(c, &job);
	} else if (strcmp(command, "hold") == 0) {
		control_ok(c, NULL);
		control_hold(c);
	} else {
		err_set(&err, E_UNSUPPORTED, "what?");
		control_error(c, &err);
	}
}

static void setup(void)
{
	served = gone = more_calls = 0;
	to_write = 0;
	harness_open(&h, answer, NULL);
}

static const char echo[] =
	"{\"command\":\"echo\",\"word\":\"h\xc3\xbc\"}\n{\"command\":\"echo\",\"word\":\"2\"}\n";
static const char echoed[] = "{\"word\":\"h\xc3\xbc\",\"ok\":true}\n{\"word\":\"2\",\"ok\":true}\n";

START_TEST(every_split_point)
{
	setup();
	for (size_t cut = 0; cut < sizeof echo; cut++) {
		int fd = harness_connect(&h);
		ck_assert_int_eq(send(fd, echo, cut, 0), (ssize_t)cut);
		harness_settle(&h);
		size_t rest = sizeof echo - 1 - (cut < sizeof echo - 1 ? cut : sizeof echo - 1);
		ck_assert_int_eq(send(fd, echo + cut, rest, 0), (ssize_t)rest);
		ck_assert_str_eq(harness_read(&h, fd, NULL), echoed);
		close(fd);
	}
	harness_close(&h);
}
END_TEST

START_TEST(half_close_is_answered)
{
	int eof;
	setup();
	int fd = harness_connect(&h);
	harness_send(fd, echo);
	shutdown(fd, SHUT_WR);
	ck_assert_str_eq(harness_read(&h, fd, &eof), echoed);
	ck_assert(eof);
	close(fd);
	harness_close(&h);
}
END_TEST

START_TEST(hostile_json)
{
	static const char *const lines[] = {
		"nonsense\n",
		"[1,2]\n",
		"\"text\"\n",
		"{\"command\":\n",
		"{\"a\":1,\"a\":2}\n",
		"{}x\n",
		"{\"command\":\"\\ud800\"}\n",
		"{\"command\":\"\xff\"}\n",
		"{\"command\":{}}\n",
		"null\n",
	};
	setup();
	int fd = harness_connect(&h);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		harness_send(fd, lines[i]);
		const char *got = harness_read(&h, fd, NULL);
		ck_assert_msg(strncmp(got, "{\"error\":", 9) == 0, "%s -> %s", lines[i], got);
	}
	harness_send(fd, "\n\n"); /* empty lines are nothing */
	ck_assert_str_eq(harness_read(&h, fd, NULL), "");
	harness_send(fd, echo);
	ck_assert_str_eq(harness_read(&h, fd, NULL), echoed);
	close(fd);
	harness_close(&h);
}
END_TEST

START_TEST(deep_nesting)
{
	char *deep = malloc(CONTROL_LINE);
	setup();
	memset(deep, '[', CONTROL_LINE - 2);
	deep[CONTROL_LINE - 2] = '\n';
	deep[CONTROL_LINE - 1] = '\0';
	int fd = harness_connect(&h);
	harness_send(fd, deep);
	ck_assert_ptr_nonnull(strstr(harness_read(&h, fd, NULL), "\"syntax\""));
	free(deep);
	close(fd);
	harness_close(&h);
}
END_TEST

START_TEST(oversized_line)
{
	int eof;
	char *big = malloc(CONTROL_LINE + 1);
	setup();
	memset(big, ' ', CONTROL_LINE);
	big[CONTROL_LINE] = '\0';
	int fd = harness_connect(&h);
	harness_send(fd, big);
	ck_assert_ptr_nonnull(strstr(harness_read(&h, fd, &eof), "\"limit\""));
	ck_assert(eof);
	ck_assert_int_eq(served, 0);
	close(fd);
	/* One byte less, with its end, is a request (if not a sensible one). */
	fd = harness_connect(&h);
	memcpy(big, "{}", 2);
	big[CONTROL_LINE - 1] = '\n';
	harness_send(fd, big);
	ck_assert_ptr_nonnull(strstr(harness_read(&h, fd, &eof), "what?"));
	ck_assert(!eof);
	free(big);
	close(fd);
	harness_close(&h);
}
END_TEST

START_TEST(answer_in_pieces)
{
	setup();
	int fd = harness_connect(&h);
	harness_send(fd, "{\"command\":\"job\"}\n{\"command\":\"echo\",\"word\":\"after\"}\n");
	ck_assert_str_eq(harness_read(&h, fd, NULL),
			 ""); /* it waits, and so does the second request */
	ck_assert_int_eq(served, 1);
	to_write = 25;
	control_more(&job);
	const char *got = harness_read(&h, fd, NULL);
	ck_assert_int_eq(strncmp(got, "{\"left\":25}\n{\"left\":24}\n", 24), 0);
	ck_assert_ptr_nonnull(
		strstr(got, "{\"left\":1}\n{\"ok\":true}\n{\"word\":\"after\",\"ok\":true}\n"));
	ck_assert_int_eq(gone, 1);
	control_more(&job); /* the answer has ended: nothing happens */
	close(fd);
	harness_close(&h);
}
END_TEST

START_TEST(slow_reader_is_waited_for)
{
	setup();
	int fd = harness_connect(&h), small = 4096;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	harness_send(fd, "{\"command\":\"job\"}\n");
	harness_settle(&h);
	to_write = 200000;
	control_more(&job);
	harness_settle(&h);
	/* What could not be sent is bounded: most lines are not even made. */
	ck_assert_uint_gt(to_write, 150000);
	ck_assert_int_eq(gone, 0);
	const char *got = harness_read(&h, fd, NULL);
	ck_assert_str_eq(got + strlen(got) - 12, "{\"ok\":true}\n");
	ck_assert_int_eq(gone, 1);
	close(fd);
	harness_close(&h);
}
END_TEST

START_TEST(client_leaves_during_a_job)
{
	setup();
	int fd = harness_connect(&h);
	harness_send(fd, "{\"command\":\"job\"}\n");
	harness_settle(&h);
	close(fd);
	harness_settle(&h);
	ck_assert_int_eq(gone, 1);
	ck_assert_ptr_null(job.client);
	control_more(&job);
	harness_close(&h);
}
END_TEST

START_TEST(closing_tells_the_job)
{
	setup();
	int fd = harness_connect(&h);
	harness_send(fd, "{\"command\":\"job\"}\n");
	harness_settle(&h);
	harness_close(&h);
	ck_assert_int_eq(gone, 1);
	close(fd);
}
END_TEST

/* Who waits for an answer that takes long hears an empty object now and then. */
START_TEST(answers_that_take_long)
{
	int eof;
	setup();
	int fd = harness_connect(&h);
	harness_send(fd, "{\"command\":\"job\"}\n");
	harness_settle(&h);
	for (int i = 0; i < 3; i++) {
		h.clock.mono_ms += CONTROL_IDLE_MS;
		ck_assert_str_eq(harness_read(&h, fd, &eof), "{}\n");
		ck_assert(!eof);
	}
	to_write = 1;
	control_more(&job);
	ck_assert_str_eq(harness_read(&h, fd, &eof), "{\"left\":1}\n{\"ok\":true}\n");
	close(fd);
	harness_settle(&h);
	harness_close(&h);
}
END_TEST

START_TEST(idle_clients_are_ended)
{
	int eof;
	setup();
	int fd = harness_connect(&h), held = harness_connect(&h);
	harness_send(held, "{\"command\":\"hold\"}\n");
	harness_settle(&h);
	h.clock.mono_ms += CONTROL_IDLE_MS - 1;
	harness_read(&h, fd, &eof);
	ck_assert(!eof);
	h.clock.mono_ms += 1;
	harness_read(&h, fd, &eof);
	ck_assert(eof);
	ck_assert_str_eq(harness_read(&h, held, &eof), "{\"ok\":true}\n");
	ck_assert(!eof);
	control_quiet(h.control);
	harness_read(&h, held, &eof);
	ck_assert(!eof);
	close(fd);
	harness_close(&h);
	ck_assert_int_eq(recv(held, &eof, 1, 0), 0);
	close(held);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/control_client");
	SUITE_CASE(s, "framing", every_split_point, half_close_is_answered);
	SUITE_CASE(s, "hostile", hostile_json, deep_nesting, oversized_line);
	SUITE_CASE(s, "jobs", answer_in_pieces, slow_reader_is_waited_for,
		   client_leaves_during_a_job, closing_tells_the_job, answers_that_take_long);
	SUITE_CASE(s, "ends", idle_clients_are_ended);
	return s;
}
SUITE_MAIN(suite)
