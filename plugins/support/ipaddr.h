/*
 * IP addresses with ports as the modules over kernel sockets read and print them: "192.0.2.1:25",
 * "[2001:db8::1]:25", "[fe80::1%eth0]:25", "*:25" (every address of the host, IPv6 and IPv4).
 * An IPv4 address in IPv6 clothes (::ffff:192.0.2.1) is read and printed as the IPv4 address that
 * it is.
 */
#ifndef SMTPGATE_SUPPORT_IPADDR_H
#define SMTPGATE_SUPPORT_IPADDR_H

#include "support/prefix.h"
#include "smtpgate/transport.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#define ipaddr_parse SUPPORT(ipaddr_parse)
#define ipaddr_parse_host SUPPORT(ipaddr_parse_host)
#define ipaddr_format SUPPORT(ipaddr_format)
#define ipaddr_format_host SUPPORT(ipaddr_format_host)
#define ipaddr_from SUPPORT(ipaddr_from)
#define ipaddr_port SUPPORT(ipaddr_port)
#define ipaddr_set_port SUPPORT(ipaddr_set_port)
#define ipaddr_len SUPPORT(ipaddr_len)
#define ipaddr_equal SUPPORT(ipaddr_equal)
#define ipaddr_map SUPPORT(ipaddr_map)
#define ipaddr_name_servers SUPPORT(ipaddr_name_servers)

struct ipaddr {
	union {
		struct sockaddr sa; /* sa_family: AF_INET or AF_INET6 */
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} u;
	bool any; /* "*": u is [::], to be bound for both families */
};

/* default_port 0: the port must stand in text. SGT_BAD_ADDRESS with a sentence for what is no
 * address. */
enum sgt_result ipaddr_parse(const char *text, unsigned default_port, struct ipaddr *out,
			     struct sgt_error *error);
/* An address without port, with or without brackets; the port of out is 0. */
enum sgt_result ipaddr_parse_host(const char *text, struct ipaddr *out, struct sgt_error *error);
/* Both return out. */
const char *ipaddr_format(const struct ipaddr *a, char out[SGT_ADDRESS_MAX]);
const char *ipaddr_format_host(const struct ipaddr *a, char out[SGT_ADDRESS_MAX]);
/* From what the kernel gave; false when it is no IP address. */
bool ipaddr_from(struct ipaddr *a, const struct sockaddr *sa);
unsigned ipaddr_port(const struct ipaddr *a);
void ipaddr_set_port(struct ipaddr *a, unsigned port);
socklen_t ipaddr_len(const struct ipaddr *a);
/* Same address and port; "*" equals "*" alone. */
bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b);
/* An IPv4 address as IPv6 one, for use with a socket of both families. */
void ipaddr_map(struct ipaddr *a);
/* Are the values of the key name_server addresses? SGT_BAD_SETTING names the one that is none. */
enum sgt_result ipaddr_name_servers(const struct sgt_value *v, struct sgt_error *error);

#endif
