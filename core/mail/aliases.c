/* The aliases file: see aliases.h. One region holds all of it. */
#include "mail/aliases.h"

#include "base/region.h"
#include "base/text.h"
#include "mail/address.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENTRIES_MAX 100000u

struct entry {
	const char *name;
	const char **targets;
	size_t count, cap, order;
};

struct mail_aliases {
	struct region *region;
	unsigned refs; /* atomic */
	struct entry *entries;
	size_t count, cap;
};

struct reading {
	struct mail_aliases *a;
	void (*tell)(void *ctx, unsigned line, const char *fault);
	void *ctx;
	unsigned line; /* where the entry in work begins */
	enum result result;
};

static void fault(struct reading *r, const char *format, const char *what)
{
	char text[300];
	snprintf(text, sizeof text, format, what);
	if (r->tell)
		r->tell(r->ctx, r->line, text);
}

static void *grown(struct region *region, const void *items, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 4;
	void *room = region_alloc(region, more * size);
	if (room && count)
		memcpy(room, items, count * size);
	if (room)
		*cap = more;
	return room;
}

/* ---- one entry ---- */

static void add_target(struct reading *r, struct entry *e, const char *target)
{
	if (e->count == e->cap) {
		const char **more =
			grown(r->a->region, e->targets, e->count, &e->cap, sizeof *more);
		if (!more) {
			r->result = E_NOMEM;
			return;
		}
		e->targets = more;
	}
	e->targets[e->count] = region_strdup(r->a->region, target);
	if (!e->targets[e->count])
		r->result = E_NOMEM;
	else
		e->count++;
}

static void take_target(struct reading *r, struct entry *e, char *text)
{
	struct mail_address a;
	text = text_trim(text);
	const char *bare = *text == '"' ? text + 1 : text;
	if (!*text)
		return;
	if (*bare == '|')
		fault(r, "%.200s is not followed: mail runs no programs here", text);
	else if (*bare == '/')
		fault(r, "%.200s is not followed: mail is not written to files here", text);
	else if (text_starts(bare, ":include:"))
		fault(r, "%.200s is not followed: write the addresses here", text);
	else if (mail_address_parse(text + (*text == '\\'), strlen(text) - (*text == '\\'), &a,
				    NULL, NULL) != OK)
		fault(r, "\"%.200s\" is no address", text);
	else
		add_target(r, e, text);
}

/* The next comma outside of quotes becomes a NUL; where the rest begins, or NULL. */
static char *cut(char *text)
{
	bool quoted = false;
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (*text == ',' && !quoted) {
			*text = '\0';
			return text + 1;
		}
	}
	return NULL;
}

/* The colon that ends the name, quotes respected; NULL: there is none. */
static char *find_colon(char *text)
{
	bool quoted = false;
	for (; *text; text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (*text == ':' && !quoted)
			return text;
	}
	return NULL;
}

static void take_entry(struct reading *r, char *text)
{
	struct mail_aliases *a = r->a;
	char name[MAIL_LOCAL_MAX + 1];
	char *colon = find_colon(text);
	if (!*text_trim(text))
		return;
	if (!colon) {
		fault(r, "\"%.200s\": there is no colon behind the name", text);
		return;
	}
	*colon = '\0';
	char *written = text_trim(text);
	if (!*written || mail_local_unquote(written, name, sizeof name) != OK) {
		fault(r, "\"%.200s\" is no name", written);
		return;
	}
	if (a->count == a->cap) {
		struct entry *more = grown(a->region, a->entries, a->count, &a->cap, sizeof *more);
		if (!more) {
			r->result = E_NOMEM;
			return;
		}
		a->entries = more;
	}
	struct entry e = {.name = region_strdup(a->region, name), .order = a->count};
	for (char *at = colon + 1, *rest; at && r->result == OK; at = rest) {
		rest = cut(at);
		take_target(r, &e, at);
	}
	if (!e.name)
		r->result = E_NOMEM;
	else if (a->count == ENTRIES_MAX)
		r->result = E_LIMIT;
	else if (e.count)
		a->entries[a->count++] = e;
}

/* ---- lines ---- */

static bool is_more(char c)
{
	return c == ' ' || c == '\t';
}

/* Joins an entry's lines in place and takes it; comments within it are blanked. */
static void take_lines(struct reading *r, char *text)
{
	unsigned line = 1;
	while (text && *text && r->result == OK) {
		char *start = text;
		r->line = line;
		do {
			char *end = strchr(text, '\n');
			if (*text == '#')
				memset(text, ' ', end ? (size_t)(end - text) : strlen(text));
			if (end)
				line++;
			text = end ? end + 1 : NULL;
			if (text && (is_more(*text) || (*text == '#' && start != text)))
				text[-1] = ' ';
		} while (text && *text && (is_more(*text) || *text == '#'));
		if (text)
			text[-1] = '\0';
		take_entry(r, start);
	}
}

static int by_name(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int order = strcasecmp(a->name, b->name);
	return order ? order : (a->order > b->order) - (a->order < b->order);
}

/* Of a name that stands there twice the first counts, as everywhere; the others are told. */
static void drop_twins(struct reading *r)
{
	struct mail_aliases *a = r->a;
	size_t kept = 0;
	r->line = 0;
	if (a->count)
		qsort(a->entries, a->count, sizeof *a->entries, by_name);
	for (size_t i = 0; i < a->count; i++) {
		if (kept && text_same(a->entries[kept - 1].name, a->entries[i].name))
			fault(r, "%.200s stands there twice: the first one counts",
			      a->entries[i].name);
		else
			a->entries[kept++] = a->entries[i];
	}
	a->count = kept;
}

enum result mail_aliases_read(const char *text, size_t n,
			      void (*tell)(void *ctx, unsigned line, const char *fault), void *ctx,
			      struct mail_aliases **out, struct err *err)
{
	struct region *region = region_new(0);
	struct mail_aliases *a = region ? region_alloc(region, sizeof *a) : NULL;
	char *copy = malloc(n + 1);
	struct reading r = {.a = a, .tell = tell, .ctx = ctx, .result = OK};
	*out = NULL;
	if (!a || !copy) {
		region_destroy(&region);
		free(copy);
		return err_set(err, E_NOMEM, "no memory for the aliases");
	}
	*a = (struct mail_aliases){.region = region, .refs = 1};
	for (size_t i = 0; i < n; i++) /* a NUL ends nothing, CRLF ends a line */
		copy[i] = (char)(text[i] == '\0' || text[i] == '\r' ? ' ' : text[i]);
	copy[n] = '\0';
	take_lines(&r, copy);
	free(copy);
	drop_twins(&r);
	if (r.result == OK) {
		*out = a;
		return OK;
	}
	region_destroy(&region);
	return err_set(err, r.result,
		       r.result == E_LIMIT ? "more than %u aliases" : "no memory for the aliases",
		       ENTRIES_MAX);
}

/* ---- use ---- */

struct mail_aliases *mail_aliases_ref(struct mail_aliases *a)
{
	__atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
	return a;
}

void mail_aliases_unref(struct mail_aliases **a)
{
	if (*a && __atomic_sub_fetch(&(*a)->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		struct region *region = (*a)->region;
		region_destroy(&region);
	}
	*a = NULL;
}

size_t mail_aliases_count(const struct mail_aliases *a)
{
	return a->count;
}

static int named(const void *name, const void *entry)
{
	return strcasecmp(name, ((const struct entry *)entry)->name);
}

const char *const *mail_aliases_find(const struct mail_aliases *a, const char *name, size_t *count)
{
	const struct entry *e =
		a->count ? bsearch(name, a->entries, a->count, sizeof *e, named) : NULL;
	*count = e ? e->count : 0;
	return e ? (const char *const *)e->targets : NULL;
}
