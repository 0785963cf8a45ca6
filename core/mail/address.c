/* Reading an address: see address.h. A cursor runs over the bytes once; nothing is allocated. */
#include "mail/address.h"

#include "base/text.h"

#include <string.h>

struct cursor {
	const char *p, *end;
	struct err *err;
};

static int peek(const struct cursor *c)
{
	return c->p < c->end ? (unsigned char)*c->p : -1;
}

size_t mail_address_wide(const char *at, size_t n)
{
	size_t len = text_utf8_n(at, n);
	return len < 2 || ((unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0) ? 0 : len;
}

/* At the cursor. */
static size_t wide(const struct cursor *c)
{
	return mail_address_wide(c->p, (size_t)(c->end - c->p));
}

static bool is_atext(int b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
	       (b > 0 && strchr("!#$%&'*+-/=?^_`{|}~", b));
}

/* What is to be said of the byte where reading stopped. */
static enum result stopped(struct cursor *c, const char *what)
{
	if (peek(c) >= 0x80)
		return err_set(c->err, E_UNSUPPORTED,
			       "the address has bytes that are neither ASCII nor UTF-8");
	return err_set(c->err, E_SYNTAX, "%s", what);
}

static size_t atext(const struct cursor *c)
{
	return is_atext(peek(c)) ? 1 : wide(c);
}

/* Dot-string = Atom *("." Atom) */
static enum result read_dot_string(struct cursor *c)
{
	do {
		if (!atext(c))
			return stopped(c, "the local part is empty or has a dot too many");
		for (size_t n; (n = atext(c));)
			c->p += n;
	} while (peek(c) == '.' && c->p++);
	return OK;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE; RFC 5321 allows an empty one, which names nobody. */
static enum result read_quoted(struct cursor *c)
{
	const char *start = c->p++;
	while (peek(c) != '"') {
		if (peek(c) == '\\')
			c->p++;
		size_t n = peek(c) >= ' ' && peek(c) <= '~' ? 1 : wide(c);
		if (!n)
			return stopped(
				c,
				"the quoted local part is not closed or has a control character");
		c->p += n;
	}
	c->p++;
	return c->p - start > 2 ? OK : err_set(c->err, E_SYNTAX, "the local part is empty");
}

static enum result read_local(struct cursor *c, struct mail_address *a)
{
	const char *start = c->p;
	a->quoted = peek(c) == '"';
	enum result r = a->quoted ? read_quoted(c) : read_dot_string(c);
	size_t n = (size_t)(c->p - start);
	if (r != OK)
		return r;
	if (n > MAIL_LOCAL_MAX)
		return err_set(c->err, E_LIMIT, "the local part is longer than %d octets",
			       MAIL_LOCAL_MAX);
	memcpy(a->local, start, n);
	return OK;
}

/* Takes what looks like a domain or literal, and checks it. */
static enum result read_domain(struct cursor *c, const char **start, size_t *n)
{
	*start = c->p;
	bool literal = peek(c) == '[';
	while (c->p < c->end && !(literal ? c->p > *start && c->p[-1] == ']'
					  : strchr("<>:,;@ \t\r\n()[]\"\\", *c->p) != NULL))
		c->p++;
	*n = (size_t)(c->p - *start);
	return mail_domain_check(*start, *n, c->err);
}

/* A-d-l ":" (RFC 5321 appendix C): checked and dropped. */
static enum result skip_route(struct cursor *c)
{
	do {
		const char *start;
		size_t n;
		if (peek(c) != '@')
			return stopped(c, "the source route is malformed");
		c->p++;
		enum result r = read_domain(c, &start, &n);
		if (r != OK)
			return r;
	} while (peek(c) == ',' && c->p++);
	if (peek(c) != ':')
		return stopped(c, "the source route has no end");
	c->p++;
	return OK;
}

static enum result read_mailbox(struct cursor *c, struct mail_address *a)
{
	a->routed = peek(c) == '@';
	enum result r = a->routed ? skip_route(c) : OK;
	if (r == OK)
		r = read_local(c, a);
	if (r != OK || peek(c) != '@')
		return r;
	const char *start;
	size_t n;
	c->p++;
	r = read_domain(c, &start, &n);
	if (r != OK)
		return r;
	a->literal = *start == '[';
	memcpy(a->domain, start, n);
	return OK;
}

enum result mail_address_parse(const char *text, size_t n, struct mail_address *a, size_t *used,
			       struct err *err)
{
	struct cursor c = {text, text + n, err};
	*a = (struct mail_address){.quoted = false};
	enum result r = read_mailbox(&c, a);
	if (r == OK && (peek(&c) >= 0x80 || (!used && c.p < c.end)))
		r = stopped(
			&c,
			"something stands behind the address, or a character that it may not have");
	if (r == OK && a->routed && !a->domain[0])
		r = err_set(err, E_SYNTAX, "the source route leads to a name without a domain");
	if (used)
		*used = (size_t)(c.p - text);
	return r;
}

enum result mail_address_split(const char *address, char *local, size_t local_n, char *domain,
			       size_t domain_n)
{
	struct mail_address a;
	enum result r = mail_address_parse(address, strlen(address), &a, NULL, NULL);
	if (r != OK)
		return r;
	if (!text_copy(local, local_n, a.local))
		return E_LIMIT;
	if (*a.domain && !a.literal)
		return mail_domain_normalise(a.domain, domain, domain_n);
	if (!text_copy(domain, domain_n, a.domain))
		return E_LIMIT;
	text_lower_all(domain);
	return OK;
}
