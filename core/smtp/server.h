/*
 * The SMTP server of one session (RFC 5321, with PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES, CHUNKING of RFC 3030, LIMITS of RFC
 * 9422). It does no I/O:
 * bytes go in by smtp_server_feed, replies come out in smtp_server_output, decisions are asked by callbacks, and time is
 * told by the caller. One verb a file (smtp/verb_*.c). With config.lmtp it speaks LMTP (RFC 2033): LHLO in place of HELO and EHLO, and
 * behind a message one reply for each recipient that was taken, in their order; they are all the same, for a message is stored or not.
 *
 *	             connect              HELO/EHLO           MAIL           RCPT           DATA
 *	  (new) --------------> GREETED ----------> READY ---------> MAIL ---------> RCPT ---------> DATA
 *	                                              ^  RSET, end of message (250 or refused)         |
 *	                                              +--------------------------------------------------+
 *	  RCPT --BDAT--> CHUNKS --BDAT LAST--> READY: as DATA, in chunks of a size said before
 *	  READY --STARTTLS (220)--> SECURING --smtp_server_secured--> GREETED: what was said in the clear is forgotten
 *	  any: QUIT, 421, error limit, time limit -> ENDING (output is sent, then the connection closed)
 *
 * A callback answers at once (SMTP_DONE) or later (SMTP_LATER, then smtp_server_answer once): while one is outstanding
 * no input is consumed, so order is kept and the peer is slowed.
 */
#ifndef SMTPGATE_SMTP_SERVER_H
#define SMTPGATE_SMTP_SERVER_H

#include "base/buf.h"
#include "base/result.h"
#include "smtp/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smtp_server;

/* What is said of STARTTLS (RFC 3207). HIDDEN: not shown, for clients that stumble over it, but taken. REQUIRED: mail is
 * taken after it only (530). */
enum smtp_starttls {
	SMTP_STARTTLS_OFF,
	SMTP_STARTTLS_HIDDEN,
	SMTP_STARTTLS_OFFERED,
	SMTP_STARTTLS_REQUIRED
};

/* How bare CR and bare LF in message data are taken. CRLF.CRLF alone ends a message under each of them. */
enum smtp_newline {
	SMTP_NEWLINE_REJECT, /* 550 5.6.11 (bare CR or LF) after the end of data: nothing is stored */
	SMTP_NEWLINE_NORMALISE, /* LF alone becomes CRLF, CR alone becomes a blank; never an end of data; a dot behind
				 * such a LF is content, not stuffing. Commands may end with LF (noted once) */
	SMTP_NEWLINE_NOTE, /* as NORMALISE, and on_note is told for each message */
};

struct smtp_server_config {
	const char *hostname;    /* in greeting and replies; never NULL */
	uint64_t max_size;       /* bytes of content, 0: no limit; offered as SIZE */
	unsigned max_recipients; /* 452 4.5.3 above */
	unsigned
		max_errors; /* so many 5xx commands in a row without a success: 421 and close (default 20) */
	unsigned max_transactions; /* messages a session, 0: no limit */
	enum smtp_newline newline;
	enum smtp_starttls starttls;
	bool lmtp;
	bool secure; /* TLS was there before the greeting */
	/* Mechanisms of AUTH, "PLAIN LOGIN"; "": none as long as the connection is in the clear; NULL: AUTH is not offered. The
	 * owner may change it between two calls (after STARTTLS). */
	const char *auth;
	bool auth_required;     /* MAIL before a login: 530 5.7.0 */
	bool helo_any;          /* empty and malformed HELO names are taken */
	bool brackets_optional; /* MAIL FROM:jdoe */
	/* RFC 5321 4.5.3.2.7: 5 min for a command; DATA block 3 min. 0 takes these. Milliseconds. */
	int64_t timeout_command, timeout_data;
};

/* What of the config refused the peer, where a laxer one would have taken what came. */
enum smtp_rule {
	SMTP_RULE_NONE,       /* none: something else did */
	SMTP_RULE_HELO,       /* helo_any */
	SMTP_RULE_BRACKETS,   /* brackets_optional */
	SMTP_RULE_NEWLINE,    /* newline */
	SMTP_RULE_SIZE,       /* max_size */
	SMTP_RULE_RECIPIENTS, /* max_recipients */
	SMTP_RULE_STARTTLS,   /* starttls */
	SMTP_RULE_LOGIN,      /* auth_required */
	SMTP_RULE_CLEAR       /* auth "" */
};

enum smtp_verdict { SMTP_DONE, SMTP_LATER };

/* Each callback fills *reply (preset to the usual success) and returns SMTP_DONE, or returns SMTP_LATER. Strings are
 * valid during the call only. A reply of 421 ends the session after it was sent. NULL callbacks accept. */
struct smtp_server_ops {
	/* helo: name or address literal, "" when empty and allowed. extended: EHLO. */
	enum smtp_verdict (*on_helo)(void *ctx, const char *helo, bool extended,
				     struct smtp_reply *reply);
	/* STARTTLS came. With 220 the engine takes no input: the owner sends the output, makes TLS, then calls
	 * smtp_server_secured. Another reply (454) refuses. */
	enum smtp_verdict (*on_starttls)(void *ctx, struct smtp_reply *reply);
	/* reverse_path: "user@domain" or "". size: of SIZE=, 0 when not said. asks: mail/asks.h. */
	enum smtp_verdict (*on_mail)(void *ctx, const char *reverse_path, uint64_t size,
				     bool eight_bit, const char *asks, struct smtp_reply *reply);
	/* forward_path: "user@domain", or "postmaster" alone (RFC 5321 4.1.1.3). Source routes are stripped. */
	enum smtp_verdict (*on_rcpt)(void *ctx, const char *forward_path, const char *asks,
				     struct smtp_reply *reply);
	/* Before 354, or before the first chunk of a BDAT. A reply other than 354 refuses. */
	enum smtp_verdict (*on_data)(void *ctx, struct smtp_reply *reply);
	/* Content: unstuffed, CRLF lines. OK, or a result that makes the rest be read and thrown away; then on_end
	 * is not called and the peer gets 452 4.3.1 (E_FULL, E_NOMEM, E_LIMIT) or 451 4.3.0. */
	enum result (*on_bytes)(void *ctx, const char *bytes, size_t n);
	/* Whole message is there. The reply is what the peer sees: 250 only when it is on disk. */
	enum smtp_verdict (*on_end)(void *ctx, struct smtp_reply *reply);
	/* The transaction ended without on_end's success: RSET, new EHLO, QUIT, too big, lost connection. Also called
	 * by smtp_server_destroy, there also when on_mail or on_end has not answered yet. Not called when on_end answered
	 * or on_mail refused. */
	void (*on_reset)(void *ctx);
	/* AUTH (RFC 4954), needed when config.auth may be set. initial: the initial response, Base64 as it came, "" for "=";
	 * NULL: none. 334 with the next challenge in Base64 as text goes on with on_auth_line; any other reply ends the exchange, 2xx
	 * with success. */
	enum smtp_verdict (*on_auth)(void *ctx, const char *mechanism, const char *initial,
				     struct smtp_reply *reply);
	enum smtp_verdict (*on_auth_line)(void *ctx, const char *line, struct smtp_reply *reply);
	/* An exchange was cancelled by the peer. May be NULL. */
	void (*on_auth_end)(void *ctx);
	/* Something that should be noted in the log: "bare LF", "path without brackets", "injection: ...". */
	void (*on_note)(void *ctx, const char *what);
	/* The config itself refused the peer, which gets this reply, of a chunk (BDAT) once its bytes are thrown away. Never
	 * with SMTP_RULE_NONE. May be NULL. */
	void (*on_refused)(void *ctx, enum smtp_rule rule, const struct smtp_reply *reply);
	/* For [log] protocol: each line in (false) and out (true), without CRLF; what AUTH carries is masked. May be NULL. */
	void (*on_line)(void *ctx, bool out, const char *line, size_t n);
};

/* config's strings and ops must outlive the session. *s is in state GREETED, its greeting in the output; with
 * `greeting` not NULL (a 4xx or 5xx: too many connections, not accepted from there) it says that and ends. */
enum result smtp_server_new(struct smtp_server **s, const struct smtp_server_config *config,
			    const struct smtp_server_ops *ops, void *ctx,
			    const struct smtp_reply *greeting);
/* Not from within a callback. */
void smtp_server_destroy(struct smtp_server **s);
/* Takes bytes; returns how many were consumed: all, unless a callback is outstanding, output is full
 * (SMTP_OUTPUT_HIGH) or the session ended. Call again with the rest when that has changed. */
size_t smtp_server_feed(struct smtp_server *s, const char *bytes, size_t n);
/* The reply that on_data's is preset to: for a callback that answers later. */
void smtp_server_go_on(struct smtp_reply *reply);
/* The outstanding callback's answer; may produce output and make feed go on. */
void smtp_server_answer(struct smtp_server *s, const struct smtp_reply *reply);
/* STARTTLS was answered 220 and smtp_server_secured is awaited. */
bool smtp_server_securing(const struct smtp_server *s);
/* TLS is open: the session begins anew, without greeting. Only while securing. */
void smtp_server_secured(struct smtp_server *s);
/* Replies to be sent; the caller consumes them from it. */
struct buf *smtp_server_output(struct smtp_server *s);
/* True when the session is over: close after the output was sent. */
bool smtp_server_ended(const struct smtp_server *s);
/* ms that the peer has in this state, counted from its last byte; 0 while we owe an answer (no limit of its). When the
 * session has ended: to take the last replies. */
int64_t smtp_server_timeout(const struct smtp_server *s);
/* The time ran out: 421 4.4.2 and the end. When it had ended before, the output is dropped: close. */
void smtp_server_timed_out(struct smtp_server *s);
/* The gateway stops or sheds load: 421 with these words between commands; during DATA after the message. */
void smtp_server_shut(struct smtp_server *s, const struct smtp_reply *reply);
/* True between MAIL and its end: a stop waits for it. */
bool smtp_server_busy(const struct smtp_server *s);

#define SMTP_LINE_MAX \
	2048 /* command line with CRLF; RFC 5321 asks 512 + extensions: longer is 500 5.5.2 */
/* Bytes of refused chunks (BDAT) that are read and thrown away until a message is taken; more ends the session. */
#define SMTP_SKIP_MAX ((uint64_t)64 << 20)
#define SMTP_OUTPUT_HIGH 16384 /* bytes of unsent replies above which feed stops taking commands */

#endif
