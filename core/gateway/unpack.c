/*
 * Opening encapsulated messages: see unpack.h. Whole, as the mail that it came in, it goes on to a postoffice that reads it as the other one
 * wrote it; else what is inside goes on as mail. What is none goes to the postmaster, as it came. The name in the maildrop follows
 * from the message: a crash at any place leads to the same one.
 */
#include "gateway/unpack.h"

#include "base/text.h"
#include "deliver/native.h"
#include "deliver/parcel.h"
#include "deliver/translator.h"
#include "gateway/book.h"
#include "gateway/postoffice.h"
#include "gateway/put.h"
#include "mail/address.h"
#include "mail/address_map.h"
#include "mail/aliases.h"
#include "mail/asks.h"
#include "route/local.h"
#include "translate/capsule.h"
#include "translate/charset.h"
#include "translate/mmff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct unpack_job {
	struct job job;
	struct queue *queue;
	struct delivery *d;
};

/* One of its recipients in work. */
struct unpacking {
	struct unpack_job *j;
	const struct conf_postoffice *office;
	const char *domain; /* behind XXENC@ */
	size_t at;          /* of the group */
	struct region *region;
	struct mmff_reader *reader;
	struct neutral opened, inner; /* what the translator made; what is inside */
	int fd;                       /* where that is */
	struct mail_envelope e;
	bool aliased; /* one of them is an alias, which leads anywhere */
	bool whole;   /* it goes on as it came */
};

static const struct spool_message *message_of(const struct unpacking *u)
{
	return u->j->d->active->message;
}

static enum result address(void *ctx, const char *native, struct region *region, const char **out)
{
	const struct unpacking *u = ctx;
	return postoffice_address(u->j->d->settings, u->office, native, region, out);
}

/* ---- opening ---- */

static enum result translate(struct unpacking *u, struct err *err)
{
	struct gateway *g = queue_gateway(u->j->queue);
	const struct translator t = {.spool = u->j->d->settings->gateway.spool,
				     .limit = u->office->get_timeout,
				     .stop = &g->quit,
				     .clock = g->clock};
	const struct sheet sheet = {.charset = charset_find("utf-8"), .make = SHEET_OPEN};
	char words[ERR_TEXT_MAX];
	u->fd = translator_scratch(t.spool);
	if (u->fd < 0)
		return err_set(err, E_IO, "a file for the translator cannot be made in %s",
			       t.spool);
	return translator_run(&t, message_of(u), &sheet, u->fd, words, err);
}

static enum result next(struct unpacking *u, const struct content *c, struct neutral *n,
			struct err *err)
{
	mmff_reader_init(u->reader, c, -1);
	enum result r = mmff_next(u->reader, u->region, n, err);
	return r == E_CORRUPT ? E_NOTFOUND : r;
}

/* E_NOTFOUND: it is none that is well formed. */
static enum result open_it(struct unpacking *u, struct err *err)
{
	enum result r = translate(u, err);
	off_t end = r == OK ? lseek(u->fd, 0, SEEK_END) : 0;
	const struct content c = content_file(u->fd, 0, (uint64_t)end);
	if (r == OK)
		r = next(u, &c, &u->opened, err);
	if (r == OK &&
	    (u->opened.parts.count != 1 || !neutral_field(&u->opened, CAPSULE_FIELD_CHARSET) ||
	     !charset_find(neutral_field(&u->opened, CAPSULE_FIELD_CHARSET))))
		r = E_NOTFOUND;
	if (r == OK)
		r = next(u, &u->opened.parts.items[0].content, &u->inner, err);
	return r == OK && native_names_files(&u->inner) ? E_NOTFOUND : r;
}

/* ---- who gets it ---- */

/* What was asked for XXENC is asked for each of them (RFC 3461 5.2.7), but who it was sent to first. */
static const char *asked(const struct unpacking *u)
{
	const char *asks = message_of(u)->rcpts[u->j->d->rcpts[u->at]].asks;
	struct mail_asks_rcpt a;
	char *text = region_alloc(u->region, MAIL_ASKS_RCPT_TEXT);
	if (!text || mail_asks_rcpt_parse(asks, &a) != OK)
		return text ? "" : NULL;
	a.orcpt[0] = '\0';
	return mail_asks_rcpt_print(&a, text);
}

/* Is it one behind the domain that it was sent to, and not XXENC, in no spelling of it: that would be opened again and again. */
static bool is_for(const struct unpacking *u, const char *to, char *name, size_t n)
{
	char local[MAIL_LOCAL_MAX + 1], domain[MAIL_DOMAIN_MAX + 1];
	return mail_address_split(to, local, sizeof local, domain, sizeof domain) == OK &&
	       text_same(domain, u->domain) && mail_local_unquote(local, name, n) == OK &&
	       !text_same(name, MAIL_XXENC);
}

/* Those behind the domain that it was sent to: the others are somebody else's. */
static enum result address_it(struct unpacking *u)
{
	struct mail_aliases *aliases = book_aliases(queue_gateway(u->j->queue)->book);
	const char *asks = asked(u);
	char name[MAIL_LOCAL_MAX + 1];
	size_t targets;
	enum result r = asks ? OK : E_NOMEM;
	mail_envelope_empty(&u->e);
	for (size_t i = 0; r == OK && i < u->opened.to.count; i++) {
		const char *to = u->opened.to.items[i].text;
		if (!is_for(u, to, name, sizeof name))
			continue;
		u->aliased = u->aliased || (aliases && mail_aliases_find(aliases, name, &targets));
		r = mail_envelope_add_asking(&u->e, to, asks);
	}
	mail_aliases_unref(&aliases);
	if (r == OK)
		r = mail_envelope_unique(&u->e);
	return r == OK && !u->e.count ? E_NOTFOUND : r;
}

/* Somebody of a postoffice here as the sender of what comes from elsewhere: by SMTP nobody could be that. */
static enum result poses(struct unpacking *u, bool *is)
{
	char domain[MAIL_DOMAIN_MAX + 1];
	const char *own, *from = u->inner.from.text;
	*is = false;
	if (!from || !text_same(u->inner.from.type, "CSI"))
		return OK;
	enum result r = address(u, from, u->region, &own);
	const char *at = r == OK ? strrchr(own, '@') : NULL;
	*is = at && (!text_copy(domain, sizeof domain, at + 1) ||
		     route_local_find(u->j->d->settings, text_lower_all(domain)));
	return r == E_NOTFOUND ? OK : r;
}

/* A receipt that no mail could ask for: by nobody, or where there are none (Q113824). */
static bool asks_too_much(const struct unpacking *u)
{
	const char *priority = u->inner.priority;
	return priority && text_same(priority, "R") &&
	       (!*u->e.reverse_path || !u->office->receipts);
}

/* ---- going on ---- */

/* As mail, of what is inside. */
static enum result write_inner(struct unpacking *u, struct sink *to, struct err *err)
{
	const struct gateway *g = queue_gateway(u->j->queue);
	const struct settings *s = u->j->d->settings;
	const struct native x = {.clock = g->clock,
				 .charset = neutral_field(&u->opened, CAPSULE_FIELD_CHARSET),
				 .hostname = s->gateway.hostname,
				 .max_size = s->gateway.max_size,
				 .address = address,
				 .ctx = u};
	const char *ignored;
	enum result known = !u->inner.from.text ? E_NOTFOUND : OK;
	if (known == OK && text_same(u->inner.from.type, "CSI"))
		known = address(u, u->inner.from.text, u->region, &ignored);
	if (known != OK && known != E_NOTFOUND)
		return err_set(err, known, "no memory for the sender");
	if (known == E_NOTFOUND && *u->e.reverse_path)
		u->inner.from = (struct neutral_address){"SMTP", u->e.reverse_path};
	return native_write(&x, &u->inner, to, err);
}

static enum result write_whole(struct unpacking *u, struct sink *to, struct err *err)
{
	const struct spool_message *m = message_of(u);
	char block[8192];
	ssize_t got = 1;
	enum result r = OK;
	for (uint64_t at = 0; r == OK && at < m->size; at += (uint64_t)got) {
		got = spool_message_read(m, at, block, sizeof block);
		r = got > 0 ? sink_write(to, block, (size_t)got) : E_IO;
	}
	return r == OK ? OK
		       : err_set(err, r, "the message cannot be copied: %s", result_sentence(r));
}

static enum result drop(struct unpacking *u, struct err *err)
{
	const struct spool_message *m = message_of(u);
	struct parcel *p = calloc(1, sizeof *p);
	char name[96];
	if (!p)
		return err_set(err, E_NOMEM, "no memory for the message");
	snprintf(name, sizeof name, "drop-%013lld-%06llx-%.16s-%zu", (long long)m->envelope.arrived,
		 (unsigned long long)m->number & 0xffffff, m->hash, u->j->d->rcpts[u->at] + 1);
	enum result r =
		parcel_begin(p, file_system(), u->j->d->settings->gateway.spool, name, &u->e, err);
	if (r == OK)
		r = u->whole ? write_whole(u, &p->to, err) : write_inner(u, &p->to, err);
	if (r == OK)
		r = parcel_finish(p, err);
	if (r == OK)
		r = parcel_publish(p, err);
	parcel_end(p);
	free(p);
	return r;
}

static enum result to_postmaster(struct unpacking *u)
{
	const char *to = region_printf(u->region, "postmaster@%s", u->domain);
	const char *asks = asked(u);
	mail_envelope_empty(&u->e);
	u->whole = true;
	return to && asks ? mail_envelope_add_asking(&u->e, to, asks) : E_NOMEM;
}

/* Whole where the postoffice reads it as it was written, and nobody gains by it; else what is inside, as mail. */
static enum result choose_form(struct unpacking *u)
{
	const char *charset = neutral_field(&u->opened, CAPSULE_FIELD_CHARSET);
	bool posing;
	enum result r = poses(u, &posing);
	u->whole = u->office->format == CONF_OFFICE_MMFF && !u->aliased && !posing &&
		   !asks_too_much(u) && text_same(charset, conf_charsets[u->office->charset]);
	if (u->whole)
		u->e.listener = CAPSULE_LISTENER;
	return r;
}

static enum result unpack(struct unpacking *u, bool *well, struct err *err)
{
	enum result r = mail_envelope_copy(&u->e, &message_of(u)->envelope, u->region);
	if (r == OK)
		r = open_it(u, err);
	if (r == OK)
		r = address_it(u);
	*well = r == OK;
	if (r == OK)
		r = choose_form(u);
	else if (r == E_NOTFOUND)
		r = to_postmaster(u);
	if (r == E_NOMEM)
		err_set(err, r, "no memory for the message");
	return r == OK ? drop(u, err) : r;
}

static void answer(struct unpack_job *j, struct unpacking *u, enum result r, bool well,
		   const struct err *err)
{
	struct delivery *d = j->d;
	struct smtp_reply *reply = &d->replies[u->at];
	d->aside = d->aside || (r == E_CORRUPT && put_died_before(d));
	if (r == OK && well)
		smtp_reply_set(reply, 250, "2.1.5", "unpacked for %zu recipient%s", u->e.count,
			       u->e.count == 1 ? "" : "s");
	else if (r == OK)
		smtp_reply_set(reply, 250, "2.1.5",
			       "it is no encapsulated message: the postmaster has it");
	else
		smtp_reply_set(reply, r == E_LIMIT ? 552 : 451, r == E_LIMIT ? "5.3.4" : "4.3.0",
			       "%s", err->text);
	if (r == OK)
		LOG(well ? LOG_INFO : LOG_WARN, d->active->message->id, "capsule",
		    well ? "unpacked" : "unreadable", F_S("postoffice", u->office->name),
		    F_N("recipients", u->e.count), F_N("whole", u->whole));
}

static void work(struct job *job)
{
	struct unpack_job *j = (struct unpack_job *)job;
	struct delivery *d = j->d;
	d->connected = true; /* what fails here says nothing about the next message */
	for (size_t i = 0; i < d->count; i++) {
		struct err err = {.code = OK};
		const char *at = strrchr(d->addresses[i], '@');
		struct unpacking u = {.j = j,
				      .office = d->decision.postoffice,
				      .domain = at ? at + 1 : "",
				      .at = i,
				      .region = region_new(0),
				      .reader = malloc(sizeof *u.reader),
				      .fd = -1};
		bool well = false;
		enum result r = u.region && u.reader ? unpack(&u, &well, &err)
						     : err_set(&err, E_NOMEM, "no memory");
		answer(j, &u, r, well, &err);
		if (u.fd >= 0)
			close(u.fd);
		free(u.reader);
		region_destroy(&u.region);
	}
}

static void done(struct job *job)
{
	struct unpack_job *j = (struct unpack_job *)job;
	queue_delivered(j->queue, j->d); /* frees j with the group */
}

bool unpack_wanted(const struct delivery *d)
{
	return route_local_unpacks(d->decision.postoffice, d->mailboxes[0]);
}

enum result unpack_start(struct queue *q, struct delivery *d, struct err *err)
{
	struct unpack_job *j = region_alloc(d->region, sizeof *j);
	if (!j)
		return err_set(err, E_NOMEM, "no memory for the delivery");
	j->job = (struct job){
		.answer_to = loop_inbox(queue_gateway(q)->loop), .work = work, .done = done};
	j->queue = q;
	j->d = d;
	enum result r = pool_run(queue_gateway(q)->disks, &j->job);
	return r == OK ? OK : err_set(err, r, "too many local deliveries are waiting");
}
