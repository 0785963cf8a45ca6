/*
 * BinHex 4.0: see binhex.h. Characters become bytes of six bits each, runs are undone, and the bytes go through
 *
 *   LENGTH -> NAME -> HEAD -> HEAD_SUM -> DATA -> DATA_SUM -> RESOURCE -> RESOURCE_SUM -> DONE
 *
 * where `left` bytes of a phase are to come; a checksum that does not fit is BAD, and BAD stays. Owns nothing.
 */
#include "translate/binhex.h"

#include "translate/lines.h"

#include "base/text.h"

#include <string.h>

#define HEAD_SIZE 19 /* version 1, type 4, creator 4, flags 2, lengths of the forks 4 and 4 */
#define RUN 0x90
static const char words[] = "(This file must be converted with BinHex";
static const char letters[] = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";

enum phase { LENGTH, NAME, HEAD, HEAD_SUM, DATA, DATA_SUM, RESOURCE, RESOURCE_SUM, DONE, BAD };

struct unpack {
	enum phase phase;
	uint32_t left;
	uint16_t sum, told; /* counted, and as it stands there */
	unsigned char head[HEAD_SIZE];
	size_t n; /* bytes of name or head */
	bool run; /* the byte before was RUN */
	unsigned char last;
	unsigned bits;
	unsigned bit_count;
	struct binhex *found;
	struct sink *to; /* of the data fork; NULL: only looked at */
	enum result r;
};

static uint32_t number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void add_sum(struct unpack *u, unsigned char c)
{
	u->sum = (uint16_t)(u->sum ^ c << 8);
	for (int i = 0; i < 8; i++)
		u->sum = (uint16_t)(u->sum & 0x8000 ? u->sum << 1 ^ 0x1021 : u->sum << 1);
}

static void enter(struct unpack *u, enum phase phase, uint32_t left)
{
	u->phase = phase;
	u->left = left;
	u->n = 0;
	if (!left && (phase == DATA || phase == RESOURCE))
		enter(u, phase + 1, 2);
}

/* A checksum is read: what comes next? */
static void checked(struct unpack *u)
{
	bool fits = u->sum == u->told;
	u->sum = u->told = 0;
	if (!fits)
		enter(u, BAD, 0);
	else if (u->phase == HEAD_SUM)
		enter(u, DATA, u->found->data);
	else if (u->phase == DATA_SUM)
		enter(u, RESOURCE, u->found->resource);
	else
		enter(u, DONE, 0);
}

static void head_read(struct unpack *u)
{
	u->found->data = number(u->head + 11);
	u->found->resource = number(u->head + 15);
	bool fine = u->found->data <= BINHEX_FORK_MAX && u->found->resource <= BINHEX_FORK_MAX;
	enter(u, fine ? HEAD_SUM : BAD, 2);
}

static void take_fork(struct unpack *u, unsigned char c)
{
	if (u->phase == DATA && u->to && u->r == OK)
		u->r = sink_write(u->to, &c, 1);
	if (!--u->left)
		enter(u, u->phase + 1, 2);
}

static void take(struct unpack *u, unsigned char c)
{
	bool summed = u->phase != HEAD_SUM && u->phase != DATA_SUM && u->phase != RESOURCE_SUM;
	if (summed && u->phase < DONE)
		add_sum(u, c);
	switch (u->phase) {
	case LENGTH:
		enter(u, c && c <= BINHEX_NAME_MAX ? NAME : BAD, c);
		break;
	case NAME:
		u->found->name[u->n++] = (char)c;
		u->found->name[u->n] = '\0';
		if (!c || c == '\n' || c == '\r')
			enter(u, BAD, 0);
		else if (!--u->left)
			enter(u, HEAD, HEAD_SIZE);
		break;
	case HEAD:
		u->head[u->n++] = c;
		if (!--u->left)
			head_read(u);
		break;
	case DATA:
	case RESOURCE:
		take_fork(u, c);
		break;
	case HEAD_SUM:
	case DATA_SUM:
	case RESOURCE_SUM:
		u->told = (uint16_t)(u->told << 8 | c);
		if (!--u->left)
			checked(u);
		break;
	default: /* what fills the last group of characters */
		break;
	}
}

/* A byte before runs are undone. */
static void take_packed(struct unpack *u, unsigned char c)
{
	if (u->run) {
		u->run = false;
		if (!c)
			take(u, u->last = RUN);
		for (unsigned i = 1; i < c && u->phase < DONE; i++)
			take(u, u->last);
	} else if (c == RUN) {
		u->run = true;
	} else {
		take(u, u->last = c);
	}
}

static bool take_letter(struct unpack *u, int c)
{
	const char *at = c > 0 ? strchr(letters, c) : NULL;
	if (!at)
		return false;
	u->bits = u->bits << 6 | (unsigned)(at - letters);
	u->bit_count += 6;
	if (u->bit_count >= 8) {
		u->bit_count -= 8;
		take_packed(u, (unsigned char)(u->bits >> u->bit_count));
		u->bits &= (1u << u->bit_count) - 1;
	}
	return true;
}

/* The file behind the line of words; the reader stands behind that. */
static bool whole(struct lines *l, struct unpack *u)
{
	int c;
	while ((c = lines_byte(l)) == '\r' || c == '\n' || c == ' ' || c == '\t')
		;
	if (c != ':')
		return false;
	while ((c = lines_byte(l)) >= 0 && c != ':' && u->phase != BAD) {
		bool blank = c == '\r' || c == '\n' || c == ' ' || c == '\t';
		if (!blank && !take_letter(u, c))
			return false;
	}
	u->found->end = l->at;
	return c == ':' && u->phase == DONE;
}

enum result binhex_find(const struct content *text, uint64_t from, struct binhex *found)
{
	struct lines l;
	lines_begin(&l, text, from);
	while (lines_next(&l)) {
		if (!text_same_n(l.text, sizeof words - 1, words))
			continue;
		struct unpack u = {.found = found};
		found->start = l.start;
		uint64_t behind = l.end;
		if (whole(&l, &u))
			return OK;
		if (l.r == OK) /* a line of words ends what is damaged: its bracket is of no file */
			lines_begin(&l, text, behind);
	}
	return l.r == OK ? E_NOTFOUND : l.r;
}

enum result binhex_decode(const struct content *text, const struct binhex *found, struct sink *to)
{
	struct lines l;
	struct binhex again;
	struct unpack u = {.found = &again, .to = to};
	lines_begin(&l, text, found->start);
	bool fine = lines_next(&l) && whole(&l, &u);
	enum result r = u.r == OK ? l.r : u.r;
	return r == OK && !fine ? E_CORRUPT : r;
}
