/* Who answers for which address: see claims.h. Owns copies of all that is said; a stack may end without dropping its own. */
#include "transport/claims.h"
#include "base/region.h"
#include "base/text.h"
#include "transport/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct claim {
	struct claim *next;
	const char *network, *key, *address;
	const void *host;
};

struct claims {
	struct claims *next;
	struct region *region; /* all of it */
	const struct sgt_module *module;
	const char *section;
	struct claim *first, **end;
	bool short_of_memory;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct claims *all;

static void add(void *ctx, const struct sgt_claim *told)
{
	struct claims *mine = ctx;
	struct claim *c = region_alloc(mine->region, sizeof *c);
	if (c)
		*c = (struct claim){.network = region_strdup(mine->region, told->network),
				    .key = region_strdup(mine->region, told->key),
				    .address = region_strdup(mine->region, told->address),
				    .host = told->host};
	mine->short_of_memory =
		mine->short_of_memory || !c || !c->network || !c->key || !c->address;
	if (mine->short_of_memory)
		return;
	*mine->end = c;
	mine->end = &c->next;
}

static struct claims *new_claims(const char *section, const struct sgt_module *module)
{
	struct region *r = region_new(0);
	struct claims *mine = r ? region_alloc(r, sizeof *mine) : NULL;
	if (mine)
		*mine = (struct claims){
			.region = r, .module = module, .section = region_strdup(r, section)};
	if (mine && mine->section) {
		mine->end = &mine->first;
		return mine;
	}
	region_destroy(&r);
	return NULL;
}

static bool collide(const struct claims *a, const struct claim *x, const struct claims *b,
		    const struct claim *y)
{
	bool one_host = a->module == b->module && x->host == y->host;
	return !one_host && text_same(x->address, y->address) &&
	       strcmp(x->network, y->network) == 0;
}

static enum sgt_result refuse(const struct claims *mine, const struct claim *c,
			      const struct claims *other, struct sgt_error *error)
{
	transport_error_set(error, SGT_BAD_SETTING,
			    "%s = %.60s of [vendor %.40s] is that of [vendor %.40s] on %.60s",
			    c->key, c->address, mine->section, other->section, c->network);
	snprintf(error->remedy, sizeof error->remedy,
		 "give [vendor %.40s] an address of its own on that network", mine->section);
	return SGT_BAD_SETTING;
}

static enum sgt_result compare(const struct claims *mine, const struct claims *other,
			       struct sgt_error *error)
{
	for (const struct claim *x = mine->first; x; x = x->next)
		for (const struct claim *y = other->first; y; y = y->next)
			if (collide(mine, x, other, y))
				return refuse(mine, x, other, error);
	return SGT_OK;
}

enum sgt_result claims_take(struct claims **out, const char *section,
			    const struct sgt_module *module, struct sgt_stack *stack,
			    struct sgt_error *error)
{
	enum sgt_result r = SGT_OK;
	*out = NULL;
	if (!sgt_module_has(module, claims))
		return SGT_OK;
	struct claims *mine = new_claims(section, module);
	if (mine)
		module->claims(stack, add, mine);
	if (!mine || mine->short_of_memory) {
		claims_drop(&mine);
		return transport_error_set(error, SGT_NOMEM, NULL);
	}
	pthread_mutex_lock(&lock);
	for (const struct claims *c = all; c && r == SGT_OK; c = c->next)
		r = compare(mine, c, error);
	if (r == SGT_OK) {
		mine->next = all;
		all = *out = mine;
	}
	pthread_mutex_unlock(&lock);
	if (r != SGT_OK)
		claims_drop(&mine);
	return r;
}

void claims_drop(struct claims **p)
{
	struct claims *mine = *p;
	*p = NULL;
	if (!mine)
		return;
	pthread_mutex_lock(&lock);
	for (struct claims **at = &all; *at; at = &(*at)->next)
		if (*at == mine) {
			*at = mine->next;
			break;
		}
	pthread_mutex_unlock(&lock);
	struct region *r = mine->region;
	region_destroy(&r);
}
