/* Printing what is in force, and comparing two snapshots: see settings.h. Owns nothing. */
#include "conf/table.h"
#include "base/text.h"

#include <string.h>

/* Must a value stand in quotes to be read as it is? */
static bool needs_quotes(const char *value, size_t n)
{
	if (!n || *value == '"' || *value == ';' || *value == ' ' || value[n - 1] == ' ' ||
	    *value == '\t' || value[n - 1] == '\t')
		return true;
	for (size_t i = 1; i < n; i++)
		if (value[i] == ';' && (value[i - 1] == ' ' || value[i - 1] == '\t'))
			return true;
	return false;
}

static void put_value(struct conf_out *out, const char *value, size_t n)
{
	bool quotes = needs_quotes(value, n);
	if (!quotes) {
		conf_out_append(out, value, n);
		return;
	}
	conf_out_puts(out, "\"");
	for (size_t i = 0; i < n; i++) {
		if (value[i] == '"' || value[i] == '\\')
			conf_out_puts(out, "\\");
		conf_out_append(out, value + i, 1);
	}
	conf_out_puts(out, "\"");
}

/* One line: `key = value ; origin`. shy: as a comment, which is not read again. */
static void put_line(struct conf_out *out, bool shy, const char *key, const char *value, size_t n,
		     const struct conf_origin *o)
{
	conf_out_printf(out, "%s%s = ", shy ? ";" : "", key);
	put_value(out, value, n);
	if (o->file)
		conf_out_printf(out, " ; %s:%u\n", o->file, o->line);
	else
		conf_out_printf(out, " ; %s\n", o->words ? o->words : "not set");
}

/* Every line of a value that was formatted, as a line of its own. */
static void put_lines(struct conf_out *out, const struct conf_key *k, const char *lines,
		      const struct conf_origin *o)
{
	bool none =
		k->words && strcmp(lines, k->words[0]) == 0; /* that there is no secret is none */
	bool secret = k->flags & KEY_SECRET && !none;
	for (const char *at = lines; at;) {
		const char *end = strchr(at, '\n');
		size_t n = end ? (size_t)(end - at) : strlen(at);
		if (secret)
			put_line(out, true, k->name, "***", 3, o);
		else
			put_line(out, k->flags & KEY_MERGED, k->name, at, n, o);
		at = end ? end + 1 : NULL;
	}
}

static void put_key(struct conf_out *out, const struct conf_section *sec, const struct conf_key *k,
		    bool changed_only)
{
	const struct conf_origin *o = &sec->origins[k - sec->kind->keys];
	struct conf_out lines;
	conf_out_init(&lines);
	conf_key_format(k, sec->at, &lines);
	const char *text = conf_out_string(&lines);
	bool standard = !o->file || (text && o->standard && strcmp(text, o->standard) == 0);
	if (!text)
		out->result = lines.result == OK ? E_NOMEM : lines.result;
	else if (*text && (!changed_only || !standard))
		put_lines(out, k, text, o);
	conf_out_free(&lines);
}

static void put_pairs(struct conf_out *out, const struct conf_vendor *v)
{
	for (size_t i = 0; i < v->pair_count; i++) {
		const struct conf_pair *p = &v->pairs[i];
		const struct conf_origin o = {.file = p->file, .line = p->line};
		const char *value = p->secret ? "***" : p->value;
		put_line(out, p->secret, p->key, value, strlen(value), &o);
	}
}

static void put_section(struct conf_out *out, const struct conf_section *sec, bool changed_only,
			const struct settings_more *more)
{
	if (out->text.len)
		conf_out_puts(out, "\n");
	conf_out_printf(out, "[%s%s%s]\n", sec->kind->word, sec->name ? " " : "",
			sec->name ? sec->name : "");
	for (const struct conf_key *k = sec->kind->keys; k->name; k++)
		put_key(out, sec, k, changed_only);
	if (!sec->kind->open)
		return;
	put_pairs(out, sec->at);
	if (more && !changed_only && out->result == OK)
		out->result = more->keys(more->ctx, sec->at, &out->text);
}

/* Is it the section that was asked for: "listen lan", "listen" (all of them), NULL (all)? */
static bool wanted(const struct conf_section *sec, const char *asked)
{
	size_t n = strlen(sec->kind->word);
	if (!asked)
		return true;
	if (strncmp(asked, sec->kind->word, n) != 0)
		return false;
	return !asked[n] || (asked[n] == ' ' && sec->name && text_same(sec->name, asked + n + 1));
}

enum result settings_print(const struct settings *s, const char *section, bool changed_only,
			   const struct settings_more *more, struct buf *out)
{
	struct conf_out text;
	bool found = !section;
	conf_out_init(&text);
	for (size_t i = 0; i < CONF_KINDS; i++) {
		for (const struct conf_section *sec = s->sections; sec; sec = sec->next) {
			if (sec->kind->id != conf_kinds[i].id || !wanted(sec, section))
				continue;
			found = true;
			if (sec->file || !changed_only)
				put_section(&text, sec, changed_only, more);
		}
	}
	enum result r = found ? text.result : E_NOTFOUND;
	if (r == OK)
		r = buf_append(out, buf_head(&text.text), text.text.len);
	conf_out_free(&text);
	return r;
}

/* ---- comparing ---- */

static const struct conf_section *counterpart(const struct settings *s,
					      const struct conf_section *of)
{
	for (const struct conf_section *sec = s->sections; sec; sec = sec->next)
		if (sec->kind == of->kind && (!sec->name || text_same(sec->name, of->name)))
			return sec;
	return NULL;
}

/* poor: set when memory was short for the comparison; they count as alike then. */
static bool same_key(const struct conf_key *k, const void *a, const void *b, bool *poor)
{
	struct conf_out x, y;
	conf_out_init(&x);
	conf_out_init(&y);
	conf_key_format(k, a, &x);
	conf_key_format(k, b, &y);
	const char *left = conf_out_string(&x), *right = conf_out_string(&y);
	bool same = !left || !right || strcmp(left, right) == 0;
	*poor = *poor || !left || !right;
	conf_out_free(&x);
	conf_out_free(&y);
	return same;
}

/* The first of the plugin's keys that differs, or NULL. */
static const char *other_pair(const struct conf_vendor *a, const struct conf_vendor *b)
{
	size_t most = a->pair_count > b->pair_count ? a->pair_count : b->pair_count;
	for (size_t i = 0; i < most; i++) {
		if (i >= a->pair_count)
			return b->pairs[i].key;
		if (i >= b->pair_count || strcmp(a->pairs[i].key, b->pairs[i].key) != 0 ||
		    strcmp(a->pairs[i].value, b->pairs[i].value) != 0)
			return a->pairs[i].key;
	}
	return NULL;
}

/* The first key of two alike sections that differs and is not taken by a reload, or NULL. */
static const char *fixed_key(const struct conf_section *a, const struct conf_section *b, bool *poor)
{
	for (const struct conf_key *k = a->kind->keys; k->name; k++)
		if (!(k->flags & KEY_RELOAD) && !same_key(k, a->at, b->at, poor))
			return k->name;
	return a->kind->open ? other_pair(a->at, b->at) : NULL;
}

static const char *full_key(struct region *region, const struct conf_section *sec, const char *key)
{
	const char *text =
		region_printf(region, "%s%s%s%s%s", sec->kind->word, sec->name ? " " : "",
			      sec->name ? sec->name : "", key ? ": " : "", key ? key : "");
	return text ? text : sec->kind->word;
}

static const char *first_fixed(const struct settings *from, const struct settings *to,
			       struct region *region, bool *poor)
{
	for (const struct conf_section *a = from->sections; a; a = a->next) {
		const struct conf_section *b = counterpart(to, a);
		const char *key = b ? fixed_key(a, b, poor) : NULL;
		if (key || (!b && !a->kind->reload))
			return full_key(region, a, key);
	}
	for (const struct conf_section *b = to->sections; b; b = b->next)
		if (!b->kind->reload && !counterpart(from, b))
			return full_key(region, b, NULL);
	return NULL;
}

enum result settings_needs_restart(const struct settings *from, const struct settings *to,
				   struct region *region, const char **key)
{
	bool poor = false;
	*key = first_fixed(from, to, region, &poor);
	return poor ? E_NOMEM : OK;
}
