/*
 * Native recipients of other postoffices, who get a message whole: encapsulated (translate/capsule.h), in a mail to XXENC at their domains.
 */
#ifndef SMTPGATE_DELIVER_SEALED_H
#define SMTPGATE_DELIVER_SEALED_H

#include "deliver/native.h"

/* Parts the recipients of n: into `whole` those who are native and of whose addresses `fits` says so, into `plain` the others. Both are n
 * otherwise. Nobody gets a registered message whole where no receipt may be asked for (x->no_receipts). E_NOMEM. */
enum result sealed_part(const struct native *x, bool (*fits)(void *ctx, const char *address),
			const struct neutral *n, struct neutral *plain, struct neutral *whole);
/* XXENC.TO of the recipients of e; then they are XXENC at each of their domains. E_NOMEM; E_LIMIT: they are too many. */
enum result sealed_list(const struct native *x, struct mail_envelope *e, struct buf *list,
			struct err *err);
/* Writes the mail that holds n, whose bytes in MMFF are `message`, for those of the list. Fails as native_write. */
enum result sealed_write(const struct native *x, const struct neutral *n,
			 const struct content *message, const struct buf *list, struct sink *to,
			 struct err *err);

#endif
