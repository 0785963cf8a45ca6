/*
 * The inside of an incoming session, for the files that make it up: session.c (the connection and its engine) and
 * session_mail.c (the message that is arriving), session_auth.c (logging in), session_profile.c (how lenient it is), session_proxy.c (for
 * whom a proxy speaks) and session_repair.c (what is put right of a message).
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
#include "smtp/proxy.h"
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
	unsigned number; /* of the gateway's connections */
	struct net_ip ip;
	bool counted, logged, extended, storing, ending;
	char user[USERS_NAME_MAX + 1]; /* who is logged in, or "" */
	struct sasl_server *sasl;      /* a login under way */
	bool auth_clear;               /* it may log in without TLS */
	unsigned denied;               /* logins */
	bool shaking;                  /* TLS is being made: the engine's output waits */
	struct smtp_proxy
		*proxy; /* a header that is awaited, or NULL; then there is no engine yet */
	struct smtp_proxy_look look; /* for one that should not come */
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
	/* of the budget of memory: for the connection, and for the message */
	size_t kept, reserved, room; /* room: of reserved, the content's */
	uint64_t declared;           /* the message's size as MAIL said it, 0: it did not */
	size_t unread;               /* for replies that the client does not read */
	int64_t starved;             /* mono ms until which it waits for room; 0: it does not */
};

/* ---- session.c ---- */

/* Is the connection secured? */
bool session_is_secure(const struct session *s);
/* The outstanding callback's answer goes to the engine and to the client. */
void session_answer(struct session *s, const struct smtp_reply *reply);
/* When its connection is gone and nothing is at the spool. */
void session_free(struct session *s);

/* The client is known now: it is let in and greeted, or refused. */
void session_begin(struct session *s);
/* The connection ends, the client having been told why where it is spoken to. */
void session_end(struct session *s, const struct smtp_reply *reply);

/* ---- session_proxy.c ---- */

/* Is the peer a proxy? Then its header is awaited, and session_begin follows when it is there. */
bool session_proxy_await(struct session *s);
/* Bytes while it is awaited; returns how many of them were it. */
size_t session_proxy_feed(struct session *s, const char *bytes, size_t n);
/* The proxy ended the connection, or took too long. */
void session_proxy_eof(struct session *s);
void session_proxy_timeout(struct session *s);
/* Bytes of a peer that is none; true: they claim that it is one, and the session ends. */
bool session_proxy_refused(struct session *s, const char *bytes, size_t n);

/* ---- session_room.c ---- */

/* Takes room for a connection; false: there is none. session_room_end gives all back. */
bool session_room_begin(struct session *s);
void session_room_secure(struct session *s);
void session_room_end(struct session *s);
/* The room of a recipient, with what is asked for it. */
size_t session_room_of(const char *address, const char *asks);
/* Takes the room of some, or that of the content; false: there is not so much, and none was taken. session_room_drop gives both back. */
bool session_room_recipients(struct session *s, size_t room);
bool session_room_message(struct session *s);
void session_room_drop(struct session *s);
/* Some of what was taken for recipients is not needed. */
void session_room_spared(struct session *s, size_t room);
/* So many bytes of content have come. */
void session_room_grew(struct session *s, uint64_t size);
/* The content is the spool's message now, which counts for itself. */
void session_room_submitted(struct session *s);
/* Room for more replies, up to `most` bytes, to a client that has not read `pending` of them; false: none. session_room_sent: it has read all. */
bool session_room_output(struct session *s, size_t pending, size_t most);
void session_room_sent(struct session *s);
/* The client waits for room from now on, unread; session_room_look says what becomes of it. */
enum session_room { SESSION_ROOM, SESSION_NO_ROOM_YET, SESSION_NO_ROOM };
void session_room_wait(struct session *s);
enum session_room session_room_look(struct session *s);
/* ms until its connection is looked at again. */
int64_t session_room_timeout(const struct session *s);

/* ---- session_mail.c ---- */

/* Whether a message that waits for room has it now: the client is answered, or waits on. */
void session_mail_look(struct session *s);

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
