/* Making a message of what a program wrote: see compose.h. */
#include "mail/compose.h"

#include "base/base64.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/field.h"
#include "mail/person.h"
#include "mail/line_ends.h"
#include "mail/mailboxes.h"

#include <errno.h>
#include <string.h>

/* ---- reading ---- */

struct line_reader {
	FILE *in;
	struct buf *out;
	size_t line; /* where the line in work begins in out */
	bool stop;   /* a dot alone ends it */
	bool ended;
};

static enum result put_text(void *ctx, const char *bytes, size_t n)
{
	return buf_append(((struct line_reader *)ctx)->out, bytes, n);
}

static enum result end_line(void *ctx)
{
	struct line_reader *r = ctx;
	const char *line = buf_head(r->out) + r->line;
	size_t n = r->out->len - r->line;
	if (r->stop && n == 1 && *line == '.') {
		r->out->len--;
		r->ended = true;
		return OK;
	}
	enum result done = buf_append(r->out, "\r\n", 2);
	r->line = r->out->len;
	return done;
}

static enum result read_lines(struct line_reader *r)
{
	struct mail_line_ends e = {.text = put_text, .end = end_line, .ctx = r};
	enum result done = OK;
	int c;
	while (done == OK && !r->ended && (c = getc_unlocked(r->in)) != EOF) {
		char byte = (char)c;
		done = mail_line_ends_put(&e, &byte, 1);
	}
	return done == OK && !r->ended ? mail_line_ends_over(&e) : done;
}

enum result mail_compose_read(const struct mail_compose *c, FILE *in, struct buf *text,
			      struct err *err)
{
	struct line_reader r = {.in = in, .out = text, .stop = !c->ignore_dot};
	errno = 0;
	enum result done = read_lines(&r);
	if (done == E_LIMIT)
		return err_set(err, E_LIMIT, "the message is larger than max_size, %llu bytes",
			       (unsigned long long)c->max_size);
	if (done == OK && ferror(in))
		return err_errno(err, errno ? errno : EIO, "reading the message");
	if (done != OK)
		return err_set(err, done, "reading the message: %s", result_sentence(done));
	const char *head = buf_head(text), *end = text->len ? memchr(head, '\n', text->len) : NULL;
	if (end && text->len > 5 && memcmp(head, "From ", 5) == 0)
		buf_consume(text, (size_t)(end + 1 - head));
	return OK;
}

/* ---- the header ---- */

struct making {
	const struct mail_compose *c;
	struct mail_envelope *envelope;
	struct buf *out;
	struct err *err;
	const char *at, *end; /* what is left of the text */
	bool date, from, id;  /* were there */
	bool resent;          /* Resent- fields name the recipients */
};

static bool names_recipients(const struct making *m, const struct mail_field_at *f)
{
	if (m->resent)
		return mail_field_is(f, "Resent-To") || mail_field_is(f, "Resent-Cc") ||
		       mail_field_is(f, "Resent-Bcc");
	return mail_field_is(f, "To") || mail_field_is(f, "Cc") || mail_field_is(f, "Bcc");
}

static void put_name(struct buf *out, const char *name);

/* "root (Cron Daemon)", as programs of this machine write it: no server elsewhere knows who that is. Folded ones, and those that
 * nobody can read, stay. */
static bool put_whole_from(const struct making *m, const struct mail_field_at *f)
{
	char value[512];
	struct mail_person p;
	size_t n = f->value_n;
	while (n && strchr(" \t\r\n", f->value[n - 1]))
		n--;
	if (!m->c->whole_from || n >= sizeof value || memchr(f->value, '\n', n))
		return false;
	memcpy(value, f->value, n);
	value[n] = '\0';
	if (mail_person_parse(value, &p) || !p.address.local[0])
		return false;
	buf_puts(m->out, "From: ");
	if (*p.name == '"')
		buf_printf(m->out, "%s ", p.name);
	else if (*p.name)
		put_name(m->out, p.name);
	buf_printf(m->out, "<%s@%s>\r\n", p.address.local, m->c->origin);
	return true;
}

static enum result take_field(struct making *m, const struct mail_field_at *f)
{
	enum result r = OK;
	m->date |= mail_field_is(f, "Date");
	m->from |= mail_field_is(f, "From");
	m->id |= mail_field_is(f, "Message-ID");
	if (m->c->headers && names_recipients(m, f))
		r = mail_compose_recipients(m->c, f->value, f->value_n, m->envelope, m->err);
	if (r != OK || mail_field_is(f, "Bcc") || mail_field_is(f, "Resent-Bcc") ||
	    mail_field_is(f, "Return-Path"))
		return r;
	if (mail_field_is(f, "From") && put_whole_from(m, f))
		return OK;
	r = buf_append(m->out, f->line, f->line_n);
	return r == OK ? OK : err_set(m->err, r, "the message: %s", result_sentence(r));
}

static bool has_resent(const char *at, const char *end)
{
	struct mail_field_at f;
	for (; at < end && mail_field_next(at, end, &f); at += f.line_n)
		if (mail_field_is(&f, "Resent-To") || mail_field_is(&f, "Resent-Cc") ||
		    mail_field_is(&f, "Resent-Bcc"))
			return true;
	return false;
}

/* ---- fields that are missing ---- */

/* RFC 2047: at most 45 bytes an encoded word, none split within a character. */
static void put_encoded(struct buf *out, const char *name)
{
	while (*name) {
		size_t n = strnlen(name, 45);
		while (n > 1 && name[n] && ((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
		buf_puts(out, "=?utf-8?B?");
		base64_encode(out, name, n);
		buf_puts(out, "?=\r\n ");
		name += n;
	}
}

/* A display name: as it is, quoted or encoded (RFC 5322 3.2.5, RFC 2047). It has no control characters. */
static void put_name(struct buf *out, const char *name)
{
	bool ascii = true, special = strlen(name) > 60;
	for (const char *p = name; *p; p++) {
		ascii &= (unsigned char)*p < 0x80;
		special |= strchr("()<>[]:;@\\,.\"", *p) != NULL;
	}
	if (!ascii || strlen(name) > 200) {
		put_encoded(out, name);
		return;
	}
	if (special)
		buf_puts(out, "\"");
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			buf_puts(out, "\\");
		buf_append(out, name, 1);
	}
	buf_puts(out, special ? "\" " : " ");
}

static void put_from(const struct making *m)
{
	const char *address = *m->envelope->reverse_path ? m->envelope->reverse_path : m->c->user;
	buf_puts(m->out, "From: ");
	if (m->c->name && *m->c->name)
		put_name(m->out, m->c->name);
	buf_printf(m->out, "<%s>\r\n", address);
}

static void put_missing(const struct making *m)
{
	char date[MAIL_DATE_MAX];
	if (!m->date)
		buf_printf(m->out, "Date: %s\r\n",
			   mail_date_format(m->c->now, m->c->zone, date, sizeof date));
	if (!m->from)
		put_from(m);
	if (!m->id)
		buf_printf(m->out, "Message-ID: <%llx.%016llx@%s>\r\n",
			   (unsigned long long)m->c->now, (unsigned long long)m->c->unique,
			   m->c->hostname);
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

static enum result finish(struct making *m)
{
	static const char blank[] = "\r\n";
	bool empty_line = m->end - m->at >= 2 && memcmp(m->at, blank, 2) == 0;
	put_missing(m);
	if (!empty_line)
		buf_append(m->out, blank, 2);
	enum result r = buf_append(m->out, m->at, (size_t)(m->end - m->at));
	if (r == OK && m->out->len > m->c->max_size)
		r = E_LIMIT;
	if (r == E_LIMIT)
		return err_set(m->err, r, "the message has %zu bytes, max_size is %llu",
			       m->out->len + (size_t)(m->end - m->at),
			       (unsigned long long)m->c->max_size);
	return r == OK ? OK : err_set(m->err, r, "no memory for the message");
}

enum result mail_compose_make(const struct mail_compose *c, struct buf *text,
			      struct mail_envelope *envelope, struct buf *message, struct err *err)
{
	struct mail_field_at f;
	struct making m = {.c = c, .envelope = envelope, .out = message, .err = err};
	if (c->name && has_control(c->name))
		return err_set(err, E_SYNTAX, "the name of the sender has a control character");
	m.at = buf_string(text);
	if (!m.at)
		return err_set(err, E_NOMEM, "no memory for the message");
	m.end = m.at + text->len;
	m.resent = has_resent(m.at, m.end);
	while (m.at < m.end && mail_field_next(m.at, m.end, &f)) {
		enum result r = take_field(&m, &f);
		if (r != OK)
			return r;
		m.at += f.line_n;
	}
	for (size_t i = 0; i < text->len && !envelope->eight_bit; i++)
		envelope->eight_bit = (unsigned char)buf_head(text)[i] > 0x7f;
	return finish(&m);
}

/* ---- recipients ---- */

struct adding {
	const struct mail_compose *c;
	struct mail_envelope *envelope;
};

static enum result add_recipient(void *ctx, const char *address, struct err *err)
{
	struct adding *a = ctx;
	char whole[MAIL_ADDRESS_MAX + 1];
	int n = snprintf(whole, sizeof whole, "%s%s%s", address, strrchr(address, '@') ? "" : "@",
			 strrchr(address, '@') ? "" : a->c->origin);
	if (n >= (int)sizeof whole)
		return err_set(err, E_SYNTAX, "%s: the address is too long", address);
	if (mail_envelope_add_once(a->envelope, whole, a->c->asks) != OK)
		return err_set(err, E_NOMEM, "no memory for the recipients");
	return OK;
}

enum result mail_compose_recipients(const struct mail_compose *c, const char *list, size_t n,
				    struct mail_envelope *envelope, struct err *err)
{
	struct adding a = {.c = c, .envelope = envelope};
	return mail_mailboxes_read(list, n, add_recipient, &a, err);
}
