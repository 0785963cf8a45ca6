/* The rules of the spool: see book.h. Owns the messages in hand. Fails as the engine does, and for
 * memory. */
#include "spool/book.h"

#include "spool/links.h"

#include <stdlib.h>
#include <string.h>

static enum result short_of(struct err *err)
{
	return err_set(err, E_NOMEM, "memory is short in the spool");
}

static void touch(struct book *b, struct live *v)
{
	if (v->touched)
		return;
	v->touched = true;
	v->next_touched = b->touched;
	b->touched = v;
}

static void tally(struct live *v)
{
	v->waiting = v->held = 0;
	for (size_t i = 0; i < v->head.rcpt_count; i++) {
		v->waiting += v->rcpts[i].state == SPOOL_WAITING;
		v->held += v->rcpts[i].state == SPOOL_HELD;
	}
}

/* Adds (or takes away) what a message contributes to the counts of messages. */
static void count_message(struct engine_counts *c, const struct live *v, bool add)
{
	uint64_t one = add ? 1 : (uint64_t)-1;
	if (v->waiting)
		c->waiting += one;
	else if (v->held)
		c->held += one;
	if (v->waiting || v->held)
		c->bytes += one * v->head.size;
}

static int64_t next_of(const struct live *v)
{
	int64_t next = ENGINE_NEVER;
	for (size_t i = 0; i < v->head.rcpt_count; i++)
		if (v->rcpts[i].state == SPOOL_WAITING && v->rcpts[i].next_at < next)
			next = v->rcpts[i].next_at;
	return next;
}

/* The message with its recipients, read when it is not in hand. */
static enum result hand(struct book *b, uint64_t number, struct live **out, struct err *err)
{
	struct live *v = lives_find(&b->lives, number);
	if (v && v->loaded) {
		*out = v;
		touch(b, v);
		return OK;
	}
	struct engine_head head;
	enum result r = b->engine->ops->head(b->engine, number, &head, err);
	if (r != OK)
		return r == E_NOTFOUND ? err_set(err, r, "there is no message m%llu",
						 (unsigned long long)number)
				       : r;
	if (!v)
		v = lives_add(&b->lives, number);
	if (!v)
		return short_of(err);
	touch(b, v);
	if (!live_room(v, head.rcpt_count))
		return short_of(err);
	v->head = head;
	r = b->engine->ops->rcpts(b->engine, number, v->rcpts, head.rcpt_count, err);
	if (r != OK)
		return r;
	tally(v);
	v->loaded = true;
	*out = v;
	return OK;
}

/* Keeps a message just added in hand: it is claimed, and its update will not have to read it. */
static enum result keep_added(struct book *b, const struct spool_message *m, int64_t next_at,
			      struct err *err)
{
	struct live *v = lives_add(&b->lives, m->number);
	if (!v)
		return short_of(err);
	touch(b, v);
	v->claimed = true;
	if (!live_room(v, m->rcpt_count))
		return short_of(err);
	v->head = (struct engine_head){m->number, m->size, next_at, 0, m->rcpt_count};
	for (size_t i = 0; i < m->rcpt_count; i++)
		v->rcpts[i] =
			(struct engine_rcpt){m->rcpts[i].state, 0, m->rcpts[i].next_at, false, 0};
	tally(v);
	v->loaded = true;
	return OK;
}

enum result book_add(struct book *b, struct message *m, bool claim, struct err *err)
{
	struct spool_message *p = &m->m;
	bool held = p->rcpts[0].state == SPOOL_HELD;
	int64_t next_at = held ? ENGINE_NEVER : p->rcpts[0].next_at;
	message_number(m, b->counts.last + 1);
	enum result r = b->engine->ops->insert(b->engine, m, next_at, err);
	if (r == OK)
		r = links_taken(b, p->number, &p->envelope, p->size, p->hash, err);
	if (r == OK && claim)
		r = keep_added(b, p, next_at, err);
	if (r != OK)
		return r;
	b->counts.last++;
	b->counts.accepted += p->rcpt_count;
	b->counts.states[held ? SPOOL_HELD : SPOOL_WAITING] += p->rcpt_count;
	b->counts.bytes += p->size;
	if (held)
		b->counts.held++;
	else
		b->counts.waiting++;
	return OK;
}

void book_next(struct book *b)
{
	b->serial++;
}

enum result book_check(struct book *b, const struct spool_change *c, struct err *err)
{
	struct live *v;
	enum result r = hand(b, c->number, &v, err);
	if (r != OK)
		return r;
	unsigned long long number = c->number;
	if (c->rcpt >= v->head.rcpt_count || (unsigned)c->state >= SPOOL_STATE_COUNT)
		return err_set(err, E_RANGE, "m%llu has no recipient %zu or no such state", number,
			       c->rcpt);
	struct engine_rcpt *p = &v->rcpts[c->rcpt];
	if (p->state == SPOOL_DELIVERED || p->state == SPOOL_BOUNCED || p->state == SPOOL_EXPIRED)
		return err_set(err, E_STATE, "recipient %zu of m%llu is %s already", c->rcpt,
			       number, spool_state_word(p->state));
	if (p->serial == b->serial)
		return err_set(err, E_RANGE, "recipient %zu of m%llu is reported twice at once",
			       c->rcpt, number);
	p->serial = b->serial;
	return OK;
}

static enum spool_state state_after(enum spool_state was, enum spool_state said)
{
	if (was == SPOOL_HELD && said == SPOOL_WAITING)
		return was;
	if (was == SPOOL_REMOVED && (said == SPOOL_WAITING || said == SPOOL_HELD))
		return was;
	return said;
}

static void move(struct book *b, struct live *v, struct engine_rcpt *p, enum spool_state to)
{
	count_message(&b->counts, v, false);
	b->counts.states[p->state]--;
	b->counts.states[to]++;
	v->waiting += (size_t)(to == SPOOL_WAITING) - (size_t)(p->state == SPOOL_WAITING);
	v->held += (size_t)(to == SPOOL_HELD) - (size_t)(p->state == SPOOL_HELD);
	p->state = to;
	count_message(&b->counts, v, true);
	v->unsettled = true;
}

enum result book_apply(struct book *b, const struct spool_change *c, struct err *err)
{
	struct live *v;
	enum result r = hand(b, c->number, &v, err);
	if (r != OK)
		return r;
	struct engine_rcpt *p = &v->rcpts[c->rcpt];
	enum spool_state now = state_after(p->state, c->state);
	struct engine_words words = {NULL, NULL, NULL, NULL};
	if (now == c->state)
		words = (struct engine_words){c->rule, c->peer, c->status, c->reason};
	move(b, v, p, now);
	p->attempts += c->attempted;
	p->warned |= c->warned;
	if (c->state == SPOOL_WAITING)
		p->next_at = c->next_at;
	r = b->engine->ops->set_rcpt(b->engine, c->number, c->rcpt, p, &words, err);
	if (r != OK || !c->attempted)
		return r;
	struct spool_attempt attempt = {.at = clock_wall(b->clock),
					.rcpt = c->rcpt,
					.nth = p->attempts,
					.state = c->state,
					.rule = c->rule,
					.peer = c->peer,
					.status = c->status,
					.reason = c->reason,
					.sent_hash = c->sent_hash,
					.sent_sender = c->sent_sender,
					.sent_from = c->sent_from};
	r = b->engine->ops->add_attempt(b->engine, c->number, &attempt, err);
	return r == OK ? links_attempt(b, c->number, &attempt, err) : r;
}

/* Its body is a file: it goes after the commit, which removes its name. */
static enum result leave_file(struct book *b, uint64_t number, struct err *err)
{
	struct engine_body body;
	enum result r = b->engine->ops->body(b->engine, number, &body, err);
	if (body.fd >= 0 || r == E_NOTFOUND) { /* the memory twin's goes with its message */
		if (body.fd >= 0)
			file_system()->close(body.fd);
		return OK;
	}
	if (r != OK)
		return r;
	free(body.data);
	struct book_file *f = calloc(1, sizeof *f);
	if (!f)
		return short_of(err);
	memcpy(f->file, body.file, sizeof f->file);
	f->next = b->leftover;
	b->leftover = f;
	return OK;
}

enum result book_settle(struct book *b, uint64_t number, struct err *err)
{
	struct live *v = lives_find(&b->lives, number);
	if (!v || !v->unsettled)
		return OK;
	struct engine_head was = v->head;
	v->unsettled = false;
	v->head.next_at = next_of(v);
	if (v->head.next_at != ENGINE_NEVER && number < b->oldest_from)
		b->oldest_from = number;
	bool ends = !v->waiting && !v->held && !was.ended;
	if (ends && v->head.size > SPOOL_BODY_INLINE) {
		enum result r = leave_file(b, number, err);
		if (r != OK)
			return r;
	}
	if (ends)
		v->head.ended = clock_wall(b->clock);
	enum result r = OK;
	if (ends || v->head.next_at != was.next_at)
		r = b->engine->ops->set_head(b->engine, &v->head, err);
	return r == OK && v->head.ended ? links_ended(b, number, err) : r;
}

/* What the action makes of a recipient; false: nothing. */
static bool acted(const struct spool_act *act, const struct engine_rcpt *p, enum spool_state *to,
		  const char **reason)
{
	*to = p->state;
	*reason = act->reason ? act->reason : "";
	switch (act->action) {
	case SPOOL_HOLD:
		*to = SPOOL_HELD;
		return p->state == SPOOL_WAITING;
	case SPOOL_RELEASE:
		*to = SPOOL_WAITING;
		*reason = "";
		return p->state == SPOOL_HELD;
	case SPOOL_REMOVE:
		*to = SPOOL_REMOVED;
		return p->state == SPOOL_WAITING || p->state == SPOOL_HELD;
	case SPOOL_RETRY:
		*reason = NULL;
		return p->state == SPOOL_WAITING;
	}
	return false;
}

enum result book_act(struct book *b, uint64_t number, const bool *chosen,
		     const struct spool_act *act, bool *changed, struct err *err)
{
	struct live *v;
	enum result r = hand(b, number, &v, err);
	*changed = false;
	for (size_t i = 0; r == OK && i < v->head.rcpt_count; i++) {
		struct engine_words words = {NULL, NULL, NULL, NULL};
		enum spool_state to;
		if ((chosen && !chosen[i]) || !acted(act, &v->rcpts[i], &to, &words.reason))
			continue;
		*changed = true;
		move(b, v, &v->rcpts[i], to);
		if (to == SPOOL_WAITING)
			v->rcpts[i].next_at = act->now;
		r = b->engine->ops->set_rcpt(b->engine, number, i, &v->rcpts[i], &words, err);
	}
	return r == OK ? book_settle(b, number, err) : r;
}

bool book_claimed(const struct book *b, uint64_t number)
{
	struct live *v = lives_find(&b->lives, number);
	return v && v->claimed;
}

enum result book_claim(struct book *b, uint64_t number)
{
	struct live *v = lives_find(&b->lives, number);
	if (!v)
		v = lives_add(&b->lives, number);
	if (!v)
		return E_NOMEM;
	v->claimed = true;
	return OK;
}

void book_unclaim(struct book *b, uint64_t number)
{
	struct live *v = lives_find(&b->lives, number);
	if (!v)
		return;
	v->claimed = false;
	touch(b, v); /* it stays until the transaction's end: a lost one claims it again, without
			needing memory */
}

/* Ends the list of what the transaction touched; only claimed messages stay in hand. */
static void let_go(struct book *b)
{
	for (struct live *v = b->touched, *next; v; v = next) {
		next = v->next_touched;
		v->touched = false;
		v->next_touched = NULL;
		if (!v->claimed)
			lives_remove(&b->lives, v->number);
	}
	b->touched = NULL;
}

struct book_file *book_keep(struct book *b)
{
	struct book_file *files = b->leftover;
	b->leftover = NULL;
	let_go(b);
	return files;
}

static void files_free(struct book_file *f)
{
	for (struct book_file *next; f; f = next) {
		next = f->next;
		free(f);
	}
}

void book_forget(struct book *b)
{
	for (struct live *v = b->touched; v; v = v->next_touched)
		live_unload(v);
	let_go(b);
	files_free(b->leftover);
	b->leftover = NULL;
	b->counts = b->engine->counts;
}

void book_free(struct book *b)
{
	files_free(b->leftover);
	b->leftover = NULL;
	lives_free(&b->lives);
	chain_close(&b->chain);
}
