/*
 * A mail on its way into the maildrop: written to a sink, piece by piece, into a file there, so that it is never in memory as a whole.
 * Several that belong together are all finished before the first is published: what fails then has sent nothing.
 */
#ifndef SMTPGATE_DELIVER_PARCEL_H
#define SMTPGATE_DELIVER_PARCEL_H

#include "spool/spool.h"
#include "translate/sink.h"

struct parcel {
	struct sink
		to; /* where the mail is written; it may not be written to after parcel_finish */
	struct spool_maildrop_file file;
	bool eight_bit; /* bytes above 127 were seen */
};

/* Begins a file of this name (NULL: one of its own) for the envelope, whose eight_bit is not looked at. Fails as spool_maildrop_begin. OK: end it. */
enum result parcel_begin(struct parcel *p, const struct file_ops *files, const char *spool,
			 const char *name, const struct mail_envelope *envelope, struct err *err);
/* All of it is written: syncs it. Fails as the disk does. */
enum result parcel_finish(struct parcel *p, struct err *err);
/* Makes it a message that is sent. */
enum result parcel_publish(struct parcel *p, struct err *err);
/* Throws away what is not published; a parcel that was never begun may be all zeros. */
void parcel_end(struct parcel *p);

#endif
