/*
 * What of a message goes to a server: our Received line, then the header, by which the route may write it on to its account, then the
 * rest as the spool has it. Owns the beginning that is not in the spool, and a running hash of what was read.
 */
#ifndef SMTPGATE_GATEWAY_OUTGOING_H
#define SMTPGATE_GATEWAY_OUTGOING_H

#include "base/buf.h"
#include "spool/digest.h"
#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct outgoing {
	const struct spool_message *message; /* not owned */
	const char *from; /* that of outgoing_want, NULL: From stayed as it was */
	struct buf head;  /* stands for the first `skip` bytes of the message */
	uint64_t skip;
	uint64_t offset;       /* next byte of all */
	struct digest *digest; /* NULL: memory was short, it goes without */
	bool all_read;
	bool utf8; /* the sender said SMTPUTF8, and the header needs it */
};

struct outgoing_want {
	const struct spool_message *message;
	const char *hostname, *origin; /* ours */
	const char *recipient;         /* named in Received; NULL: there are several */
	const char *from; /* From becomes this address, Reply-To keeps the old; NULL: it stays */
};

/* OK, E_NOMEM, or that of the spool; outgoing_free after either. A header above 64 KiB stays as it is, and the log says so. */
enum result outgoing_make(struct outgoing *c, const struct outgoing_want *want);
/* Bytes in all. */
uint64_t outgoing_size(const struct outgoing *c);
/* From the beginning again, for another server. */
void outgoing_restart(struct outgoing *c);
/* The next bytes, 0 at the end, below 0 when the spool fails; ctx is the outgoing. As smtp_transaction.read. */
ssize_t outgoing_read(void *ctx, char *to, size_t n);
/* The hash of all, once; false: not all was read, or there is none. */
bool outgoing_hash(struct outgoing *c, char hash[DIGEST_HEX]);
void outgoing_free(struct outgoing *c);

#endif
