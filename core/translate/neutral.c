/* A message in neither form: see neutral.h. Owns nothing: all lives in the message's region. */
#include "translate/neutral.h"

#include "base/text.h"

#include <string.h>

#define FIELDS_MAX 1000 /* Extended fields and lines that were not understood, each */

void neutral_init(struct neutral *n, struct region *region)
{
	*n = (struct neutral){.region = region, .hour = -1};
	n->text = content_memory("", 0);
}

/* Room for one more item of this size in a list: the list itself, a larger copy, or NULL. */
static void *room(struct region *region, void *items, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return items;
	size_t more = *cap ? *cap * 2 : 4;
	void *larger = region_alloc(region, more * size);
	if (!larger)
		return NULL;
	if (count)
		memcpy(larger, items, count * size);
	*cap = more;
	return larger;
}

/* Appends item to list, a struct with items, count and cap. */
#define APPEND(n, list, item, most)                                                          \
	do {                                                                                 \
		if ((list)->count >= (most))                                                 \
			return E_LIMIT;                                                      \
		void *items_ = room((n)->region, (list)->items, (list)->count, &(list)->cap, \
				    sizeof *(list)->items);                                  \
		if (!items_)                                                                 \
			return E_NOMEM;                                                      \
		(list)->items = items_;                                                      \
		(list)->items[(list)->count++] = (item);                                     \
		return OK;                                                                   \
	} while (0)

enum result neutral_add_address(struct neutral *n, struct neutral_addresses *list, const char *type,
				const char *text)
{
	struct neutral_address a = {.type = type, .text = text};
	if (n->to.count + n->cc.count >= NEUTRAL_ADDRESSES_MAX)
		return E_LIMIT;
	APPEND(n, list, a, NEUTRAL_ADDRESSES_MAX);
}

enum result neutral_add_part(struct neutral *n, const struct neutral_part *part)
{
	APPEND(n, &n->parts, *part, NEUTRAL_PARTS_MAX);
}

enum result neutral_add_field(struct neutral *n, const struct neutral_field *field)
{
	APPEND(n, &n->fields, *field, FIELDS_MAX);
}

enum result neutral_add_unknown(struct neutral *n, const char *line)
{
	APPEND(n, &n->unknown, line, FIELDS_MAX);
}

const char *neutral_field(const struct neutral *n, const char *name)
{
	for (size_t i = 0; i < n->fields.count; i++)
		if (text_same(n->fields.items[i].name, name))
			return n->fields.items[i].value;
	return NULL;
}
