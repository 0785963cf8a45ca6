/* Delivery into a Maildir: see maildir.h. Owns nothing beyond a call. */
#include "deliver/maildir_file.h"

#include <errno.h>
#include <string.h>

#define PIECE 16384 /* bytes read and written at a time */

/* ---- line ends ---- */

struct writer {
	const struct file_ops *files;
	int fd;
	struct digest *digest; /* of what is written, NULL: nobody asks */
	bool cr;               /* a CR came last: it is written unless LF follows */
	size_t n;
	char out[PIECE];
};

static enum result flush(struct writer *w)
{
	if (w->digest)
		digest_add(w->digest, w->out, w->n);
	return file_write_all(w->files, w->fd, w->out, w->n);
}

static enum result put_byte(struct writer *w, char c)
{
	enum result r = OK;
	if (w->n == sizeof w->out) {
		r = flush(w);
		w->n = 0;
	}
	w->out[w->n++] = c;
	return r;
}

static enum result put(struct writer *w, const char *bytes, size_t n)
{
	enum result r = OK;
	for (size_t i = 0; r == OK && i < n; i++) {
		if (w->cr && bytes[i] != '\n')
			r = put_byte(w, '\r');
		w->cr = bytes[i] == '\r';
		if (!w->cr && r == OK)
			r = put_byte(w, bytes[i]);
	}
	return r;
}

static enum result put_end(struct writer *w)
{
	enum result r = w->cr ? put_byte(w, '\r') : OK;
	return r == OK ? flush(w) : r;
}

static enum result put_message(struct writer *w, const struct spool_message *m)
{
	char in[PIECE];
	enum result r = OK;
	for (uint64_t at = 0; r == OK && at < m->size;) {
		ssize_t got = spool_message_read(m, at, in, sizeof in);
		if (got <= 0) {
			errno = got ? errno : EIO;
			return E_IO;
		}
		r = put(w, in, (size_t)got);
		at += (uint64_t)got;
	}
	return r;
}

/* ---- delivery ---- */

static enum result fill(struct maildir_file *f, const char *prefix, const struct spool_message *m,
			char *sent, struct err *err)
{
	struct writer w = {.files = f->files, .fd = f->fd, .digest = sent ? digest_new() : NULL};
	enum result r = put(&w, prefix, strlen(prefix));
	if (r == OK)
		r = put_message(&w, m);
	if (r == OK)
		r = put_end(&w);
	int cause = errno;
	if (w.digest)
		digest_end(w.digest, sent);
	digest_free(&w.digest);
	if (r != OK)
		return err_errno(err, cause, "%s/%s cannot be written", f->mailbox, f->temporary);
	return OK;
}

enum result maildir_deliver_as(struct maildir_namer *namer, const struct file_ops *files,
			       const char *mailbox, const struct spool_message *m, const char *head,
			       char sent[DIGEST_HEX], struct err *err)
{
	struct maildir_file f;
	enum result r = maildir_file_begin(&f, namer, files, mailbox, err);
	if (r != OK)
		return r;
	if (sent)
		sent[0] = '\0';
	r = fill(&f, head, m, sent, err);
	if (r == OK)
		return maildir_file_commit(&f, err);
	maildir_file_abort(&f);
	return r;
}

enum result maildir_deliver(const struct file_ops *files, const char *mailbox,
			    const struct spool_message *m, const char *head, char sent[DIGEST_HEX],
			    struct err *err)
{
	char host[MAILDIR_HOST_MAX];
	struct maildir_namer namer;
	maildir_namer_init(&namer, host);
	return maildir_deliver_as(&namer, files, mailbox, m, head, sent, err);
}
