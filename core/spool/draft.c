/*
 * Drafts: see draft.h and spool.h. Owns its buffer, or the open file that took over once it was
 * full. Writes fail as the disk does; a failed draft stays failed.
 */
#include "spool/draft.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

struct spool_draft {
	const struct draft_kit *kit;
	struct buf buf; /* all content while it is small, nothing after */
	int fd;         /* -1 while it is small */
	char file[BODY_NAME_MAX];
	uint64_t size;
	EVP_MD_CTX *hash;
	enum result failed;
	struct err err;
};

enum result draft_kit_open(struct draft_kit *k, struct bodies *b, struct err *err)
{
	k->bodies = b;
	k->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	return k->sha256 ? OK : err_set(err, E_UNSUPPORTED, "libcrypto offers no SHA-256");
}

void draft_kit_close(struct draft_kit *k)
{
	EVP_MD_free(k->sha256);
	k->sha256 = NULL;
}

enum result draft_new(const struct draft_kit *k, struct spool_draft **out, struct err *err)
{
	struct spool_draft *d = calloc(1, sizeof *d);
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	if (!d || !hash || !EVP_DigestInit_ex2(hash, k->sha256, NULL)) {
		free(d);
		EVP_MD_CTX_free(hash);
		return err_set(err, E_NOMEM, "no memory for a draft");
	}
	d->kit = k;
	d->fd = -1;
	d->hash = hash;
	buf_init(&d->buf, SPOOL_BODY_INLINE);
	*out = d;
	return OK;
}

static enum result fail(struct spool_draft *d, enum result r)
{
	if (r != OK) {
		d->failed = r;
		if (d->err.code != r)
			err_set(&d->err, r, "the draft cannot be written: %s", result_sentence(r));
	}
	return r;
}

/* The content has outgrown memory: what came so far goes to a file. */
static enum result spill(struct spool_draft *d)
{
	enum result r = body_create(d->kit->bodies, d->file, &d->fd, &d->err);
	if (r != OK)
		return r;
	r = file_write_all(d->kit->bodies->files, d->fd, buf_head(&d->buf), d->buf.len);
	buf_free(&d->buf);
	return r;
}

enum result spool_draft_write(struct spool_draft *d, const void *bytes, size_t n)
{
	if (d->failed != OK)
		return d->failed;
	if (!n)
		return OK;
	enum result r = EVP_DigestUpdate(d->hash, bytes, n) ? OK : E_NOMEM;
	if (r == OK && d->fd < 0 && d->size + n > SPOOL_BODY_INLINE)
		r = spill(d);
	if (r == OK && d->fd < 0)
		r = buf_append(&d->buf, bytes, n);
	else if (r == OK)
		r = file_write_all(d->kit->bodies->files, d->fd, bytes, n);
	if (r == OK)
		d->size += n;
	return fail(d, r);
}

uint64_t spool_draft_size(const struct spool_draft *d)
{
	return d->size;
}

void spool_draft_abort(struct spool_draft **d)
{
	struct spool_draft *p = *d;
	*d = NULL;
	if (!p)
		return;
	if (p->fd >= 0) {
		p->kit->bodies->files->close(p->fd);
		body_remove(p->kit->bodies, p->file);
	}
	buf_free(&p->buf);
	EVP_MD_CTX_free(p->hash);
	free(p);
}

static enum result hash_finish(struct spool_draft *d, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[32];
	if (!EVP_DigestFinal_ex(d->hash, raw, NULL))
		return E_NOMEM;
	for (size_t i = 0; i < sizeof raw; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[64] = '\0';
	return OK;
}

enum result draft_finish(struct spool_draft **d, struct message **out, struct err *err)
{
	struct spool_draft *p = *d;
	struct message *m = NULL;
	if (p->failed == OK && (m = message_new()) && hash_finish(p, m->m.hash) == OK) {
		m->m.size = p->size;
		m->m.fd = p->fd;
		memcpy(m->file, p->file, sizeof m->file);
		if (p->fd < 0) {
			/* buf_string: an empty body has a place too, and nothing was consumed at
			 * the front. */
			m->m.data = buf_string(&p->buf);
			m->content = m->m.data ? p->buf.data : NULL;
		}
	}
	bool made = m && (m->m.data || m->m.fd >= 0);
	if (!made && p->failed == OK)
		fail(p, E_NOMEM);
	enum result r = p->failed;
	if (made) {
		p->fd = -1;
		buf_init(&p->buf, 0);
		*out = m;
	} else {
		*err = p->err;
		struct spool_message *gone = m ? &m->m : NULL;
		spool_message_unref(&gone);
	}
	spool_draft_abort(d);
	return r;
}
