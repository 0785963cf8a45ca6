/*
 * The chain of the history: what one link says, and its hash. Pure but for the hash context that it
 * owns; book.c makes links, verify.c checks them.
 *
 *	hash of link n = SHA-256(hash of link n-1, kind, message, what the rows say)
 *
 *   TAKEN      a message was accepted: envelope, size, hash of its content
 *   ATTEMPT    one attempt at one recipient, with the peer's words and the hash of what was sent
 *   ENDED      no recipient waits any more: what became of each. Again when a late answer changes it
 *   FORGOTTEN  it was kept long enough, its rows are gone
 *
 * Before the first link stands a hash of zeros. Whoever can write to the database can make a whole
 * new chain; so the newest hash, which `history verify` prints, belongs on paper or on another
 * machine.
 */
#ifndef SMTPGATE_SPOOL_CHAIN_H
#define SMTPGATE_SPOOL_CHAIN_H

#include "spool/spool.h"

#include <openssl/evp.h>

#define CHAIN_HASH 32 /* bytes */

enum chain_kind { CHAIN_TAKEN = 1, CHAIN_ATTEMPT, CHAIN_ENDED, CHAIN_FORGOTTEN };

struct chain_link {
	uint64_t seq, number; /* of the link, from 1 without gaps; of the message */
	enum chain_kind kind;
	size_t rcpt;  /* of an attempt: whose, */
	unsigned nth; /* and the how manieth of that recipient, from 1 */
	unsigned char hash[CHAIN_HASH];
};

/* Where the chain stands; stored with the counts of each commit. */
struct chain_state {
	uint64_t last, base; /* seq of the newest link; of the last one that was cut off, 0: none */
	unsigned char head[CHAIN_HASH], base_hash[CHAIN_HASH]; /* theirs */
};

struct chain {
	EVP_MD *sha256;
	EVP_MD_CTX *ctx;
};
/* E_UNSUPPORTED, E_NOMEM; then there is nothing to close. */
enum result chain_open(struct chain *c, struct err *err);
void chain_close(struct chain *c);

/* Each fills out with the hash of the link that follows the hash `before`. E_NOMEM. */

/* m or an entry: the envelope with its recipients, number, size and hash of the content. */
enum result chain_taken(struct chain *c, const unsigned char *before, uint64_t number,
			const struct mail_envelope *v, uint64_t size, const char *hash,
			unsigned char *out);
/* a->nth counts. */
enum result chain_attempt(struct chain *c, const unsigned char *before, uint64_t number,
			  const struct spool_attempt *a, unsigned char *out);
enum result chain_ended(struct chain *c, const unsigned char *before, const struct spool_entry *e,
			unsigned char *out);
enum result chain_forgotten(struct chain *c, const unsigned char *before, uint64_t number,
			    unsigned char *out);

/* 64 hex digits and NUL; and back: false unless it is 64 hex digits. */
void chain_hex(const unsigned char *hash, char out[2 * CHAIN_HASH + 1]);
bool chain_unhex(const char *text, unsigned char *hash);

#endif
