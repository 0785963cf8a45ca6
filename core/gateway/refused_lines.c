/*
 * The ini lines that would admit a client: refused_lines of refused.h. A copy of the section's struct is changed and the key printed by
 * the table that reads it, so that what is said can be read again. Owns nothing. Lists grow by the client alone, limits double.
 */
#include "gateway/refused.h"

#include "base/text.h"
#include "conf/table.h"
#include "route/client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct admitting {
	const struct settings *settings;
	struct refused_client *client;
	int64_t since;
	const struct conf_listen *listen;
	const struct conf_profile *profile; /* that of the client now */
	bool named;                         /* by its address */
	struct net_block block;             /* the client */
	bool has_ip;
	struct buf *section, *lines;
};

static enum result put_key(struct admitting *a, const char *kind, const char *name,
			   const void *section)
{
	const struct conf_key *k = conf_key_find(conf_kind_find(kind), name);
	struct conf_out out;
	conf_out_init(&out);
	k->type->format(k, section, 0, &out);
	const char *value = conf_out_string(&out);
	enum result r = value ? buf_printf(a->lines, "%s = %s\n", name, value) : E_NOMEM;
	conf_out_free(&out);
	return r;
}

/* Would the line change nothing? */
static bool is_so(const char *kind, const char *name, const void *now, const void *changed)
{
	const struct conf_key *k = conf_key_find(conf_kind_find(kind), name);
	struct conf_out a, b;
	conf_out_init(&a);
	conf_out_init(&b);
	k->type->format(k, now, 0, &a);
	k->type->format(k, changed, 0, &b);
	const char *x = conf_out_string(&a), *y = conf_out_string(&b);
	bool same = x && y && strcmp(x, y) == 0;
	conf_out_free(&a);
	conf_out_free(&b);
	return same;
}

/* Were the settings read again since? Then which limit it was is not known, and what is so by now may not have been. */
static bool was_another(struct admitting *a)
{
	a->client->settled = a->client->last < a->since;
	return a->client->settled;
}

/* Nothing to say where it is so already: it was refused before that, or for all that. */
static bool is_in_force(struct admitting *a, const char *kind, const char *name, const void *now,
			const void *changed)
{
	if (!is_so(kind, name, now, changed))
		return false;
	was_another(a);
	return true;
}

static enum result put_listen(struct admitting *a, const char *name,
			      const struct conf_listen *changed)
{
	if (is_in_force(a, "listen", name, a->listen, changed))
		return OK;
	enum result r = buf_printf(a->section, "listen %s", a->listen->name);
	return r == OK ? put_key(a, "listen", name, changed) : r;
}

/* The list with the client; an address that is none of IP is only in `all`. The caller frees the blocks. */
static struct conf_nets with_client(const struct admitting *a, const struct conf_nets *old)
{
	size_t count = a->has_ip ? old->count : 0;
	struct conf_nets nets = {calloc(count + 1, sizeof *nets.blocks), 0};
	if (!nets.blocks)
		return nets;
	if (count)
		memcpy(nets.blocks, old->blocks, count * sizeof *nets.blocks);
	nets.blocks[count] = a->block;
	nets.count = count + 1;
	return nets;
}

static enum result put_list(struct admitting *a, const char *name, bool relay)
{
	struct conf_listen changed = *a->listen;
	struct conf_nets *list = relay ? &changed.relay_from : &changed.accept_from;
	struct net_ip ip = a->block.ip;
	if (a->has_ip && conf_nets_match(list, &ip)) {
		was_another(a);
		return OK;
	}
	*list = with_client(a, list);
	enum result r = list->count ? put_listen(a, name, &changed) : E_NOMEM;
	free(list->blocks);
	return r;
}

/* Twice as much, as far as the key goes. */
static uint64_t doubled(const char *kind, const char *name, uint64_t now)
{
	uint64_t most = conf_key_find(conf_kind_find(kind), name)->max;
	return !most || now < most / 2 ? 2 * now : most;
}

/* Nothing where the key is at its end. */
static enum result put_number(struct admitting *a, const char *name, unsigned *number,
			      const struct conf_listen *changed)
{
	uint64_t more = doubled("listen", name, *number);
	if (was_another(a) || more <= *number || more > UINT_MAX)
		return OK;
	*number = (unsigned)more;
	return put_listen(a, name, changed);
}

/* A listener takes no more than [gateway] does. */
static enum result put_listen_size(struct admitting *a)
{
	struct conf_listen changed = *a->listen;
	struct conf_gateway whole = a->settings->gateway;
	uint64_t more = doubled("listen", "max_size", changed.max_size);
	if (changed.max_size < whole.max_size) {
		changed.max_size = more < whole.max_size ? more : whole.max_size;
		return put_listen(a, "max_size", &changed);
	}
	whole.max_size = doubled("gateway", "max_size", whole.max_size);
	if (whole.max_size == a->settings->gateway.max_size)
		return OK;
	enum result r = buf_puts(a->section, "gateway");
	return r == OK ? put_key(a, "gateway", "max_size", &whole) : r;
}

/* A section of the client alone, made after the profile it has; or the one that names it already. */
static enum result put_profile(struct admitting *a, const char *name,
			       const struct conf_profile *changed)
{
	struct conf_profile own = *changed;
	if (is_in_force(a, "profile", name, a->profile, changed))
		return OK;
	if (a->named) {
		enum result r = buf_printf(a->section, "profile %s", own.name);
		return r == OK ? put_key(a, "profile", name, &own) : r;
	}
	if (!a->has_ip)
		return OK; /* no list of networks has it by itself */
	char name_of[64];
	struct conf_nets none = {0};
	own.clients = with_client(a, &none);
	text_copy(name_of, sizeof name_of, a->client->client);
	for (char *at = name_of; (at = strchr(at, ':'));)
		*at = '.'; /* a name of a section has no colon */
	enum result r = own.clients.count ? buf_printf(a->section, "profile %s", name_of) : E_NOMEM;
	if (r == OK)
		r = buf_printf(a->lines, "like = %s\n", own.name);
	if (r == OK)
		r = put_key(a, "profile", "clients", &own);
	if (r == OK)
		r = put_key(a, "profile", name, &own);
	free(own.clients.blocks);
	return r;
}

static enum result put_size(struct admitting *a)
{
	struct conf_profile changed = *a->profile;
	if (was_another(a))
		return OK;
	if (!changed.max_size || changed.max_size >= a->listen->max_size)
		return put_listen_size(a);
	changed.max_size *= 2;
	return put_profile(a, "max_size", &changed);
}

/* A version that is taken already was not what it failed by: it may come without TLS, where that is a choice. */
static enum result put_tls(struct admitting *a, enum conf_tls_version version)
{
	struct conf_profile changed = *a->profile;
	if (version < changed.tls_min) {
		changed.tls_min = version;
		return put_profile(a, "tls_min", &changed);
	}
	changed.tls_offer = false;
	return a->listen->tls == CONF_TLS_IMPLICIT ? OK : put_profile(a, "tls_offer", &changed);
}

static enum result put_lenient(struct admitting *a)
{
	struct conf_profile changed = *a->profile;
	changed.auth_clear = changed.helo_any = changed.brackets_optional = true;
	changed.bare_newline = CONF_NEWLINE_NORMALISE;
	switch (a->client->rule) {
	case REFUSED_CLEAR:
		return put_profile(a, "auth_clear", &changed);
	case REFUSED_HELO:
		return put_profile(a, "helo", &changed);
	case REFUSED_BRACKETS:
		return put_profile(a, "brackets", &changed);
	default:
		return put_profile(a, "bare_newline", &changed);
	}
}

static enum result put_limit(struct admitting *a)
{
	struct conf_listen changed = *a->listen;
	switch (a->client->rule) {
	case REFUSED_FULL:
		return put_number(a, "max_connections", &changed.max_connections, &changed);
	case REFUSED_CLIENT_FULL:
		return put_number(a, "max_connections_client", &changed.max_connections_client,
				  &changed);
	case REFUSED_RATE:
		return put_number(a, "rate", &changed.rate.count, &changed);
	case REFUSED_SENDER:
		changed.sender_login = false;
		return put_listen(a, "sender_login", &changed);
	default:
		return put_number(a, "max_recipients", &changed.max_recipients, &changed);
	}
}

static enum result put_rule(struct admitting *a)
{
	switch (a->client->rule) {
	case REFUSED_ACCEPT:
		return put_list(a, "accept_from", false);
	case REFUSED_NO_LOGIN:
		if (a->listen->mode == CONF_MODE_SUBMISSION)
			return OK; /* there everybody logs in */
		return put_list(a, "relay_from", true);
	case REFUSED_PROXY: /* whoever is in proxy_from can be any client: nobody gets in there by asking for it */
		return OK;
	case REFUSED_LOGIN: /* it wants another password: to know who guesses by his address would open the relay to him */
		return OK;
	case REFUSED_RELAY:
		return put_list(a, "relay_from", true);
	case REFUSED_FULL:
	case REFUSED_CLIENT_FULL:
	case REFUSED_RATE:
	case REFUSED_SENDER:
	case REFUSED_RECIPIENTS:
		return put_limit(a);
	case REFUSED_SIZE:
		return put_size(a);
	case REFUSED_STARTTLS:
	case REFUSED_TLS:
		return put_tls(a, CONF_TLS_1_3);
	case REFUSED_TLS_1_0:
		return put_tls(a, CONF_TLS_1_0);
	case REFUSED_TLS_1_1:
		return put_tls(a, CONF_TLS_1_1);
	default:
		return put_lenient(a);
	}
}

enum result refused_lines(const struct settings *s, int64_t since, struct refused_client *c,
			  struct buf *section, struct buf *lines)
{
	struct admitting a = {
		.settings = s, .since = since, .client = c, .section = section, .lines = lines};
	for (size_t i = 0; i < s->listen_count && !a.listen; i++)
		if (strcmp(s->listens[i].name, c->listener) == 0)
			a.listen = &s->listens[i];
	if (!a.listen)
		return OK; /* a reload took it away */
	a.profile = route_client_profile(s, a.listen, c->client, &a.named);
	a.has_ip = net_ip_parse(c->client, &a.block.ip) == OK;
	a.block.bits = a.has_ip ? 128 : 0;
	a.block.v6 = a.has_ip && !net_ip_is_v4(&a.block.ip);
	return put_rule(&a);
}

static const char *keep(struct region *region, struct buf *text)
{
	const char *string = buf_string(text);
	return string ? region_strdup(region, string) : NULL;
}

static enum result admit(const struct settings *s, int64_t since, struct region *region,
			 struct refused_client *c)
{
	struct buf section, lines;
	buf_init(&section, 0);
	buf_init(&lines, 0);
	enum result r = refused_lines(s, since, c, &section, &lines);
	if (r == OK && lines.len) {
		c->section = keep(region, &section);
		c->lines = keep(region, &lines);
	}
	buf_free(&section);
	buf_free(&lines);
	return r == OK && (!c->section || !c->lines) ? E_NOMEM : r;
}

enum result refused_admit(const struct settings *s, int64_t since, struct region *region,
			  struct refused_client *list, size_t count)
{
	enum result r = OK;
	for (size_t i = 0; i < count && r == OK; i++)
		r = admit(s, since, region, &list[i]);
	return r;
}
