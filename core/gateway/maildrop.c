/*
 * Local submission: see maildrop.h. One file at a time is at the spool, and goes there in pieces, which bounds memory. A file that
 * cannot be read as a message is set aside with the reason beside it. Its way:
 *
 *	envelope, aliases (main) --> content into a draft (a thread of the maildrop's own) --> spool_submit (main) --> taken
 *
 * The thread begins with the first file. No other work may keep it waiting, and a large file keeps nobody else.
 */
#include "gateway/maildrop.h"

#include "gateway/alarm.h"

#include "mail/address.h"
#include "mail/asks.h"
#include "gateway/book.h"
#include "gateway/queue.h"
#include "route/alias.h"
#include "route/copy.h"

#include <stdlib.h>

struct maildrop {
	struct gateway *g;
	char **names;
	size_t count, at;
	bool busy, again;
	struct pool *pool; /* of one thread; NULL before the first file */
	struct job job;
	struct spool_maildrop_content content; /* of the file in work */
	struct spool_draft *draft;
	enum result copied;
	struct err err; /* why it could not be copied */
	struct region *region;
	struct mail_envelope envelope;
	struct spool_submit submit;
	struct queue_link *link;
};

struct maildrop *maildrop_new(struct gateway *g)
{
	struct maildrop *m = calloc(1, sizeof *m);
	if (m)
		m->g = g;
	return m;
}

static void forget_names(struct maildrop *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->names[i]);
	free(m->names);
	m->names = NULL;
	m->count = m->at = 0;
}

void maildrop_destroy(struct maildrop **m)
{
	if (!*m)
		return;
	pool_destroy(&(*m)->pool);
	forget_names(*m);
	free(*m);
	*m = NULL;
}

bool maildrop_busy(const struct maildrop *m)
{
	return m->busy;
}

static void next(struct maildrop *m);

static const char *folder(const struct maildrop *m)
{
	return m->g->settings->gateway.spool;
}

static void aside(struct maildrop *m, const char *name, const char *why)
{
	struct err err;
	LOG(LOG_ERROR, NULL, "maildrop", "set-aside", F_S("file", name), F_S("error", why));
	alarm_raise(m->g, &(struct alarm){.what = CONF_BAD_FILE,
					  .about = name,
					  .text = why,
					  .remedy = "it lies in SPOOL/maildrop as NAME.bad"});
	if (spool_maildrop_bad(folder(m), name, why, &err) != OK)
		LOG(LOG_ERROR, NULL, "maildrop", "stuck", F_S("file", name),
		    F_S("error", err.text));
}

static void taken(struct spool_request *request)
{
	struct spool_submit *q = (struct spool_submit *)request;
	struct maildrop *m = (struct maildrop *)((char *)q - offsetof(struct maildrop, submit));
	const char *name = m->names[m->at++];
	struct err err;
	m->busy = false;
	if (request->result == OK || request->result == E_EXISTS) {
		if (spool_maildrop_taken(folder(m), name, &err) != OK)
			LOG(LOG_ERROR, NULL, "maildrop", "stuck", F_S("file", name),
			    F_S("error", err.text));
	} else {
		LOG(LOG_ERROR, NULL, "maildrop", "waits", F_S("file", name),
		    F_S("error", request->err.text));
		m->at = m->count; /* the spool takes nothing now: look again in a second */
	}
	if (request->result == OK) {
		LOG(LOG_INFO, q->message->id, "message", "accepted", F_S("session", name),
		    F_A("from", q->message->envelope.reverse_path),
		    F_N("recipients", q->message->rcpt_count), F_N("size", q->message->size),
		    F_S("client", "local"));
		m->link->queue = m->g->queue;
		m->link->message = q->message;
		queue_post(m->link);
		m->link = NULL;
	}
	free(m->link);
	m->link = NULL;
	region_destroy(&m->region);
	next(m);
	gateway_stop_check(m->g);
}

/* An alias on its way: what is asked for it is asked for each that it stands for (RFC 3461 5.2.7). */
struct alias_way {
	struct mail_envelope *envelope;
	const char *asks;
};

static enum result add_recipient(void *ctx, const char *address)
{
	const struct alias_way *way = ctx;
	return mail_envelope_add_once(way->envelope, address, way->asks);
}

/* Recipients that are aliases become those that they stand for. */
static enum result follow_aliases(struct maildrop *m, struct err *err)
{
	struct mail_envelope *e = &m->envelope;
	struct mail_aliases *aliases = book_aliases(m->g->book);
	const char **was = e->recipients, **asks = e->asks_of;
	size_t count = e->count, aliased;
	struct route_world world;
	const struct route_from from = {e->reverse_path, e->client, e->listener, NULL};
	enum result r = OK;
	if (!aliases)
		return OK;
	gateway_world(m->g, &world);
	mail_envelope_empty(e);
	for (size_t i = 0; r == OK && i < count; i++) {
		struct alias_way way = {e, asks[i]};
		r = route_alias(&world, aliases, &from, was[i], add_recipient, &way, &aliased);
		if (r == OK && !aliased)
			r = mail_envelope_add_asking(e, was[i], asks[i]);
	}
	mail_aliases_unref(&aliases);
	return r == E_LIMIT ? err_set(err, E_CORRUPT, "an alias of its recipients has no end")
	       : r != OK    ? err_set(err, r, "%s", result_sentence(r))
			    : OK;
}

static enum result add_copies(struct maildrop *m, struct err *err)
{
	struct mail_envelope *e = &m->envelope;
	struct route_world world;
	const struct route_from from = {e->reverse_path, e->client, e->listener, NULL};
	gateway_world(m->g, &world);
	enum result r = route_copy(&world, &from, e);
	return r == OK ? OK : err_set(err, r, "%s", result_sentence(r));
}

/* Who drops a file says nothing of SMTPUTF8: its addresses do. */
static enum result mark_utf8(struct maildrop *m, struct err *err)
{
	struct mail_envelope *e = &m->envelope;
	struct mail_asks asks;
	char text[MAIL_ASKS_TEXT];
	bool ascii = mail_address_is_ascii(e->reverse_path);
	for (size_t i = 0; i < e->count && ascii; i++)
		ascii = mail_address_is_ascii(e->recipients[i]);
	if (ascii || mail_asks_parse(e->asks, &asks) != OK)
		return OK;
	asks.utf8 = true;
	e->asks = region_strdup(m->region, mail_asks_print(&asks, text));
	return e->asks ? OK : err_set(err, E_NOMEM, "no memory");
}

/* The file's content into a new draft; NULL when it fails. In the maildrop's thread. */
static enum result draft(struct maildrop *m, struct err *err)
{
	const struct spool_maildrop_content *c = &m->content;
	char block[65536];
	size_t got = 0;
	enum result r = spool_draft_new(m->g->spool, &m->draft, err);
	if (r != OK)
		return r;
	for (uint64_t at = 0; r == OK && at < c->size; at += got) {
		r = spool_maildrop_get(c, at, block, sizeof block, &got);
		if (r == OK)
			r = spool_draft_write(m->draft, block, got);
	}
	if (r == OK)
		return OK;
	spool_draft_abort(&m->draft);
	return err_set(err, r, "%s", result_sentence(r));
}

static void copy(struct job *job)
{
	struct maildrop *m = (struct maildrop *)((char *)job - offsetof(struct maildrop, job));
	m->copied = draft(m, &m->err);
}

/* The file in work is not taken, now or ever. */
static void give_up(struct maildrop *m, enum result r, const struct err *err)
{
	const char *name = m->names[m->at++];
	spool_maildrop_close(&m->content);
	free(m->link);
	m->link = NULL;
	region_destroy(&m->region);
	if (r == E_CORRUPT || r == E_SYNTAX || r == E_LIMIT || r == E_DENIED)
		aside(m, name, err->text);
	else if (r != E_NOTFOUND)
		LOG(LOG_ERROR, NULL, "maildrop", "waits", F_S("file", name),
		    F_S("error", err->text));
}

static void copied(struct job *job)
{
	struct maildrop *m = (struct maildrop *)((char *)job - offsetof(struct maildrop, job));
	if (m->copied == OK) {
		spool_maildrop_close(&m->content);
		m->submit = (struct spool_submit){
			.q = {.answer_to = loop_inbox(m->g->loop), .done = taken},
			.draft = m->draft,
			.envelope = &m->envelope,
		};
		m->draft = NULL; /* the spool's now */
		spool_submit(m->g->spool, &m->submit);
		return;
	}
	m->busy = false;
	give_up(m, m->copied, &m->err);
	next(m);
	gateway_stop_check(m->g);
}

/* Who gets it. */
static enum result read_envelope(struct maildrop *m, const char *name, struct err *err)
{
	const uint64_t most = m->g->settings->gateway.max_size + SPOOL_MAILDROP_ENVELOPE;
	enum result r = spool_maildrop_open(folder(m), name, most, m->region, &m->envelope,
					    &m->content, err);
	if (r == OK)
		r = follow_aliases(m, err);
	if (r == OK)
		r = add_copies(m, err);
	return r == OK ? mark_utf8(m, err) : r;
}

/* Starts with one file. E_CORRUPT: the file is at fault, err says why. */
static enum result take(struct maildrop *m, const char *name, struct err *err)
{
	m->content = (struct spool_maildrop_content){.fd = -1};
	m->region = region_new(0);
	m->link = calloc(1, sizeof *m->link);
	if (!m->region || !m->link)
		return err_set(err, E_NOMEM, "no memory");
	enum result r = m->pool ? OK : pool_new(&m->pool, 1, 1, err);
	if (r == OK)
		r = read_envelope(m, name, err);
	m->job = (struct job){.answer_to = loop_inbox(m->g->loop), .work = copy, .done = copied};
	if (r == OK && pool_run(m->pool, &m->job) != OK)
		r = err_set(err, E_BUSY, "the thread of the maildrop is busy");
	m->busy = r == OK;
	return r;
}

static void next(struct maildrop *m)
{
	while (!m->busy && m->at < m->count && !m->g->stopping) {
		struct err err;
		enum result r = take(m, m->names[m->at], &err);
		if (r == OK)
			return;
		give_up(m, r, &err);
	}
	if (m->busy)
		return;
	forget_names(m);
	if (m->again) {
		m->again = false;
		maildrop_look(m);
	}
}

void maildrop_look(struct maildrop *m)
{
	struct err err;
	if (m->g->stopping)
		return;
	if (m->names) {
		m->again = true;
		return;
	}
	enum result r = spool_maildrop_list(folder(m), &m->names, &m->count, &err);
	if (r == OK && m->count) {
		next(m);
		return;
	}
	if (r != OK && r != E_NOTFOUND)
		LOG(LOG_ERROR, NULL, "maildrop", "unreadable", F_S("error", err.text));
	forget_names(m);
}
