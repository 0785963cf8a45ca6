/*
 * The main thread's loop: descriptors, timers and an inbox. (Stack threads run their transport instead.)
 */
#ifndef SMTPGATE_BASE_LOOP_H
#define SMTPGATE_BASE_LOOP_H

#include "base/clock.h"
#include "base/inbox.h"
#include "base/result.h"
#include "base/timers.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

/* A descriptor that is watched. Embedded by its owner; must be unwatched before it is freed. */
struct watch {
	int fd;
	void (*ready)(struct watch *w, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP ... */
};

enum result loop_new(struct loop **l, const struct clock *clock, struct err *err);
void loop_destroy(struct loop **l);
/* Watches w->fd for EPOLL* events (level-triggered), or changes what it is watched for. */
enum result loop_watch(struct loop *l, struct watch *w, uint32_t events);
/* Safe within a ready callback for any watch, also its own. */
void loop_unwatch(struct loop *l, struct watch *w);
struct timers *loop_timers(struct loop *l);
struct inbox *loop_inbox(struct loop *l);
const struct clock *loop_clock(struct loop *l);
/* One turn: waits at most max_ms, then serves descriptors, tasks and timers. */
void loop_turn(struct loop *l, int max_ms);
/* Turns until loop_end is called (from this thread). */
void loop_run(struct loop *l);
void loop_end(struct loop *l);

#endif
