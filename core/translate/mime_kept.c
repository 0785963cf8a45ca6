/*
 * Files that were mails when they left us (mime_eml.c) and come in again: they stay files, byte for byte, where a mail within a mail is else
 * unfolded. The mail has them as parts of its own multipart, of our boundary, with our field; GMime is shown another type for them, so
 * that it never looks inside. Owns nothing.
 */
#include "translate/mime_reader.h"

#include "base/text.h"
#include "translate/lines.h"
#include "translate/mime_write.h"

#include <stdio.h>
#include <string.h>

#define TYPE "Content-Type: message/rfc822"
#define FIELD MIME_FIELD_EML ":"
#define SHOWN "application/octet-stream"

struct kept {
	struct reader *r;
	struct lines lines;
	char delimiter[MIME_BOUNDARY_MAX +
		       2];       /* the mail's own, dashes and all; "": it is none of ours */
	bool head, ours, inside; /* in a part's header; it has the field; in a file's lines */
	uint64_t type_at;        /* 0: it is of another type */
};

static void remember(struct kept *k)
{
	struct reader *r = k->r;
	if (!r->kept)
		r->kept = region_alloc(r->region, NEUTRAL_PARTS_MAX * sizeof *r->kept);
	if (!r->kept)
		r->r = E_NOMEM;
	else if (r->kept_count < NEUTRAL_PARTS_MAX)
		r->kept[r->kept_count++] = k->type_at;
}

/* The boundary that a line of the mail's Content-Type names. */
static void take_boundary(struct kept *k)
{
	const char *at = strstr(k->lines.text, "boundary=");
	char name[sizeof k->delimiter - 2];
	size_t n = 0;
	if (!at)
		return;
	at += strlen("boundary=");
	at += *at == '"';
	while (at[n] && !strchr("\"; \t", at[n]) && n + 1 < sizeof name)
		n++;
	memcpy(name, at, n);
	name[n] = '\0';
	if (text_starts(name, MIME_BOUNDARY))
		snprintf(k->delimiter, sizeof k->delimiter, "--%s", name);
}

static void read_head(struct kept *k)
{
	bool type = false;
	while (lines_next(&k->lines) && k->lines.size) {
		const char *line = k->lines.text;
		type = (type && (*line == ' ' || *line == '\t')) ||
		       text_starts(line, "Content-Type:");
		if (type)
			take_boundary(k);
	}
}

static void part_line(struct kept *k)
{
	struct lines *l = &k->lines;
	if (!l->size) {
		k->head = false;
		k->inside = k->ours && k->type_at;
		if (k->inside)
			remember(k);
	}
	if (text_starts(l->text, TYPE) && (l->text[strlen(TYPE)] == ';' || !l->text[strlen(TYPE)]))
		k->type_at = l->start + strlen(TYPE) - strlen("message/rfc822");
	k->ours = k->ours || text_starts(l->text, FIELD);
}

/* As mime_read.c counts boundaries. */
static bool counts(const char *line)
{
	return line[2] && line[2] != ' ' && line[2] != '-';
}

/* false: it was the last boundary. */
static bool one_line(struct kept *k)
{
	const char *line = k->lines.text;
	const bool dashes = line[0] == '-' && line[1] == '-';
	const size_t n = strlen(k->delimiter);
	if (dashes && strncmp(line, k->delimiter, n) == 0) {
		k->head = true;
		k->ours = k->inside = false;
		k->type_at = 0;
		return line[n] != '-';
	}
	if (k->head)
		part_line(k);
	else if (dashes && k->inside && counts(line))
		k->r->kept_boundaries++;
	return true;
}

void mime_kept_find(struct reader *r)
{
	struct kept *k = region_alloc(r->region, sizeof *k);
	const struct content all = content_file(r->source->fd, 0, r->source->size);
	if (!k) {
		r->r = E_NOMEM;
		return;
	}
	*k = (struct kept){.r = r};
	lines_begin(&k->lines, &all, 0);
	read_head(k);
	while (r->r == OK && *k->delimiter && lines_next(&k->lines) && one_line(k))
		;
	if (r->r == OK)
		r->r = k->lines.r;
}

static void add(GMimeStream *all, GMimeStream *one)
{
	g_mime_stream_cat_add_source(GMIME_STREAM_CAT(all), one);
	g_object_unref(one);
}

static GMimeStream *range(const struct reader *r, uint64_t start, uint64_t end)
{
	GMimeStream *s =
		g_mime_stream_fs_new_with_bounds(r->source->fd, (gint64)start, (gint64)end);
	g_mime_stream_fs_set_owner(GMIME_STREAM_FS(s), FALSE);
	return s;
}

GMimeStream *mime_kept_stream(struct reader *r)
{
	uint64_t at = 0;
	if (!r->kept_count)
		return range(r, 0, r->source->size);
	GMimeStream *all = g_mime_stream_cat_new();
	for (size_t i = 0; i < r->kept_count; i++) {
		add(all, range(r, at, r->kept[i]));
		add(all, g_mime_stream_mem_new_with_buffer(SHOWN, strlen(SHOWN)));
		at = r->kept[i] + strlen("message/rfc822");
	}
	add(all, range(r, at, r->source->size));
	return all;
}
