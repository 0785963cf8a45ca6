/* The inside of a stack, shared by stack.c, turn.c, conn.c, listener.c and dgram.c; nobody else includes it. */
#ifndef SMTPGATE_TRANSPORT_STACK_INTERNAL_H
#define SMTPGATE_TRANSPORT_STACK_INTERNAL_H

#include "base/backoff.h"
#include "transport/claims.h"
#include "transport/conn.h"
#include "transport/dgram.h"
#include "transport/listener.h"
#include "transport/stack.h"

#include <pthread.h>

struct stack {
	const struct instance *instance;
	const struct sgt_module *module;
	struct sgt_stack *sgt;
	struct sgt_host host;
	struct claims *claims; /* what it answers for on its network; NULL: nothing */
	const struct clock *clock;
	const struct stack_ops *ops;
	void *ctx;
	struct backoff retry; /* its waits: the stack's thread only */
	struct inbox inbox;
	struct timers timers;

	pthread_mutex_t lock;   /* guards the next group; never held while a callback runs */
	pthread_cond_t changed; /* state, rung, stop or ended changed */
	struct stack_status status;
	bool live;  /* between start and stop: the module's wakeup may be called */
	bool rung;  /* woken while not live */
	bool tried; /* the first start has its result */
	bool stop, ended;
	bool ending; /* stack_end runs: what goes down now is no loss */

	pthread_t thread;
	bool threaded; /* thread is to be joined */
	bool left;     /* stack_stop gave it up */
	bool has_home; /* home is the thread that runs it */
	pthread_t home;

	/* the stack's thread only */
	bool up;   /* handles may be used */
	bool lost; /* DOWN came: down_error says why, nothing of this start counts any more */
	struct sgt_error down_error;
	int64_t up_since, retry_at; /* clock_mono ms */
	struct conn *conns;
	struct conn *work, **work_last; /* connections with something to do before the next run */
	struct listener *listeners;
	struct dgram *dgrams;
};

/* stack.c */
void stack_wake(void *ctx); /* the inbox's */
void stack_enter(struct stack *s, enum stack_state state, const struct sgt_error *error);

/* turn.c: starting, turning and losing a stack, in its thread. */
void stack_try(struct stack *s);
void stack_take_down(struct stack *s, const struct sgt_error *why, bool told_up);
void stack_end(struct stack *s);
void stack_deliver(void *ctx, const struct sgt_event *event);

/* conn.c */
struct conn *conn_new(struct stack *s, const struct conn_ops *ops, void *ctx);
bool conn_is_taken(const struct conn *c);
void conn_accepted(struct conn *c, const struct sgt_event *event);
void conn_event(struct conn *c, const struct sgt_event *event);
/* Serves what stands in the work queue now; what is added meanwhile waits for the next turn. */
void conn_serve_all(struct stack *s);
/* Every handle is lost. */
void conn_lose_all(struct stack *s, const struct sgt_error *why);
/* Gives on_closed to those that nobody closed. */
void conn_end_all(struct stack *s);
extern const struct conn_ops conn_nobody; /* for a connection whose user has gone */

/* listener.c, dgram.c */
void listener_event(struct stack *s, const struct sgt_event *event);
void listener_lose_all(struct stack *s);
void dgram_event(struct dgram *d, const struct sgt_event *event);
void dgram_lose_all(struct stack *s, const struct sgt_error *why);

#endif
