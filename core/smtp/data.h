/*
 * The content of a message as it comes in after 354 (RFC 5321 4.5.2): dots unstuffed, lines ended
 *by CRLF, the end found.
 *
 *	        other                 CR              LF
 *	 START -------> TEXT -----------------> CR --------> START     (START: behind CRLF, or
 *behind the DATA command) START -- . --> DOT -- CR --> DOT_CR -- LF --> ENDED DOT, DOT_CR, CR --
 *other --> TEXT
 *
 * What holds in each state: every byte before has been given to the sink but a CR whose follower is
 *not known (CR, DOT_CR) and the dot at the start of a line (DOT, DOT_CR), which is never given.
 *Only CRLF starts a line: a bare LF is content, a dot behind it is neither stuffing nor the end of
 *data. So CRLF.CRLF alone ends a message, whatever the bytes and however they are split
 *(CVE-2023-51764).
 */
#ifndef SMTPGATE_SMTP_DATA_H
#define SMTPGATE_SMTP_DATA_H

#include <stdbool.h>
#include <stddef.h>

enum smtp_data_state {
	SMTP_DATA_START,
	SMTP_DATA_TEXT,
	SMTP_DATA_CR,
	SMTP_DATA_DOT,
	SMTP_DATA_DOT_CR,
	SMTP_DATA_ENDED,
};

struct smtp_data {
	enum smtp_data_state state;
	bool raw;              /* of a BDAT: a dot is content, and only smtp_data_end ends it */
	bool bare_cr, bare_lf; /* out: such were seen; they were given as a blank and as CRLF */
	/* Takes content in runs as large as the input allows; the bytes are valid during the call.
	 */
	void (*sink)(void *ctx, const char *bytes, size_t n);
	void *ctx;
};

void smtp_data_init(struct smtp_data *d, void (*sink)(void *ctx, const char *bytes, size_t n),
		    void *ctx);
/* Returns how many bytes belong to the message: n, or fewer when it ended (state ENDED) within
 * them. */
size_t smtp_data_feed(struct smtp_data *d, const char *bytes, size_t n);
/* A raw message is whole (RFC 3030): gives the line end that its last line lacks. */
void smtp_data_end(struct smtp_data *d);

#endif
