/*
 * Reading MMFF: see mmff.h.
 *
 *	START --VERSION--> HEADER --TEXT, XTEXT--> BODY --end, next VERSION--> START
 *	  |                  |                       |
 *	  +------------------+-------- broken -------+--> SEEK --VERSION and a token--> START
 *
 * Reads through one window of the file; owns nothing.
 */
#include "translate/mmff.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define VERSION_MOST 24 /* bytes of a VERSION line */

struct fault {
	enum result code;
	enum mmff_error error;
	char why[256];
};

/* Notes what is wrong with the message. */
static void breaks(struct fault *f, enum mmff_error e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void breaks(struct fault *f, enum mmff_error e, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	vsnprintf(f->why, sizeof f->why, format, ap);
	va_end(ap);
	f->error = e;
	f->code = E_CORRUPT;
}

void mmff_reader_init(struct mmff_reader *r, const struct content *file, int force)
{
	memset(r, 0, sizeof *r);
	r->file = *file;
	r->force = force;
}

/* ---- bytes ---- */

/* The byte at a place, -1 at the end and when reading fails (r->trouble). */
static int byte_at(struct mmff_reader *r, uint64_t at)
{
	if (at < r->window_at || at >= r->window_at + r->window_n) {
		r->window_at = at;
		r->window_n = 0;
		enum result got =
			content_read(&r->file, at, r->window, sizeof r->window, &r->window_n);
		if (got != OK)
			r->trouble = got;
		if (!r->window_n)
			return -1;
	}
	return (unsigned char)r->window[at - r->window_at];
}

static bool at_end(int c)
{
	return c == '\r' || c == '\n';
}

/* Is there a VERSION line at this place? Its length without terminator, else 0. */
static size_t version_at(struct mmff_reader *r, uint64_t at)
{
	static const char token[] = "VERSION:";
	size_t n = 0;
	for (; n < sizeof token - 1; n++) {
		int c = byte_at(r, at + n);
		if (c < 0 || text_lower((char)c) != text_lower(token[n]))
			return 0;
	}
	while (n < VERSION_MOST && byte_at(r, at + n) > ' ')
		n++;
	return at_end(byte_at(r, at + n)) ? n : 0;
}

/* Does a line that may follow VERSION begin here? Then the VERSION before it is no word of a text. */
static bool token_at(struct mmff_reader *r, uint64_t at)
{
	static const char *const first[] = {"TO",      "FROM",     "DATE",       "TIME",
					    "SUBJECT", "PRIORITY", "ATTACHMENT", "XATTACH",
					    "TEXT",    "XTEXT",    "CC",         "EXT"};
	char text[16];
	size_t n = 0;
	for (int c; n < sizeof text - 1 && (c = byte_at(r, at + n)) > ' '; n++)
		text[n] = (char)c;
	text[n] = '\0';
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		if (mmff_line_is(text, first[i]))
			return true;
	return false;
}

/* The next message after a broken one begins at a VERSION line that a token follows; else the file is over. */
static void seek_version(struct mmff_reader *r)
{
	uint64_t at = r->start + 1;
	for (; at < r->file.size && r->trouble == OK; at++) {
		int c = byte_at(r, at);
		size_t n = c == 'V' || c == 'v' ? version_at(r, at) : 0;
		if (!n)
			continue;
		uint64_t next = at + n + 1;
		if (byte_at(r, at + n) == '\r' && byte_at(r, next) == '\n')
			next++;
		if (token_at(r, next))
			break;
	}
	r->at = at;
}

/* What may lie between two messages, and behind the last one: line ends, blanks, NULs, the end mark of DOS. */
static void skip_filler(struct mmff_reader *r)
{
	int c;
	while (r->at < r->file.size && (c = byte_at(r, r->at)) >= 0 && (c <= ' ' || c == 0x1a))
		r->at++;
}

/* ---- lines ---- */

static enum ending find_ending(struct mmff_reader *r, uint64_t at)
{
	if (r->force >= 0)
		return (enum ending)r->force;
	if (byte_at(r, at) == '\n')
		return ENDING_LF;
	return byte_at(r, at + 1) == '\n' ? ENDING_CRLF : ENDING_CR;
}

/* How many bytes of terminator lie here. */
static size_t terminator_at(struct mmff_reader *r, uint64_t at)
{
	int c = byte_at(r, at);
	switch (r->ending) {
	case ENDING_CR:
		return c == '\r';
	case ENDING_LF:
		return c == '\n';
	default:
		return c == '\n' ? 1 : c == '\r' && byte_at(r, at + 1) == '\n' ? 2 : 0;
	}
}

/* The next line into r->text, without its terminator. */
static void take_line(struct mmff_reader *r, struct fault *f)
{
	size_t n = 0, skip;
	r->line++;
	for (; !(skip = terminator_at(r, r->at)); r->at++) {
		int c = byte_at(r, r->at);
		if (c < 0) {
			breaks(f, MMFF_PARSER, "the file ends within the header");
			return;
		}
		if (n == MMFF_LINE_MAX) {
			breaks(f, MMFF_TOO_BIG, "a line is longer than 16 KiB");
			return;
		}
		r->text[n++] = c ? (char)c : ' ';
	}
	if (r->ending == ENDING_LF && n && r->text[n - 1] == '\r')
		n--;
	r->text[n] = '\0';
	r->at += skip;
}

/* ---- a message ---- */

static void read_version(struct mmff_reader *r, struct fault *f)
{
	size_t n = version_at(r, r->at);
	r->line = 1;
	if (!n) {
		breaks(f, MMFF_NO_TOKEN, "a message begins with VERSION:3.00");
		return;
	}
	r->at += n;
	r->ending = find_ending(r, r->at);
	if (!terminator_at(r, r->at))
		breaks(f, MMFF_PARTITION, "the lines end otherwise than demanded");
	r->at += terminator_at(r, r->at);
}

static void read_header(struct mmff_reader *r, struct neutral *n, struct fault *f)
{
	enum mmff_line next = MMFF_LINE_MORE;
	while (f->code == OK && (next == MMFF_LINE_MORE || next == MMFF_LINE_VALUE)) {
		take_line(r, f);
		if (f->code == OK && r->at - r->start > MMFF_HEADER_MAX)
			breaks(f, MMFF_TOO_BIG, "the header is larger than 4 MiB");
		if (f->code == OK && (*r->text || next == MMFF_LINE_VALUE))
			f->code =
				mmff_line_read(n, r->text, &next, &f->error, f->why, sizeof f->why);
	}
}

/* Gives text and attachments their places; each must lie inside of the file. */
static void place(struct mmff_reader *r, struct neutral *n, struct fault *f)
{
	for (size_t i = 0; i <= n->parts.count; i++) {
		struct neutral_part *part = i ? &n->parts.items[i - 1] : NULL;
		struct content *c = part ? &part->content : &n->text;
		if (c->size > r->file.size - r->at) {
			breaks(f, MMFF_PARSER, "%s%s is of %llu bytes and the file has %llu",
			       part ? "attachment " : "the text", part ? part->name : "",
			       (unsigned long long)c->size,
			       (unsigned long long)(r->file.size - r->at));
			return;
		}
		*c = content_part(&r->file, r->at, c->size);
		r->at += c->size;
	}
	r->end = r->at;
}

static void read_message(struct mmff_reader *r, struct neutral *n, struct fault *f)
{
	read_version(r, f);
	if (f->code == OK)
		read_header(r, n, f);
	if (f->code == OK)
		place(r, n, f);
	if (f->code != OK)
		return;
	skip_filler(r);
	if (r->at < r->file.size && !version_at(r, r->at))
		breaks(f, MMFF_PARSER,
		       "behind the %llu bytes of text and attachments no VERSION follows",
		       (unsigned long long)(r->end - n->text.at));
}

/* What the file itself did wins over what it did to the message. */
static enum result finish(struct mmff_reader *r, struct fault *f, struct err *err)
{
	if (r->trouble != OK)
		return mmff_err(err, r->trouble, MMFF_OPEN, r->message, r->line,
				"the file cannot be read: %s", result_sentence(r->trouble));
	if (f->code == OK)
		return OK;
	if (f->code != E_CORRUPT)
		return mmff_err(err, f->code, MMFF_MEMORY, r->message, r->line, NULL);
	seek_version(r);
	r->end = r->at;
	return mmff_err(err, E_CORRUPT, f->error, r->message, r->line, "%s", f->why);
}

enum result mmff_next(struct mmff_reader *r, struct region *region, struct neutral *n,
		      struct err *err)
{
	struct fault f = {.code = OK, .error = MMFF_TOKEN};
	neutral_init(n, region);
	skip_filler(r);
	if (r->trouble == OK && r->at >= r->file.size)
		return E_NOTFOUND;
	r->start = r->at;
	r->message++;
	r->line = 0;
	if (r->trouble == OK)
		read_message(r, n, &f);
	return finish(r, &f, err);
}
