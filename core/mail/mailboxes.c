/*
 * Address lists: see mailboxes.h. One pass over the list copies what counts of an element into a bounded buffer:
 * outside of comments, and only what stands in angle brackets once there are some.
 */
#include "mail/mailboxes.h"

#include "mail/address.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ELEMENT_MAX 1024 /* bytes of one element that count */

struct scan {
	const char *at, *end;
	char text
		[ELEMENT_MAX]; /* of the element: its address, or all of it while no bracket came */
	size_t len;
	bool angle;   /* within <> */
	bool bracket; /* there were angle brackets: text is what stood in them */
	bool too_long;
};

static void put(struct scan *s, char c)
{
	if (s->bracket && !s->angle)
		return; /* behind the closing bracket nothing counts */
	if (s->len + 1 < sizeof s->text)
		s->text[s->len++] = c;
	else
		s->too_long = true;
}

/* at stands on "(": leaves it behind the matching ")". False: there is none. */
static bool skip_comment(struct scan *s)
{
	int depth = 0;
	for (; s->at < s->end; s->at++) {
		if (*s->at == '\\' && s->at + 1 < s->end)
			s->at++;
		else if (*s->at == '(')
			depth++;
		else if (*s->at == ')' && --depth == 0) {
			s->at++;
			return true;
		}
	}
	return false;
}

/* at stands on a quote: copies the quoted string with its quotes. */
static bool take_quoted(struct scan *s)
{
	put(s, *s->at++);
	for (; s->at < s->end; s->at++) {
		put(s, *s->at);
		if (*s->at == '"') {
			s->at++;
			return true;
		}
		if (*s->at == '\\' && s->at + 1 < s->end)
			put(s, *++s->at);
	}
	return false;
}

/* A blank within what was read, but not round the @ of "a @ b". */
static bool blank_counts(const struct scan *s)
{
	const char *next = s->at;
	while (next < s->end && strchr(" \t\r\n", *next))
		next++;
	char last = s->len ? s->text[s->len - 1] : ' ';
	return last != ' ' && last != '@' && next < s->end && *next != '@';
}

/* May what was read be the name of a group? An address may not, or a line put behind one would become recipients. */
static bool group_name(const struct scan *s)
{
	bool quoted = false;
	for (size_t i = 0; i < s->len; i++) {
		quoted ^= s->text[i] == '"' && !(i && s->text[i - 1] == '\\');
		if (!quoted && (s->text[i] == '@' || s->text[i] == '['))
			return false;
	}
	return true;
}

/* One character with a meaning, or a plain one. False: the element ended. */
static bool take_one(struct scan *s, bool *good)
{
	char c = *s->at;
	if (c == '(') {
		*good = skip_comment(s);
		return *good;
	}
	if (c == '"') {
		*good = take_quoted(s);
		return *good;
	}
	s->at++;
	if (!s->angle && (c == ',' || c == ';'))
		return false;
	if (!s->angle && c == ':' && group_name(s)) {
		s->len = 0; /* what stood before it was the name of a group */
	} else if (c == '<' && !s->angle && !s->bracket) {
		s->angle = s->bracket = true;
		s->len = 0;
	} else if (c == '>' && s->angle) {
		s->angle = false;
	} else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
		put(s, c);
	} else if (blank_counts(s)) {
		put(s, ' '); /* words of a name, or a fault */
	}
	return true;
}

static enum result emit(struct scan *s, bool good,
			enum result (*fn)(void *ctx, const char *address, struct err *err),
			void *ctx, struct err *err)
{
	struct mail_address a;
	char whole[MAIL_ADDRESS_MAX + 1];
	struct err why = {0};
	while (s->len && s->text[s->len - 1] == ' ')
		s->len--;
	s->text[s->len] = '\0';
	if (good && !s->len && !s->bracket)
		return OK;
	if (!good || s->angle || s->too_long ||
	    mail_address_parse(s->text, s->len, &a, NULL, &why) != OK)
		return err_set(err, E_SYNTAX, "\"%.200s\" is no address%s%s", s->text,
			       *why.text ? ": " : "", why.text);
	snprintf(whole, sizeof whole, "%s%s%s", a.local, *a.domain ? "@" : "", a.domain);
	return fn(ctx, whole, err);
}

enum result mail_mailboxes_read(const char *list, size_t n,
				enum result (*fn)(void *ctx, const char *address, struct err *err),
				void *ctx, struct err *err)
{
	struct scan s = {.at = list, .end = list + n};
	while (s.at < s.end) {
		bool good = true;
		s.len = 0;
		s.angle = s.bracket = s.too_long = false;
		while (s.at < s.end && good && take_one(&s, &good))
			;
		enum result r = emit(&s, good, fn, ctx, err);
		if (r != OK)
			return r;
	}
	return OK;
}
