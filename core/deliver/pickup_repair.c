/*
 * Putting right what a program dropped, as the folder's profile wants it: see pickup_int.h. A header above HEADER_MAX passes as it is, and
 * that is noted, as in a session. Owns nothing.
 */
#include "deliver/pickup_int.h"

#include "mail/address.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/repair.h"

#include <string.h>

#define HEADER_MAX 65536u /* bytes of a header that is repaired */

/* Bytes of the header with its empty line. */
static enum result measure(const struct buf *message, size_t *n)
{
	struct mail_header h;
	mail_header_init(&h);
	enum result r = mail_header_feed(&h, buf_head(message), message->len);
	if (r == OK)
		r = mail_header_finish(&h);
	*n = (size_t)h.header_size;
	mail_header_free(&h);
	return r;
}

static enum result repair(const struct pickup *p, const char *sender, struct buf *message,
			  bool whole, struct buf *notes)
{
	size_t head;
	const int64_t now = clock_wall(p->clock);
	enum result r = measure(message, &head);
	if (r != OK || head > HEADER_MAX)
		return r != OK ? r : buf_printf(notes, "%sheader too long", notes->len ? "; " : "");
	const struct mail_repair how = {
		.what = p->profile->repair,
		.from = p->profile->from,
		.sender = sender,
		.origin = p->origin,
		.hostname = p->hostname,
		.now = now,
		.offset = mail_date_offset(now),
		.random = clock_random(p->clock),
	};
	const struct mail_repair_text text = {
		.header = buf_head(message),
		.header_n = head,
		.body = buf_head(message) + head,
		.body_n = message->len - head,
		.whole = whole,
	};
	struct buf out;
	buf_init(&out, 0);
	r = mail_repair_header(&how, &text, &out, notes);
	if (r == OK)
		r = buf_append(&out, text.body, text.body_n);
	if (r != OK) {
		buf_free(&out);
		return r;
	}
	buf_free(message);
	*message = out;
	return OK;
}

/* The words on one line, whatever of the file is in them: that is what an envelope in the maildrop takes. */
static const char *keep_words(struct region *region, struct buf *notes)
{
	const char *string = buf_string(notes);
	char *words = string ? region_strdup(region, string) : NULL;
	for (char *at = words; at && *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	return words;
}

enum result pickup_repair(struct pickup_work *w, struct mail_envelope *e, struct buf *message,
			  bool whole, struct err *err)
{
	const struct conf_profile *profile = w->p->profile;
	struct buf notes;
	enum result r = OK;
	if (!profile)
		return OK;
	buf_init(&notes, MAIL_REPAIR_NOTES + 400);
	const char *sender = profile->sender;
	if (sender && *e->reverse_path && !mail_address_same(e->reverse_path, sender)) {
		r = buf_printf(&notes, "sender was %.256s", e->reverse_path);
		e->reverse_path = region_strdup(w->region, sender);
	}
	if (r == OK && e->reverse_path && (profile->repair || profile->from))
		r = repair(w->p, e->reverse_path, message, whole, &notes);
	if (r == OK && notes.len)
		e->repaired = keep_words(w->region, &notes);
	buf_free(&notes);
	if (r == OK && (!e->reverse_path || !e->repaired))
		r = E_NOMEM;
	return r == OK ? OK : err_set(err, r, "no memory to put it right");
}
