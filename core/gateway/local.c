/*
 * Local delivery: see local.h. One pool job a group; each recipient gets its own answer. The postoffice's folder being
 * away (a share that is not mounted) fails the whole group without saying anything about the message.
 */
#include "gateway/local.h"

#include "base/file.h"
#include "base/text.h"
#include "deliver/drop.h"
#include "deliver/ffapi.h"
#include "deliver/maildir.h"
#include "gateway/put.h"
#include "gateway/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct local_job {
	struct job job;
	struct queue *queue;
	struct delivery *d;
	char *trace;
};

static void answer(struct smtp_reply *reply, enum result r, const struct err *err)
{
	switch (r) {
	case OK:
		smtp_reply_set(reply, 250, "2.1.5", "delivered to the mailbox");
		break;
	case E_NOTFOUND:
		smtp_reply_set(reply, 550, "5.1.1", "%s", err->text);
		break;
	case E_FULL:
		smtp_reply_set(reply, 452, "4.2.2", "%s", err->text);
		break;
	default:
		smtp_reply_set(reply, 451, "4.2.0", "%s", err->text);
	}
}

/* An empty folder is where drop files go, but for Maildirs it is the mount point of a share that is away. */
static bool folder_there(const struct conf_postoffice *p, struct err *err)
{
	struct stat st;
	if (stat(p->path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		err_set(err, E_STATE,
			"the folder %s of the postoffice is not there (mkdir -p %s, or mount what "
			"it lies on)",
			p->path, p->path);
		return false;
	}
	if (p->format == CONF_OFFICE_DROP || maildir_there(p->path))
		return true;
	err_set(err, E_STATE,
		"the folder %s of the postoffice has no mailbox at all: its share "
		"is not mounted",
		p->path);
	return false;
}

/* Return-Path and Delivered-To (RFC 5321 4.4, RFC 9228), then the Received line. */
static enum result deliver_one(struct local_job *j, size_t i, struct buf *head, struct err *err)
{
	const struct delivery *d = j->d;
	const struct spool_message *m = d->active->message;
	const struct conf_postoffice *p = d->decision.postoffice;
	char name[256];
	enum result r = maildir_find(p->path, d->mailboxes[i], name, sizeof name);
	if (r == E_NOTFOUND && p->mailboxes == CONF_MAILBOXES_ANY) {
		text_copy(name, sizeof name, d->mailboxes[i]);
		r = maildir_make(file_system(), p->path, name, err);
	} else if (r != OK) {
		err_set(err, r,
			r == E_NOTFOUND ? "there is no mailbox %s any more"
					: "the mailbox %s cannot be reached",
			d->mailboxes[i]);
	}
	if (r != OK)
		return r;
	buf_clear(head);
	r = buf_printf(head, "Return-Path: <%s>\r\nDelivered-To: %s\r\n%s",
		       m->envelope.reverse_path, d->addresses[i], j->trace);
	if (r != OK || !buf_string(head))
		return err_set(err, E_NOMEM, "no memory");
	char mailbox[4096];
	if ((size_t)snprintf(mailbox, sizeof mailbox, "%s/%s", p->path, name) >= sizeof mailbox)
		return err_set(err, E_LIMIT, "the name of the mailbox %s is too long", name);
	return maildir_deliver(file_system(), mailbox, m, buf_string(head),
			       d->sent ? d->sent[i] : NULL, err);
}

/* The name is the message's, so that an attempt after a crash replaces the file; the first recipient tells its groups apart. */
static enum result drop_group(struct local_job *j, char *sent, struct err *err)
{
	const struct delivery *d = j->d;
	const struct spool_message *m = d->active->message;
	char name[SPOOL_ID_MAX + 24];
	snprintf(name, sizeof name, "%s-%zu", m->id, d->rcpts[0]);
	const struct drop drop = {
		.files = file_system(),
		.folder = d->decision.postoffice->path,
		.name = name,
		.recipients = d->addresses,
		.count = d->count,
		.head = j->trace,
	};
	return drop_deliver(&drop, m, sent, err);
}

static void drop(struct local_job *j)
{
	struct delivery *d = j->d;
	struct err err;
	enum result r = drop_group(j, d->sent ? d->sent[0] : NULL, &err);
	for (size_t i = 0; i < d->count; i++) {
		if (r == OK)
			smtp_reply_set(&d->replies[i], 250, "2.1.5", "put into the folder %s",
				       d->decision.postoffice->path);
		else
			answer(&d->replies[i], r, &err);
		if (i && d->sent)
			memcpy(d->sent[i], d->sent[0], DIGEST_HEX);
	}
}

static void deliver_each(struct local_job *j)
{
	struct delivery *d = j->d;
	struct err err;
	struct buf head;
	buf_init(&head, 0);
	for (size_t i = 0; i < d->count; i++) {
		enum result r = deliver_one(j, i, &head, &err);
		if (r == E_NOTFOUND && !folder_there(d->decision.postoffice, &err))
			r = E_STATE; /* it went away meanwhile, which says nothing about the mailbox */
		answer(&d->replies[i], r, &err);
	}
	buf_free(&head);
}

static void work(struct job *job)
{
	struct local_job *j = (struct local_job *)job;
	struct delivery *d = j->d;
	const struct spool_message *m = d->active->message;
	struct err err;
	d->connected = folder_there(d->decision.postoffice, &err);
	if (d->connected &&
	    mail_trace_format(&m->envelope, d->settings->gateway.hostname, m->id,
			      m->rcpt_count == 1 ? d->addresses[0] : NULL, &j->trace) != OK) {
		d->connected = false;
		err_set(&err, E_NOMEM, "no memory");
	}
	if (d->connected && d->decision.postoffice->format == CONF_OFFICE_DROP)
		drop(j);
	else if (d->connected)
		deliver_each(j);
	for (size_t i = 0; i < d->count && !d->connected; i++)
		smtp_reply_set(&d->replies[i], 0, "4.3.0", "%s", err.text);
	free(j->trace);
	j->trace = NULL;
}

static void done(struct job *job)
{
	struct local_job *j = (struct local_job *)job;
	queue_delivered(j->queue, j->d); /* frees j with the group */
}

enum result local_start(struct queue *q, struct delivery *d, struct err *err)
{
	struct gateway *g = queue_gateway(q);
	if (unpack_wanted(d))
		return unpack_start(q, d, err);
	if (d->decision.postoffice->format == CONF_OFFICE_MMFF)
		return put_start(q, d, err);
	struct local_job *j = region_alloc(d->region, sizeof *j);
	if (!j)
		return err_set(err, E_NOMEM, "no memory for the delivery");
	j->job = (struct job){.answer_to = loop_inbox(g->loop), .work = work, .done = done};
	j->queue = q;
	j->d = d;
	d->sent = region_alloc(d->region, d->count * sizeof *d->sent); /* NULL: it goes without */
	enum result r = pool_run(g->disks, &j->job);
	return r == OK ? OK : err_set(err, r, "too many local deliveries are waiting");
}

/* One that was there before is never made anew: while its share is away it would be in the mount point. */
static bool is_known(const struct settings *old, const struct conf_postoffice *p)
{
	for (size_t i = 0; old && i < old->postoffice_count; i++)
		if (strcmp(old->postoffices[i].name, p->name) == 0)
			return true;
	return false;
}

void local_make_admins(const struct settings *s, const struct settings *old)
{
	for (size_t i = 0; i < s->postoffice_count; i++) {
		const struct conf_postoffice *p = &s->postoffices[i];
		struct err err;
		char name[256];
		if (p->format != CONF_OFFICE_MAILDIR ||
		    maildir_find(p->path, p->admin, name, sizeof name) == OK ||
		    (is_known(old, p) && !maildir_there(p->path)))
			continue;
		if (file_make_dirs(file_system(), p->path, 0755, &err) != OK ||
		    maildir_make(file_system(), p->path, p->admin, &err) != OK)
			LOG(LOG_ERROR, NULL, "postoffice", "unreachable", F_S("name", p->name),
			    F_S("error", err.text));
	}
}

bool gateway_away(void *ctx, const struct conf_postoffice *p)
{
	(void)ctx;
	return (p->format == CONF_OFFICE_MAILDIR && !maildir_there(p->path)) ||
	       (p->format == CONF_OFFICE_MMFF && !ffapi_there(p->path));
}

bool gateway_mailbox(void *ctx, const struct conf_postoffice *p, const char *name, char *on_disk,
		     size_t n)
{
	if (p->format != CONF_OFFICE_MAILDIR && p->format != CONF_OFFICE_MMFF)
		return false;
	if (maildir_find(p->path, name, on_disk, n) == OK)
		return true;
	/* while its share is away nobody knows: it is said when it is back */
	return (p->mailboxes == CONF_MAILBOXES_ANY || gateway_away(ctx, p)) &&
	       maildir_name_ok(name) && text_copy(on_disk, n, name);
}
