/* Small ASCII text helpers. Protocol text is ASCII: none of these asks the locale. */
#ifndef SMTPGATE_BASE_TEXT_H
#define SMTPGATE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

char text_lower(char c);
/* Lower-cases ASCII letters in place; returns s. */
char *text_lower_all(char *s);
/* Equal without regard to the case of ASCII letters. */
bool text_same(const char *a, const char *b);
bool text_same_n(const char *a, size_t an, const char *b);
bool text_starts(const char *s, const char *prefix);
/* Case-insensitive suffix test. */
bool text_ends(const char *s, const char *suffix);
/* First and last non-blank cut out in place; returns the new start. */
char *text_trim(char *s);
/* Copies at most n-1 bytes and a NUL; returns false when it was cut. */
bool text_copy(char *to, size_t n, const char *from);
/* Edit distance of two words: letters added, dropped, changed or two neighbours exchanged; case ignored, at most 40
 * characters each are looked at. */
unsigned text_distance(const char *a, const char *b);
/* The nearest of `words` (NULL-terminated) to `word`, or NULL when none is near enough to be meant. */
const char *text_nearest(const char *word, const char *const *words);
/* Length of the UTF-8 character at s: 1..4, or 0 when the bytes there are none (RFC 3629), or at the end. */
size_t text_utf8(const char *s);
/* The same in n bytes, which need no NUL behind them. */
size_t text_utf8_n(const char *s, size_t n);
/* Are all n bytes ASCII? */
bool text_is_ascii(const char *s, size_t n);
/* The code point of the character at s, where text_utf8 is not 0. */
unsigned text_code(const char *s);
/* FNV-1a, for hash tables (no protection against chosen keys) and hashed addresses in logs. */
uint64_t text_hash(const void *bytes, size_t n, uint64_t seed);
/* "90 s", "5 min", "4 h", "5 d", the largest unit that is exact or above 2; n >= 24. */
const char *text_duration(int64_t ms, char *out, size_t n);
/* RFC 3339 UTC with seconds, "2026-11-23T10:00:00Z"; n >= 32. */
const char *text_time(int64_t wall_ms, char *out, size_t n);

#endif
