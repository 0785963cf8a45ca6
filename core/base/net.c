/* Addresses and networks: see net.h. Pure text work. */
#include "base/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

enum result net_ip_parse(const char *text, struct net_ip *ip)
{
	char copy[64];
	size_t n = strlen(text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (!n || n >= sizeof copy)
		return E_SYNTAX;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (inet_pton(AF_INET, copy, ip->bytes + 12) == 1) {
		memcpy(ip->bytes, mapped, sizeof mapped);
		return OK;
	}
	return inet_pton(AF_INET6, copy, ip->bytes) == 1 ? OK : E_SYNTAX;
}

bool net_ip_is_v4(const struct net_ip *ip)
{
	return memcmp(ip->bytes, mapped, sizeof mapped) == 0;
}

bool net_ip_is_loopback(const struct net_ip *ip)
{
	static const unsigned char v6[16] = {[15] = 1};
	return net_ip_is_v4(ip) ? ip->bytes[12] == 127 : memcmp(ip->bytes, v6, 16) == 0;
}

bool net_ip_is_any(const struct net_ip *ip)
{
	static const unsigned char zero[16];
	return net_ip_is_v4(ip) ? memcmp(ip->bytes + 12, zero, 4) == 0
				: memcmp(ip->bytes, zero, 16) == 0;
}

bool net_ip_equal(const struct net_ip *a, const struct net_ip *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

const char *net_ip_format(const struct net_ip *ip, char *out, size_t n)
{
	const char *text = net_ip_is_v4(ip) ? inet_ntop(AF_INET, ip->bytes + 12, out, (socklen_t)n)
					    : inet_ntop(AF_INET6, ip->bytes, out, (socklen_t)n);
	if (!text && n)
		out[0] = '\0';
	return out;
}

/* Is any bit after the first `bits` set? */
static bool host_bits(const struct net_ip *ip, unsigned bits)
{
	for (unsigned i = bits; i < 128; i++)
		if (ip->bytes[i / 8] & (0x80 >> (i % 8)))
			return true;
	return false;
}

enum result net_block_parse(const char *text, struct net_block *b, struct err *err)
{
	if (strcmp(text, "all") == 0) {
		memset(b, 0, sizeof *b);
		return OK;
	}
	char host[64];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	if (n >= sizeof host)
		return err_set(err, E_SYNTAX, "\"%s\" is not a network", text);
	memcpy(host, text, n);
	host[n] = '\0';
	if (net_ip_parse(host, &b->ip) != OK)
		return err_set(err, E_SYNTAX,
			       "\"%s\" is not an IP address or network (A.B.C.D/N, X::/N, all)",
			       text);
	unsigned width = net_ip_is_v4(&b->ip) && !strchr(host, ':') ? 32 : 128;
	b->bits = 128;
	b->v6 = !net_ip_is_v4(&b->ip);
	if (!slash)
		return OK;
	char *end;
	unsigned long bits = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end || bits > width)
		return err_set(err, E_RANGE, "\"%s\": the prefix length is a number from 0 to %u",
			       text, width);
	b->bits = 128 - width + (unsigned)bits;
	if (host_bits(&b->ip, b->bits))
		return err_set(err, E_RANGE, "\"%s\" has bits set behind its prefix of %lu", text,
			       bits);
	return OK;
}

bool net_block_has(const struct net_block *b, const struct net_ip *ip)
{
	unsigned whole = b->bits / 8, rest = b->bits % 8;
	if (b->v6 && net_ip_is_v4(ip))
		return false;
	if (memcmp(b->ip.bytes, ip->bytes, whole) != 0)
		return false;
	unsigned mask = 0xffu << (8 - rest) & 0xffu;
	return !rest || ((b->ip.bytes[whole] ^ ip->bytes[whole]) & mask) == 0;
}

enum result net_hostport(const char *text, char *host, size_t n, unsigned *port, bool port_optional)
{
	const char *colon = NULL, *host_end;
	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		if (!close || (close[1] != ':' && close[1] != '\0'))
			return E_SYNTAX;
		text++;
		host_end = close;
		colon = close[1] ? close + 1 : NULL;
	} else {
		colon = strchr(text, ':');
		if (colon && strchr(colon + 1, ':')) /* a bare IPv6 address */
			colon = NULL;
		host_end = colon ? colon : text + strlen(text);
	}
	size_t len = (size_t)(host_end - text);
	if (!len || len >= n)
		return E_SYNTAX;
	memcpy(host, text, len);
	host[len] = '\0';
	*port = 0;
	if (!colon)
		return port_optional ? OK : E_SYNTAX;
	char *end;
	unsigned long p = strtoul(colon + 1, &end, 10);
	if (colon[1] < '0' || colon[1] > '9' || *end || !p || p > 65535)
		return E_RANGE;
	*port = (unsigned)p;
	return OK;
}

bool net_is_file(const char *text)
{
	return strncmp(text, "unix:/", 6) == 0;
}
