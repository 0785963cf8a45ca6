/* The address map: see address_map.h. Owns nothing. */
#include "mail/address_map.h"

#include "base/text.h"
#include "mail/address.h"

#include <stdio.h>
#include <string.h>

/* NETWORK/POSTOFFICE with names of 1 to 10 printable bytes? */
static bool office_ok(const char *s)
{
	const char *slash = strchr(s, '/');
	if (!slash || strchr(slash + 1, '/'))
		return false;
	size_t a = (size_t)(slash - s), b = strlen(slash + 1);
	return a && b && a <= MAIL_NATIVE_NAME_MAX && b <= MAIL_NATIVE_NAME_MAX;
}

static enum result parse_line(char *line, struct region *region, struct mail_map_entry *e,
			      struct err *err)
{
	char *office = text_trim(line), *blank = office + strcspn(office, " \t");
	if (*blank)
		*blank++ = '\0';
	char *domain = text_trim(blank);
	if (!office_ok(office))
		return err_set(
			err, E_SYNTAX,
			"\"%.60s\" is not NETWORK/POSTOFFICE with names of 1 to %d characters",
			office, MAIL_NATIVE_NAME_MAX);
	if (!*domain)
		return err_set(err, E_SYNTAX, "there is no domain behind %s", office);
	const char *name = *domain == '.' ? domain + 1 : domain;
	if (mail_domain_check(name, strlen(name), NULL) != OK)
		return err_set(err, E_SYNTAX, "\"%.60s\" behind %s is no domain", domain, office);
	e->office = region_strdup(region, office);
	e->domain = region_strdup(region, domain);
	return e->office && e->domain ? OK : err_set(err, E_NOMEM, "no memory for the address map");
}

static size_t count_lines(const char *text, size_t n)
{
	size_t count = 1;
	for (size_t i = 0; i < n; i++)
		count += text[i] == '\n' || text[i] == '\r';
	return count;
}

enum result mail_map_parse(const char *text, size_t n, struct region *region, struct mail_map *m,
			   struct err *err)
{
	m->count = 0;
	m->entries = region_alloc(region, count_lines(text, n) * sizeof *m->entries);
	if (!m->entries)
		return err_set(err, E_NOMEM, "no memory for the address map");
	unsigned number = 0;
	for (size_t at = 0; at < n && text[at] != 0x1a; number++) { /* 0x1a: the end mark of DOS */
		size_t len = 0;
		while (at + len < n && text[at + len] != '\n' && text[at + len] != '\r' &&
		       text[at + len] != 0x1a)
			len++;
		char *line = region_memdup(region, text + at, len);
		if (!line)
			return err_set(err, E_NOMEM, "no memory for the address map");
		const char *first = text_trim(line);
		if (*first && *first != ';' && *first != '#') {
			enum result r = parse_line(line, region, &m->entries[m->count], err);
			if (r != OK) {
				err_prefix(err, "line %u", number + 1);
				return r;
			}
			m->count++;
		}
		at += len;
		bool crlf = at + 1 < n && text[at] == '\r' && text[at + 1] == '\n';
		at += at < n && text[at] != 0x1a ? 1 + crlf : 0;
	}
	return OK;
}

const char *mail_map_domain(const struct mail_map *m, const char *office)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->entries[i].domain[0] != '.' && text_same(m->entries[i].office, office))
			return m->entries[i].domain;
	return NULL;
}

const struct mail_map_entry *mail_map_office(const struct mail_map *m, const char *domain)
{
	for (size_t i = 0; i < m->count; i++) {
		const char *own = m->entries[i].domain;
		if (*own == '.' ? strlen(domain) > strlen(own) && text_ends(domain, own)
				: text_same(domain, own))
			return &m->entries[i];
	}
	return NULL;
}

enum result mail_map_outgoing(const struct mail_map *m, const char *native, struct region *region,
			      const char **address, struct err *err)
{
	const char *slash = strrchr(native, '/');
	char *office = slash ? region_memdup(region, native, (size_t)(slash - native)) : NULL;
	if (slash && !office)
		return err_set(err, E_NOMEM, "no memory for an address");
	if (!slash || !office_ok(office) || !slash[1] || strlen(slash + 1) > MAIL_NATIVE_NAME_MAX)
		return err_set(
			err, E_SYNTAX,
			"%.80s is not NETWORK/POSTOFFICE/MAILBOX with names of 1 to %d characters",
			native, MAIL_NATIVE_NAME_MAX);
	const char *domain = mail_map_domain(m, office);
	if (!domain)
		return err_set(err, E_NOTFOUND,
			       "the address map has no domain for the postoffice %s", office);
	char local[MAIL_LOCAL_MAX + 1];
	if (mail_local_quote(slash + 1, local, sizeof local) != OK)
		return err_set(err, E_SYNTAX, "%s cannot be a local part", slash + 1);
	*address = region_printf(region, "%s@%s", local, domain);
	return *address ? OK : err_set(err, E_NOMEM, "no memory for an address");
}

bool mail_map_mailbox_ok(const char *name)
{
	if (!*name || strlen(name) > MAIL_NATIVE_NAME_MAX)
		return false;
	for (; *name; name++)
		if (*name < ' ' || *name > '~' || *name == '/')
			return false;
	return true;
}

enum result mail_map_incoming(const struct mail_map *m, const char *address, char *native, size_t n,
			      struct err *err)
{
	char local[MAIL_LOCAL_MAX + 1], domain[MAIL_DOMAIN_MAX + 1], name[MAIL_LOCAL_MAX + 1];
	if (mail_address_split(address, local, sizeof local, domain, sizeof domain) != OK ||
	    mail_local_unquote(local, name, sizeof name) != OK)
		return err_set(err, E_SYNTAX, "%.100s is no address", address);
	const struct mail_map_entry *e = mail_map_office(m, domain);
	if (!e)
		return err_set(err, E_NOTFOUND, "the address map has no postoffice for %s", domain);
	if (!mail_map_mailbox_ok(name))
		return err_set(err, E_RANGE, "%s cannot be a mailbox: 1 to %d characters of 7 bits",
			       name, MAIL_NATIVE_NAME_MAX);
	int len = snprintf(native, n, "%s/%s", e->office, name);
	return len > 0 && (size_t)len < n
		       ? OK
		       : err_set(err, E_LIMIT, "%s/%s is too long", e->office, name);
}
