/* smtp/reply: any lines are read within their bounds; what was read is printed and read back the
 * same. */
#include "smtp/reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Reads all lines of text as one reply; the result of the last. */
static enum result read_reply(struct smtp_reply *reply, const char *text, size_t n)
{
	enum result r = E_STATE;
	memset(reply, 0, sizeof *reply);
	while (n && r == E_STATE) {
		const char *lf = memchr(text, '\n', n);
		size_t line = lf ? (size_t)(lf - text) : n, used = lf ? line + 1 : n;
		r = smtp_reply_parse_line(reply, text,
					  line && text[line - 1] == '\r' ? line - 1 : line);
		text += used;
		n -= used;
	}
	return r;
}

/* What we format has no control characters but CRLF, lines of 512 bytes at most, and the same code
 * when read. */
static void check_round(const struct smtp_reply *reply, bool with_status)
{
	struct smtp_reply again;
	struct buf out;
	buf_init(&out, 0);
	check(smtp_reply_format(&out, reply, with_status) == OK);
	size_t line = 0;
	for (size_t i = 0; i < out.len; i++) {
		char c = buf_head(&out)[i];
		line++;
		check(c == '\r' || c == '\n' || (c >= ' ' && c < 127));
		check(line <= 512);
		if (c == '\n')
			line = 0;
	}
	check(read_reply(&again, buf_head(&out), out.len) == OK);
	check(again.code == reply->code);
	check(!with_status || !reply->status[0] || strcmp(again.status, reply->status) == 0);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct smtp_reply reply;
	char text[64];
	if (read_reply(&reply, (const char *)data, n) != OK)
		return 0;
	check(reply.code >= 200 && reply.code <= 599);
	check(strlen(smtp_reply_print(&reply, text, sizeof text)) < sizeof text &&
	      !strchr(text, '\n'));
	check_round(&reply, true);
	check_round(&reply, false);
	return 0;
}
