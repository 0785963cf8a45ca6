/* The scanner of paths: see path.h. Owns nothing; fails for syntax only. */
#include "smtp/path.h"
#include "base/text.h"
#include "mail/address.h"
#include "smtp/name.h"

#include <string.h>

/* What is left to be scanned. */
struct scan {
	const char *at, *end;
};

static bool next_is(const struct scan *in, char c)
{
	return in->at < in->end && *in->at == c;
}

static bool take(struct scan *in, char c)
{
	if (!next_is(in, c))
		return false;
	in->at++;
	return true;
}

static size_t wide(const struct scan *in)
{
	return mail_address_wide(in->at, (size_t)(in->end - in->at));
}

static bool is_atext(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Quoted-string: printable characters, a backslash takes the next one of ASCII with it. */
static bool quoted(struct scan *in)
{
	if (!take(in, '"'))
		return false;
	while (in->at < in->end) {
		size_t n = wide(in);
		in->at += n;
		if (n)
			continue;
		char c = *in->at++;
		if (c == '"')
			return true;
		if (c == '\\') {
			if (in->at == in->end)
				return false;
			c = *in->at++;
		}
		if (c < ' ' || c == 127)
			return false;
	}
	return false;
}

static bool local_part(struct scan *in)
{
	if (next_is(in, '"'))
		return quoted(in);
	const char *from = in->at;
	for (size_t n; in->at < in->end; in->at += n) {
		n = *in->at == '.' || is_atext(*in->at) ? 1 : wide(in);
		if (!n)
			break;
	}
	return in->at > from;
}

/* A domain or literal up to one of the bytes that end it. */
static bool domain(struct scan *in)
{
	const char *from = in->at;
	bool literal = next_is(in, '[');
	while (in->at < in->end && !strchr(literal ? "]> " : ",:> ", *in->at))
		in->at++;
	if (literal && !take(in, ']'))
		return false;
	size_t n = (size_t)(in->at - from);
	if (literal)
		return smtp_name_is_literal(from, n);
	return text_is_ascii(from, n) ? smtp_name_is_domain(from, n)
				      : mail_domain_check(from, n, NULL) == OK;
}

/* A-d-l ":" (source route): "@a,@b:". True when there is none or it is well-formed. */
static bool route(struct scan *in, bool *routed)
{
	if (!next_is(in, '@'))
		return true;
	*routed = true;
	do {
		if (!take(in, '@') || !domain(in))
			return false;
	} while (take(in, ','));
	return take(in, ':');
}

static bool mailbox(struct scan *in, unsigned flags, struct smtp_path *path)
{
	if (!route(in, &path->routed))
		return false;
	path->address = in->at;
	if (!local_part(in))
		return false;
	path->local = !next_is(in, '@');
	if (!path->local && (!take(in, '@') || !domain(in)))
		return false;
	path->n = (size_t)(in->at - path->address);
	if (!path->local || flags & SMTP_PATH_LOOSE)
		return true;
	return flags & SMTP_PATH_POSTMASTER && text_same_n(path->address, path->n, "postmaster");
}

static void skip_blanks(struct scan *in)
{
	while (take(in, ' ') || take(in, '\t'))
		;
}

static bool scan_path(struct scan *in, unsigned flags, struct smtp_path *path)
{
	skip_blanks(in);
	path->bare = !take(in, '<');
	if (path->bare && !(flags & SMTP_PATH_LOOSE))
		return false;
	if (!path->bare && next_is(in, '>') && flags & SMTP_PATH_NULL)
		path->address = in->at; /* n stays 0 */
	else if (!mailbox(in, flags, path))
		return false;
	if (!path->bare && !take(in, '>'))
		return false;
	const char *end = in->at;
	skip_blanks(in);
	path->rest = in->at;
	return end == in->end || in->at > end;
}

enum result smtp_path_scan(const char *text, size_t n, unsigned flags, struct smtp_path *path)
{
	*path = (struct smtp_path){.address = text, .rest = text + n};
	struct scan in = {text, text + n};
	if (scan_path(&in, flags, path)) {
		path->wide = !text_is_ascii(path->address, path->n);
		return OK;
	}
	const char *close = memchr(text, '>', n);
	return text_is_ascii(text, close ? (size_t)(close - text) : n) ? E_SYNTAX : E_UNSUPPORTED;
}

bool smtp_path_sendable(const char *address)
{
	bool in_quotes = false;
	if (strlen(address) > SMTP_PATH_MAX)
		return false;
	for (const char *c = address; *c; c++) {
		size_t n = text_utf8(c);
		if (!n || (unsigned char)*c < ' ' || *c == 127)
			return false;
		if (n > 1) {
			c += n - 1;
			continue;
		}
		if (in_quotes && *c == '\\') {
			if (c[1] < ' ' || c[1] == 127)
				return false;
			c++;
		} else if (*c == '"') {
			in_quotes = !in_quotes;
		} else if (!in_quotes && strchr(" <>", *c)) {
			return false;
		}
	}
	return !in_quotes;
}
