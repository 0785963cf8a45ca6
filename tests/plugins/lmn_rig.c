/* See lmn_rig.h. */
#include "plugins/lmn_rig.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct conformance_bed bed = {.name = "lmn_rig", .module = &RIG_MODULE};

static void keep_log(void *ctx, enum sgt_level level, const char *text)
{
	struct rig *rig = ctx;
	struct lmn_case *c = (struct lmn_case *)rig; /* its first member */
	(void)level;
	strncat(c->log, text, sizeof c->log - strlen(c->log) - 1);
	strncat(c->log, "\n", sizeof c->log - strlen(c->log) - 1);
}

void lmn_make(struct lmn_case *c, const char *key, const char *value, const struct sgt_plan *plans,
	      size_t plan_count, const struct sgt_handed *handed, size_t handed_count)
{
	struct conformance_setting settings[2] = {{key, value}, {NULL, NULL}};
	struct rig_with with = {.settings = settings,
				.plans = plans,
				.plan_count = plan_count,
				.handed = handed,
				.handed_count = handed_count};
	memset(c, 0, sizeof *c);
	bool made = rig_create(&c->rig, &bed, &c->arena, &with, &c->error);
	ck_assert_msg(made, "%s", c->rig.failure);
	c->rig.host.log = keep_log;
}

enum sgt_result lmn_make_ready(struct lmn_case *c)
{
	return c->rig.module->prepare(c->rig.stack, &c->error);
}

void lmn_look(struct lmn_case *c)
{
	c->rig.module->detect(c->rig.stack, &c->report);
}

void lmn_end(struct lmn_case *c)
{
	rig_close(&c->rig);
	ck_assert_msg(!c->rig.failure[0], "%s", c->rig.failure);
}

int lmn_socket(const char *ip, unsigned port, bool listening, unsigned *got)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t len = sizeof a;
	ck_assert_int_eq(inet_pton(AF_INET, ip, &a.sin_addr), 1);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	if (listening)
		ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	if (got)
		*got = ntohs(a.sin_port);
	return fd;
}

bool lmn_answers(unsigned port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port),
				.sin_addr = {htonl(INADDR_LOOPBACK)}};
	bool answers = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
	close(fd);
	return answers;
}

unsigned lmn_port_of(const char *address)
{
	return (unsigned)strtoul(strrchr(address, ':') + 1, NULL, 10);
}
