/*
 * Native recipients of other postoffices, who get a message whole: encapsulated (translate/capsule.h), in a mail to XXENC at their domains.
 */
#ifndef SMTPGATE_DELIVER_SEALED_H
#define SMTPGATE_DELIVER_SEALED_H

#include "deliver/native.h"

/* Parts the recipients of n: into `whole` those who are native and of whose addresses `fits` says so, into `plain` the others. Both are n
 * otherwise. E_NOMEM. */
enum result sealed_part(const struct native *x, bool (*fits)(void *ctx, const char *address),
			const struct neutral *n, struct neutral *plain, struct neutral *whole);
/*
 * Appends the mail that holds n, whose bytes in MMFF are `message`, for the recipients of e, to out. Then e's recipients are XXENC at each of
 * their domains. Fails as native_write.
 */
enum result sealed_write(const struct native *x, const struct neutral *n,
			 const struct content *message, struct mail_envelope *e, struct buf *out,
			 struct err *err);

#endif
