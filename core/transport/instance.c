/* A [vendor NAME] section checked against its module's table of keys: see instance.h. Owns one region. */
#include "transport/instance.h"
#include "base/region.h"
#include "base/text.h"
#include "transport/values.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct instance {
	struct region *region;
	const char *name, *state_dir;
	const struct sgt_module *module;
	struct sgt_value *values;
	size_t key_count;
	const struct sgt_handed *handed;
	size_t handed_count;
};

/* The state of checking one section. */
struct check {
	struct instance *instance;
	const struct instance_config *config;
	struct err *first; /* where the first fault goes */
	bool faulty;
	bool short_of_memory;
};

static void fault(struct check *c, const struct instance_setting *at, struct err *err)
{
	c->short_of_memory |= err->code == E_NOMEM;
	if (c->config->fault)
		c->config->fault(c->config->fault_ctx, at, true, err);
	if (!c->faulty && c->first) {
		if (at && at->file)
			err_prefix(err, "%s:%u", at->file, at->line);
		*c->first = *err;
	}
	c->faulty = true;
}

static void warn_bare(struct check *c, const struct instance_setting *at, const char *key)
{
	struct err err;
	if (!c->config->fault || !at)
		return;
	err_set(&err, E_SYNTAX, "%s = %s: taken as seconds", key, at->text);
	err_remedy(&err, "%s = %ss", key, at->text);
	c->config->fault(c->config->fault_ctx, at, false, &err);
}

static const struct sgt_key *key_find(const struct sgt_module *m, const char *name)
{
	for (const struct sgt_key *k = m->keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static void unknown_key(struct check *c, const struct instance_setting *at)
{
	const struct sgt_module *m = c->instance->module;
	struct err err;
	err_set(&err, E_CONFIG, "%s: unknown key in [vendor %s] (%s)", at->key, c->instance->name,
		m->code);
	const char **names = calloc(c->instance->key_count + 1, sizeof *names);
	for (size_t i = 0; names && i < c->instance->key_count; i++)
		names[i] = m->keys[i].name;
	const char *near = names ? text_nearest(at->key, names) : NULL;
	if (near)
		err_remedy(&err, "did you mean %s?", near);
	fault(c, at, &err);
	free(names);
}

/* Every key is known, and given once unless it may come often. */
static void check_names(struct check *c)
{
	const struct instance_config *config = c->config;
	for (size_t i = 0; i < config->count; i++) {
		const struct instance_setting *at = &config->settings[i];
		const struct sgt_key *key = key_find(c->instance->module, at->key);
		if (!key) {
			unknown_key(c, at);
			continue;
		}
		for (size_t j = 0; j < i && !(key->flags & SGT_KEY_MANY); j++) {
			struct err err;
			if (strcmp(config->settings[j].key, at->key) != 0)
				continue;
			err_set(&err, E_CONFIG, "%s: given twice, first in line %u", at->key,
				config->settings[j].line);
			fault(c, at, &err);
			break;
		}
	}
}

/* One text more for a value; the first one's number is the value's. */
static void add_text(struct check *c, const struct sgt_key *key, const struct instance_setting *at,
		     const char *text)
{
	struct instance *in = c->instance;
	struct sgt_value *v = &in->values[key - in->module->keys];
	const char *out;
	int64_t number;
	bool bare = false;
	struct err err;
	if (values_parse(key, text, c->config, in->region, &out, &number, &bare, &err) != OK) {
		fault(c, at, &err);
		return;
	}
	if (bare)
		warn_bare(c, at, key->name);
	const char **texts = region_alloc(in->region, (v->count + 1) * sizeof *texts);
	if (!texts) {
		err_set(&err, E_NOMEM, "%s: no memory", key->name);
		fault(c, at, &err);
		return;
	}
	if (v->count)
		memcpy(texts, v->texts, v->count * sizeof *texts);
	texts[v->count] = out;
	if (!v->count++)
		v->number = number;
	v->texts = texts;
}

/* A list is split at its commas; empty parts are skipped. */
static void add_texts(struct check *c, const struct sgt_key *key, const struct instance_setting *at,
		      const char *text)
{
	if (!(key->flags & SGT_KEY_MANY)) {
		add_text(c, key, at, text);
		return;
	}
	char *copy = region_strdup(c->instance->region, text);
	if (!copy) {
		struct err err;
		err_set(&err, E_NOMEM, "%s: no memory", key->name);
		fault(c, at, &err);
		return;
	}
	for (char *part = copy, *next; part; part = next) {
		next = strchr(part, ',');
		if (next)
			*next++ = '\0';
		part = text_trim(part);
		if (*part)
			add_text(c, key, at, part);
	}
}

static void check_values(struct check *c)
{
	const struct sgt_module *m = c->instance->module;
	for (const struct sgt_key *k = m->keys; k->name; k++) {
		bool given = false;
		for (size_t i = 0; i < c->config->count; i++) {
			const struct instance_setting *at = &c->config->settings[i];
			if (strcmp(at->key, k->name) != 0 || (given && !(k->flags & SGT_KEY_MANY)))
				continue;
			given = true;
			add_texts(c, k, at, at->text);
		}
		if (!given && k->standard)
			add_texts(c, k, NULL, k->standard);
	}
}

enum result instance_new(struct instance **out, const struct sgt_module *module,
			 const struct instance_config *config, struct err *err)
{
	struct region *region = region_new(0);
	struct instance *in = region ? region_alloc(region, sizeof *in) : NULL;
	if (!in) {
		region_destroy(&region);
		return err_set(err, E_NOMEM, "no memory for [vendor %s]", config->name);
	}
	in->region = region;
	in->module = module;
	in->name = region_strdup(region, config->name);
	in->state_dir = region_strdup(region, config->state_dir);
	in->handed = config->handed;
	in->handed_count = config->handed_count;
	while (module->keys[in->key_count].name)
		in->key_count++;
	in->values = region_alloc(region, (in->key_count + 1) * sizeof *in->values);
	struct check c = {.instance = in, .config = config, .first = err};
	if (!in->name || (config->state_dir && !in->state_dir) || !in->values) {
		struct err why;
		err_set(&why, E_NOMEM, "no memory for [vendor %s]", config->name);
		fault(&c, NULL, &why);
	} else {
		check_names(&c);
		check_values(&c);
	}
	if (c.faulty) {
		instance_destroy(&in);
		return c.short_of_memory ? E_NOMEM : E_CONFIG;
	}
	*out = in;
	return OK;
}

void instance_destroy(struct instance **i)
{
	if (!*i)
		return;
	struct region *region = (*i)->region;
	region_destroy(&region);
	*i = NULL;
}

const char *instance_name(const struct instance *i)
{
	return i->name;
}

const struct sgt_module *instance_module(const struct instance *i)
{
	return i->module;
}

const struct sgt_value *instance_value(const struct instance *i, size_t key)
{
	assert(key < i->key_count);
	return &i->values[key];
}

const struct sgt_value *instance_name_servers(const struct instance *i)
{
	for (size_t k = 0; k < i->key_count; k++)
		if (strcmp(i->module->keys[k].name, "name_server") == 0)
			return &i->values[k];
	return NULL;
}

void instance_create_args(const struct instance *i, struct sgt_create *with)
{
	*with = (struct sgt_create){
		.size = sizeof *with,
		.name = i->name,
		.values = i->values,
		.handed = i->handed,
		.handed_count = i->handed_count,
		.state_dir = i->state_dir,
	};
}
