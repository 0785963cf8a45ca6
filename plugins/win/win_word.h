/* Words of 16 bits in frames, and the checksum of the Internet (RFC 1071). */
#ifndef SMTPGATE_WIN_WORD_H
#define SMTPGATE_WIN_WORD_H

#include <stddef.h>
#include <stdint.h>

static inline unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The one's complement sum of n bytes and s, to be folded. */
static inline uint32_t sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (; n > 1; n -= 2, p += 2)
		s += get16(p);
	return n ? s + ((uint32_t)*p << 8) : s;
}

/* In 16 bits; the checksum is its complement. */
static inline unsigned fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

#endif
