/*
 * Reading mails: see mime_read.h. Looks at the mail's bounds first, since GMime has none, then lets it be taken apart. Owns
 * GMime's objects within a call.
 */
#include "translate/mime_reader.h"

#include "translate/mime_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void mime_begin(void)
{
	g_mime_init();
}

void mime_end(void)
{
	g_mime_shutdown();
}

/* ---- bounds ---- */

struct bounds {
	uint64_t head; /* bytes of the header */
	unsigned boundaries;
	unsigned column; /* of the byte that comes, up to 3 */
	bool in_head, dashes, blank, nul;
	size_t same; /* letters of MIME_FIELD_EML that were seen last */
	bool kept;   /* it stands somewhere */
};

static const char kept_field[] = MIME_FIELD_EML;

static void look(struct bounds *b, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];
		b->head += b->in_head;
		b->nul = b->nul || !c;
		b->same = c == kept_field[b->same] ? b->same + 1 : c == *kept_field;
		if (!kept_field[b->same]) {
			b->kept = true;
			b->same = 0;
		}
		if (c == '\n') {
			b->in_head = b->in_head && !b->blank;
			b->column = 0;
			b->dashes = b->blank = true;
			continue;
		}
		b->blank = b->blank && c == '\r';
		b->dashes = b->dashes && (b->column > 1 || c == '-');
		if (b->column == 2 && b->dashes && c != ' ' && c != '-' && c != '\r')
			b->boundaries++;
		b->column += b->column < 3;
	}
}

/* Why the mail is not to be taken apart; NULL: it is. */
static const char *too_much(struct reader *r)
{
	struct bounds b = {.in_head = true, .dashes = true, .blank = true};
	struct content all = content_file(r->source->fd, 0, r->source->size);
	char block[16384];
	size_t got = 0;
	for (uint64_t at = 0; r->r == OK && at < all.size; at += got) {
		r->r = content_read(&all, at, block, sizeof block, &got);
		look(&b, block, got);
	}
	if (b.head > MIME_HEAD_MAX)
		return "its header is too large";
	if (b.kept)
		mime_kept_find(r);
	r->doubtful = b.nul; /* for GMime it ends a field, and what is around parts */
	return b.boundaries - r->kept_boundaries > MIME_BOUNDARIES_MAX ? "it has too many parts"
								       : NULL;
}

/* ---- taken apart, or whole ---- */

/* GMime says where it leaves something of the mail out. Of a field that stands there twice both are shown, but for those that say how a part
 * is packed. */
static void warned(gint64 offset, GMimeParserWarning what, const gchar *item, gpointer ctx)
{
	struct reader *r = ctx;
	(void)offset;
	r->doubtful =
		r->doubtful || what == GMIME_CRIT_INVALID_HEADER_NAME ||
		(what == GMIME_CRIT_CONFLICTING_HEADER &&
		 (!item || g_ascii_strncasecmp(item, "Content-", 8) == 0)) ||
		what == GMIME_CRIT_NESTING_OVERFLOW || what == GMIME_CRIT_CONFLICTING_PARAMETER ||
		what == GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY ||
		what == GMIME_WARN_TRUNCATED_MESSAGE || what == GMIME_WARN_MALFORMED_MESSAGE ||
		what == GMIME_WARN_MALFORMED_MULTIPART ||
		what == GMIME_CRIT_PART_WITHOUT_HEADERS_OR_CONTENT;
}

static GMimeMessage *parse(struct reader *r)
{
	if (lseek(r->source->fd, 0, SEEK_SET) < 0) {
		r->r = result_of_errno(errno);
		return NULL;
	}
	GMimeStream *in = mime_kept_stream(r);
	GMimeParser *parser = g_mime_parser_new_with_stream(in);
	GMimeParserOptions *options = g_mime_parser_options_new();
	g_mime_parser_options_set_warning_callback(options, warned, r);
	GMimeMessage *m = g_mime_parser_construct_message(parser, options);
	g_mime_parser_options_free(options);
	g_object_unref(parser);
	g_object_unref(in);
	return m;
}

static void begin(struct reader *r)
{
	neutral_init(r->n, r->region);
	r->pieces = NULL;
	r->end = &r->pieces;
	r->piece_count = 0;
	r->attachments = 0;
}

/* Of a mail that is broken, what could be read is there, and the mail as it came. */
static void keep_too(struct reader *r)
{
	mime_attach(r, MIME_WHOLE_NAME, content_file(r->source->fd, 0, r->source->size));
}

static void take_apart(struct reader *r, GMimeMessage *m)
{
	struct buf head;
	buf_init(&head, 0);
	unsigned lines = mime_head(r, m, &head);
	mime_parts(r, m, 0);
	if (r->doubtful)
		keep_too(r);
	if (!r->whole)
		mime_text(r, &head, lines);
	buf_free(&head);
}

static void attach_whole(struct reader *r)
{
	struct buf none;
	struct neutral_part part = {.name = MIME_WHOLE_NAME,
				    .content = content_file(r->source->fd, 0, r->source->size)};
	begin(r);
	buf_init(&none, 0);
	r->told->whole = r->whole;
	const char *why = r->whole;
	r->whole = NULL;
	mime_add_words(r, "This mail could not be taken apart: %s.\nIt is attached as it came.\n",
		       why);
	if (r->r == OK)
		r->r = neutral_add_part(r->n, &part);
	mime_text(r, &none, 0);
	buf_free(&none);
}

enum result mime_read(const struct mime_source *s, struct region *region, struct neutral *n,
		      struct mime_told *told)
{
	struct reader r = {.source = s, .region = region, .n = n, .told = told};
	*told = (struct mime_told){0};
	begin(&r);
	r.whole = too_much(&r);
	GMimeMessage *m = r.whole || r.r != OK ? NULL : parse(&r);
	if (!m && !r.whole)
		r.whole = "it has no header";
	if (m && r.r == OK)
		take_apart(&r, m);
	if (m)
		g_object_unref(m);
	if (r.whole && r.r == OK)
		attach_whole(&r);
	return r.r;
}
