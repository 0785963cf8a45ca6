/* Ini values to numbers: see value.h. Pure; owns nothing. */
#include "base/value.h"
#include "base/text.h"

#include <stddef.h>
#include <string.h>

enum result value_bool(const char *text, bool *out)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{"yes", true}, {"true", true},   {"on", true},   {"1", true},
		{"no", false}, {"false", false}, {"off", false}, {"0", false},
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (text_same(text, words[i].word)) {
			*out = words[i].value;
			return OK;
		}
	}
	return E_SYNTAX;
}

/* Digits at *text, moving it behind them. E_SYNTAX when there is none. Stops at the first other
 * character. */
static enum result digits(const char **text, uint64_t *out)
{
	const char *p = *text;
	uint64_t n = 0;
	bool fits = true;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');
		if (n > (UINT64_MAX - digit) / 10)
			fits = false;
		else
			n = n * 10 + digit;
	}
	if (p == *text)
		return E_SYNTAX;
	*text = p;
	*out = n;
	return fits ? OK : E_RANGE;
}

enum result value_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	uint64_t n;
	enum result r = digits(&text, &n);
	if (*text)
		return E_SYNTAX;
	if (r != OK)
		return r;
	if (n > (uint64_t)INT64_MAX)
		return E_RANGE;
	int64_t value = negative ? -(int64_t)n : (int64_t)n;
	if ((min || max) && (value < min || value > max))
		return E_RANGE;
	*out = value;
	return OK;
}

struct unit {
	const char *word;
	int64_t factor;
};

/* Digits and then one of the units; the unit with the word "" stands for a bare number. */
static enum result with_unit(const char *text, const struct unit *units, size_t count, int64_t *out,
			     const struct unit **unit)
{
	uint64_t n;
	enum result r = digits(&text, &n);
	if (r == E_SYNTAX)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(text, units[i].word) != 0)
			continue;
		if (r != OK || n > (uint64_t)(INT64_MAX / units[i].factor))
			return E_RANGE;
		*out = (int64_t)n * units[i].factor;
		*unit = &units[i];
		return OK;
	}
	return E_SYNTAX;
}

enum result value_time(const char *text, int64_t *ms, bool *bare)
{
	static const struct unit units[] = {{"", 1000},   {"ms", 1},      {"s", 1000},
					    {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	const struct unit *unit;
	int64_t value;
	enum result r = with_unit(text, units, sizeof units / sizeof *units, &value, &unit);
	if (r != OK)
		return r;
	*ms = value;
	if (bare)
		*bare = unit == &units[0] && value != 0;
	return OK;
}

enum result value_size(const char *text, int64_t *bytes)
{
	static const struct unit units[] = {{"", 1},        {"K", 1 << 10}, {"k", 1 << 10},
					    {"M", 1 << 20}, {"m", 1 << 20}, {"G", 1 << 30},
					    {"g", 1 << 30}};
	const struct unit *unit;
	return with_unit(text, units, sizeof units / sizeof *units, bytes, &unit);
}
