/*
 * The inside of an incoming session, for the files that make it up: session.c (the connection and its engine) and
 * session_mail.c (the message that is arriving), session_auth.c (logging in), session_profile.c (how lenient it is) and session_repair.c
 * (what is put right of a message).
 * Nobody else includes this.
 */
#ifndef SMTPGATE_GATEWAY_SESSION_INTERNAL_H
#define SMTPGATE_GATEWAY_SESSION_INTERNAL_H

#include "gateway/channel.h"
#include "auth/sasl.h"
#include "gateway/queue.h"
#include "gateway/refused.h"
#include "gateway/session.h"
#include "gateway/transcript.h"
#include "mail/header.h"
#include "smtp/server.h"

struct session {
	struct session *next, *prev;
	struct lane *lane;
	struct inbound *in;
	struct channel *channel; /* NULL: gone */
	struct smtp_server *server;
	struct settings *settings;
	const struct conf_listen *conf;
	const struct conf_profile *profile;
	struct smtp_server_config config; /* the engine keeps pointing to both */
	struct smtp_server_ops ops;
	char id[40], client[64];
	struct net_ip ip;
	bool counted, logged, extended, storing, ending;
	char user[USERS_NAME_MAX + 1]; /* who is logged in, or "" */
	struct sasl_server *sasl;      /* a login under way */
	bool auth_clear;               /* it may log in without TLS */
	unsigned denied;               /* logins */
	bool shaking;                  /* TLS is being made: the engine's output waits */
	char helo[256];
	/* the message that is arriving */
	struct region *region;
	struct mail_envelope envelope;
	struct spool_draft *draft;
	struct mail_header header;
	struct spool_submit submit;
	struct queue_link *link;
	bool repairing;           /* its header is not through yet */
	struct mail_header probe; /* of what is held */
	struct buf held, notes;   /* the header and the beginning of the body; what was repaired */
	int64_t since;
	struct transcript talk; /* for the log of 1993 */
};

/* ---- session.c ---- */

/* Is the connection secured? */
bool session_is_secure(const struct session *s);
/* The outstanding callback's answer goes to the engine and to the client. */
void session_answer(struct session *s, const struct smtp_reply *reply);
/* When its connection is gone and nothing is at the spool. */
void session_free(struct session *s);

/* ---- session_profile.c ---- */

/* Sets the callback of the engine that is about its own refusals. */
void session_profile_ops(struct smtp_server_ops *ops);
/* The client was refused by a setting: counted, and kept for `smtpgate status`. */
void session_refused(struct session *s, enum refused_rule rule, const char *reason);

/* Which profile the client gets; fills it in, and the engine's settings. */
void session_profile_set(struct session *s);

/* ---- session_auth.c ---- */

/* Sets the callbacks of the engine that are about logging in. */
void session_auth_ops(struct smtp_server_ops *ops);
/* What the engine may offer now: at the beginning, and again when the connection is secure. */
void session_auth_offer(struct session *s);
/* A login under way is forgotten. */
void session_auth_drop(struct session *s);

/* ---- session_repair.c ---- */

/* A message begins; then its content comes, then its end. E_NOMEM, and what the spool says. */
void session_repair_begin(struct session *s);
enum result session_repair_feed(struct session *s, const char *bytes, size_t n);
enum result session_repair_finish(struct session *s);
/* What is held is forgotten. */
void session_repair_drop(struct session *s);

/* ---- session_mail.c ---- */

/* Content as it is stored. */
enum result session_mail_keep(struct session *s, const char *bytes, size_t n);

/* Sets the callbacks of the engine that are about messages. */
void session_mail_ops(struct smtp_server_ops *ops);
/* The message that was arriving, if any, is forgotten. */
void session_mail_drop(struct session *s);

#endif
