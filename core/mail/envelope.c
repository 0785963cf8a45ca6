/* The envelope's memory: see envelope.h. Everything is in its region; fails when that has no more.
 */
#include "mail/envelope.h"

#include "mail/address.h"

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
		.priority = MAIL_NORMAL,
	};
}

/* The old array stays in the region until that goes: together they are at most as large as the new
 * one. */
static enum result grow(struct mail_envelope *e, size_t cap)
{
	const char **fresh = region_alloc(e->region, cap * sizeof *fresh);
	if (!fresh)
		return E_NOMEM;
	if (e->count)
		memcpy(fresh, e->recipients, e->count * sizeof *fresh);
	e->recipients = fresh;
	e->cap = cap;
	return OK;
}

enum result mail_envelope_add(struct mail_envelope *e, const char *address)
{
	const char *copy = region_strdup(e->region, address);
	if (!copy || (e->count == e->cap && grow(e, e->cap ? e->cap * 2 : 4) != OK))
		return E_NOMEM;
	e->recipients[e->count++] = copy;
	return OK;
}

enum result mail_envelope_add_once(struct mail_envelope *e, const char *address)
{
	for (size_t i = 0; i < e->count; i++)
		if (mail_address_same(e->recipients[i], address))
			return OK;
	return mail_envelope_add(e, address);
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
		if (mail_envelope_add(to, from->recipients[i]) != OK)
			return E_NOMEM;
	return OK;
}
