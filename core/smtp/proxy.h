/*
 * The PROXY header, versions 1 and 2 (HAProxy's proxy-protocol.txt, sections 2.1 and 2.2): what a
 * proxy says at the beginning of a connection of whom it speaks for. Bytes in, an address out.
 *
 *	START --'P'--> LINE --CR LF--> DONE                    version 1, a line
 *	START --CR--> HEAD --> ADDRESS --> TLV --> DONE        version 2
 *	any --byte that is out of place--> FAILED
 *
 * Owns nothing. Keeps no more than the longest line: what is not needed of version 2 is skipped as
 * it comes (65551 bytes at most).
 */
#ifndef SMTPGATE_SMTP_PROXY_H
#define SMTPGATE_SMTP_PROXY_H

#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>

#define SMTP_PROXY_LINE 107 /* bytes of the longest line of version 1, with its CR LF */

enum smtp_proxy_state {
	SMTP_PROXY_START,
	SMTP_PROXY_IN_LINE,
	SMTP_PROXY_IN_HEAD,
	SMTP_PROXY_IN_ADDRESS,
	SMTP_PROXY_IN_TLV,
	SMTP_PROXY_DONE,
	SMTP_PROXY_FAILED
};

struct smtp_proxy {
	enum smtp_proxy_state state; /* the first at the beginning */
	/* when DONE: */
	bool known; /* false: it speaks for itself, or of no IP address (LOCAL, UNKNOWN) */
	struct net_ip client; /* if known */
	/* when FAILED: */
	const char *why;
	/* its own */
	char held[SMTP_PROXY_LINE + 1];
	unsigned have; /* bytes of held */
	unsigned left; /* bytes of version 2 that are still to come */
	unsigned skip, tlv,
		size; /* of them to skip; bytes of a field's head that came, and its length */
};

/* How many bytes belonged to the header: all, unless it is DONE or FAILED now. */
size_t smtp_proxy_feed(struct smtp_proxy *p, const char *bytes, size_t n);

/* The beginning of a connection that should bring no header. Zero at first. */
struct smtp_proxy_look {
	unsigned char matched;
	bool binary, over;
};

/* True, once, when the connection began as a header does: "PROXY ", or the signature of version 2. */
bool smtp_proxy_claimed(struct smtp_proxy_look *look, const char *bytes, size_t n);

#endif
