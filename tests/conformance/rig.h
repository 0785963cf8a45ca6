/*
 * A rig: one stack of the module under test with everything around it: a host that counts memory, listeners (doors),
 * connections (ends) and datagram handles (posts), and the checker that holds every event against the contract.
 *
 * The first thing that goes wrong is kept as a sentence in rig.failure; nothing aborts. Ends live until rig_close, so
 * that an event after CLOSED is seen.
 */
#ifndef SMTPGATE_CONFORMANCE_RIG_H
#define SMTPGATE_CONFORMANCE_RIG_H

#include "conformance/conformance.h"

#include <stdatomic.h>

#define ARENA_RIGS 4
#define RIG_BUCKETS 1024

/* All rigs of a test: they run together. */
struct arena {
	struct rig *rigs[ARENA_RIGS];
	size_t count;
	unsigned idle;                      /* turns without an event */
	char failure[CONFORMANCE_TEXT_MAX]; /* of the first rig that failed */
};

/* The allocator that is lent to a stack. */
struct purse {
	_Atomic(size_t) bytes; /* now */
	_Atomic(size_t) peak;
	_Atomic(long) blocks;
	bool silent; /* drops the log */
};

enum end_state { END_CONNECTING, END_OPEN, END_FAILED, END_CLOSING, END_CLOSED };
/* What an end does with bytes that arrive. */
enum end_mode { END_TAKE, END_HOLD, END_ECHO };

struct span {
	const unsigned char *data;
	size_t len;
};

struct end {
	struct rig *rig;
	struct end *next, *in_bucket;
	struct sgt_conn *conn;
	struct door *door; /* it came through; NULL: it was connected */
	enum end_state state;
	enum end_mode mode;
	bool eof, ended, fetched; /* fetched: end_find has given it out */
	enum sgt_result error;
	int error_number;
	char error_text[SGT_TEXT_MAX];
	char peer[SGT_ADDRESS_MAX], local[SGT_ADDRESS_MAX];
	/* Arriving bytes: a pattern that begins at `seed`, checked when they come and again when they are given back. */
	bool checked;
	unsigned seed;
	size_t received, consumed;
	struct span *spans; /* lent, oldest first */
	size_t span_first, span_count, span_room;
	/* Sending. */
	size_t chunk;   /* of echo */
	size_t sending; /* bytes of the send under way */
	bool send_busy;
	size_t sent; /* bytes of all SENT */
	unsigned sents, closeds, errors;
};

struct door {
	struct rig *rig;
	struct door *next;
	struct sgt_listener *listener;
	char address[SGT_ADDRESS_MAX];
	enum end_mode mode; /* of the ends that come through it */
	size_t chunk;
	bool checked;
	unsigned seed;
	unsigned accepted;
};

struct post {
	struct rig *rig;
	struct post *next;
	struct sgt_dgram *dgram;
	unsigned char data[2048]; /* the last datagram */
	size_t len;
	char peer[SGT_ADDRESS_MAX];
	unsigned count;
};

struct rig {
	const struct conformance_bed *bed;
	const struct sgt_module *module;
	struct arena *arena;
	struct sgt_host host;
	struct purse purse;
	struct sgt_stack *stack;
	bool started, running, delivering, down;
	unsigned long events;
	struct end *ends;
	struct end *buckets[RIG_BUCKETS]; /* the same by their address */
	struct door *doors;
	struct post *posts;
	char failure[CONFORMANCE_TEXT_MAX];
	/* Called on each event after the rig's own work, from inside deliver. */
	void (*hook)(struct rig *rig, struct end *end, const struct sgt_event *event, void *ctx);
	void *hook_ctx;
};

/* What create gets beside the settings. */
struct rig_with {
	const struct conformance_setting *settings;
	const struct sgt_plan *plans;
	size_t plan_count;
	const struct sgt_handed *handed;
	size_t handed_count;
	bool silent; /* the module's log is not shown */
};

/* ---- life (rig.c) ---- */
/* create; false with rig.failure and the error (may be NULL) when the module refuses. */
bool rig_create(struct rig *rig, const struct conformance_bed *bed, struct arena *arena,
		const struct rig_with *with, struct sgt_error *error);
bool rig_prepare(struct rig *rig);
bool rig_start(struct rig *rig);
/* create, prepare and start with the bed's settings. */
bool rig_open(struct rig *rig, const struct conformance_bed *bed, struct arena *arena,
	      const struct conformance_setting *settings);
/* Ends what is open and forgets it. */
void rig_stop(struct rig *rig);
/* Stops, destroys, and sees that no byte is left. */
void rig_close(struct rig *rig);
void rig_fail(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));

uint64_t rig_now_ms(void);
/* One turn of one rig. */
void rig_run(struct rig *rig, int ms);
/* One turn of all of them; waits a little when nothing happens for some turns. */
void arena_turn(struct arena *arena);
/* Turns until cond or the limit; returns cond. */
bool arena_until(struct arena *arena, bool (*cond)(const void *ctx), const void *ctx, int ms);
/* Turns for `turns` times, for what must not happen. */
void arena_turns(struct arena *arena, unsigned turns);

/* ---- doors, ends, posts (rig_ends.c) ---- */
struct door *door_open(struct rig *rig, const char *address, int share);
void door_close(struct door *door);
struct end *end_connect(struct rig *rig, const char *address);
/* An end that came through the door and was not given out yet, within the limit; NULL: none came. */
struct end *end_accept(struct door *door, int ms);
/* Sends one piece; false and a failure when the stack refuses. The memory is the caller's until SENT. */
bool end_send(struct end *end, const void *data, size_t len);
/* Gives n lent bytes back, after they were compared once more. */
void end_consume(struct end *end, size_t n);
/* Gives back all, and takes what comes from now on. */
void end_take(struct end *end);
void end_shutdown(struct end *end);
void end_close(struct end *end);
void end_abort(struct end *end);
/* Waits until it has the state; false when the limit is over first. */
bool end_wait(struct end *end, enum end_state state, int ms);
bool end_wait_received(struct end *end, size_t bytes, int ms);
bool end_wait_sent(struct end *end, unsigned sents, int ms);
bool end_wait_eof(struct end *end, int ms);
/* NULL when it is refused; an address in use is the caller's to judge, all else is a failure of the rig. */
struct post *post_open(struct rig *rig, const char *address);

/* ---- what a delivered event means (rig_deliver.c) ---- */
void rig_deliver(void *ctx, const struct sgt_event *event);
void rig_add_end(struct rig *rig, struct end *end);

/* The pattern: byte i of the stream `seed`. */
unsigned char pattern_at(unsigned seed, size_t i);
void pattern_fill(unsigned char *out, unsigned seed, size_t from, size_t n);
bool pattern_is(const unsigned char *data, unsigned seed, size_t from, size_t n);

/* ---- values (values.c) ---- */
/* The module's table with the settings; free with values_free. NULL: a setting is unknown or faulty (in why). */
struct sgt_value *values_make(const struct sgt_key *keys,
			      const struct conformance_setting *settings,
			      char why[CONFORMANCE_TEXT_MAX]);
void values_free(const struct sgt_key *keys, struct sgt_value *values);

#endif
