/*
 * Inside a stack's thread: start, turn, lose, start again. See the diagram in stack.h. One turn is
 *
 *	tasks -> timers -> what connections have to do -> the module's run, which delivers events
 *
 * so everything that a turn's events, tasks and timers wrote leaves together before the next wait.
 */
#include "transport/stack_internal.h"
#include "base/log.h"
#include "base/text.h"
#include "transport/error.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static void set_live(struct stack *s, bool live)
{
	pthread_mutex_lock(&s->lock);
	s->live = live;
	pthread_mutex_unlock(&s->lock);
}

/* When to try again, and how patient to be the time after. */
static void plan_retry(struct stack *s, bool was_up)
{
	int64_t now = clock_mono(s->clock);
	if (was_up && now - s->up_since > s->retry.wait)
		backoff_reset(&s->retry);
	s->retry_at = now + backoff_next(&s->retry);
}

static void went_down(struct stack *s, const struct sgt_error *why, bool was_up)
{
	char wait[24];
	plan_retry(s, was_up);
	stack_enter(s, STACK_DOWN, why);
	LOG(LOG_ERROR, stack_name(s), "transport", "down", F_S("code", s->module->code),
	    F_S("result", transport_error_word(why->result)), F_N("number", why->number),
	    F_S("error", why->text), F_S("remedy", *why->remedy ? why->remedy : NULL),
	    F_S("retry", text_duration(s->retry.wait, wait, sizeof wait)));
}

void stack_try(struct stack *s)
{
	struct sgt_error error = {0};
	stack_enter(s, STACK_STARTING, NULL);
	s->lost = false;
	if (transport_error_mend(&error, s->module->start(s->sgt, &error)) != SGT_OK) {
		went_down(s, &error, false);
		return;
	}
	set_live(s, true);
	s->up = true;
	s->up_since = clock_mono(s->clock);
	enum sgt_result r = s->ops->on_up ? s->ops->on_up(s->ctx, s, &error) : SGT_OK;
	if (transport_error_mend(&error, r) != SGT_OK) {
		stack_take_down(s, &error, false);
		went_down(s, &error, false);
		return;
	}
	stack_enter(s, STACK_UP, NULL);
	LOG(LOG_INFO, stack_name(s), "transport", "up", F_S("code", s->module->code),
	    F_S("provider", s->module->provider));
}

void stack_take_down(struct stack *s, const struct sgt_error *why, bool told_up)
{
	s->up = false;
	conn_lose_all(s, why);
	dgram_lose_all(s, why);
	listener_lose_all(s);
	if (told_up && s->ops->on_down)
		s->ops->on_down(s->ctx, s, why);
	set_live(s, false);
	s->module->stop(s->sgt);
}

void stack_end(struct stack *s)
{
	struct sgt_error why;
	s->ending = true;
	transport_error_set(&why, SGT_RESET, "%s is being stopped", stack_name(s));
	if (s->up)
		stack_take_down(s, &why, true);
	inbox_drain(&s->inbox);
	conn_end_all(s);
	stack_enter(s, STACK_STOPPED, NULL);
}

void stack_deliver(void *ctx, const struct sgt_event *event)
{
	struct stack *s = ctx;
	if (s->lost)
		return;
	switch (event->type) {
	case SGT_EV_DOWN:
		s->lost = true;
		s->down_error = *event->error;
		break;
	case SGT_EV_ACCEPTED:
		listener_event(s, event);
		break;
	case SGT_EV_DATAGRAM:
		dgram_event(event->user, event);
		break;
	default:
		if (event->user)
			conn_event(event->user, event);
		break;
	}
}

static void run_module(struct stack *s, int wait)
{
	struct sgt_error error = {0};
	enum sgt_result r = s->module->run(s->sgt, wait, &error);
	if (transport_error_mend(&error, r) != SGT_OK && !s->lost) {
		s->lost = true;
		s->down_error = error;
	}
	struct sgt_counters counters;
	s->module->counters(s->sgt, &counters);
	pthread_mutex_lock(&s->lock);
	s->status.counters = counters;
	pthread_mutex_unlock(&s->lock);
	if (!s->lost)
		return;
	error = s->down_error;
	stack_take_down(s, &error, true);
	went_down(s, &error, true);
}

/* Down: waits for a task, the end or the time of the next try. */
static void wait_down(struct stack *s, int wait)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait / 1000;
	until.tv_nsec += (long)(wait % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&s->lock);
	while (wait && !s->rung && !s->stop)
		if (pthread_cond_timedwait(&s->changed, &s->lock, &until) == ETIMEDOUT)
			break;
	s->rung = false;
	pthread_mutex_unlock(&s->lock);
}

void stack_turn(struct stack *s, int max_ms)
{
	inbox_drain(&s->inbox);
	int64_t now = clock_mono(s->clock);
	timers_run(&s->timers, now);
	conn_serve_all(s);
	if (!s->up && now >= s->retry_at) {
		stack_try(s);
		max_ms = 0; /* what on_up and tasks left to do comes first */
	}
	int wait = s->work ? 0 : timers_wait(&s->timers, now, max_ms);
	if (s->up) {
		run_module(s, wait);
		return;
	}
	if (s->retry_at - now < wait)
		wait = s->retry_at > now ? (int)(s->retry_at - now) : 0;
	wait_down(s, wait);
}
