/* Drafts: a message's content while it arrives, hashed as it comes. Becomes a struct message. */
#ifndef SMTPGATE_SPOOL_DRAFT_H
#define SMTPGATE_SPOOL_DRAFT_H

#include "spool/body.h"

#include <openssl/evp.h>

/* What drafts share: where files go, and the hash, fetched once. */
struct draft_kit {
	struct bodies *bodies;
	EVP_MD *sha256;
};
enum result draft_kit_open(struct draft_kit *k, struct bodies *b, struct err *err);
void draft_kit_close(struct draft_kit *k);

enum result draft_new(const struct draft_kit *k, struct spool_draft **d, struct err *err);
/* Turns it into a message with content, size and hash (draft gone, whatever the result). E_NOMEM,
 * E_IO, or what a write answered before. */
enum result draft_finish(struct spool_draft **d, struct message **m, struct err *err);

#endif
