/*
 * A link: one outgoing connection with its SMTP client, used by one job after another. In the lane's thread.
 *
 *	HELLO (TLS, AUTH) --ready--> IDLE --link_send--> SENDING --done--> IDLE ...   any --lost, 421, time--> DEAD
 */
#ifndef SMTPGATE_GATEWAY_LINK_H
#define SMTPGATE_GATEWAY_LINK_H

#include "gateway/vendor.h"
#include "gateway/channel.h"
#include "gateway/login.h"
#include "gateway/transcript.h"
#include "smtp/client.h"
#include "transport/conn.h"

struct link;

#define LINK_PEER_MAX 640       /* with how the way is secured */
#define LINK_TLS_FAILED "4.7.5" /* status of the end's reply when TLS was what failed */

/* Why a link ended. */
struct link_end {
	struct smtp_reply reply; /* the server's when it said one, else code 0 and words */
	bool login;              /* logging in was what failed */
	char reason[512];        /* what the server said of a token that it refused, or "" */
};

/* What the owner is told; never from inside a call of this header but link_abort. */
struct link_ops {
	void (*on_ready)(void *ctx, struct link *l); /* greeting, EHLO and AUTH were answered */
	void (*on_done)(void *ctx, struct link *l,
			struct smtp_transaction *t); /* then it is idle or ends */
	/* The link is gone when this returns. */
	void (*on_gone)(void *ctx, struct link *l, const struct link_end *end);
};

struct link_config {
	const char *helo; /* copied */
	const char *host; /* for words: "mx1.example.net"; copied */
	const char *id;   /* for the protocol log; copied */
	bool logged;
	struct classic_log *classic; /* the log of 1993; NULL: not in it */
	unsigned number;             /* that it has there */
	bool lmtp;                   /* it speaks LMTP */
	bool no_chunks;              /* it does not take BDAT, whatever it offers */
	/* TLS: whether STARTTLS is used; context, name and time for it; whether it verifies; whether it comes first, before the
	 * greeting. clear: why it goes in the clear although TLS was wanted, or NULL. */
	enum smtp_client_tls starttls;
	struct tls_config tls;
	bool verified, first;
	const char *clear;
	const struct login_config *login; /* copied; NULL: nobody logs in */
	const struct link_ops *ops;
};

/* Takes an open connection over (conn_take). NULL: no memory, the connection is untouched. */
struct link *link_new(struct conn *c, const struct link_config *config, void *ctx);
void link_set_user(struct link *l, const struct link_ops *ops, void *ctx);
/* E_LIMIT: too large for the server, replies are filled; on_done does not follow. */
enum result link_send(struct link *l, struct smtp_transaction *t);
bool link_idle(const struct link *l);
/* QUIT when idle; on_gone follows. */
void link_quit(struct link *l);
/* Drops the connection; an outstanding transaction is done (code 0) first; on_gone follows. */
void link_abort(struct link *l, const char *why);
/* "mx1.example.net [192.0.2.1] (TLSv1.3 TLS_AES_256_GCM_SHA384, verified)" */
const char *link_peer(const struct link *l);
/* The way is secured, the server's certificate was verified, and it offers REQUIRETLS (RFC 8689). */
bool link_keeps_tls(const struct link *l);
/* What the server takes, by its LIMITS; and whether it takes no more over this connection (MAILMAX). */
const struct smtp_limits *link_limits(const struct link *l);
bool link_spent(const struct link *l);
/* Messages sent over it so far. */
unsigned link_used(const struct link *l);

#endif
