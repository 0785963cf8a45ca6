/*
 * What a postoffice's get program has handed out: a message file in MMFF (doc/microsoft-mail.md), turned into mail for the
 * gateway's maildrop. Each message is in the maildrop, synced, before it leaves the file.
 */
#ifndef SMTPGATE_DELIVER_MAILBAG_H
#define SMTPGATE_DELIVER_MAILBAG_H

#include "base/clock.h"
#include "base/file.h"
#include "base/region.h"
#include "translate/table.h"

#include <stdbool.h>
#include <stdint.h>

struct mailbag {
	const struct file_ops *files;
	const struct clock *clock;
	const char *file;     /* the message file */
	const char *spool;    /* whose maildrop gets the mail */
	const char *office;   /* NETWORK/POSTOFFICE: names the postoffice as the mail's origin */
	const char *charset;  /* of the messages' texts, as charset_find of translate calls it */
	const char *hostname; /* of Message-ID, and of Postmaster */
	uint64_t max_size;    /* bytes of a mail */
	const struct table *table; /* SMTPOUT.TBL of the postoffice; NULL: none */
	bool uuencode;             /* attachments as the original sent them, not by MIME */
	bool no_receipts;          /* none is asked for */
	/* As of struct native (native.h). */
	enum result (*address)(void *ctx, const char *native, struct region *region,
			       const char **out);
	/* Does a native message for this address leave encapsulated (translate/capsule.h)? NULL: none does. */
	bool (*whole)(void *ctx, const char *address);
	/* Told of each message: who sent it to how many, or, with a reason, that it was set aside. */
	void (*tell)(void *ctx, const char *from, size_t recipients, const char *reason);
	void *ctx;
};

/*
 * Takes all messages of the file. What is broken, has a recipient that cannot be written as an address, or is larger than
 * max_size goes (with those recipients) to FILE.bad with the reason in FILE.bad.txt. OK: the file is gone, or was not there;
 * E_BUSY: another program has it; else what failed for now: the rest stays in the file.
 */
enum result mailbag_take(const struct mailbag *b, struct err *err);

#endif
