/*
 * The SMTP client of one connection (RFC 5321): no I/O. Bytes in by feed, bytes out by output, transactions given one
 * after another over a kept connection. Pipelines when the server can (RFC 2920).
 *
 *	GREETING -> HELLO (EHLO) -> STARTTLS -> SECURING --smtp_client_secured--> HELLO (EHLO) ...   where TLS is wanted
 *	HELLO (EHLO) -> AUTH -> IDLE   where the owner wants to log in
 *	GREETING -> HELLO (EHLO, then HELO when refused) -> IDLE -> ENVELOPE (MAIL, RCPT...) -> DATA -> BODY -> FINAL -> IDLE
 *	quit: IDLE -> QUITTING -> ENDED;  any: error, time limit, 421 -> ENDED (close at once: the output is empty)
 *
 * Content goes by BDAT where CHUNKING is offered with PIPELINING (RFC 3030; client_chunks.c), else by DATA.
 *
 * By LMTP (RFC 2033) LHLO is said instead of EHLO, never HELO, and the end of data has an answer for each recipient that was
 * taken, in their order.
 *
 * An 8-bit message goes to a server without 8BITMIME as it is, as Postfix and Exim do: RFC 6152 section 3 asks for a change of
 * encoding or a refusal, which would break signatures or mail. Lines of a reply beyond the 1000th, words that are no
 * reply and replies nobody asked for end the connection.
 */
#ifndef SMTPGATE_SMTP_CLIENT_H
#define SMTPGATE_SMTP_CLIENT_H

#include "base/buf.h"
#include "base/result.h"
#include "smtp/limits.h"
#include "smtp/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct smtp_client;

/* What is done about STARTTLS (RFC 3207). IF_OFFERED goes on in the clear when it is not offered or refused (RFC 7435);
 * NEEDED ends the connection then, with code 0 and words. */
enum smtp_client_tls { SMTP_TLS_OFF, SMTP_TLS_IF_OFFERED, SMTP_TLS_NEEDED };

struct smtp_client_config {
	const char *helo; /* name for EHLO */
	enum smtp_client_tls tls;
	/* RFC 5321 4.5.3.2 in ms; 0 takes: greeting 5 min, command 5 min, DATA 2 min, block 3 min, final 10 min. */
	int64_t timeout_greeting, timeout_command, timeout_data, timeout_block, timeout_final;
	bool lmtp;      /* the server speaks LMTP */
	bool no_chunks; /* no BDAT, whatever it offers: it is known not to take it */
	bool login; /* log in (RFC 4954) before the first transaction; the three auth_ functions are there */
};

/* What is to be said first when logging in. */
struct smtp_client_login {
	const char *mechanism; /* as EHLO spells it; static or of the owner */
	bool initial;          /* `message` holds an initial response, also when it is empty */
	struct buf *message;   /* the owner appends bytes, not Base64 */
	char why[256];         /* out, when it cannot be: words */
};

/* One message over the connection. The caller owns it until on_done. */
struct smtp_transaction {
	const char *reverse_path;
	const char *const *recipients;
	size_t count;
	/* What the sender asked for (mail/asks.h), of the message and of each recipient; NULL: nothing. DSN goes to a server that
	 * offers it. */
	const char *asks;
	const char *const *asks_of;
	uint64_t
		size; /* of what read gives, for SIZE= and the check against the server's limit; 0: unknown */
	bool eight_bit;
	bool utf8; /* its header is not ASCII (RFC 6532), and the sender said so by SMTPUTF8 */
	/* Content with CRLF lines from offset 0 on: bytes given, 0 at the end, -1: the message cannot be read now (the
	 * connection is dropped without end of data, nothing is delivered). Stuffing is ours; a bare CR or LF in it is
	 * never sent as such (made CRLF or blank: outgoing smuggling, CVE-2023-51764), a missing last CRLF is added. */
	ssize_t (*read)(void *ctx, char *to, size_t n);
	void *ctx;
	/* out, filled before on_done: one for each recipient. code 0: the connection failed first (text says how);
	 * the same code for all when MAIL, DATA or the end was refused. */
	struct smtp_reply *replies; /* the caller's array of count */
	bool reports; /* out: the server offers DSN, and was told what is asked for: it reports on */
	bool no_chunks; /* out: it was not sent, for the server offers CHUNKING and takes no BDAT (500 to 504): try DATA */
	bool sent_all; /* out: the end of data was sent, its answer did not come: delivered or not, nobody knows */
};

struct smtp_client_ops {
	/* EHLO was answered: transactions may be given. */
	void (*on_ready)(void *ctx);
	/* STARTTLS was answered 220: the owner makes TLS, then calls smtp_client_secured; never from inside this call.
	 * Bytes that came behind that answer end the connection: whoever was in between sent them. */
	void (*on_starttls)(void *ctx);
	/* config.login: the server offers these mechanisms ("PLAIN LOGIN", "" none). false: it cannot be, login->why says
	 * why; the connection ends with code 0 and these words. */
	bool (*auth_begin)(void *ctx, const char *offered, struct smtp_client_login *login);
	/* The answer to a challenge is appended (bytes, not Base64). false: the server does not speak the mechanism, or cannot
	 * prove who it is: the exchange is called off. */
	bool (*auth_answer)(void *ctx, const char *challenge, size_t n, struct buf *answer);
	/* The server's last word, 235 or a refusal. false on 235: it is not to be believed, and the connection ends. After a
	 * refusal it ends with that reply, whatever is returned. */
	bool (*auth_done)(void *ctx, const struct smtp_reply *reply);
	/* The transaction given last has its results. The client may be given another when smtp_client_idle. */
	void (*on_done)(void *ctx, struct smtp_transaction *t);
	void (*on_line)(void *ctx, bool out, const char *line,
			size_t n); /* for [log] protocol; may be NULL */
};

enum result smtp_client_new(struct smtp_client **c, const struct smtp_client_config *config,
			    const struct smtp_client_ops *ops, void *ctx);
/* An outstanding transaction gets on_done with code 0 first. Not from within a callback. */
void smtp_client_destroy(struct smtp_client **c);
/* Consumes all bytes. */
void smtp_client_feed(struct smtp_client *c, const char *bytes, size_t n);
/* The peer closed or the network failed (words for the results): outstanding transactions are done with code 0. */
void smtp_client_lost(struct smtp_client *c, const char *why);
/* Commands and content to be sent. Refilled from transaction->read by smtp_client_pump, never above
 * SMTP_CLIENT_OUTPUT bytes. */
struct buf *smtp_client_output(struct smtp_client *c);
/* Call when output was sent: reads more content into it. */
void smtp_client_pump(struct smtp_client *c);
/* E_STATE unless idle. E_LIMIT: larger than the server's SIZE (replies are filled with 552 5.3.4, on_done not called).
 * E_SYNTAX: the reverse-path cannot go into a command (likewise, 553 5.1.7), or it or the header needs SMTPUTF8, which the
 * server does not offer (553 5.6.7). A recipient that cannot gets 553 5.1.3 or 5.6.7 and is not asked for; domains alone in UTF-8 are
 * said in ASCII. With OK, on_done may come before this returns (memory short). count is at least 1. */
enum result smtp_client_send(struct smtp_client *c, struct smtp_transaction *t);
bool smtp_client_idle(const struct smtp_client *c);
/* QUIT; then ended after the answer or its time limit. Called before the client is idle, QUIT is sent once it is. */
void smtp_client_quit(struct smtp_client *c);
bool smtp_client_ended(const struct smtp_client *c);
/* Why it ended, when by the server's reply: greeting 4xx/5xx, 421; code 0 and words otherwise. */
const struct smtp_reply *smtp_client_end_reply(const struct smtp_client *c);
/* ms that the server has now, from the last byte out or the last whole reply in; 0 when nothing is awaited. */
int64_t smtp_client_timeout(const struct smtp_client *c);
/* Whole replies so far. Pieces of one give the server no more time: it would keep a message for ever by a byte now and then. */
uint64_t smtp_client_replies(const struct smtp_client *c);
void smtp_client_timed_out(struct smtp_client *c);
/* Logging in was what ended it: its end's reply is about our account, not about any message. */
bool smtp_client_login_failed(const struct smtp_client *c);
/* TLS is open: EHLO is said anew. Only after on_starttls. */
void smtp_client_secured(struct smtp_client *c);
/* Why it goes on in the clear although TLS was wanted, in words; "" when it does not. */
const char *smtp_client_clear_words(const struct smtp_client *c);
/* Does the server offer REQUIRETLS (RFC 8689)? After ready. */
bool smtp_client_offers_require_tls(const struct smtp_client *c);
/* The server's SIZE limit after ready: 0 none. */
uint64_t smtp_client_size_limit(const struct smtp_client *c);

/* What its LIMITS say (RFC 9422), after ready: the owner keeps to them. */
const struct smtp_limits *smtp_client_limits(const struct smtp_client *c);

#define SMTP_CLIENT_OUTPUT 65536

#endif
