/* Aliases: see alias.h. Owns nothing; the names on the way are a chain on the stack. */
#include "route/alias.h"

#include "base/text.h"
#include "mail/address.h"
#include "route/client.h"
#include "route/local.h"

#include <stdio.h>
#include <string.h>

struct walk {
	const struct route_world *w;
	const struct mail_aliases *a;
	const struct route_from *from;
	enum result (*add)(void *ctx, const char *address);
	void *ctx;
	size_t count;
};

struct step {
	const struct step *before;
	const char *name;
	unsigned depth;
};

/* The name that may be an alias, without quotes; false: it cannot be one. */
static bool name_of(const struct walk *k, const char *text, char *name, size_t n)
{
	struct mail_address a;
	char mailbox[256];
	const struct settings *s = k->w->settings;
	char ascii[MAIL_DOMAIN_MAX + 1];
	if (mail_address_parse(text, strlen(text), &a, NULL, NULL) != OK || a.literal ||
	    mail_local_unquote(a.local, name, n) != OK ||
	    (*a.domain && mail_domain_normalise(a.domain, ascii, sizeof ascii) != OK))
		return false;
	const char *domain = *a.domain ? ascii : s->gateway.origin;
	const struct conf_postoffice *p = route_local_find(s, domain);
	if (!p)
		return text_same(domain, s->gateway.origin);
	if (!k->w->mailbox(k->w->ctx, p, name, mailbox, sizeof mailbox))
		return true;
	return k->w->away &&
	       k->w->away(k->w->ctx, p); /* then whether it is a mailbox is not known */
}

static bool in_circle(const struct step *step, const char *name)
{
	for (; step; step = step->before)
		if (text_same(step->name, name))
			return true;
	return false;
}

/* An address in the end: what cannot be delivered is left out. */
static enum result arrive(struct walk *k, const char *text)
{
	struct route_decision d;
	route_decide(k->w, k->from, text, &d);
	if (d.kind == ROUTE_REFUSE)
		return OK;
	if (k->count == ROUTE_ALIAS_MAX)
		return E_LIMIT;
	k->count++;
	return k->add ? k->add(k->ctx, d.address) : OK;
}

static enum result follow(struct walk *k, const struct step *before, const char *text)
{
	char name[MAIL_LOCAL_MAX + 1];
	struct step step = {
		.before = before, .name = name, .depth = before ? before->depth + 1 : 0};
	size_t count = 0;
	bool itself = *text == '\\';
	bool may = !itself && name_of(k, text, name, sizeof name) && !in_circle(before, name);
	const char *const *targets = may ? mail_aliases_find(k->a, name, &count) : NULL;
	if (!targets)
		return before ? arrive(k, text + itself) : OK;
	if (step.depth == ROUTE_ALIAS_DEPTH)
		return E_LIMIT;
	enum result r = OK;
	for (size_t i = 0; r == OK && i < count; i++)
		r = follow(k, &step, targets[i]);
	return r;
}

enum result route_alias(const struct route_world *w, const struct mail_aliases *a,
			const struct route_from *from, const char *forward_path,
			enum result (*add)(void *ctx, const char *address), void *ctx,
			size_t *count)
{
	struct walk k = {.w = w, .a = a, .from = from, .add = add, .ctx = ctx};
	enum result r = a ? follow(&k, NULL, forward_path) : OK;
	*count = k.count;
	return r;
}

bool route_alias_admit(const struct conf_listen *listen, const struct route_from *from,
		       struct route_decision *d)
{
	if (from->user || route_client_fits(&listen->relay_from, from->client) ||
	    route_client_fits(&listen->accept_from, from->client))
		return true;
	*d = (struct route_decision){.kind = ROUTE_HOLD};
	route_refuse(d, 550, "5.7.1", "mail from your address is not accepted here");
	snprintf(d->rule, sizeof d->rule, "listen %s: accept_from", listen->name);
	return false;
}
