/* SMTP replies (RFC 5321 4.2, RFC 3463): text in, struct out and back. */
#ifndef SMTPGATE_SMTP_REPLY_H
#define SMTPGATE_SMTP_REPLY_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define SMTP_REPLY_TEXT \
	1024 /* words of a reply kept, all lines joined by \n; longer ones are cut */

struct smtp_reply {
	int code;        /* 200..599 */
	char status[16]; /* enhanced status code "2.1.5", "" when none */
	char text[SMTP_REPLY_TEXT];
};

/* Sets all three; status NULL or "" for none. Returns reply. */
struct smtp_reply *smtp_reply_set(struct smtp_reply *reply, int code, const char *status,
				  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Appends the reply with CRLF, several lines as RFC 5321 4.2.1, split so that none exceeds 512 bytes. Control
 * characters in text become '?'. with_status: put the enhanced code on each line. */
enum result smtp_reply_format(struct buf *out, const struct smtp_reply *reply, bool with_status);

/* Reads a reply fed line by line (line without CRLF). Returns OK when it is complete, E_STATE when more lines follow,
 * E_SYNTAX when it is none. Begin with a zeroed *reply. Where lines differ in their code the last one's counts. */
enum result smtp_reply_parse_line(struct smtp_reply *reply, const char *line, size_t n);
/* "550 5.1.1 No such user" on one line, for logs and bounces; n >= 64; cut when longer. */
const char *smtp_reply_print(const struct smtp_reply *reply, char *out, size_t n);

static inline bool smtp_reply_is(const struct smtp_reply *reply, int hundreds)
{
	return reply->code / 100 == hundreds;
}

#endif
