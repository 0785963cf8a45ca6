/*
 * Mail into a postoffice of Microsoft Mail: see put.h. A postoffice that is away fails the group without saying anything about
 * the message. A mail that kills the translator costs a retry; the second time it is held, and says why.
 */
#include "gateway/put.h"

#include "base/text.h"
#include "deliver/office_put.h"
#include "gateway/postoffice.h"
#include "gateway/transcript.h"
#include "mail/field.h"
#include "translate/capsule.h"
#include "translate/charset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SHOWN 16384     /* bytes of a header that the classic log may have */
#define DIED "the translator " /* what its deaths begin with */

struct put_job {
	struct job job;
	struct queue *queue;
	struct delivery *d;
	struct office_put put;
	struct table table; /* SMTPIN.TBL */
};

static enum result open_table(struct put_job *j, struct err *err)
{
	const struct conf_postoffice *p = j->put.office;
	bool odd = false;
	enum result r = postoffice_table(p, "SMTPIN.TBL", &j->table, &odd, err);
	if (r == OK)
		j->put.sheet.table = &j->table;
	if (odd)
		LOG(LOG_WARN, NULL, "postoffice", "table", F_S("postoffice", p->name),
		    F_S("note", "SMTPIN.TBL is not of 264 bytes: its last 256 are taken"));
	return r == E_NOTFOUND ? OK : r;
}

/* The null reverse-path comes in as Postmaster, so that errors never loop [Q98067]. */
static enum result write_sheet(struct put_job *j, struct err *err)
{
	struct delivery *d = j->d;
	const struct conf_postoffice *p = d->decision.postoffice;
	const char *from = d->active->message->envelope.reverse_path;
	struct sheet *s = &j->put.sheet;
	struct neutral list;
	neutral_init(&list, d->region);
	s->charset = charset_find(conf_charsets[p->charset]);
	s->received = p->received == 1;
	s->dos_names = p->names == 1;
	s->no_receipts = !p->receipts;
	enum result r = open_table(j, err);
	s->always = !*from;
	s->sender.type = *from ? "SMTP" : "CSI";
	s->sender.text = *from ? from : region_printf(d->region, "%s/Postmaster", p->name);
	for (size_t i = 0; r == OK && i < d->count; i++) {
		const char *native =
			postoffice_native(p, d->addresses[i], d->mailboxes[i], d->region);
		r = native ? neutral_add_address(&list, &list.to, "CSI", native) : E_NOMEM;
	}
	s->to = list.to;
	j->put.refused = region_alloc(d->region, d->count * sizeof *j->put.refused);
	if (r != OK && r != E_NOMEM)
		return r;
	return r == OK && j->put.refused && s->sender.text
		       ? OK
		       : err_set(err, E_NOMEM, "no memory for the recipients");
}

bool put_died_before(const struct delivery *d)
{
	const struct spool_rcpt *rcpt = &d->active->message->rcpts[d->rcpts[0]];
	return rcpt->reason && strstr(rcpt->reason, DIED) != NULL;
}

static void answer(struct put_job *j, enum result r, const struct err *err)
{
	struct delivery *d = j->d;
	const struct office_put *p = &j->put;
	/* what its program or the translator did with this message says nothing about the next */
	d->connected = r == OK || r == E_CORRUPT || r == E_STATE || r == E_TIMEOUT;
	d->aside = r == E_CORRUPT && put_died_before(d);
	for (size_t i = 0; i < d->count; i++) {
		struct smtp_reply *reply = &d->replies[i];
		if (r == OK && p->refused[i])
			smtp_reply_set(reply, 550, "5.1.1", "%s",
				       *p->reason ? p->reason : "the postoffice refused it");
		else if (r == OK)
			smtp_reply_set(reply, 250, "2.1.5", "taken in by the postoffice");
		else if (d->connected)
			smtp_reply_set(reply, 451, "4.3.0", "%s", err->text);
		else
			smtp_reply_set(reply, 0, "4.3.0", "%s", err->text);
	}
	if (r == OK)
		LOG(LOG_INFO, d->active->message->id, "postoffice", "put",
		    F_S("postoffice", p->office->name), F_N("recipients", d->count),
		    F_S("translation", p->words));
}

/* ---- the log of 1993 ---- */

static void tell_header(struct transcript *t, const struct spool_message *m)
{
	char *bytes = malloc(HEADER_SHOWN);
	ssize_t n = bytes ? spool_message_read(m, 0, bytes, HEADER_SHOWN) : 0;
	struct mail_field_at f;
	struct buf value;
	buf_init(&value, 0);
	for (const char *at = bytes; n > 0 && mail_field_next(at, bytes + n, &f); at += f.line_n)
		if (mail_field_unfold(&f, &value) == OK)
			transcript_say(t, "Header: %.*s: %.*s", (int)f.name_n, f.line,
				       (int)value.len, value.len ? buf_head(&value) : "");
	buf_free(&value);
	free(bytes);
}

static void begin_talk(const struct put_job *j, struct transcript *t)
{
	const struct delivery *d = j->d;
	const struct spool_message *m = d->active->message;
	const char *from = m->envelope.reverse_path;
	transcript_begin(t, queue_gateway(j->queue)->classic, j->put.office->name);
	if (!transcript_on(t))
		return;
	transcript_say(t, "Sending message to Microsoft Mail");
	transcript_address(t, NULL, *from ? from : "<>", NULL);
	tell_header(t, m);
}

static void end_talk(const struct put_job *j, struct transcript *t, enum result r,
		     const struct err *err)
{
	const struct office_put *p = &j->put;
	if (p->ran) {
		transcript_say(t, "spawning SMTPPUT");
		transcript_say(t, "spawn(SMTPPUT)=%d", p->status);
	}
	if (r != OK)
		transcript_error(t, "ERROR %s", err->text);
	for (size_t i = 0; r == OK && i < j->d->count; i++)
		if (p->refused[i])
			transcript_error(t, "ERROR addressee unknown: %s", j->d->addresses[i]);
	transcript_flush(t);
}

static void work(struct job *job)
{
	struct put_job *j = (struct put_job *)job;
	struct err err = {.code = OK};
	struct transcript talk;
	enum result r = write_sheet(j, &err);
	begin_talk(j, &talk);
	if (r == OK)
		r = office_put(&j->put, &err);
	end_talk(j, &talk, r, &err);
	answer(j, r, &err);
}

static void done(struct job *job)
{
	struct put_job *j = (struct put_job *)job;
	queue_delivered(j->queue, j->d); /* frees j with the group */
}

enum result put_start(struct queue *q, struct delivery *d, struct err *err)
{
	struct gateway *g = queue_gateway(q);
	struct put_job *j = region_alloc(d->region, sizeof *j);
	if (!j)
		return err_set(err, E_NOMEM, "no memory for the delivery");
	j->job = (struct job){.answer_to = loop_inbox(g->loop), .work = work, .done = done};
	j->queue = q;
	j->d = d;
	j->put.office = d->decision.postoffice;
	j->put.message = d->active->message;
	j->put.capsule = strcmp(d->active->message->envelope.listener, CAPSULE_LISTENER) == 0;
	j->put.translator = (struct translator){.spool = d->settings->gateway.spool,
						.limit = j->put.office->get_timeout,
						.stop = &g->quit,
						.clock = g->clock};
	enum result r = pool_run(g->disks, &j->job);
	return r == OK ? OK : err_set(err, r, "too many local deliveries are waiting");
}
