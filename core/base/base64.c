/* Base64: see base64.h. Strict on reading, for two spellings of one thing are one too many in a login. */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum result base64_encode(struct buf *out, const void *bytes, size_t n)
{
	const unsigned char *s = bytes;
	size_t need = (n + 2) / 3 * 4;
	if (out->max && need > out->max - out->len)
		return E_LIMIT;
	char *to = buf_reserve(out, need);
	if (!to)
		return E_NOMEM;
	for (size_t i = 0; i < n; i += 3) {
		uint32_t bits = (uint32_t)s[i] << 16 | (i + 1 < n ? (uint32_t)s[i + 1] << 8 : 0u) |
				(i + 2 < n ? s[i + 2] : 0u);
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
		*to++ = i + 2 < n ? digits[bits & 63] : '=';
	}
	buf_grew(out, need);
	return OK;
}

static int value_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Four characters, the last `pad` of them '='. Returns the bits, or -1. */
static int32_t four_of(const char *text, unsigned pad)
{
	int32_t bits = 0;
	for (unsigned i = 0; i < 4; i++) {
		int v = i < 4 - pad ? value_of(text[i]) : text[i] == '=' ? 0 : -1;
		if (v < 0)
			return -1;
		bits = bits << 6 | v;
	}
	return bits & ((1 << 8 * pad) - 1) ? -1 : bits;
}

enum result base64_decode(struct buf *out, const char *text, size_t n)
{
	unsigned pad = n && text[n - 1] == '=' ? text[n - 2 + (n < 2)] == '=' ? 2u : 1u : 0u;
	if (n % 4)
		return E_SYNTAX;
	size_t need = n / 4 * 3 - pad, left = need;
	if (out->max && need > out->max - out->len)
		return E_LIMIT;
	char *to = buf_reserve(out, need);
	if (!to)
		return E_NOMEM;
	for (size_t i = 0; i < n; i += 4) {
		int32_t bits = four_of(text + i, i + 4 == n ? pad : 0);
		if (bits < 0)
			return E_SYNTAX;
		for (int shift = 16; left && shift >= 0; shift -= 8, left--)
			*to++ = (char)(bits >> shift);
	}
	buf_grew(out, need);
	return OK;
}
