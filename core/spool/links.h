/* The links that the book adds to the history's chain, in the open transaction. Each fails as the
 * engine does, and for memory. */
#ifndef SMTPGATE_SPOOL_LINKS_H
#define SMTPGATE_SPOOL_LINKS_H

#include "spool/book.h"

enum result links_taken(struct book *b, uint64_t number, const struct mail_envelope *v,
			uint64_t size, const char *hash, struct err *err);
enum result links_attempt(struct book *b, uint64_t number, const struct spool_attempt *a,
			  struct err *err);
/* Reads what became of each recipient. */
enum result links_ended(struct book *b, uint64_t number, struct err *err);

/* The attempt of an entry that the link is of, or NULL. */
const struct spool_attempt *links_find_attempt(const struct spool_entry *e,
					       const struct chain_link *l);

#endif
