/* A client of core/smtp with one recipient and a large message of line ends, fed and read by hand. */
#ifndef SMTPGATE_TESTS_LARGE_H
#define SMTPGATE_TESTS_LARGE_H

#include "smtp/client.h"

struct large {
	struct smtp_client *c;
	struct smtp_transaction t;
	struct smtp_reply reply;
	const char *to;
	size_t left;     /* bytes of it that were not read yet */
	bool odd;        /* its first byte is no line end */
	size_t fails_at; /* with fewer left, it cannot be read; 0: it can */
	bool done;       /* the transaction */
};

/* Greets, sends the envelope, and feeds the answers to it; what went out before the content is taken away. offer: the
 * lines of EHLO's answer behind the first; config may be NULL. */
void large_begin(struct large *l, const struct smtp_client_config *config, const char *offer,
		 const char *answers);
void large_answer(struct large *l, const char *reply);

#endif
