/* scan: the same as byte by byte, whatever the bytes, their place in a block and where the content is cut. */
#include "base/scan.h"
#include "support/suite.h"

#include <stdint.h>
#include <string.h>

#define MOST 80

static uint32_t seed = 1;

static unsigned below(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static struct scan slowly(const char *bytes, size_t n)
{
	struct scan s = {0};
	for (size_t i = 0; i < n; i++) {
		s.bare |= s.cr != (bytes[i] == '\n');
		s.cr = bytes[i] == '\r';
		s.nul |= !bytes[i];
		s.high |= (unsigned char)bytes[i] > 127;
	}
	return s;
}

static void same(const char *bytes, size_t n, size_t cut)
{
	struct scan want = slowly(bytes, n), got = {0};
	scan_content(&got, bytes, cut);
	scan_content(&got, bytes + cut, n - cut);
	ck_assert_int_eq(got.cr, want.cr);
	ck_assert_int_eq(got.bare, want.bare);
	ck_assert_int_eq(got.nul, want.nul);
	ck_assert_int_eq(got.high, want.high);
}

/* One byte of each value at each place among others, and lines of all lengths. */
START_TEST(each_byte_at_each_place)
{
	char bytes[MOST];
	for (unsigned c = 0; c < 256; c++)
		for (size_t at = 0; at < 36; at++) {
			memset(bytes, 'a', sizeof bytes);
			bytes[at] = (char)c;
			same(bytes, 36, at);
			ck_assert_uint_eq(scan_ascii(bytes, 36), c < 128 ? 36 : at);
		}
	for (size_t n = 2; n < MOST; n++) {
		memset(bytes, 'a', sizeof bytes);
		memcpy(bytes + n - 2, "\r\n", 2);
		for (size_t cut = 0; cut <= n; cut++)
			same(bytes, n, cut);
	}
}
END_TEST

START_TEST(any_bytes)
{
	static const char some[] = "\r\n\r\n\r\na\0\x80\xff\x0c\x0e\x8d\x8a\x01\x7f";
	char bytes[MOST];
	for (int round = 0; round < 200000; round++) {
		size_t n = below(MOST), kinds = 2 + below(sizeof some - 2);
		for (size_t i = 0; i < n; i++)
			bytes[i] = some[below((unsigned)kinds)];
		same(bytes, n, below((unsigned)n + 1));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/scan");
	SUITE_CASE(s, "scan", each_byte_at_each_place);
	SUITE_CASE(s, "any", any_bytes);
	return s;
}
SUITE_MAIN(suite)
