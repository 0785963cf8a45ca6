/* A snapshot's life: loading it, sharing it, finding in it. See settings.h. */
#include "conf/load.h"
#include "base/text.h"

#include <string.h>

/* Puts the structs of a kind side by side, as the settings show them; their sections point there from now on. */
static void *gather(struct conf_load *l, enum conf_kind_id kind, size_t *count)
{
	size_t size = conf_kinds[kind].size;
	*count = 0;
	for (const struct conf_section *sec = l->sections; sec; sec = sec->next)
		*count += sec->kind->id == kind;
	char *all = *count ? conf_load_alloc(l, *count * size) : NULL;
	if (!all) {
		*count = 0;
		return NULL;
	}
	char *at = all;
	for (struct conf_section *sec = l->sections; sec; sec = sec->next) {
		if (sec->kind->id != kind)
			continue;
		memcpy(at, sec->at, size);
		sec->at = at;
		at += size;
	}
	return all;
}

static void gather_all(struct conf_load *l)
{
	struct settings *s = l->s;
	s->listens = gather(l, CONF_KIND_LISTEN, &s->listen_count);
	s->profiles = gather(l, CONF_KIND_PROFILE, &s->profile_count);
	s->routes = gather(l, CONF_KIND_ROUTE, &s->route_count);
	s->oauths = gather(l, CONF_KIND_OAUTH, &s->oauth_count);
	s->postoffices = gather(l, CONF_KIND_POSTOFFICE, &s->postoffice_count);
	s->pickups = gather(l, CONF_KIND_PICKUP, &s->pickup_count);
	s->vendors = gather(l, CONF_KIND_VENDOR, &s->vendor_count);
	s->sections = l->sections;
}

static enum result load_into(struct conf_load *l)
{
	enum result r = conf_load_files(l);
	if (r == E_NOTFOUND || l->no_memory)
		return l->no_memory ? E_NOMEM : r;
	if (r != OK)
		return E_CONFIG;
	conf_derive(l);
	if (!l->no_memory)
		conf_validate(l);
	gather_all(l);
	if (l->no_memory || l->faults.no_memory)
		return E_NOMEM;
	return l->faults.errors ? E_CONFIG : OK;
}

/* Settings with nothing in them but their name, in a region of their own. */
static struct settings *settings_new(const char *file)
{
	struct region *region =
		region_new(0); /* bounded by the files: CONF_FILE_MAX, CONF_FILES_MAX */
	struct settings *s = region ? region_alloc(region, sizeof *s) : NULL;
	const char *name = s ? region_strdup(region, file) : NULL;
	if (!name) {
		region_destroy(&region);
		return NULL;
	}
	s->region = region;
	s->refs = 1;
	s->file = name;
	return s;
}

enum result conf_load_by(const struct conf_world *world, const char *file,
			 const struct conf_overrides *o, struct settings **out,
			 struct region **faults_region, struct conf_fault **faults)
{
	static const struct conf_overrides nothing;
	struct conf_load l = {.world = world, .over = o ? o : &nothing, .s = settings_new(file)};
	*out = NULL;
	*faults = NULL;
	*faults_region = region_new(0);
	if (!l.s || !*faults_region) {
		settings_unref(&l.s);
		return E_NOMEM;
	}
	l.region = l.s->region;
	l.last = &l.sections;
	conf_faults_init(&l.faults, *faults_region);
	enum result r = load_into(&l);
	*faults = conf_faults_list(&l.faults);
	if (l.faults.no_memory)
		r = E_NOMEM;
	if (r == OK)
		*out = l.s;
	else
		settings_unref(&l.s);
	return r;
}

enum result settings_load(const char *file, const struct conf_overrides *o, struct settings **out,
			  struct region **faults_region, struct conf_fault **faults)
{
	return conf_load_by(conf_world_host(), file, o, out, faults_region, faults);
}

struct settings *settings_ref(struct settings *s)
{
	__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

void settings_unref(struct settings **s)
{
	if (*s && __atomic_sub_fetch(&(*s)->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		struct region *region = (*s)->region;
		if ((*s)->detach)
			(*s)->detach((*s)->attached);
		region_destroy(&region);
	}
	*s = NULL;
}

void settings_attach(struct settings *s, void *what, void (*detach)(void *what))
{
	s->attached = what;
	s->detach = detach;
}

const struct conf_vendor *settings_vendor(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->vendor_count; i++)
		if (text_same(s->vendors[i].name, name))
			return &s->vendors[i];
	return NULL;
}

const struct conf_route *settings_route(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->route_count; i++)
		if (text_same(s->routes[i].name, name))
			return &s->routes[i];
	return NULL;
}

const struct conf_oauth *settings_oauth(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->oauth_count; i++)
		if (text_same(s->oauths[i].name, name))
			return &s->oauths[i];
	return NULL;
}

const char *conf_route_as(const struct conf_route *r, const char *as)
{
	return as && text_same(as, CONF_ACCOUNT) ? r->user : as;
}
