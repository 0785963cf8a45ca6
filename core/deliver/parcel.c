/* Mails into the maildrop: see parcel.h. Owns the file until it is published. */
#include "deliver/parcel.h"

#include "mail/eight_bit.h"

#include <errno.h>
#include <string.h>

static enum result put(struct parcel *p, const char *bytes, size_t n)
{
	p->eight_bit = p->eight_bit || mail_eight_bit_in(bytes, n);
	return spool_maildrop_put(&p->file, bytes, n);
}

static enum result put_held(struct parcel *p)
{
	size_t n = p->to.held;
	p->to.held = 0;
	return put(p, p->to.block, n);
}

/* Encoders write a few bytes at a time: a block of them is one write. */
static enum result write_parcel(struct sink *s, const void *bytes, size_t n)
{
	struct parcel *p = (struct parcel *)s;
	enum result r = n > sizeof s->block - s->held ? put_held(p) : OK;
	if (r != OK || n > sizeof s->block)
		return r != OK ? r : put(p, bytes, n);
	memcpy(s->block + s->held, bytes, n);
	s->held += n;
	return OK;
}

enum result parcel_begin(struct parcel *p, const struct file_ops *files, const char *spool,
			 const char *name, const struct mail_envelope *envelope, struct err *err)
{
	char own[SPOOL_MAILDROP_NAME];
	p->to.write = write_parcel;
	p->to.count = p->to.held = 0;
	p->eight_bit = false;
	if (!name)
		spool_maildrop_name(own);
	return spool_maildrop_begin(&p->file, files, spool, name ? name : own, envelope, err);
}

enum result parcel_finish(struct parcel *p, struct err *err)
{
	if (put_held(p) == OK)
		return spool_maildrop_finish(&p->file, p->eight_bit, err);
	enum result r = err_errno(err, errno, "%s cannot be written", p->file.temporary);
	spool_maildrop_abort(&p->file);
	return r;
}

enum result parcel_publish(struct parcel *p, struct err *err)
{
	return spool_maildrop_publish(&p->file, err);
}

void parcel_end(struct parcel *p)
{
	if (p->file.files)
		spool_maildrop_abort(&p->file);
}
