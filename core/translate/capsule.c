/* Encapsulated messages: see capsule.h. Owns nothing; what cannot be read is no capsule. */
#include "translate/capsule.h"

#include "base/text.h"
#include "mail/address.h"
#include "translate/charset.h"
#include "translate/lines.h"
#include "translate/mmff.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "smtpgate encapsulation 1"

enum result capsule_list(const char *charset, const char *const *recipients, size_t count,
			 struct buf *out)
{
	enum result r = buf_printf(out, FIRST_LINE "\r\ncharset %s\r\n", charset);
	for (size_t i = 0; r == OK && i < count; i++)
		r = buf_printf(out, "to %s\r\n", recipients[i]);
	return r == OK && out->len > CAPSULE_LIST_MAX ? E_LIMIT : r;
}

enum result capsule_wrap(const struct neutral *n, const struct buf *list,
			 const struct content *message, struct neutral *outer)
{
	const struct neutral_part parts[] = {
		{.name = CAPSULE_LIST, .content = content_memory(buf_head(list), list->len)},
		{.name = CAPSULE_MESSAGE, .content = *message}};
	*outer = *n;
	outer->parts = (struct neutral_parts){0};
	enum result r = neutral_add_part(outer, &parts[0]);
	return r == OK ? neutral_add_part(outer, &parts[1]) : r;
}

/* ---- opening ---- */

/* The one attachment of this name; NULL: there is none, or more. */
static const struct content *find(const struct neutral *mail, const char *name)
{
	const struct content *found = NULL;
	for (size_t i = 0; i < mail->parts.count; i++) {
		if (!text_same(mail->parts.items[i].name, name))
			continue;
		if (found || mail->parts.items[i].external)
			return NULL;
		found = &mail->parts.items[i].content;
	}
	return found;
}

static enum result read_line(struct capsule *c, struct neutral *list, const char *line)
{
	if (strncmp(line, "charset ", 8) == 0 && !c->charset) {
		c->charset = charset_find(line + 8) ? region_strdup(list->region, line + 8) : NULL;
		return c->charset ? OK : E_NOTFOUND;
	}
	if (strncmp(line, "to ", 3) != 0 || !line[3])
		return E_NOTFOUND;
	struct mail_address parsed;
	if (mail_address_parse(line + 3, strlen(line + 3), &parsed, NULL, NULL) != OK)
		return E_NOTFOUND; /* nobody could send to it */
	const char *address = region_strdup(list->region, line + 3);
	enum result r = address ? neutral_add_address(list, &list->to, "SMTP", address) : E_NOMEM;
	return r == E_LIMIT ? E_NOTFOUND : r;
}

static enum result read_list(struct capsule *c, const struct content *text, struct region *region)
{
	struct neutral list;
	struct lines *l = malloc(sizeof *l);
	enum result r = l ? OK : E_NOMEM;
	neutral_init(&list, region);
	if (l) {
		lines_begin(l, text, 0);
		if (!lines_next(l) || strcmp(l->text, FIRST_LINE) != 0)
			r = E_NOTFOUND;
		while (r == OK && lines_next(l))
			r = l->size == l->n && strlen(l->text) == l->n
				    ? read_line(c, &list, l->text)
				    : E_NOTFOUND;
		r = l->r != OK ? l->r : r;
	}
	free(l);
	c->to = list.to;
	return r == OK && (!c->charset || !c->to.count) ? E_NOTFOUND : r;
}

static bool names_files(const struct neutral *n)
{
	bool named = n->text_external;
	for (size_t i = 0; i < n->parts.count; i++)
		named = named || n->parts.items[i].external;
	return named;
}

/* One message, whole, with nothing behind it. */
static enum result read_inner(struct capsule *c, struct region *region)
{
	struct mmff_reader *r = malloc(sizeof *r);
	struct neutral more;
	struct err ignored;
	if (!r)
		return E_NOMEM;
	mmff_reader_init(r, &c->message, -1);
	enum result got = mmff_next(r, region, &c->inner, &ignored);
	if (got == OK && (names_files(&c->inner) || !(c->inner.to.count + c->inner.cc.count)))
		got = E_CORRUPT;
	if (got == OK) {
		enum result end = mmff_next(r, region, &more, &ignored);
		got = end == E_NOTFOUND ? OK : end == OK ? E_CORRUPT : end;
	}
	free(r);
	return got == E_CORRUPT ? E_NOTFOUND : got;
}

enum result capsule_open(const struct neutral *mail, struct capsule *c)
{
	const struct content *list = find(mail, CAPSULE_LIST);
	const struct content *message = find(mail, CAPSULE_MESSAGE);
	*c = (struct capsule){0};
	if (!list || !message || list->size > CAPSULE_LIST_MAX)
		return E_NOTFOUND;
	c->message = *message;
	enum result r = read_list(c, list, mail->region);
	return r == OK ? read_inner(c, mail->region) : r;
}
