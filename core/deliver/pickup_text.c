/*
 * The text of a file in Internet form: see pickup_int.h. It is read twice, so that it is never in memory as a whole: once to see what it is,
 * with its header and the beginning of its body kept, once to copy what is behind them. Owns the buffer of what is kept.
 */
#include "deliver/pickup_int.h"
#include "mail/eight_bit.h"
#include "mail/line_ends.h"
#include "translate/content.h"

#include <errno.h>
#include <string.h>

#define HEAD_MAX (4u << 20)  /* bytes of a header with all its recipients */
#define BODY_SEEN (1u << 20) /* bytes of the body that are looked at with it */

static enum result each_line(const struct pickup_text *t, struct mail_line_ends *e)
{
	char block[16384];
	size_t got = 0;
	enum result r = OK;
	for (uint64_t at = 0; r == OK && at < t->file.size; at += got) {
		r = content_read(&t->file, at, block, sizeof block, &got);
		if (r == OK)
			r = mail_line_ends_put(e, block, got);
	}
	return r == OK ? mail_line_ends_over(e) : r;
}

/* ---- the first time ---- */

struct looking {
	struct pickup_text *t;
	uint64_t most;
	size_t seen; /* of the head: no empty line ends there */
	size_t keep; /* bytes that the head may have */
};

/* The empty line behind the header, when it is there now. */
static void find_body(struct looking *l)
{
	struct buf *head = &l->t->head;
	const char *bytes = buf_head(head);
	const size_t from = l->seen > 3 ? l->seen - 3 : 0;
	const char *end = memmem(bytes + from, head->len - from, "\r\n\r\n", 4);
	if (end)
		l->keep = (size_t)(end + 4 - bytes) + BODY_SEEN;
	l->seen = head->len;
}

static enum result look(void *ctx, const char *bytes, size_t n)
{
	struct looking *l = ctx;
	struct pickup_text *t = l->t;
	const char *nul = memchr(bytes, '\0', n);
	size_t left = l->keep > t->head.len ? l->keep - t->head.len : 0;
	enum result r = OK;
	if (nul && !t->has_nul) {
		t->has_nul = true;
		t->nul = t->size + (size_t)(nul - bytes);
	}
	if (t->size == t->head.len && left)
		r = buf_append(&t->head, bytes, n < left ? n : left);
	if (r == OK && l->keep == HEAD_MAX)
		find_body(l);
	t->size += n;
	return r == OK && t->size > l->most ? E_LIMIT : r;
}

static enum result look_at_end(void *ctx)
{
	return look(ctx, "\r\n", 2);
}

enum result pickup_text_read(struct pickup_text *t, const struct pickup_work *w, struct err *err)
{
	struct looking l = {.t = t, .most = w->p->conf->max_size, .keep = HEAD_MAX};
	struct mail_line_ends e = {.text = look, .end = look_at_end, .ctx = &l};
	*t = (struct pickup_text){.file = content_file(w->fd, 0, (uint64_t)w->stat.st_size)};
	buf_init(&t->head, HEAD_MAX + BODY_SEEN);
	enum result r = each_line(t, &e);
	t->head_n = t->head.len;
	if (r == E_LIMIT)
		return err_set(err, r, "the message is larger than max_size, %llu bytes",
			       (unsigned long long)l.most);
	return r == OK ? OK : err_set(err, r, "reading the message: %s", result_sentence(r));
}

uint64_t pickup_text_left(const struct pickup_text *t)
{
	return t->size - t->head_n;
}

void pickup_text_free(struct pickup_text *t)
{
	buf_free(&t->head);
}

/* ---- the second time ---- */

struct copying {
	struct sink *to;
	uint64_t skip; /* bytes that are in the head */
};

static enum result copy(void *ctx, const char *bytes, size_t n)
{
	struct copying *c = ctx;
	const size_t skip = c->skip < n ? (size_t)c->skip : n;
	c->skip -= skip;
	return n > skip ? sink_write(c->to, bytes + skip, n - skip) : OK;
}

static enum result copy_end(void *ctx)
{
	return copy(ctx, "\r\n", 2);
}

enum result pickup_text_copy(const struct pickup_text *t, struct sink *to)
{
	struct copying c = {.to = to, .skip = t->head_n};
	struct mail_line_ends e = {.text = copy, .end = copy_end, .ctx = &c};
	return pickup_text_left(t) ? each_line(t, &e) : OK;
}
