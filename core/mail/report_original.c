/*
 * The original in a report: whole (message/rfc822) when it is small, complete and plain, else its
 * header (text/rfc822-headers), cleaned so that the report stays 7-bit with CRLF lines. Fails for
 * memory or the bound.
 */
#include "mail/report_part.h"

#include "mail/fold.h"
#include "mail/header.h"

#include <string.h>

/* Is any line longer than mail may carry? */
static bool long_lines(const char *p, size_t n)
{
	while (n) {
		const char *lf = memchr(p, '\n', n);
		size_t line = lf ? (size_t)(lf - p) + 1 : n;
		if (line > MAIL_LINE_MAX + (lf ? 2 : 0)) /* a last line without an end gets one */
			return true;
		p += line;
		n -= line;
	}
	return false;
}

static bool plain(const struct mail_report *r, const struct mail_header *h)
{
	return r->original_n == r->original_size && r->original_n <= MAIL_REPORT_WHOLE &&
	       !h->eight_bit && !h->bare && !h->nul && !long_lines(r->original, r->original_n);
}

/* As it is; a header that lacks its empty line gets one, for a body without one is read as header.
 */
static enum result put_whole(struct buf *out, const struct mail_report *r,
			     const struct mail_header *h)
{
	size_t header = (size_t)h->header_size;
	enum result result = buf_puts(out, "Content-Type: message/rfc822\r\n\r\n");
	if (result == OK)
		result = buf_append(out, r->original, header);
	if (result == OK && h->end != MAIL_HEADER_BLANK)
		result = buf_puts(out, "\r\n");
	if (result == OK)
		result = buf_append(out, r->original + header, r->original_n - header);
	return result == OK ? buf_puts(out, "\r\n") : result;
}

/* One line without its end: 7-bit, cut into continuation lines where it is too long. */
static enum result put_line(struct buf *out, const char *p, size_t n)
{
	enum result result = OK;
	for (size_t i = 0; result == OK && i < n; i++) {
		char c = p[i] == '\t' || (p[i] >= ' ' && p[i] <= '~') ? p[i] : '?';
		if (i && i % 900 == 0)
			result = buf_puts(out, "\r\n\t");
		if (result == OK)
			result = buf_append(out, &c, 1);
	}
	return result == OK ? buf_puts(out, "\r\n") : result;
}

static enum result put_lines(struct buf *out, const char *p, size_t n)
{
	enum result result = OK;
	while (result == OK && n) {
		const char *lf = memchr(p, '\n', n);
		size_t line = lf ? (size_t)(lf - p) + 1 : n, text = lf ? line - 1 : n;
		if (lf && text && p[text - 1] == '\r')
			text--;
		if (text) /* the empty line that ended the header is ours to write */
			result = put_line(out, p, text);
		p += line;
		n -= line;
	}
	return result;
}

static enum result put_headers(struct buf *out, const struct mail_report *r,
			       const struct mail_header *h)
{
	size_t n = (size_t)h->header_size;
	bool cut = n > MAIL_REPORT_HEADER;
	enum result result = buf_puts(out, "Content-Type: text/rfc822-headers\r\n\r\n");
	if (result == OK)
		result = put_lines(out, r->original, cut ? MAIL_REPORT_HEADER : n);
	if (result == OK && cut)
		result = buf_puts(out, "X-Smtpgate-Note: the rest of the header is left out\r\n");
	return result == OK ? buf_puts(out, "\r\n") : result;
}

enum result report_original(struct buf *out, const struct mail_report *r)
{
	struct mail_header h;
	mail_header_init(&h);
	enum result result = mail_header_feed(&h, r->original, r->original_n);
	if (result == OK)
		result = mail_header_finish(&h);
	if (result == OK)
		result = report_news(r) == REPORT_FAILURE && !r->header_only && plain(r, &h)
				 ? put_whole(out, r, &h)
				 : put_headers(out, r, &h);
	mail_header_free(&h);
	return result;
}
