/* Files within texts, and parts packed by other means than MIME's: see mime_reader.h. Owns nothing. */
#include "translate/mime_reader.h"

#include "base/text.h"
#include "translate/binhex.h"
#include "translate/uuencode.h"

#include <errno.h>
#include <unistd.h>

/* ---- the next file of a text ---- */

struct finder {
	const struct content *text;
	struct uuencode uu;
	struct binhex hex;
	enum result uu_r, hex_r; /* OK: the one that was found; E_NOTFOUND: there is no more */
};

static enum result uu_find(struct finder *f, uint64_t at)
{
	if (f->uu_r == OK && (!at || f->uu.start < at))
		f->uu_r = uuencode_find(f->text, at, &f->uu);
	return f->uu_r;
}

static enum result hex_find(struct finder *f, uint64_t at)
{
	if (f->hex_r == OK && (!at || f->hex.start < at))
		f->hex_r = binhex_find(f->text, at, &f->hex);
	return f->hex_r;
}

static enum result write_uu(void *ctx, struct sink *to)
{
	struct finder *f = ctx;
	return uuencode_decode(f->text, &f->uu, to);
}

static enum result write_hex(void *ctx, struct sink *to)
{
	struct finder *f = ctx;
	return binhex_decode(f->text, &f->hex, to);
}

struct content mime_make(struct reader *r, enum result (*fn)(void *ctx, struct sink *to), void *ctx)
{
	struct sink to;
	off_t at = lseek(r->source->scratch, 0, SEEK_END);
	if (at < 0)
		r->r = result_of_errno(errno);
	if (r->r != OK)
		return content_memory("", 0);
	sink_file(&to, file_system(), r->source->scratch);
	enum result made = fn(ctx, &to);
	r->r = made == OK ? sink_flush(&to) : made;
	return content_file(r->source->scratch, (uint64_t)at, to.count);
}

/* ---- a text and its files ---- */

/* A file's own name, unless its part has one. */
static const char *own_name(struct reader *r, const char **name, const char *own,
			    const char *charset)
{
	const char *given = *name;
	*name = NULL;
	return given ? given : mime_name_of(r, own, charset);
}

/* What a resource fork holds is in no file of ours: the whole is kept beside the data. */
static void attach_hex(struct reader *r, struct finder *f, const char **name, const char *charset)
{
	const struct binhex *h = &f->hex;
	const char *own = own_name(r, name, h->name, charset);
	mime_attach(r, own, mime_make(r, write_hex, f));
	if (h->resource && own)
		mime_attach(r, region_printf(r->region, "%s.HQX", own),
			    content_part(f->text, h->start, h->end - h->start));
}

static void rest(struct reader *r, struct content text, const char *charset, bool blank)
{
	if (r->r == OK && !r->whole && (blank || !mime_blank(r, &text)))
		mime_add_piece(r, text, charset, false);
}

/* Text and files in turn; `blank`: also text that shows nothing is text. Returns how many files. */
static unsigned split(struct reader *r, const struct content *text, const char *charset,
		      const char *name, bool blank)
{
	struct finder f = {.text = text};
	uint64_t at = 0;
	unsigned count = 0;
	while (r->r == OK && !r->whole) {
		enum result uu = uu_find(&f, at), hex = hex_find(&f, at);
		bool take_uu = uu == OK && (hex != OK || f.uu.start < f.hex.start);
		if (uu != OK && hex != OK) {
			r->r = uu != E_NOTFOUND ? uu : hex != E_NOTFOUND ? hex : OK;
			break;
		}
		uint64_t start = take_uu ? f.uu.start : f.hex.start;
		if (start > at)
			rest(r, content_part(text, at, start - at), charset, blank);
		if (take_uu)
			mime_attach(r, own_name(r, &name, f.uu.name, charset),
				    mime_make(r, write_uu, &f));
		else
			attach_hex(r, &f, &name, charset);
		at = take_uu ? f.uu.end : f.hex.end;
		count++;
	}
	if (at < text->size || !count)
		rest(r, content_part(text, at, text->size - at), charset, blank);
	return count;
}

void mime_text_files(struct reader *r, const struct content *text, const char *charset)
{
	split(r, text, charset, NULL, true);
}

/* ---- packed parts ---- */

/* The file's name is the part's, where it has one; what is around the file is text. */
static void unpack(struct reader *r, GMimePart *part, const struct content *raw)
{
	struct finder f = {.text = raw};
	const char *name = mime_name_given(r, GMIME_OBJECT(part));
	enum result uu = uuencode_find(raw, 0, &f.uu), hex = binhex_find(raw, 0, &f.hex);
	if (uu != OK && hex != OK)
		mime_attach(r, name ? name : mime_name(r, GMIME_OBJECT(part)), *raw);
	else
		split(r, raw, mime_charset(r, NULL, raw), hex == OK ? NULL : name, false);
}

/* A text that is one file of uuencode is what the file holds. */
static void unpack_text(struct reader *r, GMimePart *part, const struct content *raw)
{
	struct finder f = {.text = raw};
	const char *declared =
		g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
	struct content text = *raw;
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	if (uuencode_find(raw, 0, &f.uu) == OK) {
		mime_alone(r, raw, f.uu.start, f.uu.end);
		text = mime_make(r, write_uu, &f);
	}
	if (r->r == OK)
		mime_add_piece(r, text, mime_charset(r, declared, &text),
			       g_mime_content_type_is_type(type, "text", "html"));
}

static bool is_tnef(GMimePart *part, GMimeContentType *type)
{
	const char *name = g_mime_part_get_filename(part);
	return g_mime_content_type_is_type(type, "application", "ms-tnef") ||
	       g_mime_content_type_is_type(type, "application", "vnd.ms-tnef") ||
	       (name && text_same(name, "winmail.dat"));
}

bool mime_packed(struct reader *r, GMimePart *part, bool text)
{
	static const char *const hexes[] = {"mac-binhex40", "mac-binhex", "binhex"};
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	bool hex = false;
	for (size_t i = 0; i < sizeof hexes / sizeof *hexes; i++)
		hex = hex || g_mime_content_type_is_type(type, "application", hexes[i]);
	if (is_tnef(part, type) && r->r == OK && !r->whole) {
		struct content packed = mime_decode(r, part);
		if (r->r == OK && !mime_tnef(r, &packed))
			mime_attach(r, mime_name(r, GMIME_OBJECT(part)), packed);
		return true;
	}
	bool uu = g_mime_part_get_content_encoding(part) == GMIME_CONTENT_ENCODING_UUENCODE;
	if ((!hex && !uu) || r->r != OK || r->whole)
		return false;
	struct content raw = uu ? mime_encoded(r, part) : mime_decode(r, part);
	if (r->r == OK && text)
		unpack_text(r, part, &raw);
	else if (r->r == OK)
		unpack(r, part, &raw);
	return true;
}
