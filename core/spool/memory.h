/* The memory twin's versions of messages, shared by its two files: see memory.c. */
#ifndef SMTPGATE_SPOOL_MEMORY_H
#define SMTPGATE_SPOOL_MEMORY_H

#include "spool/engine.h"

/* One version of a message; strings and arrays in its region. */
struct version {
	struct region *region;
	uint64_t transaction; /* that made it; 0: purged by the open one */
	struct version *old;  /* what it replaced, while that transaction is open */
	struct engine_head head;
	struct spool_message
		*source; /* envelope, hash, and content while it has a body: a reference */
	bool body;
	struct spool_rcpt *rcpts;
	struct spool_attempt *attempts;
	size_t attempt_count, attempt_cap;
};

struct memory {
	struct engine base;
	struct engine_ops ops;
	struct version **at; /* at[number - 1]; NULL: purged */
	size_t count, cap;
	uint64_t transaction;
	size_t *touched; /* places changed by the open transaction */
	size_t touched_count, touched_cap;
	struct chain_link *links; /* links[seq - 1], also those that were cut off */
	size_t link_count, link_cap;
};

static inline struct memory *memory_of(struct engine *e)
{
	return (struct memory *)e;
}

/* NULL: there is none. */
struct version *version_find(struct memory *e, uint64_t number);
/* The version to change, a copy of what the last transaction left; NULL: none, or memory is short
 * (*r). */
struct version *version_change(struct memory *e, uint64_t number, enum result *r);
/* Puts a new message at the end. E_NOMEM. */
enum result version_append(struct memory *e, struct spool_message *source, struct version **v);
/* Copies n recipients, or one attempt, into the version's region. false: memory is short. */
bool version_copy_rcpts(struct version *v, const struct spool_rcpt *from, size_t n);
bool version_push_attempt(struct version *v, const struct spool_attempt *a);
/* Lets go of the content and keeps the rest. false: memory is short. */
bool version_strip(struct version *v);

/* The functions on rows, memory_rows.c. */
void memory_rows_ops(struct engine_ops *ops);

#endif
