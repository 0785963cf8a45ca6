/* lmn: connections to sockets that have a file, both ways of a conversation, and each way not to get one. */
#include "plugins/limits.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT_MS 60000

static char address[SGT_ADDRESS_MAX];
static int server = -1;

static struct sockaddr_un place(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	snprintf(at.sun_path, sizeof at.sun_path, "%s/lmtp", suite_scratch());
	snprintf(address, sizeof address, "unix:%s", at.sun_path);
	return at;
}

static void begin(struct lmn_case *c, const char *key, const char *value)
{
	struct sockaddr_un at = place();
	unlink(at.sun_path);
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(listen(server, 4), 0);
	lmn_make(c, key, value, NULL, 0, NULL, 0);
	ck_assert_int_eq(lmn_make_ready(c), SGT_OK);
	ck_assert(rig_start(&c->rig));
}

static void end(struct lmn_case *c)
{
	lmn_end(c);
	close(server);
	suite_scratch_remove();
}

START_TEST(both_ways)
{
	struct lmn_case c;
	char got[8] = "";
	begin(&c, "source", "127.0.0.1"); /* a source is for peers that have an address */
	struct end *e = end_connect(&c.rig, address);
	ck_assert_msg(e != NULL, "%s", c.rig.failure);
	ck_assert(end_wait(e, END_OPEN, LIMIT_MS));
	ck_assert_str_eq(e->peer, address);
	int fd = accept(server, NULL, NULL);
	ck_assert(end_send(e, "LHLO", 4));
	ck_assert(end_wait_sent(e, 1, LIMIT_MS));
	ck_assert_int_eq(recv(fd, got, 4, MSG_WAITALL), 4);
	ck_assert_str_eq(got, "LHLO");
	ck_assert_int_eq(send(fd, "250 ok", 6, 0), 6);
	ck_assert(end_wait_received(e, 6, LIMIT_MS));
	close(fd);
	ck_assert(end_wait_eof(e, LIMIT_MS));
	end_close(e);
	ck_assert(end_wait(e, END_CLOSED, LIMIT_MS));
	end(&c);
}
END_TEST

static void fails(struct lmn_case *c, enum sgt_result result, int errnum)
{
	char text[SGT_TEXT_MAX];
	struct end *e = end_connect(&c->rig, address);
	ck_assert(end_wait(e, END_FAILED, LIMIT_MS));
	snprintf(text, sizeof text, "%s: %s", address, strerror(errnum));
	ck_assert_str_eq(e->error_text, text);
	ck_assert_int_eq(e->error, result);
	ck_assert_int_eq(e->error_number, 121);
	end_close(e);
	ck_assert(end_wait(e, END_CLOSED, LIMIT_MS));
}

START_TEST(nobody_there)
{
	struct lmn_case c;
	struct sockaddr_un at = place();
	begin(&c, NULL, NULL);
	close(server);
	fails(&c, SGT_REFUSED, ECONNREFUSED);
	unlink(at.sun_path);
	fails(&c, SGT_CONNECT, ENOENT);
	end(&c);
}
END_TEST

/* What waits in the listener's queue fills it: that one fails at once, and blocks nothing. */
START_TEST(queue_is_full)
{
	struct lmn_case c;
	begin(&c, NULL, NULL);
	ck_assert_int_eq(listen(server, 0), 0);
	struct end *first = end_connect(&c.rig, address);
	ck_assert(end_wait(first, END_OPEN, LIMIT_MS));
	struct end *next = end_connect(&c.rig, address);
	ck_assert(end_wait(next, END_FAILED, LIMIT_MS));
	ck_assert_int_eq(next->error, SGT_LIMIT);
	int fd = accept(server, NULL, NULL);
	struct end *third = end_connect(&c.rig, address);
	ck_assert(end_wait(third, END_OPEN, LIMIT_MS));
	close(fd);
	end(&c);
}
END_TEST

START_TEST(path_has_a_bound)
{
	struct lmn_case c;
	struct sgt_error error;
	struct sgt_conn *conn;
	char text[SGT_ADDRESS_MAX] = "unix:/", out[SGT_ADDRESS_MAX];
	begin(&c, NULL, NULL);
	memset(text + 6, 'x', 106);
	ck_assert_int_eq(c.rig.module->address(c.rig.stack, text, 0, out, &error), SGT_OK);
	ck_assert_str_eq(out, text);
	text[112] = 'x';
	ck_assert_int_eq(c.rig.module->address(c.rig.stack, text, 0, out, &error), SGT_BAD_ADDRESS);
	ck_assert_ptr_nonnull(strstr(error.text, "107 bytes"));
	ck_assert_int_eq(c.rig.module->connect(c.rig.stack, text, NULL, NULL, &conn, &error),
			 SGT_BAD_ADDRESS);
	end(&c);
}
END_TEST

/* The i-th allocation fails: told, and nothing is left of it (lmn_end looks). */
START_TEST(memory_is_short)
{
	struct lmn_case c;
	struct sgt_error error;
	struct sgt_conn *conn;
	begin(&c, NULL, NULL);
	limits_fail(&c.rig);
	for (long i = 1; i <= 2; i++) {
		limits_fail_at = i;
		ck_assert_int_eq(
			c.rig.module->connect(c.rig.stack, address, NULL, NULL, &conn, &error),
			SGT_NOMEM);
	}
	limits_fail_at = 0;
	struct end *e = end_connect(&c.rig, address);
	ck_assert(end_wait(e, END_OPEN, LIMIT_MS));
	end_close(e);
	ck_assert(end_wait(e, END_CLOSED, LIMIT_MS));
	end(&c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/lmn_local");
	SUITE_CASE(s, "talk", both_ways);
	SUITE_CASE(s, "failures", nobody_there, queue_is_full, path_has_a_bound, memory_is_short);
	return s;
}
SUITE_MAIN(suite)
