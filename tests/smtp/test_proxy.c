/* smtp/proxy: both versions at every split point, what is out of place, and what only looks like it. */
#include "smtp/proxy.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BEHIND "EHLO me\r\n" /* what is the client's */
#define V4 "\300\0\2\7\300\0\2\1\x9c\x40\0\x19"
#define V6 "\x20\1\r\n\0\0\0\0\0\0\0\0\0\0\0\7\x20\1\r\n\0\0\0\0\0\0\0\0\0\0\0\1\x9c\x40\0\x19"
#define MAPPED \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\300\0\2\7\0\0\0\0\0\0\0\0\0\0\xff\xff\300\0\2\1\0\1\0\2"

struct row {
	const char *bytes;
	size_t n;
	const char
		*want; /* the client, "" for unknown; of a fault some of its words, from '!' on */
};
#define ROW(bytes, want)                      \
	{                                     \
		bytes, sizeof bytes - 1, want \
	}

static const struct row whole[] = {
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r\n", "192.0.2.7"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 0 65535\r\n", "192.0.2.7"),
	ROW("PROXY TCP6 2001:db8::7 ::1 40000 25\r\n", "2001:db8::7"),
	ROW("PROXY TCP6 ::ffff:192.0.2.7 ::1 40000 25\r\n", "192.0.2.7"),
	ROW("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
	ROW("PROXY UNKNOWN\r\n", ""),
	ROW("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
	    ""), /* the longest: 107 */
	ROW(SIGNATURE "\x21\x11\0\x0c" V4, "192.0.2.7"),
	ROW(SIGNATURE "\x21\x21\0\x24" V6, "2001:d0a::7"),
	ROW(SIGNATURE "\x21\x21\0\x24" MAPPED, "192.0.2.7"),
	ROW(SIGNATURE "\x21\x11\0\x17" V4 "\3\0\4abcd\4\0\1x", "192.0.2.7"),
	ROW(SIGNATURE "\x21\x11\0\x0f" V4 "\4\0\0", "192.0.2.7"),
	ROW(SIGNATURE "\x20\0\0\0", ""),
	ROW(SIGNATURE "\x20\x11\0\x0c" V4, ""), /* LOCAL: the address does not count */
	ROW(SIGNATURE "\x20\xff\0\5rubbi", ""),
	ROW(SIGNATURE "\x21\0\0\0", ""),
	ROW(SIGNATURE "\x21\0\0\4\1\2\3\4", ""),
};

static const struct row faulty[] = {
	ROW("EHLO me\r\n", "!other bytes"),
	ROW("\x16\x03\x01", "!other bytes"),
	ROW("PROXX ", "!other bytes"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\n", "!control character"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r ", "!control character"),
	ROW("PROXY TCP4 192.0.2.7\0", "!control character"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 40000\r\n", "!a port"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 40000 25 \r\n", "!more words"),
	ROW("PROXY TCP4  192.0.2.7 192.0.2.1 40000 25\r\n", "!more words"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 40000 65536\r\n", "!a port"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 040000 25\r\n", "!a port"),
	ROW("PROXY TCP4 192.0.2.7 192.0.2.1 +4 25\r\n", "!a port"),
	ROW("PROXY TCP4 192.0.2.256 192.0.2.1 4 25\r\n", "!an address"),
	ROW("PROXY TCP4 [192.0.2.7] 192.0.2.1 4 25\r\n", "!an address"),
	ROW("PROXY TCP4 192.0.2.7 ::1 4 25\r\n", "!an address"),
	ROW("PROXY TCP6 192.0.2.7 ::1 4 25\r\n", "!an address"),
	ROW("PROXY TCP4\r\n", "!an address"),
	ROW("PROXY UDP4 192.0.2.7 192.0.2.1 4 25\r\n", "!none of"),
	ROW("PROXY \r\n", "!none of"),
	ROW("PROXY UNKNOWN fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "fffffffffffffffffffffffffffffff\r",
	    "!107 bytes"),
	ROW("\r\n\r\n\0\r\nQUIT\r", "!other bytes"),
	ROW(SIGNATURE "\x11\x11\0\x0c", "!version"),
	ROW(SIGNATURE "\x22\x11\0\x0c", "!neither LOCAL"),
	ROW(SIGNATURE "\x21\x12\0\x0c", "!family"),
	ROW(SIGNATURE "\x21\x11\0\x0b", "!too short"),
	ROW(SIGNATURE "\x21\x21\0\x23", "!too short"),
	ROW(SIGNATURE "\x21\x31\0\xd7", "!too short"),
	ROW(SIGNATURE "\x21\x11\0\x10" V4 "\3\0\2x", "!a field"),
	ROW(SIGNATURE "\x21\x11\0\x0e" V4 "\3\0", "!a field"),
};

static void judge(const struct smtp_proxy *p, const struct row *row)
{
	char ip[64] = "";
	if (*row->want == '!') {
		ck_assert_msg(p->state == SMTP_PROXY_FAILED, "%s", row->bytes);
		ck_assert_msg(strstr(p->why, row->want + 1) != NULL, "%s: %s", row->bytes, p->why);
		return;
	}
	ck_assert_msg(p->state == SMTP_PROXY_DONE, "%s: %s", row->bytes, p->why ? p->why : "more");
	if (p->known)
		net_ip_format(&p->client, ip, sizeof ip);
	ck_assert_str_eq(ip, row->want);
}

/* Copies of their own size, so that a read beyond the end is seen. */
static size_t feed(struct smtp_proxy *p, const char *bytes, size_t n)
{
	char *copy = malloc(n + 1);
	memcpy(copy, bytes, n);
	size_t used = smtp_proxy_feed(p, copy, n);
	free(copy);
	return used;
}

static void split_everywhere(const struct row *row)
{
	char all[512];
	size_t n = row->n + sizeof BEHIND - 1;
	memcpy(all, row->bytes, row->n);
	memcpy(all + row->n, BEHIND, sizeof BEHIND - 1);
	for (size_t at = 0; at <= n; at++) {
		struct smtp_proxy p = {0};
		size_t used = feed(&p, all, at);
		if (used == at)
			used += feed(&p, all + at, n - at);
		judge(&p, row);
		if (*row->want != '!')
			ck_assert_msg(used == row->n, "%s: %zu", row->bytes, used);
	}
	for (size_t at = 0; *row->want != '!' && at < row->n; at++) {
		struct smtp_proxy p = {0};
		ck_assert_uint_eq(feed(&p, all, at), at);
		ck_assert(p.state < SMTP_PROXY_DONE); /* not before its last byte */
	}
}

START_TEST(headers)
{
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		split_everywhere(&whole[i]);
}
END_TEST

START_TEST(faults)
{
	for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++)
		split_everywhere(&faulty[i]);
}
END_TEST

/* Names of UNIX sockets are skipped, and fields behind them; the largest length is read to its end. */
START_TEST(long_ones)
{
	static char unix_names[16 + 216 + 7] = SIGNATURE "\x21\x31\0\xdf";
	static char large[16 + 65535] = SIGNATURE "\x21\x11\xff\xff" V4 "\3\xff\xf0";
	struct smtp_proxy p = {0}, q = {0};
	memcpy(unix_names + 16 + 216, "\1\0\4smtp", 7);
	ck_assert_uint_eq(smtp_proxy_feed(&p, unix_names, sizeof unix_names), sizeof unix_names);
	ck_assert(p.state == SMTP_PROXY_DONE && !p.known);
	ck_assert_uint_eq(smtp_proxy_feed(&q, large, sizeof large - 1), sizeof large - 1);
	ck_assert(q.state == SMTP_PROXY_IN_TLV);
	ck_assert_uint_eq(smtp_proxy_feed(&q, "xy", 2), 1);
	ck_assert(q.state == SMTP_PROXY_DONE && q.known);
}
END_TEST

static bool claims(const char *bytes, size_t n, size_t split)
{
	struct smtp_proxy_look look = {0};
	bool first = smtp_proxy_claimed(&look, bytes, split);
	bool second = smtp_proxy_claimed(&look, bytes + split, n - split);
	ck_assert(!first || !second);
	return first || second;
}

START_TEST(claimed)
{
	static const struct row no[] = {ROW("PROX", ""),
					ROW("proxy TCP4", ""),
					ROW("EHLO PROXY ", ""),
					ROW("\r\nPROXY ", ""),
					ROW("\r\n\r\n\0\r\nQUIT\r\n", ""),
					ROW("NOOP\r\nPROXY UNKNOWN\r\n", "")};
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
		for (size_t at = 0; at <= whole[i].n; at++)
			ck_assert(claims(whole[i].bytes, whole[i].n, at));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		for (size_t at = 0; at <= no[i].n; at++)
			ck_assert(!claims(no[i].bytes, no[i].n, at));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/proxy");
	SUITE_CASE(s, "headers", headers, faults, long_ones);
	SUITE_CASE(s, "claims", claimed);
	return s;
}
SUITE_MAIN(suite)
