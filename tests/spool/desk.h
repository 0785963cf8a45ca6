/* Asking a spool and waiting for its answer: what tests and the bench share. One thread per desk.
 */
#ifndef SMTPGATE_TESTS_DESK_H
#define SMTPGATE_TESTS_DESK_H

#include "spool/bell.h"
#include "spool/spool.h"

struct desk {
	struct inbox inbox;
	struct bell bell;
	struct spool *spool; /* whom it asks */
	struct region *region;
	struct mail_envelope envelope; /* of submits; a sender and one recipient unless changed */
	size_t answered;
	struct err err; /* of the last request that was waited for */
};

void desk_open(struct desk *d, struct spool *s);
/* Frees all but the spool. */
void desk_close(struct desk *d);
/* Fits spool_request.done: counts. */
void desk_done(struct spool_request *q);
/* Runs what was answered; waits until n answers came since desk_open. */
void desk_wait(struct desk *d, size_t n);

/* Each asks, waits, and returns the result. */
enum result desk_submit(struct desk *d, const void *data, size_t n, const char *hold,
			struct spool_message **m);
enum result desk_update(struct desk *d, struct spool_update *q);
/* One recipient of one message, and the message is unclaimed. */
enum result desk_report(struct desk *d, uint64_t number, size_t rcpt, enum spool_state state,
			int64_t next_at, const char *reason);
enum result desk_due(struct desk *d, int64_t now, size_t limit, struct spool_due *q);
/* The same as q says. */
enum result desk_due_q(struct desk *d, struct spool_due *q);
enum result desk_list(struct desk *d, struct spool_list *q);
enum result desk_act(struct desk *d, enum spool_action action, const struct spool_filter *f,
		     int64_t now, size_t *matched);
enum result desk_totals(struct desk *d, struct spool_totals *t);
/* The caller destroys q->region. */
enum result desk_verify(struct desk *d, struct spool_verify *q);
/* A draft of n bytes in pieces, ready to submit. */
struct spool_draft *desk_draft(struct desk *d, const void *data, size_t n, struct err *err);

/* A spool with a desk and a clock set by hand, in suite_scratch(). */
struct stage {
	struct clock clock; /* set by hand, read by the spool's threads */
	int64_t mono, skip; /* atomic; the wall clock is their sum */
	struct spool_options o;
	struct desk desk;
};
#define STAGE_NOW 1700000000000 /* where its clock starts, wall ms */
/* Sets the clock to STAGE_NOW; stage_open does. */
void stage_clock(struct stage *st);
void stage_open(struct stage *st, enum spool_engine engine);
/* Time goes by. */
void stage_advance(struct stage *st, int64_t ms);
/* The wall clock is put forward, or back. */
void stage_jump(struct stage *st, int64_t ms);
/* Closes the spool and opens it again with st->o. Aborts when it cannot. */
void stage_reopen(struct stage *st);
void stage_close(struct stage *st);
/* Submits a short message that is not claimed when this returns; its number. */
uint64_t stage_message(struct stage *st);
/* Everything, history too, with attempts; the caller destroys l->region. */
void stage_list(struct stage *st, struct spool_list *l);
/* The state of one recipient now. */
enum spool_state stage_state(struct stage *st, uint64_t number, size_t rcpt);
/* Do the totals close and agree with what the spool lists, and does the history's chain close? */
bool stage_sums(struct stage *st);

/* Adds a test that is run over both engines (_i is the engine). */
#define STAGE_CASE(suite, name, ...)                                                          \
	do {                                                                                  \
		TCase *tc_ = tcase_create(name);                                              \
		const TTest *const tests_[] = {__VA_ARGS__};                                  \
		for (size_t i_ = 0; i_ < sizeof tests_ / sizeof *tests_; i_++)                \
			tcase_add_loop_test(tc_, tests_[i_], SPOOL_MEMORY, SPOOL_SQLITE + 1); \
		tcase_set_timeout(tc_, 60);                                                   \
		suite_add_tcase(suite, tc_);                                                  \
	} while (0)

#endif
