/* ASCII text helpers: see text.h. */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

char text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

char *text_lower_all(char *s)
{
	for (char *p = s; *p; p++)
		*p = text_lower(*p);
	return s;
}

bool text_same(const char *a, const char *b)
{
	for (; text_lower(*a) == text_lower(*b); a++, b++)
		if (!*a)
			return true;
	return false;
}

bool text_same_n(const char *a, size_t an, const char *b)
{
	for (size_t i = 0; i < an; i++)
		if (!b[i] || text_lower(a[i]) != text_lower(b[i]))
			return false;
	return b[an] == '\0';
}

bool text_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && text_same(s + n - m, suffix);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *text_trim(char *s)
{
	while (blank(*s))
		s++;
	size_t n = strlen(s);
	while (n && blank(s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

bool text_copy(char *to, size_t n, const char *from)
{
	size_t len = strlen(from);
	if (!n)
		return false;
	bool fits = len < n;
	if (!fits)
		len = n - 1;
	memcpy(to, from, len);
	to[len] = '\0';
	return fits;
}

#define WORD_MAX 40

static bool same_letter(char a, char b)
{
	return text_lower(a) == text_lower(b);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned text_distance(const char *a, const char *b)
{
	size_t n = strnlen(a, WORD_MAX), m = strnlen(b, WORD_MAX);
	unsigned rows[3][WORD_MAX + 1]; /* row i stands at i % 3 */
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3], *before = rows[(i - 1) % 3],
			 *before2 = rows[(i + 1) % 3];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned cost = before[j - 1] + !same_letter(a[i - 1], b[j - 1]);
			cost = least(cost, least(before[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				cost = least(cost, before2[j - 2] + 1);
			row[j] = cost;
		}
	}
	return rows[n % 3][m];
}

const char *text_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	unsigned near = ((unsigned)strnlen(word, WORD_MAX) + 1) /
			3; /* one slip in two letters, two in five */
	for (; *words; words++) {
		unsigned d = text_distance(word, *words);
		if (best ? d < near : d <= near) {
			near = d;
			best = *words;
		}
	}
	return best;
}

size_t text_utf8(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	if (u[0] < 0x80)
		return u[0] != 0;
	size_t n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xf0 && u[1] < 0x90);
	bool surrogate = u[0] == 0xed && u[1] > 0x9f, beyond = u[0] == 0xf4 && u[1] > 0x8f;
	return overlong || surrogate || beyond ? 0 : n;
}

size_t text_utf8_n(const char *s, size_t n)
{
	char whole[5] = "";
	memcpy(whole, s, n < 4 ? n : 4);
	return text_utf8(whole);
}

bool text_is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] & 0x80)
			return false;
	return true;
}

unsigned text_code(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = text_utf8(s);
	unsigned code = n > 1 ? u[0] & (0x7fu >> n) : u[0];
	for (size_t i = 1; i < n; i++)
		code = code << 6 | (u[i] & 0x3f);
	return code;
}

uint64_t text_hash(const void *bytes, size_t n, uint64_t seed)
{
	uint64_t h = 0xcbf29ce484222325u ^ seed;
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
	return h;
}

const char *text_duration(int64_t ms, char *out, size_t n)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
	if (ms < 0 && ms > INT64_MIN && n > 1) { /* the clock was set back */
		out[0] = '-';
		text_duration(-ms, out + 1, n - 1);
		return out;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (ms >= units[i].ms && (ms % units[i].ms == 0 || ms > 2 * units[i].ms)) {
			snprintf(out, n, "%lld %s", (long long)(ms / units[i].ms), units[i].unit);
			return out;
		}
	}
	if (ms >= 1000)
		snprintf(out, n, "%lld s", (long long)(ms / 1000));
	else
		snprintf(out, n, "%lld ms", (long long)ms);
	return out;
}

const char *text_time(int64_t wall_ms, char *out, size_t n)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	if (!gmtime_r(&t, &tm) || !strftime(out, n, "%Y-%m-%dT%H:%M:%SZ", &tm))
		text_copy(out, n, "-");
	return out;
}
