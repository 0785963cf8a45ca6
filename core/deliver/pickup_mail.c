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

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
static enum result check_text(struct buf *text, struct err *err)
{
	const char *head = buf_head(text);
	if (text->len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
		buf_consume(text, 3); /* the mark that editors put in front */
	head = buf_head(text);
	if (text->len >= 2 &&
	    (memcmp(head, "\xff\xfe", 2) == 0 || memcmp(head, "\xfe\xff", 2) == 0))
		return err_set(err, E_SYNTAX,
			       "it is written in UTF-16: mail is written in UTF-8 or ASCII");
	const char *nul = text->len ? memchr(head, '\0', text->len) : NULL;
	if (nul)
		return err_set(err, E_SYNTAX, "it is no mail: byte %zu is a NUL",
			       (size_t)(nul - head));
	struct mail_field_at f;
	if (!text->len || !mail_field_next(head, head + text->len, &f))
		return err_set(err, E_SYNTAX,
			       "it is no mail: its first line is no field of a header");
	return OK;
}

static enum result read_text(struct reading *x, struct buf *text, struct err *err)
{
	int fd = dup(x->w->fd);
	FILE *in = fd < 0 || lseek(fd, 0, SEEK_SET) < 0 ? NULL : fdopen(fd, "rb");
	if (!in) {
		enum result r = err_errno(err, errno, "it cannot be read");
		if (fd >= 0)
			close(fd);
		return r;
	}
	enum result r = mail_compose_read(&x->compose, in, text, err);
	fclose(in);
	return r == OK ? check_text(text, err) : r;
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
			    "it names no sender: no X-Sender, Sender or From, and [pickup %s] has "
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
			    "it names no recipient: no X-Receiver, To, Cc or Bcc, and [pickup %s] "
			    "has no `recipient`",
			    conf->name);
	return r;
}

/* ---- the message ---- */

static enum result make(struct reading *x, struct buf *text, struct buf *message, struct err *err)
{
	enum result r = read_text(x, text, err);
	if (r == OK && x->w->p->conf->format != CONF_PICKUP_SENDMAIL)
		r = take_front(x, text, err);
	if (r == OK && !x->sender)
		r = find_sender(x, text, err);
	if (r == OK)
		r = check_sender(x, text, err);
	x->compose.headers = !x->envelope.count;
	if (r == OK)
		r = mail_compose_make(&x->compose, text, &x->envelope, message, err);
	return r == OK ? find_recipients(x, err) : r;
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
	struct buf text, message;
	struct reading x = {.w = w};
	prepare(&x);
	buf_init(&text, (size_t)w->p->conf->max_size);
	buf_init(&message, (size_t)w->p->conf->max_size + FRAME_MAX);
	enum result r = pickup_fault(w, make(&x, &text, &message, err));
	buf_free(&text);
	if (r == OK)
		r = pickup_repair(w, &x.envelope, &message, err);
	if (r == OK)
		r = pickup_put(w, 1, &x.envelope, &message, err);
	buf_free(&message);
	return r;
}
