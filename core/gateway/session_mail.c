/*
 * The message that is arriving in a session: envelope, content, and its way into the spool. Part of session.h. Owns the
 * region and the draft of that message. A failure is a 4xx reply, and nothing is kept.
 */
#include "gateway/session_internal.h"

#include "base/text.h"
#include "gateway/book.h"
#include "gateway/disk.h"
#include "mail/asks.h"
#include "route/alias.h"
#include "route/copy.h"
#include "route/local.h"
#include "route/sender.h"
#include "mail/repair.h"

#include <stdlib.h>
#include <string.h>

void session_mail_drop(struct session *s)
{
	spool_draft_abort(&s->draft);
	mail_header_free(&s->header);
	session_repair_drop(s);
	free(s->link);
	s->link = NULL;
	region_destroy(&s->region);
	session_room_drop(s);
}

static enum smtp_verdict refuse(struct session *s, struct smtp_reply *reply, int code,
				const char *status, const char *text)
{
	atomic_fetch_add(&s->in->refused, 1);
	smtp_reply_set(reply, code, status, "%s", text);
	return SMTP_DONE;
}

static enum smtp_verdict on_helo(void *ctx, const char *helo, bool extended,
				 struct smtp_reply *reply)
{
	struct session *s = ctx;
	(void)reply;
	text_copy(s->helo, sizeof s->helo, helo);
	for (char *c = s->helo; *c;
	     c++) /* where any name is taken: files of envelopes take no control characters */
		*c = *c < ' ' || *c > '~' ? '?' : *c;
	s->extended = extended;
	return SMTP_DONE;
}

/* RFC 3848, and RFC 6531 4.3 for a message with SMTPUTF8; over TLS with its version and cipher. NULL: no memory. */
static const char *protocol_of(const struct session *s, const char *asks)
{
	struct mail_asks a;
	const bool lmtp = s->conf->mode == CONF_MODE_LMTP;
	const char *base = lmtp ? "LMTP" : s->extended ? "ESMTP" : "SMTP";
	if (mail_asks_parse(asks, &a) == OK && a.utf8)
		base = lmtp ? "UTF8LMTP" : "UTF8SMTP";
	if (!session_is_secure(s))
		return base;
	return region_printf(s->region, "%s%s%s %s", base, s->extended ? "S" : "",
			     s->extended && *s->user ? "A" : "",
			     tls_story(channel_tls(s->channel)));
}

/* A path without domain, where the profile takes one, gets ours: a report must find its way back. NULL: no memory. */
static const char *whole_path(const struct session *s, const char *path)
{
	if (!*path || strchr(path, '@'))
		return region_strdup(s->region, path);
	return region_printf(s->region, "%s@%s", path, s->settings->gateway.origin);
}

/* The sender as the profile wants it; the null reverse-path of a report stays. NULL: no memory. */
static const char *sender_of(struct session *s, const char *path)
{
	const char *other = s->profile->sender;
	buf_init(&s->notes, MAIL_REPAIR_NOTES + 64);
	if (!other || !*path || mail_address_same(path, other))
		return whole_path(s, path);
	if (buf_printf(&s->notes, "sender was %.256s", path) != OK)
		return NULL;
	return region_strdup(s->region, other);
}

static enum smtp_verdict refuse_sender(struct session *s, const char *reverse_path,
				       struct smtp_reply *reply)
{
	session_refused(s, REFUSED_SENDER, "the sender is another than who is logged in");
	LOG(LOG_WARN, s->id, "sender", "refused", F_A("from", reverse_path), F_S("user", s->user),
	    F_S("client", s->client));
	smtp_reply_set(reply, 553, "5.7.1", "You are logged in as %s and may not send as another",
		       s->user);
	return SMTP_DONE;
}

static enum smtp_verdict on_mail(void *ctx, const char *reverse_path, uint64_t size, bool eight_bit,
				 const char *asks, struct smtp_reply *reply)
{
	struct session *s = ctx;
	struct gateway *g = s->lane->vendor->g;
	if (*s->user && s->conf->sender_login &&
	    !route_sender_owned(s->settings, s->user, reverse_path))
		return refuse_sender(s, reverse_path, reply);
	const char *why = disk_refuses(g, s->settings, s->conf->priority, size);
	if (why)
		return refuse(s, reply, 452, "4.3.1", why);
	if (!clients_message(s->in->clients, s->client, &s->conf->rate, clock_mono(g->clock))) {
		session_refused(s, REFUSED_RATE, "too many messages of it");
		smtp_reply_set(reply, 450, "4.7.1",
			       "Too many messages from your address, try again later");
		return SMTP_DONE;
	}
	session_mail_drop(s);
	s->declared = size;
	s->region = region_new(0); /* bounded by max_recipients */
	if (!s->region)
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	struct mail_envelope *e = &s->envelope;
	mail_envelope_init(e, s->region);
	e->reverse_path = sender_of(s, reverse_path);
	e->session = region_strdup(s->region, s->id);
	e->listener = region_strdup(s->region, s->in->name);
	e->client = region_strdup(s->region, s->client);
	e->helo = region_strdup(s->region, s->helo);
	e->protocol = protocol_of(s, asks);
	e->asks = region_strdup(s->region, asks);
	e->priority = s->conf->priority;
	e->eight_bit = eight_bit;
	if (!e->reverse_path || !e->session || !e->listener || !e->client || !e->helo ||
	    !e->protocol || !e->asks)
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	return SMTP_DONE;
}

/* An alias on its way: what is asked for it is asked for each that it stands for (RFC 3461 5.2.7). */
struct alias_way {
	struct session *session;
	const char *asks;
	size_t room; /* of all that it stands for, and what is left of it */
};

static enum result count_recipient(void *ctx, const char *address)
{
	struct alias_way *way = ctx;
	way->room += session_room_of(address, way->asks);
	return OK;
}

static enum result add_recipient(void *ctx, const char *address)
{
	struct alias_way *way = ctx;
	struct mail_envelope *e = &way->session->envelope;
	if (mail_envelope_has(e, address))
		return OK;
	way->room -= session_room_of(address, way->asks);
	return mail_envelope_add_asking(e, address, way->asks);
}

/* Beside others there is room for so many in all; the client may send it by itself. */
static bool fits(const struct session *s, size_t count, struct route_decision *d)
{
	const size_t before = s->envelope.count;
	if (!before || before + count <= ROUTE_ALIAS_MAX)
		return true;
	*d = (struct route_decision){.rule = "aliases"};
	route_refuse(d, 452, "4.5.3",
		     "too many recipients: this one stands for %zu, and %zu were named before",
		     count, before);
	return false;
}

/* Each takes its room, as if the client had named it, or none is taken. */
static enum result add_aliased(const struct route_world *world, const struct mail_aliases *aliases,
			       const struct route_from *from, const char *forward_path,
			       struct alias_way *way, size_t *count)
{
	struct session *s = way->session;
	const size_t before = s->envelope.count;
	if (!session_room_recipients(s, way->room))
		return E_NOMEM;
	enum result r = route_alias(world, aliases, from, forward_path, add_recipient, way, count);
	if (r == OK)
		session_room_spared(s, way->room);
	else
		mail_envelope_cut(&s->envelope, before);
	return r;
}

/* An alias is admitted as local mail is, whatever it stands for. *count: its recipients, which are in the envelope, all or none; 0: it
 * is no alias. */
static enum result admit_alias(struct session *s, const struct route_world *world,
			       const struct route_from *from, const char *forward_path,
			       const char *asks, struct route_decision *d, size_t *count)
{
	struct mail_aliases *aliases = book_aliases(s->lane->vendor->g->book);
	struct alias_way way = {.session = s, .asks = asks};
	enum result r =
		route_alias(world, aliases, from, forward_path, count_recipient, &way, count);
	d->kind = ROUTE_LOCAL;
	if (r == OK && *count && route_alias_admit(s->conf, from, d) && fits(s, *count, d))
		r = add_aliased(world, aliases, from, forward_path, &way, count);
	if (r == OK && *count && d->kind != ROUTE_REFUSE)
		LOG(LOG_INFO, s->id, "recipient", "alias", F_A("to", forward_path),
		    F_N("recipients", *count));
	mail_aliases_unref(&aliases);
	return r;
}

/* Refused for where it comes from, which a list in the ini decides, or for whom it goes to. */
static enum smtp_verdict refuse_decided(struct session *s, const struct route_decision *d,
					struct smtp_reply *reply)
{
	const char *key = strrchr(d->rule, ' ');
	if (text_starts(d->rule, "listen ") && key && strcmp(key, " relay_from") == 0)
		session_refused(s, REFUSED_RELAY, d->reason);
	else if (text_starts(d->rule, "listen ") && key && strcmp(key, " accept_from") == 0)
		session_refused(s, REFUSED_ACCEPT, d->reason);
	else
		atomic_fetch_add(&s->in->refused, 1);
	smtp_reply_set(reply, d->code, d->status, "%s", d->reason);
	return SMTP_DONE;
}

static enum smtp_verdict on_rcpt(void *ctx, const char *forward_path, const char *asks,
				 struct smtp_reply *reply)
{
	struct session *s = ctx;
	const struct route_world world = {s->settings, gateway_mailbox, s->lane->vendor->g,
					  gateway_away};
	const struct route_from from = {s->envelope.reverse_path, s->client, s->in->name,
					*s->user ? s->user : NULL};
	struct route_decision d;
	size_t aliased;
	enum result r = admit_alias(s, &world, &from, forward_path, asks, &d, &aliased);
	if (r != OK)
		return r == E_NOMEM
			       ? refuse(s, reply, 451, "4.3.0", "Memory is short, try again later")
			       : refuse(s, reply, 451, "4.2.4",
					"This alias cannot be followed now, try again later");
	if (!aliased)
		route_admit(&world, s->conf, &from, forward_path, &d);
	if (!aliased)
		transcript_address(&s->talk, d.postoffice, forward_path, d.mailbox);
	if (d.kind == ROUTE_REFUSE) {
		LOG(LOG_INFO, s->id, "recipient", "refused", F_A("from", s->envelope.reverse_path),
		    F_A("to", forward_path), F_S("client", s->client), F_N("code", d.code),
		    F_S("reason", d.reason));
		return refuse_decided(s, &d, reply);
	}
	if (!aliased && (!session_room_recipients(s, session_room_of(forward_path, asks)) ||
			 mail_envelope_add_asking(&s->envelope, forward_path, asks) != OK))
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	return SMTP_DONE;
}

/* There is room for the content. */
static enum smtp_verdict data_begin(struct session *s, struct smtp_reply *reply)
{
	struct err err;
	mail_header_init(&s->header);
	session_repair_begin(s);
	if (spool_draft_new(s->lane->vendor->g->spool, &s->draft, &err) == OK)
		return SMTP_DONE;
	LOG(LOG_ERROR, s->id, "message", "refused", F_S("error", err.text));
	session_room_submitted(s); /* the next DATA takes its own */
	return refuse(s, reply, 451, "4.3.0",
		      "The spool takes nothing at the moment, try again later");
}

static enum smtp_verdict on_data(void *ctx, struct smtp_reply *reply)
{
	struct session *s = ctx;
	if (session_room_message(s))
		return data_begin(s, reply);
	session_room_wait(s);
	return SMTP_LATER;
}

void session_mail_look(struct session *s)
{
	struct smtp_reply reply;
	enum session_room room = session_room_look(s);
	if (room == SESSION_NO_ROOM_YET) {
		channel_set_timeout(s->channel, session_room_timeout(s));
		return;
	}
	smtp_server_go_on(&reply);
	if (room == SESSION_ROOM) {
		data_begin(s, &reply);
	} else {
		LOG(LOG_WARN, s->id, "message", "refused", F_A("from", s->envelope.reverse_path),
		    F_S("client", s->client), F_S("reason", "memory is short"));
		refuse(s, &reply, 452, "4.3.1", "Memory is short, try again later");
	}
	session_answer(s, &reply);
}

enum result session_mail_keep(struct session *s, const char *bytes, size_t n)
{
	enum result r = mail_header_feed(&s->header, bytes, n);
	session_room_grew(s, spool_draft_size(s->draft) + n);
	return r == OK ? spool_draft_write(s->draft, bytes, n) : r;
}

static enum result on_bytes(void *ctx, const char *bytes, size_t n)
{
	return session_repair_feed(ctx, bytes, n);
}

static void log_accepted(struct session *s, const struct spool_message *m)
{
	LOG(LOG_INFO, m->id, "message", "accepted", F_S("session", s->id),
	    F_A("from", m->envelope.reverse_path), F_N("recipients", m->rcpt_count),
	    F_A("to", m->rcpt_count == 1 ? m->rcpts[0].address : NULL), F_N("size", m->size),
	    F_S("client", s->client),
	    F_S("message-id", mail_header_get(&s->header, MAIL_FIELD_MESSAGE_ID)),
	    F_S("repaired", *m->envelope.repaired ? m->envelope.repaired : NULL));
}

/* The spool has answered: only now may the client be told. */
static void stored(struct spool_request *request)
{
	struct spool_submit *q = (struct spool_submit *)request;
	struct session *s = (struct session *)((char *)q - offsetof(struct session, submit));
	struct smtp_reply reply;
	s->storing = false;
	if (request->result == OK) {
		log_accepted(s, q->message);
		smtp_reply_set(&reply, 250, "2.0.0", "Ok: queued as %s", q->message->id);
		atomic_fetch_add(&s->in->accepted, 1);
		s->link->queue = s->lane->vendor->g->queue;
		s->link->message = q->message;
		queue_post(s->link);
		s->link = NULL;
	} else {
		bool full = request->result == E_FULL;
		LOG(LOG_ERROR, s->id, "message", "refused", F_A("from", s->envelope.reverse_path),
		    F_S("error", request->err.text));
		atomic_fetch_add(&s->in->refused, 1);
		smtp_reply_set(&reply, full ? 452 : 451, full ? "4.3.1" : "4.3.0", "%s",
			       full ? "The disk is full, try again later"
				    : "The spool cannot store it now, try again later");
	}
	session_mail_drop(s);
	if (s->channel)
		session_answer(s, &reply);
	else
		session_free(s);
}

/* What was repaired stands with the message from now on. False: no memory. */
static bool note_repairs(struct session *s)
{
	const char *words = s->notes.len ? buf_string(&s->notes) : "";
	if (words)
		s->envelope.repaired = region_strdup(s->region, words);
	return words && s->envelope.repaired;
}

static enum result add_copies(struct session *s)
{
	const struct route_world world = {s->settings, gateway_mailbox, s->lane->vendor->g,
					  gateway_away};
	const struct route_from from = {s->envelope.reverse_path, s->client, s->in->name,
					*s->user ? s->user : NULL};
	return route_copy(&world, &from, &s->envelope);
}

static enum smtp_verdict on_end(void *ctx, struct smtp_reply *reply)
{
	struct session *s = ctx;
	struct gateway *g = s->lane->vendor->g;
	if (session_repair_finish(s) != OK || !note_repairs(s)) {
		session_mail_drop(s);
		return refuse(s, reply, 451, "4.3.0", "The message cannot be stored now");
	}
	mail_header_finish(&s->header);
	if (mail_header_loops(&s->header, NULL)) {
		LOG(LOG_WARN, s->id, "message", "refused", F_A("from", s->envelope.reverse_path),
		    F_N("received", s->header.received), F_S("reason", "loop"));
		session_mail_drop(s);
		return refuse(s, reply, 554, "5.4.6",
			      "Too many Received fields: the message goes in a circle");
	}
	s->link = calloc(1, sizeof *s->link);
	if (!s->link || add_copies(s) != OK) {
		session_mail_drop(s);
		return refuse(s, reply, 451, "4.3.0", "Memory is short, try again later");
	}
	s->envelope.arrived = clock_wall(g->clock);
	s->envelope.eight_bit = s->envelope.eight_bit || s->header.eight_bit;
	s->submit = (struct spool_submit){
		.q = {.answer_to = stack_inbox(s->lane->stack), .done = stored},
		.draft = s->draft,
		.envelope = &s->envelope,
	};
	s->draft = NULL; /* the spool's now */
	s->storing = true;
	spool_submit(g->spool, &s->submit);
	session_room_submitted(s);
	return SMTP_LATER;
}

static void on_reset(void *ctx)
{
	session_mail_drop(ctx);
}

void session_mail_ops(struct smtp_server_ops *ops)
{
	ops->on_helo = on_helo;
	ops->on_mail = on_mail;
	ops->on_rcpt = on_rcpt;
	ops->on_data = on_data;
	ops->on_bytes = on_bytes;
	ops->on_end = on_end;
	ops->on_reset = on_reset;
}
