/* Sections, keys and included files become filled structs with origins: see load.h. Owns nothing of its own. */
#include "conf/load.h"
#include "conf/reader.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *conf_load_alloc(struct conf_load *l, size_t n)
{
	void *p = region_alloc(l->region, n);
	l->no_memory |= !p;
	return p;
}

char *conf_load_strdup(struct conf_load *l, const char *text)
{
	char *copy = region_strdup(l->region, text);
	l->no_memory |= text && !copy;
	return copy;
}

/* ---- faults ---- */

/* The file's place among those read; names are compared as pointers, each file has one. */
static unsigned place_of(const struct conf_load *l, const char *file)
{
	unsigned i = 0;
	while (i < l->file_count && l->files[i] != file)
		i++;
	return i < l->file_count ? i : 0;
}

static void add_fault(struct conf_load *l, bool warning, const char *remedy, const char *format,
		      va_list ap)
{
	char text[ERR_TEXT_MAX];
	const char *file = l->file ? l->file : l->s->file;
	vsnprintf(text, sizeof text, format, ap);
	conf_faults_add(&l->faults, warning, place_of(l, file), file, l->line, remedy, text);
}

void conf_load_error(struct conf_load *l, const char *remedy, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	add_fault(l, false, remedy, format, ap);
	va_end(ap);
}

void conf_load_warn(struct conf_load *l, const char *remedy, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	add_fault(l, true, remedy, format, ap);
	va_end(ap);
}

void conf_load_place(struct conf_load *l, const struct conf_section *sec, const char *key)
{
	const struct conf_origin *o = key ? conf_load_origin(sec, key) : NULL;
	l->file = o && o->file ? o->file : sec->file;
	l->line = o && o->file ? o->line : sec->line;
}

/* ---- sections ---- */

struct conf_origin *conf_load_origin(const struct conf_section *sec, const char *key)
{
	return &sec->origins[conf_key_find(sec->kind, key) - sec->kind->keys];
}

char *conf_load_text(struct conf_load *l, const struct conf_key *k, const void *section)
{
	struct conf_out out;
	conf_out_init(&out);
	conf_key_format(k, section, &out);
	const char *text = conf_out_string(&out);
	char *copy = text && *text ? conf_load_strdup(l, text) : NULL;
	l->no_memory |= !text;
	conf_out_free(&out);
	return copy;
}

/* Reads a value that is ours into a key; faults of it have no place. */
static void set_standard(struct conf_load *l, const struct conf_section *sec,
			 const struct conf_key *k, const char *value, const char *words)
{
	struct conf_origin *o = &sec->origins[k - sec->kind->keys];
	char *text = conf_load_strdup(l, value);
	l->file = NULL;
	l->line = 0;
	l->fresh = true;
	if (text)
		k->type->read(l, k, sec->at, text);
	o->words = words;
	o->standard = conf_load_text(l, k, sec->at);
}

void conf_load_derive(struct conf_load *l, struct conf_section *sec, const char *key,
		      const char *value, const char *words)
{
	const struct conf_key *k = conf_key_find(sec->kind, key);
	struct conf_origin *o = conf_load_origin(sec, key);
	if (o->file)
		o->standard = conf_load_strdup(l, value);
	else
		set_standard(l, sec, k, value, words);
}

/* The struct of a section: the settings' own for kinds that stand alone. */
static void *struct_of(struct conf_load *l, const struct conf_kind *kind, bool listed)
{
	if (listed && kind->id == CONF_KIND_GATEWAY)
		return &l->s->gateway;
	if (listed && kind->id == CONF_KIND_LOG)
		return &l->s->log;
	if (listed && kind->id == CONF_KIND_QUEUE)
		return &l->s->queue;
	if (listed && kind->id == CONF_KIND_NOTIFY)
		return &l->s->notify;
	return conf_load_alloc(l, kind->size);
}

/* Every struct of a named kind begins with its name. */
static void set_name(const struct conf_section *sec)
{
	if (sec->kind->named)
		memcpy(sec->at, &sec->name, sizeof sec->name);
}

struct conf_section *conf_load_section(struct conf_load *l, const struct conf_kind *kind,
				       const char *name, bool listed)
{
	const char *file = l->file;
	unsigned line = l->line;
	struct conf_section *sec = conf_load_alloc(l, sizeof *sec);
	if (!sec)
		return NULL;
	sec->kind = kind;
	sec->name = conf_load_strdup(l, name);
	sec->file = file;
	sec->line = line;
	sec->at = struct_of(l, kind, listed);
	sec->origins = conf_load_alloc(l, conf_key_count(kind) * sizeof *sec->origins);
	if (!sec->at || !sec->origins || (name && !sec->name))
		return NULL;
	set_name(sec);
	for (const struct conf_key *k = kind->keys; k->name; k++)
		if (k->standard)
			set_standard(l, sec, k, k->standard, "default");
	l->file = file;
	l->line = line;
	if (l->no_memory) /* a default may be missing: nobody may see a section without it */
		return NULL;
	if (listed) {
		*l->last = sec;
		l->last = &sec->next;
	}
	return sec;
}

struct conf_section *conf_load_find(const struct conf_load *l, enum conf_kind_id kind,
				    const char *name)
{
	for (struct conf_section *sec = l->sections; sec; sec = sec->next)
		if (sec->kind->id == kind && (!sec->name || (name && text_same(sec->name, name))))
			return sec;
	return NULL;
}

static const struct conf_kind *kind_or_fault(struct conf_load *l, const char *word,
					     const char *name)
{
	const char *words[CONF_KINDS + 1] = {NULL};
	char shown[68];
	for (size_t i = 0; i < CONF_KINDS; i++)
		words[i] = conf_kinds[i].word;
	const struct conf_kind *kind = conf_kind_find(word);
	if (!kind) {
		conf_load_error(l, conf_fault_meant(&l->faults, word, words),
				"unknown section [%s]", conf_fault_shown(word, shown));
	} else if (kind->named && !name) {
		conf_load_error(l, NULL, "the section [%s] needs a name: [%s %s]", word, word,
				kind->named);
		return NULL;
	} else if (!kind->named && name) {
		conf_load_error(l, NULL, "the section [%s] takes no name, here \"%s\"", word,
				conf_fault_shown(name, shown));
		return NULL;
	}
	return kind;
}

static void on_section(void *ctx, const char *word, const char *name, unsigned line)
{
	struct conf_load *l = ctx;
	l->line = line;
	l->current = NULL;
	const struct conf_kind *kind = word ? kind_or_fault(l, word, name) : NULL;
	if (!kind)
		return;
	struct conf_section *twin = conf_load_find(l, kind->id, name);
	if (twin && twin->file)
		conf_load_error(l, "put their keys together in one",
				"the section [%s%s%s] is given twice, first at %s:%u", word,
				name ? " " : "", name ? name : "", twin->file, twin->line);
	if (twin && !twin->file) { /* it was there with its defaults only */
		twin->file = l->file;
		twin->line = line;
		l->current = twin;
		return;
	}
	/* A twin's keys are read too, for their faults. */
	l->current = conf_load_section(l, kind, name, !twin);
}

/* ---- keys ---- */

static bool looks_secret(const char *key)
{
	static const char *const parts[] = {"secret", "passw", "passphrase", "token", NULL};
	for (size_t i = 0; parts[i]; i++)
		if (strstr(key, parts[i]))
			return true;
	return false;
}

/* A key of the plugin's: kept for the registry, which knows its table. */
static void keep_pair(struct conf_load *l, const char *key, const char *value)
{
	struct conf_vendor *v = l->current->at;
	struct conf_pair *pairs = conf_list_grow(l, v->pairs, v->pair_count, sizeof *pairs);
	struct conf_pair p = {.key = conf_load_strdup(l, key),
			      .value = conf_load_strdup(l, value),
			      .file = l->file,
			      .line = l->line,
			      .secret = looks_secret(key)};
	if (!pairs || !p.key || !p.value)
		return;
	pairs[v->pair_count++] = p;
	v->pairs = pairs;
}

/* The first kind of section that has a key of this name, or NULL. */
static const struct conf_kind *owner_of(const char *key)
{
	for (size_t i = 0; i < CONF_KINDS; i++)
		if (conf_key_find(&conf_kinds[i], key))
			return &conf_kinds[i];
	return NULL;
}

static void unknown_key(struct conf_load *l, const char *key)
{
	const struct conf_kind *kind = l->current->kind;
	const char *words[64] = {NULL}, *remedy;
	char shown[68];
	size_t n = conf_key_count(kind);
	assert(n < sizeof words / sizeof *words);
	for (size_t i = 0; i < n; i++)
		words[i] = kind->keys[i].name;
	remedy = conf_fault_meant(&l->faults, key, words);
	const struct conf_kind *owner = owner_of(key);
	if (owner) {
		remedy = region_printf(l->faults.region, "it is a key of [%s%s%s]", owner->word,
				       owner->named ? " " : "", owner->named ? owner->named : "");
		l->faults.no_memory |= !remedy;
	}
	conf_load_error(l, remedy, "unknown key \"%s\" in [%s]", conf_fault_shown(key, shown),
			kind->word);
}

static void take_value(struct conf_load *l, struct conf_section *sec, const struct conf_key *k,
		       char *value)
{
	struct conf_origin *o = &sec->origins[k - sec->kind->keys];
	if (o->file && !(k->flags & KEY_MANY)) {
		conf_load_error(l, "leave one of them", "%s is given twice, first at %s:%u",
				k->name, o->file, o->line);
		return;
	}
	l->fresh = !o->file;
	if (!o->file) {
		o->file = l->file;
		o->line = l->line;
	}
	if (*value)
		k->type->read(l, k, sec->at, value);
	else
		conf_load_error(l,
				k->flags & KEY_NEEDED ? NULL : "leave the line out for the default",
				"%s has no value", k->name);
}

static void on_pair(void *ctx, const char *key, char *value, unsigned line)
{
	struct conf_load *l = ctx;
	struct conf_section *sec = l->current;
	l->line = line;
	if (!sec)
		return;
	const struct conf_key *k = conf_key_find(sec->kind, key);
	if (k)
		take_value(l, sec, k, value);
	else if (sec->kind->open)
		keep_pair(l, key, value);
	else
		unknown_key(l, key);
}

static void on_fault(void *ctx, unsigned line, const char *remedy, const char *text)
{
	struct conf_load *l = ctx;
	l->line = line;
	conf_load_error(l, remedy, "%s", text);
}

/* ---- files ---- */

static enum result load_file(struct conf_load *l, const char *path)
{
	static const struct conf_reader_events events = {on_section, on_pair, on_fault};
	const char **files = conf_list_grow(l, l->files, l->file_count, sizeof *files);
	char *bytes, *name = conf_load_strdup(l, path);
	size_t n;
	struct err err = {.code = OK};
	if (!files || !name)
		return E_NOMEM;
	files[l->file_count++] = name;
	l->files = files;
	enum result r = l->world->read(path, CONF_FILE_MAX, &bytes, &n, &err);
	if (r != OK) { /* told at the include that names it, if one does */
		const char *remedy = *err.remedy ? err.remedy : NULL;
		if (r == E_NOTFOUND && l->file_count == 1)
			remedy = "name another with --config; an empty file is a valid one";
		l->no_memory |= r == E_NOMEM;
		if (r != E_NOMEM)
			conf_load_error(l, remedy, "%s", err.text);
		return r;
	}
	l->file = name;
	l->current = NULL;
	l->no_memory |= conf_reader_parse(bytes, n, &events, l) != OK;
	free(bytes);
	return OK;
}

/* A pattern relative to the folder of the main file, as an absolute or likewise relative path. */
static const char *beside_main(struct conf_load *l, const char *pattern)
{
	const char *slash = strrchr(l->s->file, '/');
	if (*pattern == '/' || !slash)
		return pattern;
	const char *path = region_printf(l->region, "%.*s%s", (int)(slash + 1 - l->s->file),
					 l->s->file, pattern);
	l->no_memory |= !path;
	return path ? path : pattern;
}

static void load_found(struct conf_load *l, const glob_t *found)
{
	struct conf_section *gateway = conf_load_find(l, CONF_KIND_GATEWAY, NULL);
	for (size_t i = 0; i < found->gl_pathc; i++) {
		conf_load_place(l, gateway, "include");
		if (l->file_count > CONF_FILES_MAX) {
			conf_load_error(l, NULL, "include: more than %u files", CONF_FILES_MAX);
			return;
		}
		load_file(l, found->gl_pathv[i]);
	}
}

/* Included files cannot include: a second [gateway] is a fault, and there is a first one or no include. */
static void load_includes(struct conf_load *l)
{
	struct conf_section *gateway = conf_load_find(l, CONF_KIND_GATEWAY, NULL);
	size_t count = l->s->gateway.includes.count;
	for (size_t i = 0; i < count; i++) {
		const char *item = l->s->gateway.includes.items[i], *pattern = beside_main(l, item);
		char shown[68];
		glob_t found;
		int status = l->world->expand(pattern, GLOB_NOCHECK | GLOB_BRACE, &found);
		conf_load_place(l, gateway, "include");
		if (status != 0) {
			conf_load_error(l, NULL, "include: %s cannot be looked up",
					conf_fault_shown(item, shown));
			continue;
		}
		bool nothing = found.gl_pathc == 1 && strcmp(found.gl_pathv[0], pattern) == 0 &&
			       strpbrk(pattern, "*?[{");
		if (!nothing)
			load_found(l, &found);
		globfree(&found);
	}
}

enum result conf_load_files(struct conf_load *l)
{
	static const enum conf_kind_id alone[] = {CONF_KIND_GATEWAY, CONF_KIND_LOG, CONF_KIND_QUEUE,
						  CONF_KIND_NOTIFY};
	for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
		if (!conf_load_section(l, &conf_kinds[alone[i]], NULL, true))
			return E_NOMEM;
	l->file = NULL;
	l->line = 0;
	enum result r = load_file(l, l->s->file);
	if (r == OK)
		load_includes(l);
	return l->no_memory ? E_NOMEM : r;
}
