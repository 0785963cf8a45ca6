/*
 * One started transport and the thread that runs it, with its inbox, its timers and its clock.
 *
 *	CREATED --stack_prepare--> PREPARED --stack_start--> STARTING --start ok, on_up ok--> UP
 *	   UP --DOWN event, run error--> DOWN          STARTING --start or on_up failed--> DOWN
 *	   DOWN --retry time is up--> STARTING         any of the last three --stack_stop--> STOPPED
 *
 * Retries come after retry_first, doubling to retry_most (base/backoff.h); a stack that was up longer than its last
 *delay begins anew. In DOWN every connection, listener and datagram handle is lost: connections got
 *on_error, datagram handles on_lost, listeners are freed; then on_down is called.
 *
 * Threads: create, detect, prepare, start, stop, destroy on the main thread; status and posting to
 *the inbox from any; all else (conn.h, listener.h, dgram.h, dial.h, timers) in the stack's own
 *thread only: from its callbacks, tasks and timers.
 */
#ifndef SMTPGATE_TRANSPORT_STACK_H
#define SMTPGATE_TRANSPORT_STACK_H

#include "base/clock.h"
#include "base/inbox.h"
#include "base/result.h"
#include "base/timers.h"
#include "smtpgate/transport.h"
#include "transport/instance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stack;

/* X(name, word) */
#define STACK_STATE_LIST(X)           \
	X(STACK_CREATED, "created")   \
	X(STACK_PREPARED, "prepared") \
	X(STACK_STARTING, "starting") \
	X(STACK_UP, "up")             \
	X(STACK_DOWN, "down")         \
	X(STACK_STOPPED, "stopped")

enum stack_state {
#define STACK_ENUM(name, word) name,
	STACK_STATE_LIST(STACK_ENUM)
#undef STACK_ENUM
		STACK_STATE_COUNT
};
const char *stack_state_word(enum stack_state state);

/* All in the stack's thread. */
struct stack_ops {
	/* Started: open listeners here. Returning anything but SGT_OK (error filled) counts as a
	 * failed start: what was opened is lost, and it is tried again later. */
	enum sgt_result (*on_up)(void *ctx, struct stack *s, struct sgt_error *error);
	/* Lost or stopped, after every handle died. Only called after an on_up that returned
	 * SGT_OK. */
	void (*on_down)(void *ctx, struct stack *s, const struct sgt_error *why);
};

struct stack_config {
	const struct clock *clock; /* NULL: the system's */
	const struct stack_ops *ops;
	void *ctx;
	const struct sgt_plan
		*plans; /* of the listeners that on_up will open; copied by the module in create */
	size_t plan_count;
	int64_t retry_first, retry_most; /* ms; 0: 5 s, 5 min */
};

/* Calls the module's create, and takes what it claims (claims.h). instance must outlive the stack. */
enum sgt_result stack_create(struct stack **s, const struct instance *instance,
			     const struct stack_config *config, struct sgt_error *error);
/* The module's detect; before stack_start. */
void stack_detect(struct stack *s, struct sgt_report *report);
/* The module's prepare: before any thread exists and before rights are dropped. Once. */
enum sgt_result stack_prepare(struct stack *s, struct sgt_error *error);
/* The module's probe, after stack_prepare (even a failed one) and before any start: calls fn for each layer that it looks at, texts never NULL. What
 * comes after a layer that is not good, or beyond 16, is left out. SGT_OK: all good, or the module looks at none; else the
 * result of the one that is not, which is copied to *error. */
enum sgt_result stack_probe(struct stack *s, int64_t limit_ms,
			    void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx,
			    struct sgt_error *error);
/* Makes the thread and waits at most limit_ms for the first start (with on_up). SGT_OK: up. Any
 * other result: not yet up (SGT_TIMEOUT: start has not returned), the thread goes on trying until
 * stack_stop. SGT_LIMIT: no thread could be made. */
enum sgt_result stack_start(struct stack *s, int64_t limit_ms, struct sgt_error *error);
/* Waits at most limit_ms until it is up (start_wait). SGT_OK or the last error. */
enum sgt_result stack_wait_up(struct stack *s, int64_t limit_ms, struct sgt_error *error);
/* Ends the thread: all connections are lost at once (finish sessions before) and
 * get on_closed even where nobody closed them, on_down, the module's
 * stop, then what is left in the inbox is run. OK, or E_TIMEOUT: the module does not return from a
 * call; the thread is left alone. */
enum result stack_stop(struct stack *s, int64_t limit_ms);
/* Frees it. Created, prepared or stopped; after an E_TIMEOUT of stack_stop the memory is left to
 * the thread. */
void stack_destroy(struct stack **s);

struct stack_status {
	enum stack_state state;
	int64_t since;          /* wall ms when it entered the state */
	int64_t retry_at;       /* DOWN: wall ms of the next try; else 0 */
	unsigned losses;        /* how often it went from UP to DOWN */
	struct sgt_error error; /* the last one; result SGT_OK when there was none */
	struct sgt_counters counters;
};
/* A consistent copy; from any thread. */
void stack_status(struct stack *s, struct stack_status *out);

/* From any thread. Tasks also run while the stack is down, and the last ones in stack_stop. */
struct inbox *stack_inbox(struct stack *s);
const struct instance *stack_instance(const struct stack *s);
const struct sgt_module *stack_module(const struct stack *s);
const char *stack_name(const struct stack *s);

/* ---- in the stack's thread ---- */

struct timers *stack_timers(struct stack *s);
const struct clock *stack_clock(const struct stack *s);
bool stack_is_up(const struct stack *s);
/* It goes down because stack_stop was called, not because it was lost. */
bool stack_is_ending(const struct stack *s);
/* True in the stack's own thread. */
bool stack_here(struct stack *s);
/* Checks an address and writes its canonical form; also allowed on the main thread before
 * stack_start. */
enum sgt_result stack_address(struct stack *s, const char *text, unsigned default_port,
			      char out[SGT_ADDRESS_MAX], struct sgt_error *error);
/* Calls fn for each own address (without port); nothing while down. */
void stack_own_addresses(struct stack *s, void (*fn)(void *ctx, const char *address), void *ctx);

/* ---- without a thread: the caller's thread is the stack's (tests, probe) ---- */

/* As stack_start, in this thread: tries once. */
enum sgt_result stack_start_here(struct stack *s, struct sgt_error *error);
/* One turn: tasks, timers, output, then waits at most max_ms for events and delivers them. */
void stack_turn(struct stack *s, int max_ms);
/* stack_stop and stack_destroy end it. */

#endif
