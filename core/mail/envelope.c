/* The envelope's memory: see envelope.h. Everything is in its region; fails when that has no more.
 */
#include "mail/envelope.h"

#include "base/text.h"
#include "mail/address.h"

#include <stdlib.h>
#include <string.h>

void mail_envelope_init(struct mail_envelope *e, struct region *region)
{
	*e = (struct mail_envelope){
		.region = region,
		.reverse_path = "",
		.session = "",
		.listener = "",
		.protocol = "",
		.client = "",
		.helo = "",
		.repaired = "",
		.asks = "",
		.priority = MAIL_NORMAL,
	};
}

/* The old array stays in the region until that goes: together they are at most as large as the new
 * one. */
static enum result grow(struct mail_envelope *e, size_t cap)
{
	const char **fresh = region_alloc(e->region, cap * sizeof *fresh);
	const char **asks = region_alloc(e->region, cap * sizeof *asks);
	if (!fresh || !asks)
		return E_NOMEM;
	if (e->count) {
		memcpy(fresh, e->recipients, e->count * sizeof *fresh);
		memcpy(asks, e->asks_of, e->count * sizeof *asks);
	}
	e->recipients = fresh;
	e->asks_of = asks;
	e->cap = cap;
	return OK;
}

enum result mail_envelope_add(struct mail_envelope *e, const char *address)
{
	return mail_envelope_add_asking(e, address, "");
}

enum result mail_envelope_add_asking(struct mail_envelope *e, const char *address, const char *asks)
{
	const char *copy = region_strdup(e->region, address);
	const char *asks_copy = asks && *asks ? region_strdup(e->region, asks) : "";
	if (!copy || !asks_copy || (e->count == e->cap && grow(e, e->cap ? e->cap * 2 : 4) != OK))
		return E_NOMEM;
	e->asks_of[e->count] = asks_copy;
	e->recipients[e->count++] = copy;
	return OK;
}

/* The same for all spellings of a mailbox. */
static uint32_t mark_of(const char *address)
{
	char one[MAIL_ADDRESS_MAX + 1];
	if (mail_address_canonical(address, one, sizeof one) != OK)
		return (uint32_t)text_hash(address, strlen(address), 0);
	text_lower_all(one);
	return (uint32_t)text_hash(one, strlen(one), 0);
}

/* Without memory those that have none are compared one by one. */
static void mark_all(struct mail_envelope *e)
{
	if (e->mark_cap < e->count) {
		uint32_t *fresh = region_alloc(e->region, e->cap * sizeof *fresh);
		if (!fresh)
			return;
		if (e->marked)
			memcpy(fresh, e->marks, e->marked * sizeof *fresh);
		e->marks = fresh;
		e->mark_cap = e->cap;
	}
	for (; e->marked < e->count; e->marked++)
		e->marks[e->marked] = mark_of(e->recipients[e->marked]);
}

bool mail_envelope_has(struct mail_envelope *e, const char *address)
{
	uint32_t mark = mark_of(address);
	mark_all(e);
	for (size_t i = 0; i < e->count; i++)
		if ((i >= e->marked || e->marks[i] == mark) &&
		    mail_address_same(e->recipients[i], address))
			return true;
	return false;
}

enum result mail_envelope_add_once(struct mail_envelope *e, const char *address, const char *asks)
{
	return mail_envelope_has(e, address) ? OK : mail_envelope_add_asking(e, address, asks);
}

void mail_envelope_cut(struct mail_envelope *e, size_t count)
{
	if (e->count > count)
		e->count = count;
	if (e->marked > e->count)
		e->marked = e->count;
}

void mail_envelope_empty(struct mail_envelope *e)
{
	e->recipients = e->asks_of = NULL;
	e->count = e->cap = e->marked = 0;
}

/* ---- each mailbox once ---- */

struct spelling {
	size_t at;
	const char *canonical; /* of the mailbox; what is no address stands for itself */
};

static int by_mailbox(const void *a, const void *b)
{
	const struct spelling *x = a, *y = b;
	size_t n = strlen(x->canonical), m = strlen(y->canonical);
	for (size_t i = 0; i < n && i < m; i++) {
		int d = text_lower(x->canonical[i]) - text_lower(y->canonical[i]);
		if (d)
			return d;
	}
	if (n != m)
		return n < m ? -1 : 1;
	return x->at < y->at ? -1 : 1;
}

static enum result read_spellings(const struct mail_envelope *e, struct spelling *list,
				  struct region *region)
{
	for (size_t i = 0; i < e->count; i++) {
		char one[MAIL_ADDRESS_MAX + 1];
		const char *a = e->recipients[i];
		bool read = mail_address_canonical(a, one, sizeof one) == OK;
		list[i] = (struct spelling){i, region_strdup(region, read ? one : a)};
		if (!list[i].canonical)
			return E_NOMEM;
	}
	return OK;
}

enum result mail_envelope_unique(struct mail_envelope *e)
{
	struct region *region = region_new(0);
	struct spelling *list = region ? region_alloc(region, (e->count + 1) * sizeof *list) : NULL;
	enum result r = list ? read_spellings(e, list, region) : E_NOMEM;
	size_t kept = 0;
	if (r == OK && e->count) {
		qsort(list, e->count, sizeof *list, by_mailbox);
		for (size_t i = 1; i < e->count; i++)
			if (text_same(list[i - 1].canonical, list[i].canonical))
				e->recipients[list[i].at] = NULL;
		for (size_t i = 0; i < e->count; i++)
			if (e->recipients[i]) {
				e->asks_of[kept] = e->asks_of[i];
				e->recipients[kept++] = e->recipients[i];
			}
		e->count = kept;
		e->marked = 0;
	}
	region_destroy(&region);
	return r;
}

enum result mail_envelope_copy(struct mail_envelope *to, const struct mail_envelope *from,
			       struct region *region)
{
	mail_envelope_init(to, region);
	to->eight_bit = from->eight_bit;
	to->arrived = from->arrived;
	to->priority = from->priority;
	const struct {
		const char **to, *from;
	} texts[] = {
		{&to->reverse_path, from->reverse_path},
		{&to->session, from->session},
		{&to->listener, from->listener},
		{&to->protocol, from->protocol},
		{&to->client, from->client},
		{&to->helo, from->helo},
		{&to->repaired, from->repaired},
		{&to->asks, from->asks},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *copy = region_strdup(region, texts[i].from ? texts[i].from : "");
		if (!copy)
			return E_NOMEM;
		*texts[i].to = copy;
	}
	if (from->count && grow(to, from->count) != OK)
		return E_NOMEM;
	for (size_t i = 0; i < from->count; i++)
		if (mail_envelope_add_asking(to, from->recipients[i], from->asks_of[i]) != OK)
			return E_NOMEM;
	return OK;
}
