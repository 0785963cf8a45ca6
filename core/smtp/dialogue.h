/*
 * The inside of a client, for the files that make it up: client.c (the contract of client.h, the
 * rows of its states), client_hello.c (greeting, EHLO, HELO, QUIT), client_auth.c (AUTH), client_envelope.c (RSET, MAIL,
 * RCPT, DATA and their answers), client_body.c (content, the last answer), client_chunks.c (content by BDAT) and client_result.c (what
 * each recipient got). Nobody else includes this.
 */
#ifndef SMTPGATE_SMTP_DIALOGUE_H
#define SMTPGATE_SMTP_DIALOGUE_H

#include "smtp/client.h"
#include "smtp/line.h"
#include "smtp/stuff.h"

#define SMTP_REPLY_LINE 2048  /* bytes of a reply line looked at; RFC 5321 4.5.3.1.5 says 512 */
#define SMTP_REPLY_LINES 1000 /* lines of one reply; a server that says more is left */

/*
 * GREETING  connected; the server's first words are awaited
 * EHLO      EHLO was sent;  HELO: it was refused and HELO sent
 * STARTTLS it was sent;  SECURING: it was answered 220, TLS is being made
 * AUTH      AUTH or an answer of it was sent
 * IDLE      no transaction; nothing is awaited
 * ENVELOPE  a transaction: answers to RSET, MAIL and RCPT are awaited, as many as were sent
 * DATA      every recipient was answered, DATA is awaited
 * BODY      354 came: content is sent, block by block
 * FINAL     the end of data was sent; its answer is awaited
 * QUITTING  QUIT was sent
 * ENDED     close the connection
 */
enum smtp_client_state {
	SMTP_CLIENT_GREETING,
	SMTP_CLIENT_EHLO,
	SMTP_CLIENT_HELO,
	SMTP_CLIENT_STARTTLS,
	SMTP_CLIENT_SECURING,
	SMTP_CLIENT_AUTH,
	SMTP_CLIENT_IDLE,
	SMTP_CLIENT_ENVELOPE,
	SMTP_CLIENT_DATA,
	SMTP_CLIENT_BODY,
	SMTP_CLIENT_FINAL,
	SMTP_CLIENT_QUITTING,
	SMTP_CLIENT_ENDED,
	SMTP_CLIENT_STATE_COUNT
};

/* What the server said that it can (its EHLO keywords). */
struct smtp_offer {
	bool pipelining, size, eight_bit, starttls, dsn, require_tls, utf8, chunking;
	uint64_t size_limit; /* 0: none said */
	char auth[256];      /* mechanisms, parted by blanks */
	struct smtp_limits limits;
};

/*
 * The commands of a transaction are numbered: 0 RSET, 1 MAIL, 2.. one for each recipient, last
 * DATA. `sent` and `answered` count through them, so that answers find their command however many
 * are under way.
 */
#define SMTP_STEP_RSET ((size_t)0)
#define SMTP_STEP_MAIL ((size_t)1)
#define SMTP_STEP_RCPT ((size_t)2)

struct smtp_client {
	struct smtp_client_config config;
	const struct smtp_client_ops *ops; /* not owned */
	void *ctx;
	enum smtp_client_state state;
	struct buf out;
	struct smtp_line line;
	struct smtp_reply reply; /* being read */
	unsigned lines;          /* of it */
	uint64_t replies;        /* whole ones so far */
	struct smtp_reply end;   /* why it ended */
	struct smtp_offer offer;
	bool reset_due;   /* the server holds a transaction that came to nothing */
	bool secure;      /* TLS is open */
	char clear[256];  /* why it is not, though it was wanted */
	bool quit_wanted; /* quit was called in a transaction */
	/* logging in */
	bool logged_in, login_failed;
	bool called_off;  /* "*" was sent: whatever comes, it has failed */
	struct buf first; /* the initial response, held back until the server asks; secret */
	bool first_held;
	/* the transaction under way */
	struct smtp_transaction *t; /* not owned */
	size_t sent, answered;      /* steps */
	size_t asked, accepted;     /* recipients sent to the server, and taken by it */
	bool refused;               /* MAIL was: nothing more is sent */
	bool utf8;                  /* SMTPUTF8 is said with MAIL */
	size_t ended;               /* LMTP: recipients before this one have their last answer */
	struct smtp_stuff stuff;
	/* by BDAT */
	bool chunks;        /* it goes so */
	struct buf chunk;   /* content read and not in the output yet */
	bool read_all;      /* no more of it comes */
	size_t chunks_open; /* chunks whose answer is awaited */
	bool chunk_refused;
};

/* ---- client.c ---- */

/* Appends a command line (without its end) whole, or says E_LIMIT: it must wait. Other failures end
 * the connection. */
enum result smtp_client_command(struct smtp_client *c, const char *line, size_t n);
/* The connection is of no use: all that is open gets code 0 and these words. */
void smtp_client_fail(struct smtp_client *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The server ended it by this reply: all that is open gets it. */
void smtp_client_end(struct smtp_client *c, const struct smtp_reply *reply);
/* A reply that has no place here. */
void smtp_client_misfit(struct smtp_client *c, const struct smtp_reply *reply, const char *where);

/* As smtp_client_command, for a line that holds a secret: `shown` is what the log gets. */
enum result smtp_client_secret(struct smtp_client *c, const char *line, size_t n,
			       const char *shown);

/* ---- client_hello.c ---- */
/* Hello was said, the way is secured, the account is known: transactions may come. */
void smtp_client_ready(struct smtp_client *c);
void smtp_client_greeted(struct smtp_client *c, const struct smtp_reply *reply);
void smtp_client_ehlo_answered(struct smtp_client *c, const struct smtp_reply *reply);
void smtp_client_starttls_answered(struct smtp_client *c, const struct smtp_reply *reply);
void smtp_client_helo_answered(struct smtp_client *c, const struct smtp_reply *reply);
void smtp_client_quit_answered(struct smtp_client *c, const struct smtp_reply *reply);
/* A line of EHLO's answer behind the first: notes what the server can. */
void smtp_offer_take(struct smtp_offer *offer, const char *line, size_t n);

/* ---- client_auth.c ---- */
void smtp_client_auth_begin(struct smtp_client *c);
void smtp_client_auth_answered(struct smtp_client *c, const struct smtp_reply *reply);

/* ---- client_envelope.c ---- */
/* Does it need SMTPUTF8? Not when a domain in UTF-8 is all that it has. */
bool smtp_client_is_wide(const char *address);
void smtp_client_envelope_begin(struct smtp_client *c, struct smtp_transaction *t);
/* Sends what the server and the output's bound allow now. */
void smtp_client_envelope_send(struct smtp_client *c);
void smtp_client_envelope_answered(struct smtp_client *c, const struct smtp_reply *reply);

/* ---- client_body.c ---- */
/* 354 came. With no recipient accepted the server gets an empty message, which goes to nobody (RFC
 * 2920 3.1). */
void smtp_client_body_begin(struct smtp_client *c);
void smtp_client_body_send(struct smtp_client *c);
/* An answer in BODY: the server did not wait for the end. */
void smtp_client_body_answered(struct smtp_client *c, const struct smtp_reply *reply);
void smtp_client_final_answered(struct smtp_client *c, const struct smtp_reply *reply);

/* ---- client_chunks.c ---- */
/* The first chunk, in the place of DATA. As smtp_client_command. */
enum result smtp_client_chunks_begin(struct smtp_client *c);
/* Its answer. */
void smtp_client_chunks_begun(struct smtp_client *c, const struct smtp_reply *reply);
/* In BODY: as many as fit into the output. */
void smtp_client_chunks_send(struct smtp_client *c);
/* An answer in BODY or FINAL. */
void smtp_client_chunk_answered(struct smtp_client *c, const struct smtp_reply *reply);

/* ---- client_result.c ---- */
void smtp_result_copy(struct smtp_reply *to, const struct smtp_reply *from);
/* Every recipient gets this reply. */
void smtp_result_all(struct smtp_transaction *t, const struct smtp_reply *reply);
/* Those that the server accepted get this one. */
void smtp_result_accepted(struct smtp_transaction *t, const struct smtp_reply *reply);
/* Those that were not refused get this one: accepted, not answered, not sent. Those before `from` have their last answer. */
void smtp_result_open(struct smtp_transaction *t, size_t from, const struct smtp_reply *reply);
/* LMTP: the next recipient that was taken gets its last answer. True when none is left. */
bool smtp_result_next(struct smtp_client *c, const struct smtp_reply *reply);
/* The transaction has its results: on_done, then the client is idle again (or quits, when that was
 * wanted). */
void smtp_result_done(struct smtp_client *c);

#endif
