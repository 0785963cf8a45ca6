/* Types of choices: bool, words, rates, and what a route does. See table.h. */
#include "conf/load.h"
#include "conf/number.h"
#include "base/text.h"
#include "base/value.h"

#include <string.h>

static void read_bool(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	char shown[68];
	if (value_bool(text, (bool *)((char *)section + k->offset)) != OK)
		conf_load_error(l, NULL, "%s: \"%s\" is neither yes nor no", k->name,
				conf_fault_shown(text, shown));
}

static bool format_bool(const struct conf_key *k, const void *section, size_t i,
			struct conf_out *out)
{
	if (!i)
		conf_out_puts(out,
			      *(const bool *)((const char *)section + k->offset) ? "yes" : "no");
	return !i;
}

/* Index of text in the key's words, or -1 with the fault. */
static int find_word(struct conf_load *l, const struct conf_key *k, const char *text)
{
	char all[128] = "", shown[68];
	for (int i = 0; k->words[i]; i++) {
		if (text_same(k->words[i], text))
			return i;
		strncat(all, i ? ", " : "", sizeof all - strlen(all) - 1);
		strncat(all, k->words[i], sizeof all - strlen(all) - 1);
	}
	conf_load_error(l, conf_fault_meant(&l->faults, text, k->words), "%s: \"%s\" is none of %s",
			k->name, conf_fault_shown(text, shown), all);
	return -1;
}

static void read_word(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	int i = find_word(l, k, text);
	if (i >= 0)
		memcpy((char *)section + k->offset, &i, sizeof i);
}

static bool format_word(const struct conf_key *k, const void *section, size_t i,
			struct conf_out *out)
{
	int index;
	memcpy(&index, (const char *)section + k->offset, sizeof index);
	if (!i)
		conf_out_puts(out, k->words[index]);
	return !i;
}

static void read_switch(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	int i = find_word(l, k, text);
	if (i >= 0)
		*(bool *)((char *)section + k->offset) = i == 1;
}

static bool format_switch(const struct conf_key *k, const void *section, size_t i,
			  struct conf_out *out)
{
	if (!i)
		conf_out_puts(out, k->words[*(const bool *)((const char *)section + k->offset)]);
	return !i;
}

/* "60/1m" or unlimited. */
static void read_rate(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_rate rate = {0, 0};
	char shown[68], *slash = strchr(text, '/');
	int64_t count, ms;
	bool bare = false;
	conf_fault_shown(text, shown);
	if (text_same(text, k->words[0])) {
		memcpy((char *)section + k->offset, &rate, sizeof rate);
		return;
	}
	if (slash)
		*slash++ = '\0';
	if (!slash || value_int(text_trim(text), 1, 1000000000, &count) != OK ||
	    value_time(text_trim(slash), &ms, &bare) != OK || ms < 1000 || ms > 86400000) {
		conf_load_error(
			l, "it is written 60/1m: messages and a time from 1s to 1d, or unlimited",
			"%s: \"%s\" is not a rate", k->name, shown);
		return;
	}
	if (bare)
		conf_load_warn(l, "write the unit: s, m, h or d", "%s: %s is taken as seconds",
			       k->name, shown);
	rate.count = (unsigned)count;
	rate.ms = ms;
	memcpy((char *)section + k->offset, &rate, sizeof rate);
}

static bool format_rate(const struct conf_key *k, const void *section, size_t i,
			struct conf_out *out)
{
	struct conf_rate rate;
	memcpy(&rate, (const char *)section + k->offset, sizeof rate);
	if (i)
		return false;
	if (!rate.count) {
		conf_out_puts(out, k->words[0]);
		return true;
	}
	conf_out_printf(out, "%u/", rate.count);
	conf_time_format(rate.ms, out);
	return true;
}

/* A list of words, or none. */
static void read_set(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	unsigned set = 0;
	char *at = (char *)section + k->offset;
	if (!l->fresh)
		memcpy(&set, at, sizeof set);
	if (text_same(text, "none"))
		text = NULL;
	for (char *item; (item = conf_list_next(&text));) {
		int i = find_word(l, k, item);
		set |= i >= 0 ? 1u << i : 0;
	}
	memcpy(at, &set, sizeof set);
}

static bool format_set(const struct conf_key *k, const void *section, size_t i,
		       struct conf_out *out)
{
	unsigned set;
	memcpy(&set, (const char *)section + k->offset, sizeof set);
	if (i)
		return false;
	if (!set)
		conf_out_puts(out, "none");
	for (unsigned n = 0, put = 0; k->words[n]; n++)
		if (set & 1u << n)
			conf_out_printf(out, "%s%s", put++ ? ", " : "", k->words[n]);
	return true;
}

#define PROMPT_MAX 40 /* bytes */

static bool is_prompt(const char *text)
{
	size_t n = 0;
	for (; text[n]; n++)
		if (text[n] < ' ' || text[n] > '~')
			return false;
	return n && n <= PROMPT_MAX;
}

/* "User Name, Password" or standard. */
static void read_prompts(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	const char **user = (const char **)(void *)((char *)section + k->offset);
	const char **password = (const char **)(void *)((char *)section + k->also);
	char shown[68], *comma = strchr(text, ',');
	conf_fault_shown(text, shown);
	if (text_same(text, k->words[0])) {
		*user = *password = NULL;
		return;
	}
	if (comma)
		*comma++ = '\0';
	if (!comma || !is_prompt(text_trim(text)) || !is_prompt(text_trim(comma))) {
		conf_load_error(l, "it is written: User Name, Password (ASCII, each at most 40)",
				"%s: \"%s\" is not two prompts", k->name, shown);
		return;
	}
	*user = conf_load_strdup(l, text_trim(text));
	*password = conf_load_strdup(l, text_trim(comma));
}

static bool format_prompts(const struct conf_key *k, const void *section, size_t i,
			   struct conf_out *out)
{
	const char *user = *(const char *const *)(const void *)((const char *)section + k->offset);
	const char *password =
		*(const char *const *)(const void *)((const char *)section + k->also);
	if (i)
		return false;
	if (user && password)
		conf_out_printf(out, "%s, %s", user, password);
	else
		conf_out_puts(out, k->words[0]);
	return true;
}

static const char *const deeds[] = {"send", "hold", "discard", "reject", "lmtp", NULL};

/* May it be said in an SMTP reply? */
static bool sayable(const char *text)
{
	size_t n = 0;
	for (; text[n]; n++)
		if (text[n] < ' ' || text[n] > '~')
			return false;
	return n && n <= 200;
}

static void read_do(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	char shown[68];
	const char **reject = (const char **)(void *)((char *)section + k->also);
	size_t word = strcspn(text, " \t");
	const char *rest = text + word + strspn(text + word, " \t");
	for (unsigned i = 0; deeds[i]; i++) {
		if (!text_same_n(text, word, deeds[i]))
			continue;
		if (i == CONF_REJECT && !sayable(rest))
			conf_load_error(
				l,
				"it is written: do = reject TEXT (ASCII, at most 200 characters)",
				"%s: reject has no text that a server may say", k->name);
		else if (i != CONF_REJECT && *rest)
			conf_load_error(l, NULL, "%s: text stands behind %s", k->name, deeds[i]);
		memcpy((char *)section + k->offset, &i, sizeof i);
		*reject = i == CONF_REJECT ? conf_load_strdup(l, rest) : NULL;
		return;
	}
	text[word] = '\0';
	conf_load_error(l, conf_fault_meant(&l->faults, text, deeds),
			"%s: \"%s\" is none of send, lmtp, hold, discard, reject TEXT", k->name,
			conf_fault_shown(text, shown));
}

static bool format_do(const struct conf_key *k, const void *section, size_t i, struct conf_out *out)
{
	unsigned what;
	memcpy(&what, (const char *)section + k->offset, sizeof what);
	if (i)
		return false;
	conf_out_puts(out, deeds[what]);
	if (what == CONF_REJECT)
		conf_out_printf(out, " %s",
				*(const char *const *)((const char *)section + k->also));
	return true;
}

const struct conf_type conf_type_bool = {"bool", read_bool, format_bool};
const struct conf_type conf_type_word = {"word", read_word, format_word};
const struct conf_type conf_type_switch = {"word", read_switch, format_switch};
const struct conf_type conf_type_set = {"word list", read_set, format_set};
const struct conf_type conf_type_prompts = {"two prompts", read_prompts, format_prompts};
const struct conf_type conf_type_rate = {"rate", read_rate, format_rate};
const struct conf_type conf_type_do = {"send|lmtp|hold|discard|reject TEXT", read_do, format_do};
