/*
 * What a lane does in its stack's thread: it opens listeners and names when the stack is up, and does what the main
 * thread posts to it.
 */
#ifndef SMTPGATE_GATEWAY_LANE_H
#define SMTPGATE_GATEWAY_LANE_H

#include "gateway/vendor.h"

extern const struct stack_ops lane_ops;

/* For the lane's timer `again`. */
void lane_again(struct timer *t);

/* Something for a lane's thread to do. */
struct lane_task {
	struct task task;
	struct lane *lane;
	void (*fn)(struct lane *l, struct lane_task *t);
	struct settings *settings;
};

/* From any thread: fn runs in the lane's. settings: a reference goes along, or NULL. */
void lane_post(struct lane *l, void (*fn)(struct lane *l, struct lane_task *t), struct settings *s);

/* The things to post. */
void lane_serve(struct lane *l, struct lane_task *t);  /* listeners may open */
void lane_reload(struct lane *l, struct lane_task *t); /* new settings */
void lane_quiet(struct lane *l, struct lane_task *t);  /* no new work, what is under way may end */
void lane_cut(struct lane *l, struct lane_task *t);    /* end everything */

#endif
