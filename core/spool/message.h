/* Messages in memory, as the spool makes them: see struct spool_message for who may read what. */
#ifndef SMTPGATE_SPOOL_MESSAGE_H
#define SMTPGATE_SPOOL_MESSAGE_H

#include "spool/spool.h"

#define BODY_NAME_MAX 24 /* "b" and 16 hex digits, and NUL */

/* What is behind every struct spool_message. */
struct message {
	struct spool_message m;   /* first: one is cast to the other */
	char *content;            /* owned; m.data when the body is inline */
	size_t charged;           /* bytes of the budget */
	char file[BODY_NAME_MAX]; /* name in SPOOL/body, "" when the body is inline */
};

/* An empty message with one reference and a region, or NULL. */
struct message *message_new(void);
static inline struct message *message_of(struct spool_message *m)
{
	return (struct message *)m;
}
/* Copies the envelope and makes its recipients waiting (due at next_at), or held for the reason
 * `hold`. E_NOMEM. */
enum result message_address(struct message *m, const struct mail_envelope *envelope,
			    const char *hold, int64_t next_at);
/* Is this session's name that of a maildrop file? Those are taken once only (spool_maildrop_taken
 * in spool.h). */
bool spool_maildrop_named(const char *session);
/* Takes from the budget what it holds in memory, once it is whole; the last unref gives that back. */
void message_charge(struct message *m);
void message_number(struct message *m, uint64_t number);

#endif
