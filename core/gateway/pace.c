/* The rate of routes: see pace.h. One window for each route name that ever had a rate; routes are few. */
#include "gateway/pace.h"

#include <stdlib.h>
#include <string.h>

struct pace {
	struct pace *next;
	char *route;
	unsigned used;
	int64_t window_end;
};

struct paces {
	struct pace *first;
};

struct paces *paces_new(void)
{
	return calloc(1, sizeof(struct paces));
}

void paces_destroy(struct paces **p)
{
	if (!*p)
		return;
	for (struct pace *e = (*p)->first, *next; e; e = next) {
		next = e->next;
		free(e->route);
		free(e);
	}
	free(*p);
	*p = NULL;
}

static struct pace *find_or_make(struct paces *p, const char *route)
{
	for (struct pace *e = p->first; e; e = e->next)
		if (strcmp(e->route, route) == 0)
			return e;
	struct pace *e = calloc(1, sizeof *e);
	if (e)
		e->route = strdup(route);
	if (!e || !e->route) {
		free(e);
		return NULL;
	}
	e->next = p->first;
	p->first = e;
	return e;
}

int64_t pace_take(struct paces *p, const char *route, const struct conf_rate *rate, int64_t now)
{
	if (!rate->count)
		return now;
	struct pace *e = find_or_make(p, route);
	if (!e)
		return now + 1000; /* memory is short: ask again, never faster than allowed */
	if (e->window_end <= now) {
		e->window_end = now + rate->ms;
		e->used = 0;
	}
	if (e->used >= rate->count)
		return e->window_end;
	e->used++;
	return now;
}
