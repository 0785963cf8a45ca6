/* LOCAL.CFG: see local_cfg.h. Owns nothing. */
#include "mail/local_cfg.h"

#include "base/text.h"

#include <string.h>

static const struct {
	const char *key;
	enum key { KEY_DOMAIN, KEY_GATEWAY, KEY_ROUTER, KEY_OFFICE } what;
} keys[] = {
	{"domain", KEY_DOMAIN},
	{"local domain", KEY_DOMAIN},
	{"gateway", KEY_GATEWAY},
	{"router", KEY_ROUTER},
	{"smtp gateway host name", KEY_GATEWAY},
	{"smtp smart-host ip", KEY_ROUTER},
	{"postoffice", KEY_OFFICE},
	{"local post-office", KEY_OFFICE},
};
#define KEYS (sizeof keys / sizeof *keys)

static enum result add_office(struct region *region, struct mail_local_cfg *c, const char *office,
			      struct err *err)
{
	const char **more = region_alloc(region, (c->office_count + 1) * sizeof *more);
	if (!more)
		return err_set(err, E_NOMEM, "no memory for LOCAL.CFG");
	if (c->office_count)
		memcpy(more, c->offices, c->office_count * sizeof *more);
	more[c->office_count++] = office;
	c->offices = more;
	return OK;
}

static char *unquote(char *value)
{
	size_t n = strlen(value);
	if (n > 1 && value[0] == '"' && value[n - 1] == '"') {
		value[n - 1] = '\0';
		return value + 1;
	}
	return value;
}

static enum result take(struct region *region, struct mail_local_cfg *c, enum key key, char *value,
			struct err *err)
{
	switch (key) {
	case KEY_DOMAIN:
		c->domain = value;
		return OK;
	case KEY_GATEWAY:
		c->gateway = value;
		return OK;
	case KEY_ROUTER:
		c->router = value;
		return OK;
	default:
		return add_office(region, c, value, err);
	}
}

static enum result parse_line(struct region *region, struct mail_local_cfg *c, char *line,
			      struct err *err)
{
	char *value = strpbrk(line, "=:");
	if (!value)
		return err_set(err, E_SYNTAX, "\"%.60s\" is not key = value", line);
	*value++ = '\0';
	char *key = text_trim(line);
	value = unquote(text_trim(value));
	for (size_t i = 0; i < KEYS; i++)
		if (text_same(keys[i].key, key))
			return *value ? take(region, c, keys[i].what, value, err)
				      : err_set(err, E_SYNTAX, "%s has no value", key);
	return err_set(
		err, E_SYNTAX,
		"there is no \"%.60s\" in LOCAL.CFG: domain, gateway, router and postoffice are",
		key);
}

enum result mail_local_cfg_parse(const char *text, size_t n, struct region *region,
				 struct mail_local_cfg *c, struct err *err)
{
	char *copy = region_memdup(region, text, n), *line = copy;
	*c = (struct mail_local_cfg){0};
	if (!copy)
		return err_set(err, E_NOMEM, "no memory for LOCAL.CFG");
	copy[strcspn(copy, "\x1a")] = '\0'; /* the end mark of DOS */
	for (unsigned number = 1; *line; number++) {
		char *next = line + strcspn(line, "\r\n");
		bool crlf = next[0] == '\r' && next[1] == '\n';
		char *after = *next ? next + 1 + crlf : next;
		*next = '\0';
		line = text_trim(line);
		if (*line && *line != ';' && *line != '#') {
			enum result r = parse_line(region, c, line, err);
			if (r != OK) {
				err_prefix(err, "line %u", number);
				return r;
			}
		}
		line = after;
	}
	return OK;
}

bool mail_local_cfg_has(const struct mail_local_cfg *c, const char *office)
{
	for (size_t i = 0; i < c->office_count; i++)
		if (text_same(c->offices[i], office))
			return true;
	return !c->office_count;
}

bool mail_names_workgroup(const char *path)
{
	size_t n = strlen(path);
	while (n && path[n - 1] == '/')
		n--;
	const char *name = path + n;
	while (name > path && name[-1] != '/')
		name--;
	return path + n >= name + 4 && text_same_n(name, 4, "WGPO");
}
