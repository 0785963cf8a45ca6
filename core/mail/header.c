/* The scanner over content: see header.h, where its states are drawn. Holds the kept fields; fails
 * for memory only. */
#include "mail/header.h"

#include "base/scan.h"
#include "base/text.h"
#include "mail/address.h"

#include <string.h>

enum state { NAME, NAME_BLANK, VALUE, LINE, BODY };

static const char *const field_names[MAIL_FIELD_COUNT] = {
#define FIELD_NAME(name, field) field,
	MAIL_FIELD_LIST(FIELD_NAME)
#undef FIELD_NAME
};

void mail_header_init(struct mail_header *h)
{
	*h = (struct mail_header){.state = NAME, .field = -1};
	buf_init(&h->kept, MAIL_HEADER_KEPT);
}

void mail_header_free(struct mail_header *h)
{
	buf_free(&h->kept);
}

/* The header is over; the body begins at offset `size`. */
static enum result end_header(struct mail_header *h, enum mail_header_end end, uint64_t size)
{
	h->end = end;
	h->header_size = size;
	h->state = BODY;
	return OK;
}

/* Room for n more bytes and the NUL that a kept value always has coming? */
static bool room(struct mail_header *h, size_t n)
{
	if (h->kept.len + n + 1 <= MAIL_HEADER_KEPT)
		return true;
	h->full = true;
	return false;
}

static enum result begin_field(struct mail_header *h)
{
	h->fields++;
	h->state = VALUE;
	h->value_len = 0;
	h->blanks = false;
	h->field = -1;
	if (text_same_n(h->name, h->name_len, "Received"))
		h->received++;
	for (int i = 0; i < MAIL_FIELD_COUNT; i++) {
		if (!text_same_n(h->name, h->name_len, field_names[i]))
			continue;
		h->counts[i]++;
		if (h->full || !room(h, 1))
			return OK;
		h->field = i;
		return buf_append(&h->kept, &(char){(char)(i + 1)}, 1);
	}
	return OK;
}

static enum result end_field(struct mail_header *h)
{
	if (h->field < 0)
		return OK;
	h->field = -1;
	return buf_append(&h->kept, "", 1);
}

/* One character of a value. Runs of blanks become one, written when something follows it. */
static enum result value_char(struct mail_header *h, char c)
{
	if (h->field < 0)
		return OK;
	if ((c >= 0 && c <= ' ') || c == 0x7f) {
		h->blanks = h->value_len > 0;
		return OK;
	}
	char bytes[2] = {' ', c};
	size_t n = h->blanks ? 2 : 1;
	if (h->value_len + n > MAIL_HEADER_VALUE || !room(h, n))
		return OK;
	h->blanks = false;
	h->value_len += n;
	return buf_append(&h->kept, bytes + 2 - n, n);
}

static enum result name_char(struct mail_header *h, char c)
{
	if (h->name_len && (c == ' ' || c == '\t')) {
		h->state = NAME_BLANK;
		return OK;
	}
	if (c <= ' ' || c > '~' || c == ':')
		return end_header(h, MAIL_HEADER_TEXT, h->line_start);
	/* A name longer than any that is looked for only has to stay longer. */
	if (h->name_len < sizeof h->name)
		h->name[h->name_len++] = c;
	return OK;
}

/* A character that is no line end; `at` is its offset. */
static enum result character(struct mail_header *h, char c, uint64_t at)
{
	enum result r = OK;
	switch ((enum state)h->state) {
	case LINE:
		if (c == ' ' || c == '\t') {
			h->state = VALUE;
			return value_char(h, c);
		}
		r = end_field(h);
		h->state = NAME;
		h->name_len = 0;
		h->line_start = at;
		/* fall through */
	case NAME:
	case NAME_BLANK:
		if (r != OK)
			return r;
		if (c == ':' && h->name_len)
			return begin_field(h);
		if (h->state == NAME_BLANK && c != ' ' && c != '\t')
			return end_header(h, MAIL_HEADER_TEXT, h->line_start);
		return h->state == NAME ? name_char(h, c) : OK;
	case VALUE:
		return value_char(h, c);
	case BODY:
		break;
	}
	return OK;
}

/* A line ended; `next` is the offset behind its LF. */
static enum result line_end(struct mail_header *h, uint64_t next)
{
	enum result r = OK;
	switch ((enum state)h->state) {
	case NAME:
	case NAME_BLANK:
		return h->name_len ? end_header(h, MAIL_HEADER_TEXT, h->line_start)
				   : end_header(h, MAIL_HEADER_BLANK, next);
	case VALUE:
		h->state = LINE;
		return value_char(h, ' ');
	case LINE:
		r = end_field(h);
		return r == OK ? end_header(h, MAIL_HEADER_BLANK, next) : r;
	case BODY:
		break;
	}
	return OK;
}

/* One byte at offset `at` while the header is open; a CR waits for what follows it. */
static enum result header_byte(struct mail_header *h, char c, uint64_t at)
{
	enum result r = OK;
	if (c == '\n') {
		h->bare |= !h->cr;
		h->cr = false;
		return line_end(h, at + 1);
	}
	if (h->cr) {
		h->bare = true;
		h->cr = false;
		r = character(h, '\r', at - 1);
	}
	h->cr = c == '\r';
	h->eight_bit |= (c & 0x80) != 0;
	h->nul |= c == '\0';
	return r == OK && !h->cr ? character(h, c, at) : r;
}

static void body_bytes(struct mail_header *h, const char *p, size_t n)
{
	struct scan s = {.cr = h->cr};
	scan_content(&s, p, n);
	h->cr = s.cr;
	h->bare |= s.bare;
	h->nul |= s.nul;
	h->eight_bit |= s.high;
}

enum result mail_header_feed(struct mail_header *h, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t i = 0;
	for (; i < n && h->state != BODY; i++) {
		enum result r = header_byte(h, p[i], h->size + i);
		if (r != OK)
			return r;
	}
	body_bytes(h, p + i, n - i);
	h->size += n;
	return OK;
}

enum result mail_header_finish(struct mail_header *h)
{
	enum result r = OK;
	if (h->cr) {
		h->bare = true;
		h->cr = false;
		r = character(h, '\r', h->size - 1);
	}
	if (r != OK || h->state == BODY)
		return r;
	if ((h->state == NAME || h->state == NAME_BLANK) && h->name_len)
		return end_header(h, MAIL_HEADER_TEXT, h->line_start);
	r = end_field(h);
	return r == OK ? end_header(h, MAIL_HEADER_EOF, h->size) : r;
}

const char *mail_header_get_nth(const struct mail_header *h, enum mail_field field, unsigned n)
{
	const char *p = buf_head(&h->kept), *end = p ? p + h->kept.len : p;
	while (p < end) {
		const char *nul = memchr(p, '\0', (size_t)(end - p));
		if (!nul) /* the field is still being read */
			return NULL;
		if (*p == (char)(field + 1) && !n--)
			return p + 1;
		p = nul + 1;
	}
	return NULL;
}

const char *mail_header_get(const struct mail_header *h, enum mail_field field)
{
	return mail_header_get_nth(h, field, 0);
}

/* "<a@b>" or "a@b", the mailbox of `recipient`? */
static bool delivered_to(const char *value, const char *recipient)
{
	char copy[MAIL_ADDRESS_MAX + 1];
	size_t n = strlen(value);
	if (n >= 2 && value[0] == '<' && value[n - 1] == '>' && n - 2 < sizeof copy) {
		memcpy(copy, value + 1, n - 2);
		copy[n - 2] = '\0';
		value = copy;
	}
	return mail_address_same(value, recipient);
}

bool mail_header_loops(const struct mail_header *h, const char *recipient)
{
	unsigned seen = 0;
	const char *value;
	if (h->received > MAIL_RECEIVED_MAX || !recipient)
		return h->received > MAIL_RECEIVED_MAX;
	while ((value = mail_header_get_nth(h, MAIL_FIELD_DELIVERED_TO, seen))) {
		if (delivered_to(value, recipient))
			return true;
		seen++;
	}
	return seen < h->counts[MAIL_FIELD_DELIVERED_TO];
}
