/*
 * How threads talk: each thread has one inbox; others post tasks to it and its owner runs them in order.
 * A task is embedded in the message it carries; whoever posts it gives it away until its run is called.
 */
#ifndef SMTPGATE_BASE_INBOX_H
#define SMTPGATE_BASE_INBOX_H

#include <stdbool.h>
#include <stddef.h>

struct task {
	struct task *next;
	void (*run)(struct task *t); /* called once, in the inbox owner's thread */
};

struct inbox {
	struct task *newest; /* atomic, as is the next one */
	unsigned posting;    /* calls of inbox_post under way */
	void (*wake)(
		void *ctx); /* must be callable from any thread; called only when the inbox was empty */
	void *ctx;
};

void inbox_init(struct inbox *in, void (*wake)(void *ctx), void *ctx);
/* The inbox must be empty: tasks left in it would be lost with what they own. Returns when no wake is under way any more, so that what
 * wake needs is freed after it. */
void inbox_free(struct inbox *in);
/* From any thread. Never fails, never blocks but as wake does. */
void inbox_post(struct inbox *in, struct task *t);
/* Owner only: runs all tasks that were there, in order. Returns how many ran. */
size_t inbox_drain(struct inbox *in);
/* Owner only: takes all tasks as a list without running them, NULL when empty. */
struct task *inbox_take(struct inbox *in);

#endif
