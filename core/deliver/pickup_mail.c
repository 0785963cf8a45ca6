/*
 * A file in Internet form out of a pickup folder: its envelope and its message. The fields X-Sender and X-Receiver name the
 * envelope as IIS and Exchange have it, but only in front of all others: further down they may have come with words of a
 * stranger. What is missing is made, Bcc goes, lines end in CRLF.
 */
#include "base/text.h"
#include "deliver/pickup_int.h"
#include "mail/address.h"
#include "mail/compose.h"
#include "mail/date.h"
#include "mail/field.h"
#include "mail/mailboxes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX 65536 /* bytes that missing fields may add to what was read */

struct reading {
	struct pickup_work *w;
	struct mail_compose compose;
	struct mail_envelope envelope;
	char user[MAIL_ADDRESS_MAX + 32]; /* a From for who has none */
	bool sender;                      /* the envelope's is known */
};

/* ---- the text ---- */

/* Nothing of mail has NULs: it is in another form, or something else. */
static enum result check_text(struct pickup_text *t, struct err *err)
{
	struct buf *text = &t->head;
	const char *head = buf_head(text);
	const size_t gone = t->head_n - text->len; /* a mailbox's line */
	if (text->len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
		buf_consume(text, 3); /* the mark that editors put in front */
	head = buf_head(text);
	if (text->len >= 2 &&
	    (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0))
		return err_set(err, E_SYNTAX,
			       "it is written in UTF-16: mail is written in UTF-8 or ASCII");
	if (t->has_nul && t->nul >= gone)
		return err_set(err, E_SYNTAX, "it is no mail: byte %llu is a NUL",
			       (unsigned long long)(t->nul - gone));
	struct mail_field_at f;
	if (!text->len || !mail_field_next(head, head + text->len, &f))
		return err_set(err, E_SYNTAX,
			       "it is no mail: its first line is no field of a header");
	return OK;
}

/* The line in front of a message in a mailbox file is none of it. */
static void drop_mbox_line(struct buf *text)
{
	const char *head = buf_head(text), *end = text->len ? memchr(head, '\n', text->len) : NULL;
	if (end && text->len > 5 && memcmp(head, "From ", 5) == 0)
		buf_consume(text, (size_t)(end + 1 - head));
}

/* What is behind the part that is in memory is body, or the header has no end. */
static enum result check_header(const struct pickup_text *t, struct err *err)
{
	const char *at = buf_head(&t->head), *end = at + t->head.len;
	struct mail_field_at f;
	while (at < end && mail_field_next(at, end, &f))
		at += f.line_n;
	if (!pickup_text_left(t) || memchr(at, '\n', (size_t)(end - at)))
		return OK;
	return err_set(err, E_LIMIT, "its header has more than %zu bytes", t->head.len);
}

static enum result read_text(struct reading *x, struct pickup_text *t, struct err *err)
{
	enum result r = pickup_text_read(t, x->w, err);
	if (r != OK)
		return r;
	drop_mbox_line(&t->head);
	r = check_text(t, err);
	return r == OK ? check_header(t, err) : r;
}

/* ---- the envelope ---- */

/* "<a@b> BODY=8bitmime", "a@b": what stands in brackets, else all of it. */
static void only_path(const struct mail_field_at *f, const char **at, size_t *n)
{
	const char *open = memchr(f->value, '<', f->value_n);
	const char *close = open ? memchr(open, '>', f->value_n - (size_t)(open - f->value)) : NULL;
	*at = close ? open : f->value;
	*n = close ? (size_t)(close + 1 - open) : f->value_n;
}

static bool is_null(const char *path, size_t n)
{
	while (n && strchr(" \t\r\n", path[n - 1]))
		n--;
	return n == 2 && memcmp(path, "<>", 2) == 0;
}

static enum result keep_sender(void *ctx, const char *address, struct err *err)
{
	struct reading *x = ctx;
	if (x->sender)
		return OK; /* of a list the first */
	x->envelope.reverse_path =
		strrchr(address, '@')
			? region_strdup(x->w->region, address)
			: region_printf(x->w->region, "%s@%s", address, x->compose.origin);
	x->sender = x->envelope.reverse_path != NULL;
	return x->sender ? OK : err_set(err, E_NOMEM, "no memory for the sender");
}

static enum result take_sender(struct reading *x, const struct mail_field_at *f, struct err *err)
{
	const char *path;
	size_t n;
	only_path(f, &path, &n);
	if (x->sender)
		return err_set(err, E_SYNTAX, "X-Sender stands there twice");
	if (is_null(path, n)) {
		x->sender = true;
		return OK;
	}
	enum result r = mail_mailboxes_read(path, n, keep_sender, x, err);
	if (r != OK)
		err_prefix(err, "X-Sender");
	else if (!x->sender)
		r = err_set(err, E_SYNTAX, "X-Sender is empty");
	return r;
}

static enum result take_receiver(struct reading *x, const struct mail_field_at *f, struct err *err)
{
	const char *path;
	size_t n;
	only_path(f, &path, &n);
	enum result r = mail_compose_recipients(&x->compose, path, n, &x->envelope, err);
	if (r != OK)
		err_prefix(err, "X-Receiver");
	return r;
}

/* Fields that Exchange's Replay writes in front as well; they say nothing that a file may claim. */
static bool is_ignored(const struct mail_field_at *f)
{
	static const char *const names[] = {"X-CreatedBy",     "X-HeloDomain",
					    "X-Source",        "X-SourceIPAddress",
					    "X-ExtendedProps", "X-ExtendedMessageProps"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (mail_field_is(f, names[i]))
			return true;
	return false;
}

/* Takes the fields in front of all others off the text. */
static enum result take_front(struct reading *x, struct buf *text, struct err *err)
{
	const char *at = buf_head(text), *end = at + text->len;
	struct mail_field_at f;
	enum result r = OK;
	bool last = false;
	for (; r == OK && !last && mail_field_next(at, end, &f); at += f.line_n) {
		last = mail_field_is(&f, "X-EndOfInjectedXHeaders");
		if (mail_field_is(&f, "X-Sender"))
			r = take_sender(x, &f, err);
		else if (mail_field_is(&f, "X-Receiver"))
			r = take_receiver(x, &f, err);
		else if (!last && !is_ignored(&f))
			break;
	}
	buf_consume(text, (size_t)(at - buf_head(text)));
	return r;
}

/* The first address of this field; none: nothing happens. */
static enum result from_field(struct reading *x, const struct buf *text, const char *name,
			      struct err *err)
{
	const char *at = buf_head(text), *end = at + text->len;
	struct mail_field_at f;
	for (; !x->sender && mail_field_next(at, end, &f); at += f.line_n) {
		if (!mail_field_is(&f, name))
			continue;
		enum result r = mail_mailboxes_read(f.value, f.value_n, keep_sender, x, err);
		if (r != OK) {
			err_prefix(err, "%s", name);
			return r;
		}
	}
	return OK;
}

/* Sender, then From, as Exchange does it; then the folder's own. */
static enum result find_sender(struct reading *x, const struct buf *text, struct err *err)
{
	const struct conf_pickup *conf = x->w->p->conf;
	enum result r = from_field(x, text, "Sender", err);
	if (r == OK)
		r = from_field(x, text, "From", err);
	if (r == OK && !x->sender && conf->sender)
		r = keep_sender(x, conf->sender, err);
	if (r == OK && !x->sender)
		r = err_set(err, E_SYNTAX,
			    "it names no sender: no X-Sender at its beginning, no Sender or From, "
			    "and [pickup %s] has "
			    "no `sender`",
			    conf->name);
	return r;
}

/* Who it speaks for is in the envelope and in its From. */
static enum result check_sender(struct reading *x, const struct buf *text, struct err *err)
{
	struct mail_envelope envelope = x->envelope;
	const struct conf_patterns *senders = &x->w->p->conf->senders;
	if (senders->count && senders->items[0].kind == CONF_PATTERN_ALL && !senders->items[0].not )
		return OK;
	enum result r = pickup_may_send(x->w->p, x->envelope.reverse_path, err);
	x->sender = false;
	if (r == OK)
		r = from_field(x, text, "From", err);
	if (r == OK && x->sender)
		r = pickup_may_send(x->w->p, x->envelope.reverse_path, err);
	x->envelope = envelope;
	return r;
}

static enum result find_recipients(struct reading *x, struct err *err)
{
	const struct conf_pickup *conf = x->w->p->conf;
	enum result r = OK;
	if (!x->envelope.count && conf->recipient)
		r = mail_compose_recipients(&x->compose, conf->recipient, strlen(conf->recipient),
					    &x->envelope, err);
	if (r == OK && !x->envelope.count)
		r = err_set(err, E_SYNTAX,
			    "it names no recipient: no X-Receiver at its beginning, no To, Cc or "
			    "Bcc, and [pickup %s] "
			    "has no `recipient`",
			    conf->name);
	return r;
}

/* ---- the message ---- */

/* What is in memory of it has been made a message; the rest comes behind it as it is. */
static enum result check_size(const struct reading *x, const struct pickup_text *t,
			      const struct buf *message, struct err *err)
{
	const uint64_t size = message->len + pickup_text_left(t), most = x->compose.max_size;
	return size <= most ? OK
			    : err_set(err, E_LIMIT, "the message has %llu bytes, max_size is %llu",
				      (unsigned long long)size, (unsigned long long)most);
}

static enum result make(struct reading *x, struct pickup_text *t, struct buf *message,
			struct err *err)
{
	struct buf *text = &t->head;
	enum result r = read_text(x, t, err);
	if (r == OK && x->w->p->conf->format != CONF_PICKUP_SENDMAIL)
		r = take_front(x, text, err);
	if (r == OK && !x->sender)
		r = find_sender(x, text, err);
	if (r == OK)
		r = check_sender(x, text, err);
	x->compose.headers = !x->envelope.count;
	if (r == OK)
		r = mail_compose_make(&x->compose, text, &x->envelope, message, err);
	if (r == OK)
		r = check_size(x, t, message, err);
	return r == OK ? find_recipients(x, err) : r;
}

static enum result send(struct pickup_work *w, const struct mail_envelope *e,
			const struct pickup_text *t, const struct buf *message, struct err *err)
{
	struct parcel *p = calloc(1, sizeof *p);
	if (!p)
		return err_set(err, E_NOMEM, "no memory for the message");
	enum result r = pickup_begin(w, 1, e, p, err);
	if (r == OK) {
		r = sink_write(&p->to, buf_head(message), message->len);
		if (r == OK)
			r = pickup_text_copy(t, &p->to);
		if (r != OK)
			err_set(err, r, "the message cannot be written: %s", result_sentence(r));
	}
	if (r == OK)
		r = pickup_end(w, p, err);
	parcel_end(p);
	free(p);
	return r;
}

static void prepare(struct reading *x)
{
	const struct pickup *p = x->w->p;
	int64_t now = clock_wall(p->clock);
	snprintf(x->user, sizeof x->user, "postmaster@%s", p->origin);
	x->compose = (struct mail_compose){.origin = p->origin,
					   .hostname = p->hostname,
					   .user = x->user,
					   .max_size = p->conf->max_size,
					   .ignore_dot = true,
					   .now = now,
					   .zone = mail_date_offset(now),
					   .unique = clock_random(p->clock)};
	pickup_envelope(x->w, &x->envelope);
	x->envelope.priority = p->conf->priority;
}

enum result pickup_take_mail(struct pickup_work *w, struct err *err)
{
	struct pickup_text text;
	struct buf message;
	struct reading x = {.w = w};
	prepare(&x);
	buf_init(&message, (size_t)w->p->conf->max_size + FRAME_MAX);
	enum result r = pickup_fault(w, make(&x, &text, &message, err));
	pickup_text_free(&text);
	if (r == OK)
		r = pickup_repair(w, &x.envelope, &message, !pickup_text_left(&text), err);
	if (r == OK)
		r = send(w, &x.envelope, &text, &message, err);
	buf_free(&message);
	return r;
}
