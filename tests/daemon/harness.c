/* A control socket for tests: see harness.h. */
#include "daemon/harness.h"

#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct rights ours = {.change = false};

void harness_open(struct harness *h,
		  void (*request)(void *ctx, struct control_client *c, const json_t *r), void *ctx)
{
	struct err err;
	memset(h, 0, sizeof *h);
	clock_fake_init(&h->clock, 1000, 1700000000000);
	snprintf(h->path, sizeof h->path, "%s/sub/control", suite_scratch());
	ck_assert_int_eq(loop_new(&h->loop, &h->clock.clock, &err), OK);
	struct control_options o = {
		.loop = h->loop, .path = h->path, .rights = &ours, .request = request, .ctx = ctx};
	ck_assert_msg(control_open(&h->control, &o, &err) == OK, "%s", err.text);
	ck_assert_int_eq(control_serve(h->control, &err), OK);
}

void harness_close(struct harness *h)
{
	control_close(&h->control);
	ck_assert_int_eq(access(h->path, F_OK), -1);
	while (inbox_drain(loop_inbox(h->loop)))
		;
	loop_destroy(&h->loop);
	suite_scratch_remove();
}

int harness_connect(const struct harness *h)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	strcpy(un.sun_path, h->path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
	return fd;
}

void harness_send(int fd, const char *text)
{
	size_t n = strlen(text);
	ck_assert_int_eq(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

void harness_settle(struct harness *h)
{
	for (int i = 0; i < 20; i++)
		loop_turn(h->loop, 0);
}

const char *harness_read(struct harness *h, int fd, int *eof)
{
	static char text[4u << 20];
	size_t len = 0;
	int idle = 0;
	if (eof)
		*eof = 0;
	while (idle < 3) {
		harness_settle(h);
		ssize_t n = recv(fd, text + len, sizeof text - 1 - len, 0);
		if (n > 0)
			len += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			idle++;
		else
			break;
		idle = n > 0 ? 0 : idle;
	}
	if (eof && idle < 3)
		*eof = 1;
	text[len] = '\0';
	return text;
}
