/* Domain names and address literals: see domain.h. Pure text work; fails only for what the text is.
 */
#include "mail/domain.h"

#include "base/text.h"

#include <idn2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool let_dig(char c)
{
	c = text_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static enum result label_check(const char *label, size_t n, struct err *err)
{
	if (!n)
		return err_set(err, E_SYNTAX, "the domain has an empty label (a dot too many)");
	if (n > MAIL_LABEL_MAX)
		return err_set(err, E_LIMIT, "a label of the domain is longer than %d octets",
			       MAIL_LABEL_MAX);
	if (!let_dig(label[0]) || !let_dig(label[n - 1]))
		return err_set(err, E_SYNTAX, "a label of the domain begins or ends with a hyphen");
	return OK;
}

/* Every byte is one that a domain name may have. */
static enum result bytes_check(const char *text, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!let_dig(text[i]) && text[i] != '-' && text[i] != '.')
			return err_set(err, E_SYNTAX,
				       "the domain has a character that none may have");
	}
	return OK;
}

static enum result literal_check(const char *text, size_t n, struct err *err)
{
	char copy[64];
	struct net_ip ip;
	if (n < sizeof copy) {
		memcpy(copy, text, n);
		copy[n] = '\0';
		if (strlen(copy) == n && mail_literal_parse(copy, &ip) == OK)
			return OK;
	}
	return err_set(err, E_SYNTAX, "the address literal is neither [A.B.C.D] nor [IPv6:X::Y]");
}

static enum result ascii_check(const char *text, size_t n, struct err *err)
{
	enum result r = bytes_check(text, n, err);
	if (r == OK && n > MAIL_DOMAIN_MAX)
		r = err_set(err, E_LIMIT, "the domain is longer than %d octets", MAIL_DOMAIN_MAX);
	for (size_t at = 0; r == OK && at <= n;) {
		const char *dot = at < n ? memchr(text + at, '.', n - at) : NULL;
		size_t end = dot ? (size_t)(dot - text) : n;
		r = label_check(text + at, end - at, err);
		at = end + 1;
	}
	return r;
}

/* IDNA2008 with the mapping of UTS 46, as browsers have it (RFC 5895): upper case and width do not matter. */
static enum result to_ascii(const char *name, char *out, size_t n, struct err *err)
{
	uint8_t *ascii = NULL;
	int code = idn2_lookup_u8((const uint8_t *)name, &ascii,
				  IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (code == IDN2_MALLOC)
		return err_set(err, E_NOMEM, "memory is short");
	if (code != IDN2_OK)
		return err_set(err, E_UNSUPPORTED,
			       "the domain is neither ASCII nor an international name: %s",
			       idn2_strerror(code));
	bool fits = text_copy(out, n, (const char *)ascii);
	idn2_free(ascii);
	return fits ? OK
		    : err_set(err, E_LIMIT, "the domain is longer than %d octets", MAIL_DOMAIN_MAX);
}

/* The same of n bytes that are not all ASCII; a name that IDNA maps to nothing or to a dot too many is none. */
static enum result wide_check(const char *text, size_t n, char out[MAIL_DOMAIN_MAX + 1],
			      struct err *err)
{
	char name[MAIL_DOMAIN_MAX + 1];
	if (n > MAIL_DOMAIN_MAX)
		return err_set(err, E_LIMIT, "the domain is longer than %d octets",
			       MAIL_DOMAIN_MAX);
	memcpy(name, text, n);
	name[n] = '\0';
	if (strlen(name) != n)
		return err_set(err, E_SYNTAX, "the domain has a character that none may have");
	enum result r = to_ascii(name, out, MAIL_DOMAIN_MAX + 1, err);
	return r == OK ? ascii_check(out, strlen(out), err) : r;
}

enum result mail_domain_check(const char *text, size_t n, struct err *err)
{
	char ascii[MAIL_DOMAIN_MAX + 1];
	if (n && text[0] == '[')
		return literal_check(text, n, err);
	return text_is_ascii(text, n) ? ascii_check(text, n, err) : wide_check(text, n, ascii, err);
}

enum result mail_domain_normalise(const char *domain, char *out, size_t n)
{
	char ascii[MAIL_DOMAIN_MAX + 1];
	size_t len = strlen(domain);
	const char *form = ascii;
	enum result r = E_SYNTAX;
	if (text_is_ascii(domain, len)) {
		form = domain;
		r = domain[0] == '[' ? E_SYNTAX : ascii_check(domain, len, NULL);
	} else {
		r = wide_check(domain, len, ascii, NULL);
	}
	if (r != OK)
		return r;
	if (!text_copy(out, n, form))
		return E_LIMIT;
	text_lower_all(out);
	return OK;
}

enum result mail_literal_parse(const char *domain, struct net_ip *ip)
{
	char inner[64];
	size_t n = strlen(domain);
	if (n < 3 || domain[0] != '[' || domain[n - 1] != ']' || n - 2 >= sizeof inner)
		return E_SYNTAX;
	memcpy(inner, domain + 1, n - 2);
	inner[n - 2] = '\0';
	bool tagged = text_same_n(inner, 5, "ipv6:");
	const char *address = tagged ? inner + 5 : inner;
	/* Without its tag an IPv6 address is not a literal; net_ip_parse would take more brackets.
	 */
	if (strpbrk(address, "[]") || tagged != (strchr(address, ':') != NULL))
		return E_SYNTAX;
	return net_ip_parse(address, ip);
}

const char *mail_literal_format(const struct net_ip *ip, char *out, size_t n)
{
	char text[46];
	net_ip_format(ip, text, sizeof text);
	snprintf(out, n, "[%s%s]", net_ip_is_v4(ip) ? "" : "IPv6:", text);
	return out;
}
