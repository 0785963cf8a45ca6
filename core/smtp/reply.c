/*
 * SMTP replies as text and as struct: see reply.h. Owns nothing. Fails for memory (format) and for
 * lines that are no reply (parse).
 */
#include "smtp/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REPLY_LINE 512 /* RFC 5321 4.5.3.1.5, with CRLF */

struct smtp_reply *smtp_reply_set(struct smtp_reply *reply, int code, const char *status,
				  const char *format, ...)
{
	reply->code = code;
	snprintf(reply->status, sizeof reply->status, "%s", status ? status : "");
	va_list ap;
	va_start(ap, format);
	vsnprintf(reply->text, sizeof reply->text, format, ap);
	va_end(ap);
	return reply;
}

/* How many of the n bytes of a line go on the next reply line: all, or up to a blank in its second
 * half. */
static size_t portion(const char *text, size_t n, size_t room)
{
	if (n <= room)
		return n;
	for (size_t i = room; i > room / 2; i--)
		if (text[i] == ' ')
			return i;
	return room;
}

static enum result put_line(struct buf *out, const struct smtp_reply *reply, const char *status,
			    bool last, const char *text, size_t n)
{
	char line[REPLY_LINE + 1];
	/* RFC 4954 section 4: a challenge has its blank even when it is empty */
	const char *gap = !last ? "-" : *status || n || reply->code == 334 ? " " : "";
	int head = snprintf(line, sizeof line, "%03d%s%s%s", reply->code, gap, status,
			    *status && n ? " " : "");
	char *to = line + head;
	for (size_t i = 0; i < n; i++)
		*to++ = text[i] >= ' ' && text[i] < 127 ? text[i] : '?';
	*to++ = '\r';
	*to++ = '\n';
	return buf_append(out, line, (size_t)(to - line));
}

enum result smtp_reply_format(struct buf *out, const struct smtp_reply *reply, bool with_status)
{
	const char *status = with_status ? reply->status : "", *text = reply->text;
	size_t room = REPLY_LINE - 2 - 4 - (*status ? strlen(status) + 1 : 0);
	for (;;) {
		size_t line = strcspn(text, "\n"), n = portion(text, line, room);
		const char *next = text + n;
		if (*next == '\n' || (n < line && *next == ' '))
			next++;
		bool last = !*next;
		enum result r = put_line(out, reply, status, last, text, n);
		if (r != OK || last)
			return r;
		text = next;
	}
}

/* "2.1.5" at the front of text (RFC 3463): its length, 0 when there is none that fits the code. */
static size_t status_length(const char *text, size_t n, int code)
{
	if (n < 5 || (text[0] != '2' && text[0] != '4' && text[0] != '5') ||
	    text[0] - '0' != code / 100)
		return 0;
	size_t i = 1;
	for (int part = 0; part < 2; part++) {
		if (i >= n || text[i++] != '.')
			return 0;
		size_t digits = 0;
		while (i < n && text[i] >= '0' && text[i] <= '9')
			i++, digits++;
		if (digits < 1 || digits > 3)
			return 0;
	}
	return i == n || text[i] == ' ' ? i : 0;
}

static int code_of(const char *line, size_t n)
{
	if (n < 3 || line[0] < '2' || line[0] > '5')
		return 0;
	for (size_t i = 1; i < 3; i++)
		if (line[i] < '0' || line[i] > '9')
			return 0;
	if (n > 3 && line[3] != ' ' && line[3] != '-')
		return 0;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static void add_text(struct smtp_reply *reply, bool first, const char *text, size_t n)
{
	size_t have = strlen(reply->text);
	if (!first && have + 1 < sizeof reply->text)
		reply->text[have++] = '\n';
	for (size_t i = 0; i < n && have + 1 < sizeof reply->text; i++) {
		bool control = (unsigned char)text[i] < ' ' || text[i] == 127;
		reply->text[have++] = text[i] == '\t' ? ' ' : control ? '?' : text[i];
	}
	reply->text[have] = '\0';
}

enum result smtp_reply_parse_line(struct smtp_reply *reply, const char *line, size_t n)
{
	int code = code_of(line, n);
	if (!code)
		return E_SYNTAX;
	bool first = !reply->code, more = n > 3 && line[3] == '-';
	reply->code = code;
	if (reply->status[0] - '0' != code / 100)
		reply->status[0] = '\0'; /* of an earlier line with another code */
	const char *text = n > 3 ? line + 4 : line + n;
	size_t left = n > 3 ? n - 4 : 0, status = status_length(text, left, code);
	if (status && status < sizeof reply->status && (first || reply->status[0])) {
		memcpy(reply->status, text, status);
		reply->status[status] = '\0';
		size_t skip = status < left ? status + 1 : status;
		text += skip;
		left -= skip;
	}
	add_text(reply, first, text, left);
	return more ? E_STATE : OK;
}

const char *smtp_reply_print(const struct smtp_reply *reply, char *out, size_t n)
{
	const char *gap = reply->status[0] ? " " : "";
	if (reply->code)
		snprintf(out, n, "%d%s%s%s%s", reply->code, gap, reply->status,
			 reply->text[0] ? " " : "", reply->text);
	else
		snprintf(out, n, "%s", reply->text);
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = *c == '\n' ? ' ' : '?';
	return out;
}
