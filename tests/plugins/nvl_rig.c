/* See nvl_rig.h. */
#include "plugins/nvl_rig.h"
#include "support/children.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 60000

static const struct conformance_bed bed = {.name = "nvl", .module = &SGT_MODULE(nvl)};
const struct conformance_setting nvl_loopback[] = {{"network", "loopback"}, {NULL, NULL}};

bool nvl_create_with(struct nvl_case *c, const struct conformance_setting *settings,
		     const struct sgt_plan *plans, size_t plan_count)
{
	struct rig_with with = {
		.settings = settings, .plans = plans, .plan_count = plan_count, .silent = true};
	memset(c, 0, sizeof *c);
	return rig_create(&c->rig, &bed, &c->arena, &with, &c->error);
}

void nvl_make(struct nvl_case *c, const struct conformance_setting *settings)
{
	bool made = nvl_create_with(c, settings, NULL, 0);
	ck_assert_msg(made, "%s", c->rig.failure);
}

void nvl_make_started(struct nvl_case *c)
{
	nvl_make(c, nvl_loopback);
	ck_assert_msg(rig_prepare(&c->rig) && rig_start(&c->rig), "%s", c->rig.failure);
}

void nvl_look(struct nvl_case *c)
{
	c->rig.module->detect(c->rig.stack, &c->report);
}

void nvl_await_loss(struct nvl_case *c)
{
	uint64_t end = rig_now_ms() + LIMIT_MS;
	enum sgt_result r = SGT_OK;
	while (r == SGT_OK && rig_now_ms() < end)
		r = c->rig.module->run(c->rig.stack, 1000, &c->error);
	ck_assert_msg(r == SGT_SOCKET, "the loss is not seen: %d", r);
	ck_assert_int_eq(c->error.number, 123);
	rig_stop(&c->rig);
}

void nvl_end(struct nvl_case *c)
{
	rig_close(&c->rig);
	ck_assert_msg(!c->rig.failure[0], "%s", c->rig.failure);
}

/* ---- processes ---- */

pid_t nvl_worker_of_us(void)
{
	pid_t helper = child_of(getpid(), "nvl-helper");
	ck_assert_msg(helper > 0, "there is no helper");
	pid_t worker = child_of(helper, NULL);
	ck_assert_msg(worker > 0, "the helper has no worker");
	return worker;
}

static bool enter(pid_t worker, const char *kind, int flag)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/ns/%s", worker, kind);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && setns(fd, flag) == 0;
}

int nvl_inside(pid_t worker, int (*fn)(void))
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		if (geteuid() != 0 && !enter(worker, "user", CLONE_NEWUSER))
			_exit(100);
		_exit(enter(worker, "net", CLONE_NEWNET) ? fn() : 101);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) < 100,
		      "the private network cannot be entered (%d)", status);
	return WEXITSTATUS(status);
}
