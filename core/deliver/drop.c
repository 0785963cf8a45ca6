/* Files of a drop folder: see drop.h. Owns two descriptors within a call. */
#include "deliver/drop.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PIECE 16384 /* bytes read and written at a time */

struct file {
	const struct drop *d;
	int folder, fd;
	char temporary[NAME_MAX + 1], final[NAME_MAX + 1];
	struct digest *digest; /* NULL: nobody asks, or memory is short */
};

static enum result put(struct file *f, const char *bytes, size_t n)
{
	if (f->digest)
		digest_add(f->digest, bytes, n);
	return file_write_all(f->d->files, f->fd, bytes, n);
}

/* The envelope as IIS writes it. */
static enum result put_head(struct file *f, const struct spool_message *m)
{
	struct buf head;
	buf_init(&head, 0);
	enum result r = buf_printf(&head, "x-sender: %s\r\n", m->envelope.reverse_path);
	for (size_t i = 0; i < f->d->count && r == OK; i++)
		r = buf_printf(&head, "x-receiver: %s\r\n", f->d->recipients[i]);
	if (r == OK)
		r = buf_puts(&head, f->d->head);
	if (r == OK)
		r = put(f, buf_head(&head), head.len);
	else
		errno = ENOMEM;
	buf_free(&head);
	return r;
}

static enum result put_message(struct file *f, const struct spool_message *m)
{
	char in[PIECE];
	enum result r = OK;
	for (uint64_t at = 0; r == OK && at < m->size;) {
		ssize_t got = spool_message_read(m, at, in, sizeof in);
		if (got <= 0) {
			errno = got ? errno : EIO;
			return E_IO;
		}
		r = put(f, in, (size_t)got);
		at += (uint64_t)got;
	}
	return r;
}

static enum result fill(struct file *f, const struct spool_message *m, struct err *err)
{
	const struct file_ops *files = f->d->files;
	enum result r = put_head(f, m);
	if (r == OK)
		r = put_message(f, m);
	if (r != OK)
		err_errno(err, errno, "%s/%s cannot be written", f->d->folder, f->temporary);
	else if (files->fsync(f->fd) != 0)
		r = err_errno(err, errno, "%s/%s cannot be synced", f->d->folder, f->temporary);
	if (files->close(f->fd) != 0 && r == OK) /* the disk of a server tells so that it is full */
		r = err_errno(err, errno, "%s/%s cannot be closed", f->d->folder, f->temporary);
	return r == OK ? OK : err->code;
}

/* Gives it its name. One whose name is not durable is taken back: it will be delivered again. */
static enum result publish(struct file *f, struct err *err)
{
	const struct file_ops *files = f->d->files;
	if (files->renameat(f->folder, f->temporary, f->folder, f->final) != 0)
		return err_errno(err, errno, "%s/%s cannot be put in place", f->d->folder,
				 f->final);
	if (files->fsync(f->folder) == 0)
		return OK;
	enum result r = err_errno(err, errno, "%s cannot be synced", f->d->folder);
	files->unlinkat(f->folder, f->final);
	return r;
}

static enum result deliver(struct file *f, const struct spool_message *m, struct err *err)
{
	const struct file_ops *files = f->d->files;
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	f->fd = files->openat(f->folder, f->temporary, flags, 0640);
	if (f->fd < 0)
		return err_errno(err, errno, "%s/%s cannot be made", f->d->folder, f->temporary);
	enum result r = fill(f, m, err);
	if (r == OK)
		r = publish(f, err);
	if (r != OK)
		files->unlinkat(f->folder, f->temporary);
	return r;
}

enum result drop_deliver(const struct drop *d, const struct spool_message *m, char sent[DIGEST_HEX],
			 struct err *err)
{
	struct file f = {.d = d};
	if (sent)
		sent[0] = '\0';
	if ((size_t)snprintf(f.temporary, sizeof f.temporary, ".%s.tmp", d->name) >=
		    sizeof f.temporary ||
	    (size_t)snprintf(f.final, sizeof f.final, "%s.eml", d->name) >= sizeof f.final)
		return err_set(err, E_LIMIT, "the name %.40s... is too long for a file", d->name);
	f.folder = d->files->openat(AT_FDCWD, d->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (f.folder < 0)
		return err_errno(err, errno, "the folder %s cannot be opened", d->folder);
	f.digest = sent ? digest_new() : NULL;
	enum result r = deliver(&f, m, err);
	if (f.digest && r == OK)
		digest_end(f.digest, sent);
	digest_free(&f.digest);
	d->files->close(f.folder);
	return r;
}
