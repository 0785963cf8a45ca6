/* Filters of the operator: see filter.h. Owns nothing; cannot fail. */
#include "spool/filter.h"

#include "base/net.h"
#include "base/text.h"

#include <string.h>

#define FALLBACK ", fallback " /* in a rule, between two routes: core/route/route.c */

bool filter_empty(const struct spool_filter *f)
{
	return !f->numbers && !f->from && !f->to && !f->rule && !f->error && !f->client &&
	       !f->since && !f->until;
}

/* want: "user@domain", "@domain", "domain", or "<>" and "" for the null reverse-path. */
static bool address_fits(const char *want, const char *address)
{
	const char *at = strrchr(address, '@');
	if (strcmp(want, "<>") == 0)
		want = "";
	if (*want == '@')
		want++;
	else if (!*want || strchr(want, '@'))
		return text_same(want, address);
	return at && text_same(want, at + 1);
}

static bool contains(const char *text, const char *words)
{
	size_t n = strlen(words);
	for (size_t left = strlen(text); left >= n; text++, left--)
		if (text_same_n(text, n, words))
			return true;
	return false;
}

/* want: what the client is called, or a network that it is in. */
static bool client_fits(const char *want, const char *client)
{
	struct net_block block;
	struct net_ip ip;
	struct err err;
	if (strcmp(want, client) == 0)
		return true;
	return net_ip_parse(client, &ip) == OK && net_block_parse(want, &block, &err) == OK &&
	       net_block_has(&block, &ip);
}

bool filter_message(const struct spool_filter *f, const struct spool_entry *e)
{
	const struct mail_envelope *v = &e->envelope;
	if (f->from && !address_fits(f->from, v->reverse_path))
		return false;
	if (f->client && !client_fits(f->client, v->client))
		return false;
	if (f->since && v->arrived < f->since)
		return false;
	return !f->until || v->arrived <= f->until;
}

/* A rule is written "route A", "route A, fallback B" or "postoffice A/B"; people name the section alone, or all of it. */
static bool rule_fits(const char *wanted, const char *rule)
{
	const char *name = text_starts(rule, "route ")        ? rule + 6
			   : text_starts(rule, "postoffice ") ? rule + 11
							      : rule;
	const char *other = strstr(name, FALLBACK);
	size_t n = other ? (size_t)(other - name) : strlen(name);
	return text_same(wanted, rule) || (strlen(wanted) == n && text_same_n(name, n, wanted)) ||
	       (other && text_same(wanted, other + strlen(FALLBACK)));
}

bool filter_rcpt(const struct spool_filter *f, const struct spool_rcpt *r)
{
	if (f->to && !address_fits(f->to, r->address))
		return false;
	if (f->rule && !rule_fits(f->rule, r->rule))
		return false;
	return !f->error || contains(r->reason, f->error);
}

bool filter_match(const struct spool_filter *f, const struct spool_entry *e)
{
	if (!filter_message(f, e))
		return false;
	for (size_t i = 0; i < e->rcpt_count; i++)
		if (filter_rcpt(f, &e->rcpts[i]))
			return true;
	return false;
}
