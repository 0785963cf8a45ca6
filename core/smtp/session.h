/*
 * The inside of a server session, for the files that make it up: server.c (the contract of
 * server.h), session.c (asking, answering, ending), body.c (message data), verbs.c (the table) and
 * verb_*.c. Nobody else includes this.
 */
#ifndef SMTPGATE_SMTP_SESSION_H
#define SMTPGATE_SMTP_SESSION_H

#include "smtp/data.h"
#include "smtp/line.h"
#include "smtp/server.h"
#include "smtp/state.h"

#define SMTP_MAX_ERRORS 20          /* of config.max_errors 0 */
#define SMTP_TIMEOUT_COMMAND 300000 /* RFC 5321 4.5.3.2.7 */
#define SMTP_TIMEOUT_DATA 180000    /* RFC 5321 4.5.3.2.5 */

/* What to do with the answer of a callback. */
typedef void smtp_after(struct smtp_server *s, struct smtp_reply *reply);

/* The chunk of a BDAT that is under way. Whatever becomes of it, its bytes are never read as commands. */
struct smtp_chunk {
	uint64_t left;              /* bytes of it that are still to come */
	bool last;                  /* LAST was said */
	struct smtp_reply *refusal; /* owned: its bytes are thrown away, then this is said */
	uint64_t skipped;           /* bytes thrown away since a message was taken: SMTP_SKIP_MAX */
};

struct smtp_server {
	const struct smtp_server_config *config; /* not owned */
	const struct smtp_server_ops *ops;       /* not owned */
	void *ctx;
	enum smtp_state state;
	struct buf out;
	struct smtp_line line;
	smtp_after *after;       /* a callback is outstanding: this takes its answer */
	struct smtp_reply *shut; /* owned: the gateway wants the session to end with this */
	bool secure;             /* TLS is open */
	bool more;               /* bytes stand behind the command line that is being run */
	bool shutting;       /* shut was asked (shut itself may be NULL when memory was short) */
	bool transaction;    /* on_mail was asked; on_reset or on_end's answer is owed */
	bool utf8;           /* MAIL said SMTPUTF8 */
	unsigned recipients; /* accepted in this transaction: the callbacks keep them */
	unsigned finals;     /* LMTP: replies owed at the end of the message */
	unsigned errors;     /* 5xx in a row */
	unsigned messages;   /* ends of data so far */
	bool authenticating; /* lines are answers of an AUTH exchange */
	bool authenticated;
	unsigned noted; /* bit i: note i was told in this session */
	/* the message under way */
	struct smtp_data data;
	uint64_t size; /* bytes of content so far */
	enum result failed;
	struct smtp_chunk chunk;
};

/* ---- session.c ---- */

/* A callback's verdict: its reply goes to `after` now, or its answer later. */
void smtp_session_settle(struct smtp_server *s, enum smtp_verdict verdict, struct smtp_reply *reply,
			 smtp_after *after);
/* Sends a reply: puts in an enhanced code where one is due, counts errors, ends the session on 421.
 */
void smtp_session_reply(struct smtp_server *s, struct smtp_reply *reply);
/* Sends a reply of which others like it follow: it does not count as an error of its own. */
void smtp_session_one_of(struct smtp_server *s, struct smtp_reply *reply);
/* The same from code, enhanced code and words. */
void smtp_session_say(struct smtp_server *s, int code, const char *status, const char *words);
/* Tells on_refused, unless it is SMTP_RULE_NONE: the reply follows. */
void smtp_session_refused(struct smtp_server *s, enum smtp_rule rule,
			  const struct smtp_reply *reply);
/* The same, and sends the refusal. */
void smtp_session_refuse(struct smtp_server *s, enum smtp_rule rule, struct smtp_reply *reply);
/* Sends a reply without enhanced code (greeting, HELO, EHLO: RFC 2034 section 4). */
void smtp_session_plain(struct smtp_server *s, const struct smtp_reply *reply);
/* "421 STATUS HOST words", then the session is over. */
void smtp_session_end(struct smtp_server *s, const char *status, const char *words);
/* The transaction, if any, is over without success: on_reset. */
void smtp_session_forget(struct smtp_server *s);
void smtp_session_move(struct smtp_server *s, enum smtp_event event);

enum smtp_note { SMTP_NOTE_BARE_LF, SMTP_NOTE_BRACKETS, SMTP_NOTE_BLANK, SMTP_NOTE_INJECTION };
/* Tells on_note, each kind once a session: a peer does not fill the log. */
void smtp_session_note(struct smtp_server *s, enum smtp_note note);

/* ---- body.c ---- */

/* After 354, or with the first chunk of a BDAT: content follows. */
void smtp_body_begin(struct smtp_server *s, bool chunks);
/* Takes content; returns how many bytes were its own. */
size_t smtp_body_feed(struct smtp_server *s, const char *bytes, size_t n);
/* Fills *reply, and what of the config it comes of, when the message cannot be given to on_end any more. */
bool smtp_body_doomed(const struct smtp_server *s, struct smtp_reply *reply, enum smtp_rule *rule);
/* The message is whole: on_end, or the refusal. */
void smtp_body_finish(struct smtp_server *s);

/* ---- verb_bdat.c ---- */

/* Takes bytes of the chunk that is under way (chunk.left is not 0); returns how many were its own. */
size_t smtp_chunk_feed(struct smtp_server *s, const char *bytes, size_t n);

/* ---- verbs.c ---- */

/* What knows a verb: SMTP and LMTP, or one of them. */
enum smtp_tongue { SMTP_BOTH, SMTP_ALONE, SMTP_LMTP_ALONE };

struct smtp_verb {
	const char *name;
	unsigned states; /* SMTP_IN(state) of those it is allowed in */
	bool alone;      /* takes no argument */
	bool clear;      /* allowed in the clear where TLS is required (RFC 3207 section 4) */
	enum smtp_tongue tongue;
	/* args: what stands behind the verb without blanks at both ends, to be cut at will. */
	void (*run)(struct smtp_server *s, char *args);
};
/* A whole command line, NUL-terminated: finds the verb, checks order and runs it. */
void smtp_verbs_run(struct smtp_server *s, char *line);
/* What is said of a verb that comes at the wrong moment. */
void smtp_verbs_misplaced(const struct smtp_server *s, const char *verb, struct smtp_reply *reply);
/* STARTTLS is required and was not sent. */
bool smtp_verbs_needs_tls(const struct smtp_server *s);
/* The next row behind `verb` (NULL: the first) that this session knows; NULL at the end. For HELP. */
const struct smtp_verb *smtp_verbs_next(const struct smtp_server *s, const struct smtp_verb *verb);

/* ---- verb_*.c: one row each ---- */
void smtp_verb_helo(struct smtp_server *s, char *args);
void smtp_verb_ehlo(struct smtp_server *s, char *args);
void smtp_verb_lhlo(struct smtp_server *s, char *args);
void smtp_verb_mail(struct smtp_server *s, char *args);
void smtp_verb_rcpt(struct smtp_server *s, char *args);
void smtp_verb_data(struct smtp_server *s, char *args);
void smtp_verb_bdat(struct smtp_server *s, char *args);
void smtp_verb_rset(struct smtp_server *s, char *args);
void smtp_verb_noop(struct smtp_server *s, char *args);
void smtp_verb_vrfy(struct smtp_server *s, char *args);
void smtp_verb_expn(struct smtp_server *s, char *args);
void smtp_verb_help(struct smtp_server *s, char *args);
void smtp_verb_quit(struct smtp_server *s, char *args);
void smtp_verb_starttls(struct smtp_server *s, char *args);
void smtp_verb_auth(struct smtp_server *s, char *args);
/* A line of an exchange under way, and one that is too long. */
void smtp_verb_auth_line(struct smtp_server *s, const char *line);
void smtp_verb_auth_long(struct smtp_server *s);

/*
 * The path of MAIL and RCPT: "FROM:" or "TO:" in `prefix`, then the path. Returns it NUL-terminated
 * within args, with *params at what follows; NULL after a refusal was sent. bad: the enhanced code
 * of a syntax error (5.1.7, 5.1.3).
 */
char *smtp_verb_path(struct smtp_server *s, char *args, const char *prefix, unsigned flags,
		     const char *bad, char **params);
/* Is it ASCII, or was SMTPUTF8 said with MAIL? false: it was refused. */
bool smtp_verb_path_fits(struct smtp_server *s, const char *path);
/* The greeting of HELO and EHLO: checks the name, asks on_helo, gives the answer to `after`. */
void smtp_verb_hello(struct smtp_server *s, const char *name, bool extended, smtp_after *after);

#endif
