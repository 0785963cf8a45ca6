/* Forms of an address: quoting, the canonical spelling, comparison. See address.h. */
#include "mail/address.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum result mail_local_unquote(const char *local, char *out, size_t n)
{
	struct mail_address a;
	enum result r = mail_address_parse(local, strlen(local), &a, NULL, NULL);
	if (r != OK || a.domain[0] || a.routed)
		return r == OK ? E_SYNTAX : r;
	if (!a.quoted)
		return text_copy(out, n, a.local) ? OK : E_LIMIT;
	size_t len = 0, end = strlen(a.local) - 1;
	for (size_t i = 1; i < end; i++) {
		if (a.local[i] == '\\')
			i++;
		if (len + 1 >= n)
			return E_LIMIT;
		out[len++] = a.local[i];
	}
	out[len] = '\0';
	return OK;
}

static bool is_dot_string(const char *name)
{
	struct mail_address a;
	return mail_address_parse(name, strlen(name), &a, NULL, NULL) == OK && !a.quoted &&
	       !a.domain[0] && !a.routed;
}

/* Writes name between quotes; true when it fits into n bytes. */
static bool quote(const char *name, char *out, size_t n)
{
	size_t len = 0;
	if (n < 3)
		return false;
	out[len++] = '"';
	for (; *name; name++) {
		if (*name == '"' || *name == '\\')
			out[len++] = '\\';
		if (len + 3 > n)
			return false;
		out[len++] = *name;
	}
	out[len++] = '"';
	out[len] = '\0';
	return true;
}

enum result mail_local_quote(const char *name, char *out, size_t n)
{
	char quoted[MAIL_LOCAL_MAX + 2];
	if (!*name)
		return E_SYNTAX;
	for (const char *p = name; *p; p += text_utf8(p))
		if (!text_utf8(p) || (*p >= 0 && *p < ' ') || *p == 0x7f)
			return E_SYNTAX;
	if (is_dot_string(name))
		return text_copy(out, n, name) ? OK : E_LIMIT;
	if (!quote(name, quoted, sizeof quoted) || strlen(quoted) > MAIL_LOCAL_MAX)
		return E_LIMIT;
	return text_copy(out, n, quoted) ? OK : E_LIMIT;
}

static void canonical_domain(const struct mail_address *a, char *out, size_t n)
{
	struct net_ip ip;
	if (a->literal && mail_literal_parse(a->domain, &ip) == OK)
		mail_literal_format(&ip, out, n);
	else if (a->literal || mail_domain_normalise(a->domain, out, n) != OK)
		text_copy(out, n, a->domain);
	text_lower_all(out);
}

enum result mail_address_canonical(const char *address, char *out, size_t n)
{
	struct mail_address a;
	char name[MAIL_LOCAL_MAX + 1], local[MAIL_LOCAL_MAX + 1], domain[MAIL_DOMAIN_MAX + 1];
	enum result r = mail_address_parse(address, strlen(address), &a, NULL, NULL);
	if (r == OK)
		r = mail_local_unquote(a.local, name, sizeof name);
	if (r == OK)
		r = mail_local_quote(name, local, sizeof local);
	if (r != OK)
		return r;
	canonical_domain(&a, domain, sizeof domain);
	int len = snprintf(out, n, "%s%s%s", local, domain[0] ? "@" : "", domain);
	return (size_t)len < n ? OK : E_LIMIT;
}

bool mail_address_is_ascii(const char *address)
{
	return text_is_ascii(address, strlen(address));
}

enum result mail_address_narrow(const char *address, char *out, size_t n)
{
	struct mail_address a;
	char domain[MAIL_DOMAIN_MAX + 1];
	if (mail_address_is_ascii(address) ||
	    mail_address_parse(address, strlen(address), &a, NULL, NULL) != OK ||
	    !mail_address_is_ascii(a.local))
		return text_copy(out, n, address) ? OK : E_LIMIT;
	enum result r = mail_domain_normalise(a.domain, domain, sizeof domain);
	int len = r == OK ? snprintf(out, n, "%s@%s", a.local, domain) : 0;
	return r != OK ? r : (size_t)len < n ? OK : E_LIMIT;
}

bool mail_address_same(const char *a, const char *b)
{
	char one[MAIL_ADDRESS_MAX + 1], other[MAIL_ADDRESS_MAX + 1];
	bool read = mail_address_canonical(a, one, sizeof one) == OK;
	if (read != (mail_address_canonical(b, other, sizeof other) == OK))
		return false;
	return read ? text_same(one, other) : strcmp(a, b) == 0;
}
