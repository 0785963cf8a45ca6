/* IP addresses and networks as text and as bits; lists of networks as keys of type `net` give them. */
#ifndef SMTPGATE_BASE_NET_H
#define SMTPGATE_BASE_NET_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

/* An IPv4 address is kept as its v4-mapped IPv6 form, so one compare serves both. */
struct net_ip {
	unsigned char bytes[16];
};
struct net_block {
	struct net_ip ip;
	unsigned bits; /* 0..128 over the mapped form */
	bool v6;       /* written as IPv6: has no IPv4 address, however short the prefix */
};

/* "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "[192.0.2.1]", "::ffff:192.0.2.1"; E_SYNTAX for anything else (names too). */
enum result net_ip_parse(const char *text, struct net_ip *ip);
bool net_ip_is_v4(const struct net_ip *ip);
bool net_ip_is_loopback(const struct net_ip *ip);
/* 0.0.0.0 or :: */
bool net_ip_is_any(const struct net_ip *ip);
bool net_ip_equal(const struct net_ip *a, const struct net_ip *b);
/* Writes text without brackets; n >= 46. Returns out. */
const char *net_ip_format(const struct net_ip *ip, char *out, size_t n);
/* "192.0.2.0/24", "2001:db8::/32", a bare address, "all" (both families; "::/0" is IPv6 alone, "0.0.0.0/0" IPv4).
 * Host bits that are set are E_RANGE. */
enum result net_block_parse(const char *text, struct net_block *b, struct err *err);
bool net_block_has(const struct net_block *b, const struct net_ip *ip);
/* Splits "host:port", "[v6]:port", "*:port"; a missing port is 0 when `port_optional`. host: at least n bytes. */
enum result net_hostport(const char *text, char *host, size_t n, unsigned *port,
			 bool port_optional);
/* Is it a socket of this machine that has a file for an address, "unix:/path"? */
bool net_is_file(const char *text);

#endif
