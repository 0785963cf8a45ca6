/* Clients refused lately: see refused.h. A table of fixed size behind a lock; it cannot fail once it is made. */
#include "gateway/refused.h"

#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	char client[64], listener[48], reason[REFUSED_REASON_MAX + 1];
	enum refused_rule rule;
	uint64_t count; /* 0: free */
	int64_t first, last;
};

struct refused {
	pthread_mutex_t lock;
	struct entry entries[REFUSED_MAX];
};

struct refused *refused_new(void)
{
	struct refused *r = calloc(1, sizeof *r);
	if (r)
		pthread_mutex_init(&r->lock, NULL);
	return r;
}

void refused_destroy(struct refused **r)
{
	if (!*r)
		return;
	pthread_mutex_destroy(&(*r)->lock);
	free(*r);
	*r = NULL;
}

static bool is_over(const struct entry *e, int64_t now)
{
	return !e->count || e->last + REFUSED_KEEP <= now;
}

/* That of the client, or else one that is free, or else the one refused longest ago; empty when it is not the client's. */
static struct entry *find(struct refused *r, const char *client, const char *listener, int64_t now)
{
	struct entry *old = &r->entries[0];
	for (size_t i = 0; i < REFUSED_MAX; i++) {
		struct entry *e = &r->entries[i];
		if (is_over(e, now))
			*e = (struct entry){0};
		else if (strcmp(e->client, client) == 0 && strcmp(e->listener, listener) == 0)
			return e;
		if (e->last < old->last)
			old = e;
	}
	*old = (struct entry){0};
	return old;
}

void refused_note(struct refused *r, const char *client, const char *listener,
		  enum refused_rule rule, const char *reason, int64_t now)
{
	char whom[sizeof r->entries->client], where[sizeof r->entries->listener];
	text_copy(whom, sizeof whom, client);
	text_copy(where, sizeof where, listener);
	pthread_mutex_lock(&r->lock);
	struct entry *e = find(r, whom, where, now);
	if (!e->count++) {
		text_copy(e->client, sizeof e->client, whom);
		text_copy(e->listener, sizeof e->listener, where);
		e->first = now;
	}
	text_copy(e->reason, sizeof e->reason, reason);
	e->rule = rule;
	e->last = now;
	pthread_mutex_unlock(&r->lock);
}

static int by_last(const void *a, const void *b)
{
	int64_t x = ((const struct refused_client *)a)->last;
	int64_t y = ((const struct refused_client *)b)->last;
	return x < y ? 1 : x > y ? -1 : 0;
}

static enum result copy(const struct entry *e, struct region *region, struct refused_client *to)
{
	*to = (struct refused_client){
		.client = region_strdup(region, e->client),
		.listener = region_strdup(region, e->listener),
		.reason = region_strdup(region, e->reason),
		.rule = e->rule,
		.count = e->count,
		.first = e->first,
		.last = e->last,
		.section = "",
		.lines = "",
	};
	return to->client && to->listener && to->reason ? OK : E_NOMEM;
}

enum result refused_list(struct refused *r, int64_t now, struct region *region,
			 struct refused_client **list, size_t *count)
{
	enum result result = OK;
	*count = 0;
	*list = region_alloc(region, REFUSED_MAX * sizeof **list);
	if (!*list)
		return E_NOMEM;
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < REFUSED_MAX && result == OK; i++)
		if (!is_over(&r->entries[i], now))
			result = copy(&r->entries[i], region, &(*list)[(*count)++]);
	pthread_mutex_unlock(&r->lock);
	if (result == OK)
		qsort(*list, *count, sizeof **list, by_last);
	return result;
}

enum refused_rule refused_tls_rule(const char *why, const char *offer)
{
	char versions[256];
	if (!strstr(why, "TLS version"))
		return REFUSED_TLS;
	text_copy(versions, sizeof versions, offer);
	versions[strcspn(versions, ";")] = '\0';
	return strstr(versions, "TLSv1.1")   ? REFUSED_TLS_1_1
	       : strstr(versions, "TLSv1.0") ? REFUSED_TLS_1_0
					     : REFUSED_TLS;
}
