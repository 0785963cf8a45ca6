/*
 * The fields that say what a message is (RFC 2045): see repair.h. Only what is plainly wrong is touched: a body in parts, or one that an
 * encoding carries, says itself what it is.
 */
#include "mail/eight_bit.h"
#include "mail/repair_part.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define TYPE_MAX 400 /* bytes of a Content-Type that is changed; a longer one stays as it is */

/* "text/plain", then nothing, a blank or `;`. */
static bool is_type(const char *value)
{
	static const char token[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+.!#$&^_";
	size_t n = strspn(value, token), m = value[n] == '/' ? strspn(value + n + 1, token) : 0;
	return n && m && (!value[n + 1 + m] || strchr(" ;(", value[n + 1 + m]));
}

/* Where the value of charset= begins, or NULL. */
static const char *find_charset(const char *value)
{
	for (const char *at = strchr(value, ';'); at; at = strchr(at, ';')) {
		at += 1 + strspn(at + 1, " ");
		if (text_same_n(at, strcspn(at, "= "), "charset") && strchr(at, '='))
			return strchr(at, '=') + 1;
	}
	return NULL;
}

/* With its quotes, of which the second may be missing. */
static size_t charset_len(const char *at)
{
	if (*at != '"')
		return strcspn(at, "; ");
	size_t n = 1 + strcspn(at + 1, "\"");
	return n + (at[n] == '"');
}

/* Does what is declared fit what is there? us-ascii has no bytes above 127, and not every text of such bytes is UTF-8. */
static bool fits(const struct repair *x, const char *charset, size_t n)
{
	if (*charset == '"') {
		charset++;
		n--;
		n -= n && charset[n - 1] == '"';
	}
	if (text_same_n(charset, n, "utf-8"))
		return text_same(x->charset, "utf-8");
	return n && !text_same_n(charset, n, "us-ascii");
}

static void unfold(struct repair *x, const struct mail_field_at *f, char *out, size_t n)
{
	struct buf value;
	buf_init(&value, 0);
	enum result r = mail_field_unfold(f, &value);
	const char *text = r == OK ? buf_string(&value) : NULL;
	if (r == E_NOMEM || (r == OK && !text))
		x->result = E_NOMEM;
	if (!text || !text_copy(out, n, text))
		*out = '\0';
	buf_free(&value);
}

/* An encoding that carries the body, or parts that have fields of their own. */
static void look_at(struct repair *x, const struct mail_field_at *f)
{
	char value[TYPE_MAX];
	bool encoding = mail_field_is(f, "Content-Transfer-Encoding");
	if (!encoding && !mail_field_is(f, "Content-Type"))
		return;
	unfold(x, f, value, sizeof value);
	bool plain = encoding ? text_same(value, "7bit") || text_same(value, "8bit") ||
					text_same(value, "binary")
			      : !is_type(value) || text_starts(value, "text/");
	x->transported = x->transported || !plain;
}

void repair_mime_look(struct repair *x)
{
	const struct mail_repair_text *t = x->text;
	const char *at = t->header, *end = at + t->header_n;
	struct mail_field_at f;
	for (; at < end && mail_field_next(at, end, &f); at += f.line_n)
		look_at(x, &f);
	x->charset = mail_eight_bit_charset(t->body, t->body_n, t->whole);
	x->body_high = x->how->what & MAIL_REPAIR_CHARSET && !x->transported &&
		       mail_eight_bit_in(t->body, t->body_n);
}

/* The value with charset= as it should be. */
static void put_type(struct repair *x, const char *value)
{
	char fixed[TYPE_MAX + 64];
	const char *charset = find_charset(value);
	if (charset)
		snprintf(fixed, sizeof fixed, "%.*s%s%s", (int)(charset - value), value, x->charset,
			 charset + charset_len(charset));
	else
		snprintf(fixed, sizeof fixed, "%s; charset=%s", value, x->charset);
	repair_put(x, "Content-Type", fixed);
}

static void take_type(struct repair *x, const struct mail_field_at *f)
{
	char value[TYPE_MAX];
	unfold(x, f, value, sizeof value);
	if (*value && !is_type(value) && x->how->what & MAIL_REPAIR_MIME) {
		repair_note(x, "Content-Type was", value);
		repair_rename(x, f, "X-Original-Content-Type");
		return; /* as if there was none */
	}
	x->type = true;
	const char *charset = find_charset(value);
	if (x->body_high && *value && !(charset && fits(x, charset, charset_len(charset)))) {
		repair_note(x, "charset of the text is taken for", x->charset);
		put_type(x, value);
	} else {
		repair_keep(x, f);
	}
}

/* 7bit, where it is not. */
static void take_encoding(struct repair *x, const struct mail_field_at *f)
{
	char value[TYPE_MAX];
	unfold(x, f, value, sizeof value);
	x->encoding = true;
	if (x->body_high && text_same(value, "7bit"))
		repair_put(x, "Content-Transfer-Encoding", "8bit");
	else
		repair_keep(x, f);
}

bool repair_mime_take(struct repair *x, const struct mail_field_at *f)
{
	if (mail_field_is(f, "MIME-Version")) {
		x->version = true;
		repair_keep(x, f);
	} else if (mail_field_is(f, "Content-Type")) {
		take_type(x, f);
	} else if (mail_field_is(f, "Content-Transfer-Encoding")) {
		take_encoding(x, f);
	} else {
		return false;
	}
	return true;
}

void repair_mime_end(struct repair *x)
{
	bool wanted = x->how->what & MAIL_REPAIR_MIME && (x->type || x->encoding);
	if (!x->version && (wanted || (x->body_high && (!x->type || !x->encoding)))) {
		repair_note(x, "MIME-Version was missing", NULL);
		repair_put(x, "MIME-Version", "1.0");
	}
	if (!x->body_high)
		return;
	if (!x->type) {
		repair_note(x, "charset of the text is taken for", x->charset);
		put_type(x, "text/plain");
	}
	if (!x->encoding)
		repair_put(x, "Content-Transfer-Encoding", "8bit");
}
