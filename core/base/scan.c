/* Content by words of eight bytes: see scan.h. Owns nothing, cannot fail. */
#include "base/scan.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define HIGHS EACH(0x80) /* the top bit of each byte */

/* Eight bytes, the first one lowest. */
static uint64_t word_at(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return le64toh(w);
}

/* The top bit of each byte of w that is 0. No carry leaves its byte: the sums stay below 256. */
static uint64_t zeros(uint64_t w)
{
	return ~((w & ~HIGHS) + ~HIGHS) & ~w & HIGHS;
}

static void scan_byte(struct scan *s, char c)
{
	s->bare |= s->cr != (c == '\n');
	s->cr = c == '\r';
	s->nul |= c == '\0';
	s->high |= (c & 0x80) != 0;
}

void scan_content(struct scan *s, const char *bytes, size_t n)
{
	uint64_t odd = 0, nul = 0, high = 0,
		 cr = s->cr ? 0x80 : 0; /* of the byte before: in front of the next word */
	size_t i = 0;
	for (; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
		uint64_t w = word_at(bytes + i);
		uint64_t crs = zeros(w ^ EACH('\r'));
		odd |= (crs << 8 | cr) ^
		       zeros(w ^ EACH('\n')); /* each LF has a CR before it, and the reverse */
		cr = crs >> 56;
		nul |= zeros(w);
		high |= w;
	}
	s->cr = cr != 0;
	s->bare |= odd != 0;
	s->nul |= nul != 0;
	s->high |= (high & HIGHS) != 0;
	for (; i < n; i++)
		scan_byte(s, bytes[i]);
}

size_t scan_ascii(const char *bytes, size_t n)
{
	size_t i = 0;
	while (n - i >= sizeof(uint64_t) && !(word_at(bytes + i) & HIGHS))
		i += sizeof(uint64_t);
	while (i < n && !(bytes[i] & 0x80))
		i++;
	return i;
}
