/* The chain's links as they are made, and its front as it is forgotten: see links.h, book.h and
 * chain.h. Owns nothing. */
#include "spool/links.h"

#include <string.h>

static enum result short_of(struct err *err)
{
	return err_set(err, E_NOMEM, "memory is short in the spool");
}

/* l->hash is made; the link becomes the newest. r: of making it. */
static enum result add(struct book *b, enum result r, struct chain_link *l, struct err *err)
{
	if (r != OK)
		return short_of(err);
	struct chain_state *c = &b->counts.chain;
	l->seq = c->last + 1;
	r = b->engine->ops->add_link(b->engine, l, err);
	if (r != OK)
		return r;
	c->last = l->seq;
	memcpy(c->head, l->hash, CHAIN_HASH);
	return OK;
}

enum result links_taken(struct book *b, uint64_t number, const struct mail_envelope *v,
			uint64_t size, const char *hash, struct err *err)
{
	struct chain_link l = {.number = number, .kind = CHAIN_TAKEN};
	enum result r = chain_taken(&b->chain, b->counts.chain.head, number, v, size, hash, l.hash);
	return add(b, r, &l, err);
}

enum result links_attempt(struct book *b, uint64_t number, const struct spool_attempt *a,
			  struct err *err)
{
	struct chain_link l = {
		.number = number, .kind = CHAIN_ATTEMPT, .rcpt = a->rcpt, .nth = a->nth};
	enum result r = chain_attempt(&b->chain, b->counts.chain.head, number, a, l.hash);
	return add(b, r, &l, err);
}

static enum result add_ended(struct book *b, const struct spool_entry *e, struct err *err)
{
	struct chain_link l = {.number = e->number, .kind = CHAIN_ENDED};
	enum result r = chain_ended(&b->chain, b->counts.chain.head, e, l.hash);
	return add(b, r, &l, err);
}

enum result links_ended(struct book *b, uint64_t number, struct err *err)
{
	struct spool_entry e;
	struct region *region = region_new(0);
	if (!region)
		return short_of(err);
	enum result r = b->engine->ops->load(b->engine, number, false, region, &e, err);
	if (r == OK)
		r = add_ended(b, &e, err);
	region_destroy(&region);
	return r;
}

enum result book_drop(struct book *b, uint64_t number, struct err *err)
{
	struct chain_link l = {.number = number, .kind = CHAIN_FORGOTTEN};
	enum result r = b->engine->ops->drop(b->engine, number, err);
	if (r != OK)
		return r;
	r = chain_forgotten(&b->chain, b->counts.chain.head, number, l.hash);
	return add(b, r, &l, err);
}

const struct spool_attempt *links_find_attempt(const struct spool_entry *e,
					       const struct chain_link *l)
{
	for (size_t i = 0; i < e->attempt_count; i++)
		if (e->attempts[i].rcpt == l->rcpt && e->attempts[i].nth == l->nth)
			return &e->attempts[i];
	return NULL;
}

/* The same link again, at the end. An attempt whose row is gone cannot be said again: its link stays
 * where it is, and with it all behind it, for a check to find. */
static enum result move(struct book *b, const struct chain_link *l, const struct spool_entry *e,
			bool *moved, struct err *err)
{
	const struct spool_attempt *a = links_find_attempt(e, l);
	*moved = l->kind != CHAIN_ATTEMPT || a;
	if (l->kind == CHAIN_TAKEN)
		return links_taken(b, l->number, &e->envelope, e->size, e->hash, err);
	if (l->kind == CHAIN_ATTEMPT)
		return a ? links_attempt(b, l->number, a, err) : OK;
	return add_ended(b, e, err);
}

/* Whether the link at the front may go. */
static enum result look(struct book *b, const struct chain_link *l, int64_t before, bool *goes,
			struct err *err)
{
	struct spool_entry e;
	struct region *region = region_new(0);
	*goes = false;
	if (!region)
		return short_of(err);
	enum result r = b->engine->ops->load(b->engine, l->number, true, region, &e, err);
	if (r == E_NOTFOUND || l->kind == CHAIN_FORGOTTEN) {
		*goes = true;
		r = OK;
	} else if (r == OK && e.envelope.arrived < before) {
		r = move(b, l, &e, goes, err);
	}
	region_destroy(&region);
	return r;
}

enum result book_trim(struct book *b, size_t bound, int64_t before, struct err *err)
{
	struct chain_state *c = &b->counts.chain;
	uint64_t upto = c->base;
	bool goes = true;
	enum result r = OK;
	while (r == OK && goes && bound--) {
		struct chain_link l;
		size_t count = 1;
		r = b->engine->ops->links(b->engine, upto, &l, &count, err);
		if (r != OK || !count || l.seq != upto + 1)
			break;
		r = look(b, &l, before, &goes, err);
		if (r != OK || !goes)
			break;
		upto = l.seq;
		memcpy(c->base_hash, l.hash, CHAIN_HASH);
	}
	if (r != OK || upto == c->base)
		return r;
	c->base = upto;
	return b->engine->ops->cut_links(b->engine, upto, err);
}
