/*
 * The check of the history's chain: see chain.h for what it says. Goes over the links in bites, one
 * for each group, so that mail goes on meanwhile; what is added meanwhile is looked at too. A row
 * that is gone may have been forgotten by a link further on, an end may be said again: such doubts
 * wait until the newest link was seen.
 */
#include "spool/links.h"
#include "spool/thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BITE 64 /* links looked at in one group */

enum doubt { DOUBT_GONE, DOUBT_ENDED };

struct pending {
	uint64_t number, seq;
	enum doubt doubt;
};

struct check {
	struct check *next;
	struct spool_verify *q;
	unsigned char hash[CHAIN_HASH]; /* of the link q->last */
	struct pending *pending;        /* from `first` on */
	size_t first, count, cap;
	bool over;
};

#define ID(number) ((unsigned long long)(number))

static void fault(struct spool_verify *q, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void fault(struct spool_verify *q, const char *format, ...)
{
	char text[256];
	va_list ap;
	if (q->faults++ >= SPOOL_FAULTS)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	const char *copy = region_strdup(q->region, text);
	q->texts[q->faults - 1] = copy ? copy : "memory is short for the words";
}

/* ---- doubts ---- */

static enum result doubt(struct check *c, const struct chain_link *l, enum doubt what)
{
	for (size_t i = c->first; i < c->count; i++)
		if (c->pending[i].number == l->number && c->pending[i].doubt == what)
			return OK;
	if (c->count == c->cap) {
		size_t cap = c->cap * 2 + 64;
		struct pending *more = realloc(c->pending, cap * sizeof *more);
		if (!more)
			return E_NOMEM;
		c->pending = more;
		c->cap = cap;
	}
	c->pending[c->count++] = (struct pending){l->number, l->seq, what};
	return OK;
}

/* Mostly the oldest goes first. */
static void resolve(struct check *c, uint64_t number, enum doubt what)
{
	for (size_t i = c->first; i < c->count; i++) {
		if (c->pending[i].number != number || c->pending[i].doubt != what)
			continue;
		c->pending[i] = c->pending[c->first++];
		return;
	}
}

/* ---- one link ---- */

static enum result hash_of(struct spool *s, const struct check *c, const struct chain_link *l,
			   const struct spool_entry *e, unsigned char *out)
{
	struct chain *chain = &s->book.chain;
	const struct spool_attempt *a = l->kind == CHAIN_ATTEMPT ? links_find_attempt(e, l) : NULL;
	memset(out, 0, CHAIN_HASH);
	switch (l->kind) {
	case CHAIN_TAKEN:
		return chain_taken(chain, c->hash, e->number, &e->envelope, e->size, e->hash, out);
	case CHAIN_ATTEMPT:
		return a ? chain_attempt(chain, c->hash, e->number, a, out) : OK;
	case CHAIN_ENDED:
		return chain_ended(chain, c->hash, e, out);
	case CHAIN_FORGOTTEN:
		return chain_forgotten(chain, c->hash, l->number, out);
	}
	return OK;
}

static void judge(struct check *c, const struct chain_link *l, bool fits)
{
	struct spool_verify *q = c->q;
	if (l->kind == CHAIN_TAKEN && fits)
		q->messages++;
	else if (l->kind == CHAIN_TAKEN)
		fault(q, "m%llu is not as it was taken (link %llu)", ID(l->number), ID(l->seq));
	else if (l->kind == CHAIN_ATTEMPT && !fits)
		fault(q, "m%llu: attempt %u for recipient %zu is not as it was (link %llu)",
		      ID(l->number), l->nth, l->rcpt, ID(l->seq));
	else if (l->kind == CHAIN_ENDED && fits)
		resolve(c, l->number, DOUBT_ENDED);
	else if (l->kind == CHAIN_FORGOTTEN && !fits)
		fault(q, "m%llu: the link %llu is not as it was", ID(l->number), ID(l->seq));
	else if (l->kind < CHAIN_TAKEN || l->kind > CHAIN_FORGOTTEN)
		fault(q, "m%llu: the link %llu is of no kind that is known", ID(l->number),
		      ID(l->seq));
}

/* Against the message's rows; r: of reading them. */
static enum result compare(struct spool *s, struct check *c, const struct chain_link *l,
			   const struct spool_entry *e, enum result r, const struct err *err)
{
	unsigned char hash[CHAIN_HASH];
	bool there = r == OK;
	if (r == E_CORRUPT)
		fault(c->q, "%s (link %llu)", err->text, ID(l->seq));
	if (r != OK && (r != E_NOTFOUND || l->kind != CHAIN_FORGOTTEN))
		return r == E_NOTFOUND ? doubt(c, l, DOUBT_GONE) : r == E_CORRUPT ? OK : r;
	r = hash_of(s, c, l, e, hash);
	if (r != OK)
		return r;
	bool fits = memcmp(hash, l->hash, CHAIN_HASH) == 0;
	judge(c, l, fits);
	if (l->kind == CHAIN_FORGOTTEN && there)
		fault(c->q, "m%llu was forgotten (link %llu) and is there", ID(l->number),
		      ID(l->seq));
	else if (l->kind == CHAIN_FORGOTTEN)
		resolve(c, l->number, DOUBT_GONE);
	return l->kind == CHAIN_ENDED && !fits ? doubt(c, l, DOUBT_ENDED) : OK;
}

static enum result step(struct spool *s, struct check *c, const struct chain_link *l,
			struct err *err)
{
	struct spool_verify *q = c->q;
	struct spool_entry e;
	enum result r = OK;
	if (l->seq == q->last + 1) {
		struct region *region = region_new(0);
		if (!region)
			return E_NOMEM;
		r = ENGINE(s, load, l->number, true, region, &e, err);
		r = compare(s, c, l, &e, r, err);
		region_destroy(&region);
	} else {
		fault(q, "links %llu to %llu are gone", ID(q->last + 1), ID(l->seq - 1));
	}
	q->last = l->seq;
	memcpy(c->hash, l->hash, CHAIN_HASH);
	if (q->known == l->seq) {
		char hex[2 * CHAIN_HASH + 1];
		chain_hex(l->hash, hex);
		if (strcmp(hex, q->known_hash) != 0)
			fault(q, "link %llu is not the one that was written down", ID(l->seq));
	}
	return r;
}

/* ---- the whole ---- */

static enum result scan_untaken(struct spool *s, struct check *c, struct err *err)
{
	uint64_t number;
	size_t count = 1;
	enum result r = ENGINE(s, scan, s->book.counts.last, true, &number, &count, err);
	if (r == OK && count)
		fault(c->q, "m%llu is there and was never taken", ID(number));
	return r;
}

static enum result finish(struct spool *s, struct check *c, struct err *err)
{
	const struct chain_state *now = &s->book.counts.chain;
	struct spool_verify *q = c->q;
	if (q->last != now->last)
		fault(q, "links %llu to %llu are gone", ID(q->last + 1), ID(now->last));
	else if (memcmp(c->hash, now->head, CHAIN_HASH) != 0)
		fault(q, "the newest link is not the one that was committed");
	if (q->known > now->last)
		fault(q, "link %llu is not there: the newest is %llu", ID(q->known), ID(now->last));
	for (size_t i = c->first; i < c->count; i++)
		fault(q,
		      c->pending[i].doubt == DOUBT_GONE
			      ? "m%llu is gone, and no link says that it was forgotten (link %llu)"
			      : "m%llu did not end as its recipients say now (link %llu)",
		      ID(c->pending[i].number), ID(c->pending[i].seq));
	chain_hex(now->head, q->head);
	c->over = true;
	return scan_untaken(s, c, err);
}

/* What was cut off since is no loss. */
static void skip_cut(struct spool *s, struct check *c)
{
	const struct chain_state *now = &s->book.counts.chain;
	struct spool_verify *q = c->q;
	if (now->base <= q->last && q->first)
		return;
	if (!q->first) {
		q->first = now->base + 1;
		if (q->known && q->known <= now->base)
			fault(q, "link %llu is forgotten: the oldest is %llu", ID(q->known),
			      ID(q->first));
	}
	q->last = now->base;
	memcpy(c->hash, now->base_hash, CHAIN_HASH);
}

static enum result bite(struct spool *s, struct check *c, struct err *err)
{
	struct chain_link links[BITE];
	size_t count = BITE;
	skip_cut(s, c);
	enum result r = ENGINE(s, links, c->q->last, links, &count, err);
	for (size_t i = 0; r == OK && i < count; i++)
		r = step(s, c, &links[i], err);
	if (r == OK && count < BITE)
		r = finish(s, c, err);
	return spool_failed(s, r, err);
}

static void settle_verify(struct task *t)
{
	struct spool_verify *q = (struct spool_verify *)t;
	if (q->q.result != OK)
		region_destroy(&q->region);
}

static void check_end(struct spool *s, struct check *c, enum result r)
{
	spool_answer(s, &c->q->q, r, settle_verify);
	free(c->pending);
	free(c);
}

void verify_bites(struct spool *s)
{
	struct err err = {.code = OK};
	for (struct check **at = &s->checks, *c; (c = *at) && spool_ready(s, &err) == OK;) {
		if (bite(s, c, &c->q->q.err) != OK || !c->over) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		check_end(s, c, OK);
	}
}

void verify_fail(struct spool *s, enum result r)
{
	for (struct check *c = s->checks, *next; c; c = next) {
		next = c->next;
		c->q->q.err = s->trouble;
		check_end(s, c, r);
	}
	s->checks = NULL;
}

static void serve_verify(struct task *t)
{
	struct spool_verify *q = (struct spool_verify *)t;
	struct spool *s = q->q.spool;
	struct check *c = NULL;
	enum result r = spool_ready(s, &q->q.err);
	if (r == OK) {
		q->region = region_new(0);
		q->texts =
			q->region ? region_alloc(q->region, SPOOL_FAULTS * sizeof *q->texts) : NULL;
		c = q->texts ? calloc(1, sizeof *c) : NULL;
		r = c ? OK : E_NOMEM;
	}
	if (r != OK) {
		spool_answer(s, &q->q, r, settle_verify);
		return;
	}
	c->q = q;
	c->next = s->checks;
	s->checks = c;
}

void spool_verify(struct spool *s, struct spool_verify *q)
{
	q->first = q->last = q->messages = 0;
	q->faults = 0;
	q->head[0] = '\0';
	q->texts = NULL;
	q->region = NULL;
	spool_post(s, &q->q, serve_verify);
}
