/* The rows of the memory twin: see memory.h and engine.h. Fails for memory alone. */
#include "spool/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static enum result memory_insert(struct engine *base, const struct message *m, int64_t next_at,
				 struct err *err)
{
	struct version *v;
	(void)err;
	/* The reference is counted atomically; nothing else of the message is written. */
	enum result r =
		version_append(memory_of(base), (struct spool_message *)(uintptr_t)&m->m, &v);
	if (r != OK)
		return r;
	v->body = true;
	v->head = (struct engine_head){m->m.number, m->m.size, next_at, 0, m->m.rcpt_count};
	return OK;
}

static enum result memory_taken(struct engine *base, const char *name, bool *taken, struct err *err)
{
	struct memory *e = memory_of(base);
	(void)err;
	*taken = false;
	for (size_t i = 0; i < e->count && !*taken; i++)
		*taken = e->at[i] && strcmp(e->at[i]->source->envelope.session, name) == 0;
	return OK;
}

static enum result memory_head(struct engine *base, uint64_t number, struct engine_head *head,
			       struct err *err)
{
	struct version *v = version_find(memory_of(base), number);
	(void)err;
	if (!v)
		return E_NOTFOUND;
	*head = v->head;
	return OK;
}

static enum result memory_rcpts(struct engine *base, uint64_t number, struct engine_rcpt *rcpts,
				size_t count, struct err *err)
{
	struct version *v = version_find(memory_of(base), number);
	(void)err;
	if (!v)
		return E_NOTFOUND;
	for (size_t i = 0; i < count && i < v->head.rcpt_count; i++)
		rcpts[i] = (struct engine_rcpt){v->rcpts[i].state, v->rcpts[i].attempts,
						v->rcpts[i].next_at, v->rcpts[i].warned, 0};
	return OK;
}

static bool set_word(struct version *v, const char **to, const char *from)
{
	if (from)
		*to = region_strdup(v->region, from);
	return *to != NULL;
}

static enum result memory_set_rcpt(struct engine *base, uint64_t number, size_t rcpt,
				   const struct engine_rcpt *now, const struct engine_words *words,
				   struct err *err)
{
	enum result r;
	struct version *v = version_change(memory_of(base), number, &r);
	(void)err;
	if (!v)
		return r;
	struct spool_rcpt *to = &v->rcpts[rcpt];
	to->state = now->state;
	to->attempts = now->attempts;
	to->next_at = now->next_at;
	to->warned = now->warned;
	bool ok = set_word(v, &to->rule, words->rule) && set_word(v, &to->peer, words->peer) &&
		  set_word(v, &to->status, words->status) &&
		  set_word(v, &to->reason, words->reason);
	return ok ? OK : E_NOMEM;
}

static enum result memory_add_attempt(struct engine *base, uint64_t number,
				      const struct spool_attempt *a, struct err *err)
{
	enum result r;
	struct version *v = version_change(memory_of(base), number, &r);
	(void)err;
	if (!v)
		return r;
	return version_push_attempt(v, a) ? OK : E_NOMEM;
}

static enum result memory_set_head(struct engine *base, const struct engine_head *head,
				   struct err *err)
{
	enum result r;
	struct version *v = version_change(memory_of(base), head->number, &r);
	(void)err;
	if (!v)
		return r;
	v->head = *head;
	return !head->ended || !v->body || version_strip(v) ? OK : E_NOMEM;
}

static enum result memory_load(struct engine *base, uint64_t number, bool attempts,
			       struct region *region, struct spool_entry *out, struct err *err)
{
	struct version *v = version_find(memory_of(base), number);
	(void)err;
	if (!v)
		return E_NOTFOUND;
	*out = (struct spool_entry){.number = number,
				    .rcpt_count = v->head.rcpt_count,
				    .size = v->head.size,
				    .body = v->body,
				    .ended = v->head.ended};
	memcpy(out->hash, v->source->hash, sizeof out->hash);
	/* The copy is made by the version's own functions, then borrows the caller's region. */
	struct version copy = {.region = region};
	bool ok = mail_envelope_copy(&out->envelope, &v->source->envelope, region) == OK &&
		  version_copy_rcpts(&copy, v->rcpts, v->head.rcpt_count);
	for (size_t i = 0; ok && i < v->head.rcpt_count; i++) {
		copy.rcpts[i].address = out->envelope.recipients[i];
		copy.rcpts[i].asks = out->envelope.asks_of[i];
	}
	for (size_t i = 0; ok && attempts && i < v->attempt_count; i++)
		ok = version_push_attempt(&copy, &v->attempts[i]);
	out->rcpts = copy.rcpts;
	out->attempts = copy.attempts;
	out->attempt_count = copy.attempt_count;
	return ok ? OK : E_NOMEM;
}

static enum result memory_body(struct engine *base, uint64_t number, struct engine_body *body,
			       struct err *err)
{
	struct version *v = version_find(memory_of(base), number);
	*body = (struct engine_body){.fd = -1};
	if (!v || !v->body)
		return E_NOTFOUND;
	memcpy(body->file, message_of(v->source)->file, BODY_NAME_MAX);
	if (!v->source->data) {
		body->fd = fcntl(v->source->fd, F_DUPFD_CLOEXEC, 0);
		return body->fd >= 0 ? OK : err_errno(err, errno, "a body cannot be opened");
	}
	body->data = malloc(v->source->size + 1);
	if (!body->data)
		return E_NOMEM;
	memcpy(body->data, v->source->data, v->source->size);
	body->data[v->source->size] = '\0';
	return OK;
}

static enum result memory_scan(struct engine *base, uint64_t after, bool ended, uint64_t *numbers,
			       size_t *count, struct err *err)
{
	struct memory *e = memory_of(base);
	size_t room = *count;
	(void)err;
	*count = 0;
	for (uint64_t n = after + 1; n <= e->count && *count < room; n++) {
		struct version *v = version_find(e, n);
		if (v && (ended || !v->head.ended))
			numbers[(*count)++] = n;
	}
	return OK;
}

struct waiting {
	uint64_t number;
	int64_t next_at;
	enum mail_priority priority;
};

static int waiting_order(const void *x, const void *y)
{
	const struct waiting *a = x, *b = y;
	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->next_at != b->next_at)
		return a->next_at < b->next_at ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static enum result memory_far(struct engine *base, int64_t beyond, engine_visit *visit, void *ctx,
			      struct err *err)
{
	struct memory *e = memory_of(base);
	struct waiting *all = calloc(e->count + 1, sizeof *all);
	size_t n = 0;
	(void)err;
	if (!all)
		return E_NOMEM;
	for (uint64_t i = 1; i <= e->count; i++) {
		struct version *v = version_find(e, i);
		if (v && v->head.next_at != ENGINE_NEVER && v->head.next_at > beyond)
			all[n++] =
				(struct waiting){i, v->head.next_at, v->source->envelope.priority};
	}
	qsort(all, n, sizeof *all, waiting_order);
	for (size_t i = 0; i < n; i++) {
		enum mail_priority stopped = all[i].priority;
		if (visit(ctx, all[i].number, all[i].next_at) == ENGINE_STOP)
			while (i + 1 < n && all[i + 1].priority == stopped)
				i++;
	}
	free(all);
	return OK;
}

static enum result memory_due(struct engine *base, engine_visit *visit, void *ctx, struct err *err)
{
	return memory_far(base, INT64_MIN, visit, ctx, err);
}

static enum result memory_oldest(struct engine *base, uint64_t from, uint64_t *number,
				 int64_t *arrived, struct err *err)
{
	struct memory *e = memory_of(base);
	(void)err;
	for (uint64_t n = from ? from : 1; n <= e->count; n++) {
		struct version *v = version_find(e, n);
		if (v && v->head.next_at != ENGINE_NEVER) {
			*number = n;
			*arrived = v->source->envelope.arrived;
			return OK;
		}
	}
	return E_NOTFOUND;
}

/* Nothing of the twin outlives it, so no file can be missing. */
static enum result memory_next_file(struct engine *base, uint64_t after, uint64_t *number,
				    char file[BODY_NAME_MAX], struct err *err)
{
	(void)base;
	(void)after;
	(void)number;
	(void)file;
	(void)err;
	return E_NOTFOUND;
}

static enum result memory_ended(struct engine *base, int64_t before, int64_t before_named,
				uint64_t *numbers, size_t *count, struct err *err)
{
	struct memory *e = memory_of(base);
	size_t room = *count;
	(void)err;
	*count = 0;
	for (uint64_t n = 1; n <= e->count && *count < room; n++) {
		struct version *v = version_find(e, n);
		if (!v || !v->head.ended)
			continue;
		bool named = spool_maildrop_named(v->source->envelope.session);
		if (v->head.ended <= (named ? before_named : before))
			numbers[(*count)++] = n;
	}
	return OK;
}

static enum result memory_drop(struct engine *base, uint64_t number, struct err *err)
{
	enum result r;
	struct version *v = version_change(memory_of(base), number, &r);
	(void)err;
	if (v)
		v->transaction = 0;
	return r;
}

static enum result memory_add_link(struct engine *base, const struct chain_link *l, struct err *err)
{
	struct memory *e = memory_of(base);
	(void)err;
	if (e->link_count == e->link_cap) {
		size_t cap = e->link_cap * 2 + 64;
		struct chain_link *more = realloc(e->links, cap * sizeof *more);
		if (!more)
			return E_NOMEM;
		e->links = more;
		e->link_cap = cap;
	}
	e->links[e->link_count++] = *l;
	return OK;
}

static enum result memory_links(struct engine *base, uint64_t after, struct chain_link *links,
				size_t *count, struct err *err)
{
	struct memory *e = memory_of(base);
	size_t room = *count;
	(void)err;
	*count = 0;
	for (size_t at = (size_t)after; at < e->link_count && *count < room; at++)
		links[(*count)++] = e->links[at];
	return OK;
}

/* The twin keeps them, so that recover finds them. */
static enum result memory_cut_links(struct engine *base, uint64_t upto, struct err *err)
{
	(void)base;
	(void)upto;
	(void)err;
	return OK;
}

void memory_rows_ops(struct engine_ops *ops)
{
	ops->insert = memory_insert;
	ops->taken = memory_taken;
	ops->head = memory_head;
	ops->rcpts = memory_rcpts;
	ops->set_rcpt = memory_set_rcpt;
	ops->add_attempt = memory_add_attempt;
	ops->set_head = memory_set_head;
	ops->load = memory_load;
	ops->body = memory_body;
	ops->scan = memory_scan;
	ops->due = memory_due;
	ops->far = memory_far;
	ops->oldest = memory_oldest;
	ops->next_file = memory_next_file;
	ops->ended = memory_ended;
	ops->drop = memory_drop;
	ops->add_link = memory_add_link;
	ops->links = memory_links;
	ops->cut_links = memory_cut_links;
}
