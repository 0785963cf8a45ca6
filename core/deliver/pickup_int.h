/* What the files of a pickup folder's taking share: see pickup.h. */
#ifndef SMTPGATE_DELIVER_PICKUP_INT_H
#define SMTPGATE_DELIVER_PICKUP_INT_H

#include "base/buf.h"
#include "deliver/parcel.h"
#include "deliver/pickup.h"
#include "mail/envelope.h"
#include "spool/spool.h"

#include <sys/stat.h>

/* A file in work. */
struct pickup_work {
	const struct pickup *p;
	struct region *region;
	int fd;                       /* open for reading */
	struct stat stat;             /* as it was when it was opened */
	bool faulty;                  /* it is the file's fault: see pickup_fault */
	char id[SPOOL_MAILDROP_NAME]; /* of its messages: ID-1, ID-2, ... */
	const char *name;             /* as it was dropped */
	const char *from;             /* told at the end */
	size_t recipients;
};

/* Each makes mail of the file and puts it into the maildrop. OK: it is there. With w->faulty it never can be, err says why. */
enum result pickup_take_mail(struct pickup_work *w, struct err *err);
enum result pickup_take_mmff(struct pickup_work *w, struct err *err);
/* A result of understanding the file; of those that another look cannot change, w->faulty is set. Returns r. */
enum result pickup_fault(struct pickup_work *w, enum result r);
/* As the profile of the folder wants it: the header of the message, and the sender of the envelope; e->repaired says what was
 * done. whole: the message is all of it, else its beginning. E_NOMEM. */
enum result pickup_repair(struct pickup_work *w, struct mail_envelope *e, struct buf *message,
			  bool whole, struct err *err);
/* The envelope as far as the folder decides it. */
void pickup_envelope(const struct pickup_work *w, struct mail_envelope *e);
/* May the folder send for this address? The null reverse-path may always. E_DENIED. */
enum result pickup_may_send(const struct pickup *p, const char *address, struct err *err);
/* Message n (from 1) of the file into the maildrop: it is written into the parcel between the two. Whatever fails: parcel_end. */
enum result pickup_begin(struct pickup_work *w, unsigned n, const struct mail_envelope *e,
			 struct parcel *parcel, struct err *err);
enum result pickup_end(const struct pickup_work *w, struct parcel *parcel, struct err *err);

/* A file in Internet form as text with CRLF lines, of which the beginning is in memory. */
struct pickup_text {
	struct content file;
	struct buf head; /* the header and the beginning of the body; all of what is small */
	size_t head_n;   /* bytes that were in it at first */
	uint64_t size;   /* of the whole text */
	bool has_nul;
	uint64_t nul; /* where the first one stands */
};
/* Reads it. E_LIMIT: it is larger than max_size; E_NOMEM, E_IO, E_CORRUPT: it has become shorter. Whatever comes of it: pickup_text_free. */
enum result pickup_text_read(struct pickup_text *t, const struct pickup_work *w, struct err *err);
/* Bytes that are not in the head; and them. Fails as it was read, or as the sink. */
uint64_t pickup_text_left(const struct pickup_text *t);
enum result pickup_text_copy(const struct pickup_text *t, struct sink *to);
void pickup_text_free(struct pickup_text *t);

#endif
