/*
 * A message of Microsoft Mail that was read (translate/neutral.h) on its way to become mail: who gets it from whom, and its text as
 * MIME. Shared by mailbags and pickup folders.
 */
#ifndef SMTPGATE_DELIVER_NATIVE_H
#define SMTPGATE_DELIVER_NATIVE_H

#include "base/clock.h"
#include "mail/envelope.h"
#include "translate/neutral.h"
#include "translate/sink.h"
#include "translate/table.h"

struct native {
	const struct clock *clock;
	const char *charset;  /* of the messages' texts, as charset_find of translate calls it */
	const char *hostname; /* of Message-ID, and of Postmaster */
	uint64_t max_size;    /* bytes of a mail; 0: no bound */
	const struct table *table; /* SMTPOUT.TBL of the postoffice; NULL: none */
	bool uuencode;             /* attachments as the original sent them, not by MIME */
	bool no_receipts;          /* none is asked for */
	/* A native address (NETWORK/POSTOFFICE/MAILBOX, or MAILBOX alone) as local@domain in the region. OK; E_NOTFOUND: it has
	 * none; E_NOMEM. */
	enum result (*address)(void *ctx, const char *native, struct region *region,
			       const char **out);
	void *ctx;
};

/*
 * Makes the envelope: reverse-path (null for a Postmaster: errors never loop [Q98067]), priority and recipients. Who has no
 * address goes into `refused`, whose lists were emptied. E_NOMEM.
 */
enum result native_envelope(const struct native *x, const struct neutral *n,
			    struct mail_envelope *e, struct neutral *refused, struct err *err);
/* Writes it as mail. E_LIMIT: it is larger than max_size; E_NOMEM; what reading its content or writing gave. */
enum result native_write(const struct native *x, const struct neutral *n, struct sink *to,
			 struct err *err);
/* Does it name a text or an attachment in a file of its own (XTEXT, XATTACH)? From others that is not taken: it could be any file. */
bool native_names_files(const struct neutral *n);

#endif
