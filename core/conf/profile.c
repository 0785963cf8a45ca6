/*
 * Profiles: the two that are built in, what `like` gives, and which one a client gets. Owns nothing. Faults are added to the
 * load; a profile that is like itself, or like one that is not there, keeps the defaults.
 */
#include "conf/load.h"
#include "base/text.h"

#include <string.h>

#define LIKE_MAX 8 /* steps of `like`; more is a circle, or nobody can follow it */

/* What differs from the defaults in [profile legacy]. */
static const struct {
	const char *key, *value;
} legacy[] = {
	{"tls_min", "1.0"},
	{"tls_offer", "no"},
	{"auth_clear", "yes"},
	{"helo", "any"},
	{"brackets", "optional"},
	{"bare_newline", "normalise"},
	{"repair", "date, message-id, from, charset, mime"},
};

static struct conf_section *built_in(struct conf_load *l, const char *name)
{
	struct conf_section *sec = conf_load_find(l, CONF_KIND_PROFILE, name);
	if (sec)
		return sec;
	l->file = NULL;
	l->line = 0;
	return conf_load_section(l, &conf_kinds[CONF_KIND_PROFILE], name, true);
}

/* A built-in profile is like nothing but the defaults, or it would not be one. */
static void check_built_in(struct conf_load *l, const struct conf_section *sec)
{
	const struct conf_profile *p = sec->at;
	if (text_same(p->like, "modern"))
		return;
	conf_load_place(l, sec, "like");
	conf_load_error(l, "give a profile of your own another name",
			"like: [profile %s] is built in, it cannot be like another", sec->name);
}

static bool is_built_in(const struct conf_section *sec)
{
	return text_same(sec->name, "modern") || text_same(sec->name, "legacy");
}

/* The section that a name means, or NULL with the fault. */
static const struct conf_section *find_or_fault(struct conf_load *l, const struct conf_section *by,
						const char *key, const char *name)
{
	const char *words[2] = {NULL, NULL}, *remedy = NULL;
	const struct conf_section *found = conf_load_find(l, CONF_KIND_PROFILE, name);
	if (found)
		return found;
	for (const struct conf_section *s = l->sections; s && !remedy; s = s->next) {
		words[0] = s->name;
		if (s->kind->id == CONF_KIND_PROFILE)
			remedy = conf_fault_meant(&l->faults, name, words);
	}
	conf_load_place(l, by, key);
	conf_load_error(l, remedy, "%s: there is no [profile %s]", key, name);
	return NULL;
}

static void inherit_all(struct conf_load *l, struct conf_section *sec,
			const struct conf_section *from)
{
	const char *words = region_printf(l->region, "[profile %s]", from->name);
	l->no_memory |= !words;
	for (const struct conf_key *k = sec->kind->keys; words && k->name; k++) {
		const char *value = conf_load_text(l, k, from->at);
		if (value && strcmp(k->name, "like") != 0 && strcmp(k->name, "clients") != 0)
			conf_load_derive(l, sec, k->name, value, words);
	}
}

/* From the far end of the chain of `like` to its beginning: each takes what the one behind it has. */
static void resolve(struct conf_load *l, struct conf_section *sec)
{
	struct conf_section *chain[LIKE_MAX];
	size_t n = 0;
	for (struct conf_section *at = sec; at && !is_built_in(at);) {
		if (n == LIKE_MAX) {
			conf_load_place(l, sec, "like");
			conf_load_error(l, "let one of them be like modern or legacy",
					"like: from [profile %s] it goes in a circle, or over more "
					"than %d profiles",
					sec->name, LIKE_MAX);
			return;
		}
		chain[n++] = at;
		at = conf_load_find(l, CONF_KIND_PROFILE,
				    ((const struct conf_profile *)at->at)->like);
	}
	while (n--) {
		const char *like = ((const struct conf_profile *)chain[n]->at)->like;
		const struct conf_section *from = conf_load_find(l, CONF_KIND_PROFILE, like);
		if (from)
			inherit_all(l, chain[n], from);
		else if (chain[n] == sec)
			find_or_fault(l, sec, "like", like);
	}
}

/* Addresses without domain get the origin. A profile is of whoever comes in: the account that mail leaves by is its route's. */
static void complete(struct conf_load *l, const struct conf_section *sec, const char *key,
		     const char **address)
{
	if (!*address || strchr(*address, '@'))
		return;
	if (text_same(*address, CONF_ACCOUNT)) {
		conf_load_place(l, sec, key);
		conf_load_error(l,
				"write the address, or set it in the [route] that logs in: from = "
				"account, sender_as = account",
				"%s: a profile has no account", key);
		return;
	}
	*address = region_printf(l->region, "%s@%s", *address, l->s->gateway.origin);
	l->no_memory |= !*address;
}

static void complete_all(struct conf_load *l)
{
	for (struct conf_section *sec = l->sections; sec && !l->no_memory; sec = sec->next) {
		struct conf_profile *p = sec->at;
		if (sec->kind->id != CONF_KIND_PROFILE)
			continue;
		complete(l, sec, "from", &p->from);
		complete(l, sec, "sender", &p->sender);
	}
}

void conf_profiles_derive(struct conf_load *l)
{
	struct conf_section *modern = built_in(l, "modern"), *old = built_in(l, "legacy");
	if (!modern || !old)
		return;
	check_built_in(l, modern);
	check_built_in(l, old);
	for (size_t i = 0; i < sizeof legacy / sizeof *legacy; i++)
		conf_load_derive(l, old, legacy[i].key, legacy[i].value, "built in");
	for (struct conf_section *sec = l->sections; sec && !l->no_memory; sec = sec->next)
		if (sec->kind->id == CONF_KIND_PROFILE && !is_built_in(sec))
			resolve(l, sec);
	complete_all(l);
}

const struct conf_profile *conf_profile_of(struct conf_load *l, const struct conf_section *by)
{
	const char *name = by->kind->id == CONF_KIND_PICKUP
				   ? ((const struct conf_pickup *)by->at)->profile
				   : ((const struct conf_listen *)by->at)->profile;
	const struct conf_section *sec = find_or_fault(l, by, "profile", name);
	return sec ? sec->at : NULL;
}

const struct conf_profile *settings_profile(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->profile_count; i++)
		if (text_same(s->profiles[i].name, name))
			return &s->profiles[i];
	return NULL;
}
