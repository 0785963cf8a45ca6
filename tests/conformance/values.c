/* Settings as the core would give them to create: defaults of the module's table, and what the bed sets. */
#include "conformance/rig.h"

#include <stdlib.h>
#include <string.h>

static size_t key_count(const struct sgt_key *keys)
{
	size_t n = 0;
	while (keys && keys[n].name)
		n++;
	return n;
}

/* A number with one of the units; -1: none. */
static int64_t with_unit(const char *text, const char *const *units, const int64_t *factors)
{
	char *end;
	long long n = strtoll(text, &end, 0);
	for (size_t i = 0; units[i]; i++)
		if (strcmp(end, units[i]) == 0)
			return n * factors[i];
	return -1;
}

static int64_t word_index(const char *const *words, const char *text)
{
	for (int64_t i = 0; words && words[i]; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static int64_t number_of(const struct sgt_key *key, const char *text)
{
	static const char *const sizes[] = {"", "K", "M", "G", NULL};
	static const int64_t size_factors[] = {1, 1 << 10, 1 << 20, 1 << 30};
	static const char *const times[] = {"ms", "s", "m", "h", "d", NULL};
	static const int64_t time_factors[] = {1, 1000, 60000, 3600000, 86400000};
	static const char *const none[] = {"", NULL};
	switch (key->type) {
	case SGT_INT:
		return with_unit(text, none, size_factors);
	case SGT_SIZE:
		return with_unit(text, sizes, size_factors);
	case SGT_TIME:
		return with_unit(text, times, time_factors);
	case SGT_BOOL:
		return strcmp(text, "yes") == 0 ? 1 : strcmp(text, "no") == 0 ? 0 : -1;
	case SGT_ENUM:
		return word_index(key->words, text);
	default:
		return 0;
	}
}

/* The texts of a key: one, or the members of a list. One block holds pointers and bytes. */
static bool split(const struct sgt_key *key, const char *text, struct sgt_value *v)
{
	size_t room = strlen(text) / 2 + 1, n = 0;
	char **texts = calloc(1, room * sizeof *texts + strlen(text) + 1);
	if (!texts)
		return false;
	char *copy = strcpy((char *)(texts + room), text), *save;
	if (!(key->flags & SGT_KEY_MANY))
		texts[n++] = copy;
	else
		for (char *one = strtok_r(copy, ", ", &save); one;
		     one = strtok_r(NULL, ", ", &save))
			texts[n++] = one;
	v->texts = (const char *const *)texts;
	v->count = n;
	v->number = n ? number_of(key, texts[0]) : 0;
	return v->number >= 0;
}

static const char *text_for(const struct sgt_key *key, const struct conformance_setting *settings)
{
	for (; settings && settings->name; settings++)
		if (strcmp(settings->name, key->name) == 0)
			return settings->text;
	return key->standard;
}

static bool known(const struct sgt_key *keys, const struct conformance_setting *settings,
		  char why[CONFORMANCE_TEXT_MAX])
{
	for (; settings && settings->name; settings++) {
		size_t i = 0, n = key_count(keys);
		while (i < n && strcmp(keys[i].name, settings->name) != 0)
			i++;
		if (i == n) {
			snprintf(why, CONFORMANCE_TEXT_MAX, "the module has no setting \"%s\"",
				 settings->name);
			return false;
		}
	}
	return true;
}

struct sgt_value *values_make(const struct sgt_key *keys,
			      const struct conformance_setting *settings,
			      char why[CONFORMANCE_TEXT_MAX])
{
	size_t n = key_count(keys);
	if (!known(keys, settings, why))
		return NULL;
	struct sgt_value *values = calloc(n + 1, sizeof *values);
	for (size_t i = 0; values && i < n; i++) {
		const char *text = text_for(&keys[i], settings);
		if (!text || split(&keys[i], text, &values[i]))
			continue;
		snprintf(why, CONFORMANCE_TEXT_MAX, "%s = %s: faulty", keys[i].name, text);
		values_free(keys, values);
		return NULL;
	}
	return values;
}

void values_free(const struct sgt_key *keys, struct sgt_value *values)
{
	size_t n = key_count(keys);
	for (size_t i = 0; i < n; i++) {
		const void *texts = values[i].texts;
		free((void *)(uintptr_t)texts);
	}
	free(values);
}
