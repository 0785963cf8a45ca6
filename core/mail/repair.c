/* Repairing a header: see repair.h. Owns a buffer for one value while it works. The first failure is kept, later steps do nothing. */
#include "mail/repair.h"

#include "base/text.h"
#include "mail/date.h"
#include "mail/eight_bit.h"
#include "mail/fold.h"
#include "mail/person.h"
#include "mail/repair_part.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000ll

/* ---- writing ---- */

static void keep_result(struct repair *x, enum result r)
{
	if (x->result == OK)
		x->result = r;
}

void repair_note(struct repair *x, const char *what, const char *old)
{
	char words[200], clean[100] = "";
	if (x->result != OK || x->notes->len >= MAIL_REPAIR_NOTES - sizeof words - 8)
		return;
	if (old)
		snprintf(clean, sizeof clean, "%.90s", old);
	for (char *c = clean; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	snprintf(words, sizeof words, "%s%s%s%s", x->notes->len ? "; " : "", what, old ? " " : "",
		 clean);
	keep_result(x, buf_puts(x->notes, words));
	if (x->notes->len >= MAIL_REPAIR_NOTES - sizeof words - 8)
		keep_result(x, buf_puts(x->notes, "; ..."));
}

void repair_put(struct repair *x, const char *name, const char *value)
{
	if (x->result == OK)
		keep_result(x, buf_printf(x->out, "%s: %s\r\n", name, value));
}

void repair_put_high(struct repair *x, const char *name, const char *value, bool persons)
{
	if (!(x->how->what & MAIL_REPAIR_CHARSET) || !mail_eight_bit_in(value, strlen(value)))
		repair_put(x, name, value);
	else if (x->result == OK)
		keep_result(x, mail_eight_bit_field(x->out, name, value, persons));
}

void repair_keep(struct repair *x, const struct mail_field_at *f)
{
	if (x->result == OK)
		keep_result(x, buf_append(x->out, f->line, f->line_n));
	if (f->line_n && f->line[f->line_n - 1] != '\n' && x->result == OK)
		keep_result(x, buf_puts(x->out, "\r\n"));
}

void repair_rename(struct repair *x, const struct mail_field_at *f, const char *name)
{
	const size_t colon = (size_t)(f->value - f->line);
	const struct mail_field_at rest = {.line = f->value, .line_n = f->line_n - colon};
	struct buf value;
	buf_init(&value, 0);
	const bool high = mail_eight_bit_in(f->value, f->value_n);
	const char *text = high && mail_field_unfold(f, &value) == OK ? buf_string(&value) : NULL;
	if (text && *text) {
		repair_put_high(x, name, text, false);
	} else {
		if (x->result == OK)
			keep_result(x, buf_printf(x->out, "%s:", name));
		repair_keep(x, &rest);
	}
	buf_free(&value);
}

/* The value of a field as a string; "" when it is too long to be looked at, or memory is short. */
static const char *value_of(struct repair *x, const struct mail_field_at *f)
{
	if (mail_field_unfold(f, &x->value) == E_NOMEM)
		keep_result(x, E_NOMEM);
	const char *text = buf_string(&x->value);
	if (!text)
		keep_result(x, E_NOMEM);
	return text ? text : "";
}

/* ---- Date and Message-ID ---- */

static void put_date(struct repair *x)
{
	char date[MAIL_DATE_MAX];
	repair_put(x, "Date", mail_date_format(x->how->now, x->how->offset, date, sizeof date));
}

static void put_message_id(struct repair *x)
{
	char id[300];
	snprintf(id, sizeof id, "<%lld.%016llx@%.253s>", (long long)x->how->now,
		 (unsigned long long)x->how->random, x->how->hostname);
	repair_put(x, "Message-ID", id);
}

static bool is_date(const struct repair *x, const char *value)
{
	int64_t at;
	return mail_date_parse(value, &at) == OK && at < x->how->now + DAY_MS &&
	       at > x->how->now - 365 * DAY_MS;
}

static void take_date(struct repair *x, const struct mail_field_at *f)
{
	const char *value = value_of(x, f);
	if (x->date || is_date(x, value)) {
		repair_keep(x, f);
	} else {
		repair_note(x, "Date was", value);
		repair_rename(x, f, "X-Original-Date");
		put_date(x);
	}
	x->date = true;
}

/* RFC 5322 3.6.4, as loosely as servers take it: <left@right> without blanks. */
static bool is_message_id(const char *value)
{
	size_t n = strlen(value);
	const char *at = strchr(value, '@');
	return n > 4 && *value == '<' && value[n - 1] == '>' && !strchr(value, ' ') && at &&
	       at > value + 1 && at < value + n - 2 && strcspn(value + 1, "<>") == n - 2;
}

static void take_message_id(struct repair *x, const struct mail_field_at *f)
{
	const char *value = value_of(x, f);
	if (x->message_id || is_message_id(value)) {
		repair_keep(x, f);
	} else {
		repair_note(x, "Message-ID was", value);
		repair_rename(x, f, "X-Original-Message-ID");
		put_message_id(x);
	}
	x->message_id = true;
}

/* ---- From ---- */

/* What cannot stand in a quoted name is left out. */
static void quote(const char *text, char *out, size_t n)
{
	size_t at = 0;
	out[at++] = '"';
	for (; *text && at < n - 2; text++)
		if (!strchr("\"\\<>@", *text))
			out[at++] = *text;
	out[at++] = '"';
	out[at] = '\0';
}

/* "name <address>", or the address alone. */
static void put_from(struct repair *x, const char *name, const char *address)
{
	char value[256 + MAIL_ADDRESS_MAX + 8], quoted[256];
	if (*name != '"' && strpbrk(name, "()<>[]:;@\\,.\"")) {
		quote(name, quoted, sizeof quoted);
		name = quoted;
	}
	snprintf(value, sizeof value, "%s%s%s%s", name, *name ? " <" : "", address,
		 *name ? ">" : "");
	repair_put_high(x, "From", value, true);
}

/* Who it is from when From does not say: the envelope's sender, or who gets trouble reports. */
static const char *fallback(const struct repair *x, char *out, size_t n)
{
	if (*x->how->sender)
		text_copy(out, n, x->how->sender);
	else
		snprintf(out, n, "postmaster@%s", x->how->origin);
	return out;
}

static void rewrite_from(struct repair *x, const struct mail_field_at *f, const char *value)
{
	struct mail_person p;
	bool known = mail_person_parse(value, &p);
	char old[MAIL_ADDRESS_MAX + 1];
	snprintf(old, sizeof old, "%s@%s", p.address.local, p.address.domain);
	if (known && mail_address_same(old, x->how->from)) {
		repair_keep(x, f);
		return;
	}
	repair_note(x, "From was", value);
	put_from(x, p.name, x->how->from);
	if (known && !x->reply_to)
		repair_put_high(x, "Reply-To", value, true);
	x->reply_to = true;
	if (!known)
		repair_rename(x, f, "X-Original-From");
}

static void mend_from(struct repair *x, const struct mail_field_at *f, const char *value)
{
	struct mail_person p;
	char address[MAIL_ADDRESS_MAX + 1], name[256];
	if (mail_person_parse(value, &p)) {
		if (mail_eight_bit_in(value, strlen(value)))
			repair_put_high(x, "From", value, true);
		else
			repair_keep(x, f);
		return;
	}
	repair_note(x, "From was", value);
	repair_rename(x, f, "X-Original-From");
	if (p.address.local[0]) {
		snprintf(address, sizeof address, "%s@%s", p.address.local, x->how->origin);
		put_from(x, p.name, address);
		return;
	}
	quote(value, name, sizeof name);
	put_from(x, name, fallback(x, address, sizeof address));
}

static void take_from(struct repair *x, const struct mail_field_at *f)
{
	const char *value = value_of(x, f);
	bool empty = !*value, too_long = empty && f->value_n > MAIL_VALUE_MAX;
	if (x->from || (too_long && !x->how->from))
		repair_keep(x, f);
	else if (empty && !too_long)
		return; /* as if it was missing */
	else if (x->how->from)
		rewrite_from(x, f, value);
	else
		mend_from(x, f, value);
	x->from = true;
}

/* ---- the whole ---- */

static bool has_persons(const struct mail_field_at *f)
{
	static const char *const names[] = {"To",          "Cc",        "Bcc",       "Reply-To",
					    "Resent-From", "Resent-To", "Resent-Cc", "Sender"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (mail_field_is(f, names[i]))
			return true;
	return false;
}

static void take_other(struct repair *x, const struct mail_field_at *f)
{
	char name[100];
	if (!(x->how->what & MAIL_REPAIR_CHARSET) || !mail_eight_bit_in(f->value, f->value_n) ||
	    f->name_n >= sizeof name || !*value_of(x, f)) {
		repair_keep(x, f);
		return;
	}
	snprintf(name, sizeof name, "%.*s", (int)f->name_n, f->line);
	repair_note(x, "undeclared characters in", name);
	repair_put_high(x, name, buf_string(&x->value), has_persons(f));
}

static void take(struct repair *x, const struct mail_field_at *f)
{
	unsigned what = x->how->what;
	if (what & MAIL_REPAIR_DATE && mail_field_is(f, "Date"))
		take_date(x, f);
	else if (what & MAIL_REPAIR_MESSAGE_ID && mail_field_is(f, "Message-ID"))
		take_message_id(x, f);
	else if ((what & MAIL_REPAIR_FROM || x->how->from) && mail_field_is(f, "From"))
		take_from(x, f);
	else if (x->how->from && mail_field_is(f, "Sender"))
		repair_rename(x, f, "X-Original-Sender");
	else if (!repair_mime_take(x, f))
		take_other(x, f);
}

static void add_missing(struct repair *x)
{
	char address[MAIL_ADDRESS_MAX + 1];
	unsigned what = x->how->what;
	if (what & MAIL_REPAIR_DATE && !x->date) {
		repair_note(x, "Date was missing", NULL);
		put_date(x);
	}
	if (what & MAIL_REPAIR_MESSAGE_ID && !x->message_id) {
		repair_note(x, "Message-ID was missing", NULL);
		put_message_id(x);
	}
	if ((what & MAIL_REPAIR_FROM || x->how->from) && !x->from) {
		repair_note(x, "From was missing", NULL);
		put_from(x, "", x->how->from ? x->how->from : fallback(x, address, sizeof address));
	}
	repair_mime_end(x);
}

static void look(struct repair *x)
{
	const char *at = x->text->header, *end = at + x->text->header_n;
	struct mail_field_at f;
	for (; at < end && mail_field_next(at, end, &f); at += f.line_n)
		x->reply_to = x->reply_to || mail_field_is(&f, "Reply-To");
	repair_mime_look(x);
}

enum result mail_repair_header(const struct mail_repair *r, const struct mail_repair_text *text,
			       struct buf *out, struct buf *notes)
{
	struct repair x = {.how = r, .text = text, .out = out, .notes = notes, .result = OK};
	const char *at = text->header, *end = at + text->header_n;
	struct mail_field_at f;
	buf_init(&x.value, 0);
	look(&x);
	for (; at < end && mail_field_next(at, end, &f); at += f.line_n)
		take(&x, &f);
	add_missing(&x);
	if (x.result == OK)
		x.result = buf_puts(out, "\r\n");
	buf_free(&x.value);
	return x.result;
}
