/*
 * Stacks as seen from outside their thread: making, starting, asking, stopping. See stack.h; what happens inside the
 * thread is in turn.c. Owns the module's stack, the thread and its inbox.
 */
#include "transport/stack_internal.h"
#include "base/log.h"
#include "transport/error.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *stack_state_word(enum stack_state state)
{
	static const char *const words[] = {
#define WORD(name, word) word,
		STACK_STATE_LIST(WORD)
#undef WORD
	};
	return (unsigned)state < STACK_STATE_COUNT ? words[state] : "unknown";
}

/* ---- what the core lends to the module ---- */

static void host_log(void *ctx, enum sgt_level level, const char *text)
{
	static const enum log_level levels[] = {LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG};
	const struct stack *s = ctx;
	enum log_level l = (unsigned)level < 4 ? levels[level] : LOG_INFO;
	LOG(l, stack_name(s), "transport", "says", F_S("text", text));
}

static uint64_t host_now(void *ctx)
{
	return (uint64_t)clock_mono(((struct stack *)ctx)->clock);
}

static uint64_t host_random(void *ctx)
{
	return clock_random(((struct stack *)ctx)->clock);
}

static void *host_alloc(void *ctx, void *old, size_t size)
{
	(void)ctx;
	if (size)
		return realloc(old, size);
	free(old);
	return NULL;
}

/* ---- making one ---- */

void stack_wake(void *ctx)
{
	struct stack *s = ctx;
	pthread_mutex_lock(&s->lock);
	if (s->live) {
		s->module->wakeup(s->sgt);
	} else {
		s->rung = true;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
}

static void stack_init(struct stack *s, const struct instance *instance,
		       const struct stack_config *config)
{
	s->instance = instance;
	s->module = instance_module(instance);
	s->clock = config->clock ? config->clock : clock_system();
	s->ops = config->ops;
	s->ctx = config->ctx;
	s->retry.first = config->retry_first ? config->retry_first : 5000;
	s->retry.most = config->retry_most ? config->retry_most : 300000;
	s->host = (struct sgt_host){
		.size = sizeof s->host,
		.ctx = s,
		.deliver = stack_deliver,
		.log = host_log,
		.now_ms = host_now,
		.random = host_random,
		.alloc = host_alloc,
	};
	s->work_last = &s->work;
	s->status.since = clock_wall(s->clock);
	timers_init(&s->timers);
	inbox_init(&s->inbox, stack_wake, s);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

enum sgt_result stack_create(struct stack **out, const struct instance *instance,
			     const struct stack_config *config, struct sgt_error *error)
{
	struct stack *s = calloc(1, sizeof *s);
	if (!s)
		return transport_error_set(error, SGT_NOMEM, NULL);
	stack_init(s, instance, config);
	struct sgt_create with;
	instance_create_args(instance, &with);
	with.plans = config->plans;
	with.plan_count = config->plan_count;
	struct sgt_error why = {0};
	enum sgt_result r = s->module->create(&s->host, &with, &s->sgt, &why);
	transport_error_mend(&why, r);
	if (r == SGT_OK)
		r = claims_take(&s->claims, stack_name(s), s->module, s->sgt, &why);
	else
		s->sgt = NULL;
	if (error)
		*error = why;
	if (r == SGT_OK)
		*out = s;
	else
		stack_destroy(&s);
	return r;
}

void stack_destroy(struct stack **p)
{
	struct stack *s = *p;
	*p = NULL;
	if (!s || s->left)
		return;
	assert(!s->up && (!s->threaded || s->ended));
	claims_drop(&s->claims);
	if (s->sgt)
		s->module->destroy(s->sgt);
	timers_free(&s->timers);
	inbox_drain(&s->inbox);
	inbox_free(&s->inbox);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void stack_detect(struct stack *s, struct sgt_report *report)
{
	*report = (struct sgt_report){0};
	s->module->detect(s->sgt, report);
}

enum sgt_result stack_prepare(struct stack *s, struct sgt_error *error)
{
	struct sgt_error why = {0};
	enum sgt_result r = transport_error_mend(&why, s->module->prepare(s->sgt, &why));
	stack_enter(s, r == SGT_OK ? STACK_PREPARED : STACK_CREATED, r == SGT_OK ? NULL : &why);
	if (error)
		*error = why;
	return r;
}

/* ---- state ---- */

void stack_enter(struct stack *s, enum stack_state state, const struct sgt_error *error)
{
	pthread_mutex_lock(&s->lock);
	if (s->status.state != state)
		s->status.since = clock_wall(s->clock);
	if (state == STACK_DOWN && s->status.state == STACK_UP)
		s->status.losses++;
	s->status.state = state;
	s->status.retry_at = 0;
	if (state == STACK_DOWN)
		s->status.retry_at = clock_wall(s->clock) + s->retry_at - clock_mono(s->clock);
	if (error)
		s->status.error = *error;
	if (state == STACK_UP || state == STACK_DOWN)
		s->tried = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

void stack_status(struct stack *s, struct stack_status *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->status;
	pthread_mutex_unlock(&s->lock);
}

static void deadline(struct timespec *t, int64_t ms)
{
	clock_gettime(CLOCK_MONOTONIC, t);
	t->tv_sec += (time_t)(ms / 1000);
	t->tv_nsec += (long)(ms % 1000) * 1000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_sec++;
		t->tv_nsec -= 1000000000;
	}
}

/* ---- its thread ---- */

static void set_home(struct stack *s)
{
	pthread_mutex_lock(&s->lock);
	s->home = pthread_self();
	s->has_home = true;
	pthread_mutex_unlock(&s->lock);
}

static void *thread_main(void *arg)
{
	struct stack *s = arg;
	bool stop = false;
	set_home(s);
	s->retry_at = clock_mono(s->clock);
	while (!stop) {
		stack_turn(s, 60000);
		pthread_mutex_lock(&s->lock);
		stop = s->stop;
		pthread_mutex_unlock(&s->lock);
	}
	stack_end(s);
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* Signals are the main thread's. */
static int thread_create(struct stack *s)
{
	sigset_t all, before;
	char name[16];
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int e = pthread_create(&s->thread, NULL, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (e)
		return e;
	snprintf(name, sizeof name, "stack %s", stack_name(s));
	pthread_setname_np(s->thread, name);
	s->threaded = true;
	return 0;
}

/* Waits until `done` says so; false: not in time. The lock is held. */
static bool wait_for(struct stack *s, int64_t limit_ms, bool (*done)(const struct stack *s))
{
	struct timespec until;
	deadline(&until, limit_ms);
	while (!done(s))
		if (pthread_cond_timedwait(&s->changed, &s->lock, &until) == ETIMEDOUT)
			return done(s);
	return true;
}

static bool is_tried(const struct stack *s)
{
	return s->tried;
}

static bool is_up(const struct stack *s)
{
	return s->status.state == STACK_UP;
}

static bool is_ended(const struct stack *s)
{
	return s->ended;
}

/* The result of a wait for the thread: up, its last error, or that start hangs. */
static enum sgt_result outcome(struct stack *s, struct sgt_error *error)
{
	if (s->status.state == STACK_UP)
		return SGT_OK;
	if (!s->tried)
		return transport_error_set(error, SGT_TIMEOUT,
					   "starting %s has not come to an end yet", stack_name(s));
	if (s->status.error.result == SGT_OK)
		return transport_error_set(error, SGT_STATE, "%s is %s", stack_name(s),
					   stack_state_word(s->status.state));
	if (error)
		*error = s->status.error;
	return s->status.error.result;
}

static enum sgt_result wait_outcome(struct stack *s, int64_t limit_ms,
				    bool (*done)(const struct stack *s), struct sgt_error *error)
{
	pthread_mutex_lock(&s->lock);
	wait_for(s, limit_ms, done);
	enum sgt_result r = outcome(s, error);
	pthread_mutex_unlock(&s->lock);
	return r;
}

enum sgt_result stack_start(struct stack *s, int64_t limit_ms, struct sgt_error *error)
{
	int e = thread_create(s);
	if (e)
		return transport_error_set(error, SGT_LIMIT, "no thread for %s: %s", stack_name(s),
					   strerror(e));
	return wait_outcome(s, limit_ms, is_tried, error);
}

enum sgt_result stack_wait_up(struct stack *s, int64_t limit_ms, struct sgt_error *error)
{
	return wait_outcome(s, limit_ms, is_up, error);
}

enum sgt_result stack_start_here(struct stack *s, struct sgt_error *error)
{
	set_home(s);
	stack_try(s);
	pthread_mutex_lock(&s->lock);
	enum sgt_result r = outcome(s, error);
	pthread_mutex_unlock(&s->lock);
	return r;
}

enum result stack_stop(struct stack *s, int64_t limit_ms)
{
	if (!s->threaded) {
		stack_end(s);
		return OK;
	}
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_mutex_unlock(&s->lock);
	stack_wake(s);
	pthread_mutex_lock(&s->lock);
	bool ended = wait_for(s, limit_ms, is_ended);
	pthread_mutex_unlock(&s->lock);
	if (!ended) {
		LOG(LOG_ERROR, stack_name(s), "transport", "hangs", F_N("waited_ms", limit_ms));
		pthread_detach(s->thread);
		s->left = true;
		return E_TIMEOUT;
	}
	pthread_join(s->thread, NULL);
	s->threaded = false;
	inbox_drain(&s->inbox);
	return OK;
}

/* ---- small ones ---- */

struct inbox *stack_inbox(struct stack *s)
{
	return &s->inbox;
}

const struct instance *stack_instance(const struct stack *s)
{
	return s->instance;
}

const struct sgt_module *stack_module(const struct stack *s)
{
	return s->module;
}

const char *stack_name(const struct stack *s)
{
	return instance_name(s->instance);
}

struct timers *stack_timers(struct stack *s)
{
	return &s->timers;
}

const struct clock *stack_clock(const struct stack *s)
{
	return s->clock;
}

bool stack_is_up(const struct stack *s)
{
	return s->up;
}

bool stack_is_ending(const struct stack *s)
{
	return s->ending;
}

bool stack_here(struct stack *s)
{
	pthread_mutex_lock(&s->lock);
	bool here = s->has_home && pthread_equal(s->home, pthread_self());
	pthread_mutex_unlock(&s->lock);
	return here;
}

enum sgt_result stack_address(struct stack *s, const char *text, unsigned default_port,
			      char out[SGT_ADDRESS_MAX], struct sgt_error *error)
{
	return s->module->address(s->sgt, text, default_port, out, error);
}

void stack_own_addresses(struct stack *s, void (*fn)(void *ctx, const char *address), void *ctx)
{
	if (s->up)
		s->module->own_addresses(s->sgt, fn, ctx);
}
