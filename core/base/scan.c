/* Content by blocks of sixteen bytes: see scan.h. Owns nothing, cannot fail. */
#include "base/scan.h"

#include <stdint.h>
#include <string.h>

#define HIGHS (UINT64_C(0x0101010101010101) * 0x80) /* the top bit of each byte */

/* What the processor compares at once; where it has nothing like it, the compiler makes loops. */
typedef unsigned char block __attribute__((vector_size(16)));

static block block_at(const char *p)
{
	block b;
	memcpy(&b, p, sizeof b);
	return b;
}

static bool any(block b)
{
	uint64_t halves[2];
	memcpy(halves, &b, sizeof halves);
	return (halves[0] | halves[1]) != 0;
}

static uint64_t word_at(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return w;
}

static void scan_byte(struct scan *s, char c)
{
	s->bare |= s->cr != (c == '\n');
	s->cr = c == '\r';
	s->nul |= c == '\0';
	s->high |= (c & 0x80) != 0;
}

/* Each LF has a CR before it, and the reverse: a block is compared with the one that begins a byte before it. */
void scan_content(struct scan *s, const char *bytes, size_t n)
{
	block odd = {0}, nul = {0}, high = {0};
	size_t i = 0;
	if (n)
		scan_byte(s, bytes[i++]);
	for (; n - i >= sizeof(block); i += sizeof(block)) {
		block b = block_at(bytes + i);
		odd |= (block)((block_at(bytes + i - 1) == '\r') ^ (b == '\n'));
		nul |= (block)(b == 0);
		high |= b;
	}
	s->bare |= any(odd);
	s->nul |= any(nul);
	s->high |= any(high & 0x80);
	if (n)
		s->cr = bytes[i - 1] == '\r';
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
