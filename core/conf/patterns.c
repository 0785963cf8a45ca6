/* Lists of patterns: read from a key or a file, and matched. See settings.h. Matching owns nothing and cannot fail. */
#include "conf/load.h"
#include "base/text.h"
#include "mail/address.h"

#include <stdlib.h>
#include <string.h>

/* An address in UTF-8 has to be one to the letter; of others blanks alone are looked for. */
static bool is_address(const char *text)
{
	struct mail_address a;
	return mail_address_is_ascii(text)
		       ? conf_text_is_graphic(text)
		       : mail_address_parse(text, strlen(text), &a, NULL, NULL) == OK;
}

/* Lower-cases text and finds its kind, with a domain in ASCII (in room, when it was none); false: it is no pattern. */
static bool classify(char *text, struct conf_pattern *p, char room[MAIL_ADDRESS_MAX + 2])
{
	p->not = *text == '!';
	text = text_lower_all(text_trim(text + p->not ));
	text = conf_text_narrow(text, room, MAIL_ADDRESS_MAX + 2);
	p->text = text;
	const char *at = strrchr(text, '@');
	if (strcmp(text, "*") == 0)
		p->kind = CONF_PATTERN_ALL;
	else if (at)
		p->kind = CONF_PATTERN_ADDRESS;
	else
		p->kind = *text == '.' ? CONF_PATTERN_SUFFIX : CONF_PATTERN_DOMAIN;
	switch (p->kind) {
	case CONF_PATTERN_ALL:
		return true;
	case CONF_PATTERN_ADDRESS:
		return at > text && is_address(text) && conf_text_is_domain(at + 1);
	case CONF_PATTERN_SUFFIX:
		return conf_text_is_domain(text + 1);
	case CONF_PATTERN_DOMAIN:
		return conf_text_is_domain(text);
	}
	return false;
}

static void add_pattern(struct conf_load *l, const struct conf_key *k, struct conf_patterns *list,
			char *text, const char *file, unsigned line)
{
	char shown[68], room[MAIL_ADDRESS_MAX + 2];
	struct conf_pattern p;
	conf_fault_shown(text, shown);
	if (!classify(text, &p, room)) {
		const char *what =
			"a pattern (domain, .suffix, user@domain, *, ! before any of them)";
		if (file)
			conf_load_error(l, NULL, "%s: %s:%u: \"%s\" is not %s", k->name, file, line,
					shown, what);
		else
			conf_load_error(l, NULL, "%s: \"%s\" is not %s", k->name, shown, what);
		return;
	}
	struct conf_pattern *more = conf_list_grow(l, list->items, list->count, sizeof *more);
	p.text = conf_load_strdup(l, p.text);
	if (!more || !p.text)
		return;
	more[list->count++] = p;
	list->items = more;
}

/* Patterns of a file: one a line; blank lines and those that begin with # or ; are left out. */
static void add_file(struct conf_load *l, const struct conf_key *k, struct conf_patterns *list,
		     const char *path)
{
	char *bytes;
	size_t n;
	struct err err;
	if (*path != '/') {
		conf_load_error(l, NULL, "%s: file: is followed by an absolute path", k->name);
		return;
	}
	enum result r = l->world->read(path, CONF_FILE_MAX, &bytes, &n, &err);
	l->no_memory |= r == E_NOMEM;
	if (r != OK && r != E_NOMEM)
		conf_load_error(l, NULL, "%s: %s", k->name, err.text);
	if (r != OK)
		return;
	if (memchr(bytes, '\0', n))
		conf_load_error(l, NULL, "%s: %s holds a NUL byte", k->name, path);
	unsigned line = 0;
	for (char *at = bytes, *next; at; at = next) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		line++;
		at = text_trim(at);
		if (*at && *at != '#' && *at != ';')
			add_pattern(l, k, list, at, path, line);
	}
	free(bytes);
}

static void read_patterns(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_patterns *list = (struct conf_patterns *)(void *)((char *)section + k->offset);
	struct conf_texts *written = (struct conf_texts *)(void *)((char *)section + k->also);
	if (l->fresh) {
		memset(list, 0, sizeof *list);
		memset(written, 0, sizeof *written);
	}
	for (char *item; (item = conf_list_next(&text));) {
		conf_texts_add(l, written, item);
		if (text_starts(item, "file:"))
			add_file(l, k, list, item + 5);
		else
			add_pattern(l, k, list, item, NULL, 0);
	}
}

static bool format_patterns(const struct conf_key *k, const void *section, size_t i,
			    struct conf_out *out)
{
	const void *written = (const char *)section + k->also;
	return conf_texts_format(k, written, i, out);
}

const struct conf_type conf_type_patterns = {"pattern list", read_patterns, format_patterns};

/* Does one pattern cover the address? domain: what follows its last @, "" when there is none. */
static bool covers(const struct conf_pattern *p, const char *address, const char *domain)
{
	switch (p->kind) {
	case CONF_PATTERN_ALL:
		return true;
	case CONF_PATTERN_DOMAIN:
		return text_same(p->text, domain);
	case CONF_PATTERN_SUFFIX:
		return text_ends(domain, p->text);
	case CONF_PATTERN_ADDRESS:
		return text_same(p->text, address);
	}
	return false;
}

bool conf_patterns_match(const struct conf_patterns *p, const char *address)
{
	const char *at = strrchr(address, '@');
	const char *domain = at ? at + 1 : "";
	for (size_t i = 0; i < p->count; i++)
		if (covers(&p->items[i], address, domain))
			return !p->items[i].not ;
	return false;
}

bool conf_nets_match(const struct conf_nets *n, const struct net_ip *ip)
{
	for (size_t i = 0; i < n->count; i++)
		if (net_block_has(&n->blocks[i], ip))
			return true;
	return false;
}
