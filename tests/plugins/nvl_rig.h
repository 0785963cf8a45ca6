/* What the tests of nvl share: a stack in a rig, its helper's processes, and a way into its private network. */
#ifndef SMTPGATE_TESTS_NVL_RIG_H
#define SMTPGATE_TESTS_NVL_RIG_H

#include "conformance/rig.h"

#include <sys/types.h>

extern const struct sgt_module SGT_MODULE(nvl);

struct nvl_case {
	struct rig rig;
	struct arena arena;
	struct sgt_error error;
	struct sgt_report report;
};

extern const struct conformance_setting nvl_loopback[]; /* network = loopback and nothing else */

/* Creates a stack; false: the module refuses, c->error says why. */
bool nvl_create_with(struct nvl_case *c, const struct conformance_setting *settings,
		     const struct sgt_plan *plans, size_t plan_count);
/* The same, and it must succeed. */
void nvl_make(struct nvl_case *c, const struct conformance_setting *settings);
/* In loopback mode, prepared and started. */
void nvl_make_started(struct nvl_case *c);
void nvl_look(struct nvl_case *c); /* detect; c->report */
/* Runs it until the network is lost; c->error says how. Then stops it. */
void nvl_await_loss(struct nvl_case *c);
/* Ends it; the test fails when the rig found a fault. */
void nvl_end(struct nvl_case *c);

/* The worker of our helper, which is a child of ours. The test fails when there is none. */
pid_t nvl_worker_of_us(void);
/* Calls fn in the private network that a worker holds, in a process of its own; returns what fn returned (0 to 99). */
int nvl_inside(pid_t worker, int (*fn)(void));

#endif
