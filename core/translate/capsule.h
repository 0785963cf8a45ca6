/*
 * Encapsulation (Q87039, Q136116): a native message whole, as the attachment of a mail between two gateways, so that nothing of it is lost
 * on the way. The inside was never published; ours is a mail with two attachments beside the readable text:
 *
 *	XXENC.TO      smtpgate encapsulation 1 / charset cp437 / to user@domain, once for each recipient
 *	MESSAGE.API   the message in MMFF as the postoffice gave it, to the byte
 */
#ifndef SMTPGATE_TRANSLATE_CAPSULE_H
#define SMTPGATE_TRANSLATE_CAPSULE_H

#include "base/buf.h"
#include "translate/neutral.h"

#define CAPSULE_LIST "XXENC.TO"
#define CAPSULE_MESSAGE "MESSAGE.API"
#define CAPSULE_LIST_MAX (8u << 20) /* bytes of XXENC.TO */
/* Extended fields of messages that the translator makes of a capsule: the charset of what is inside; it is to be taken out (smtpput -j). */
#define CAPSULE_FIELD_CHARSET "XXCHARSET"
#define CAPSULE_FIELD_SEALED "XXSEALED"

/* The envelope's listener of mail that the gateway has found to be one: no section has such a name, and no user's file keeps it. */
#define CAPSULE_LISTENER "XXENC@"

struct capsule {
	const char *charset;         /* of the texts inside, a name that charset_find knows */
	struct neutral_addresses to; /* whom it is for, type SMTP */
	struct content message;      /* MESSAGE.API */
	struct neutral inner;        /* the same, read */
};

/* XXENC.TO of these recipients. E_NOMEM; E_LIMIT: they are too many. */
enum result capsule_list(const char *charset, const char *const *recipients, size_t count,
			 struct buf *out);
/*
 * Wraps: *outer becomes n with the two attachments in place of its own. `list` is what capsule_list gave, `message` the bytes of n in MMFF; both must
 * live as long as outer. E_NOMEM.
 */
enum result capsule_wrap(const struct neutral *n, const struct buf *list,
			 const struct content *message, struct neutral *outer);
/*
 * Finds the two in a mail that was read, one of each, and reads them: a list as above, and one whole message with a recipient that names no
 * files of its own. Strings are in the mail's region. E_NOTFOUND: it is none that is well formed; E_NOMEM, E_IO.
 */
enum result capsule_open(const struct neutral *mail, struct capsule *c);

#endif
