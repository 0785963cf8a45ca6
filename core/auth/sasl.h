/*
 * SASL as SMTP uses it (RFC 4954): the server's and the client's half of each mechanism, as steps of bytes. No I/O and
 * no Base64: the caller carries messages to and fro.
 *
 *	server: new -> step(initial response or what came) -> CHALLENGE -> step -> ... -> DONE | DENIED | MALFORMED
 *	                                                  \-> VERIFY -> verify (slow, in a pool) -> DONE | DENIED
 *	client: new -> step(NULL: before the server spoke) -> answer -> step(challenge) -> answer ...
 *
 *	PLAIN        RFC 4616     the password, in the clear
 *	LOGIN        (a draft of 1999, as old clients speak it)
 *	SCRAM-SHA-256  RFC 7677   by libgsasl: no password travels, and the server proves that it knew it
 *	XOAUTH2      (Google's and Microsoft's own), OAUTHBEARER (RFC 7628): a token; client only
 */
#ifndef SMTPGATE_AUTH_SASL_H
#define SMTPGATE_AUTH_SASL_H

#include "auth/users.h"
#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

/* Weakest first within each group of what it needs. */
#define SASL_LIST(X)                   \
	X(SASL_LOGIN, "LOGIN")         \
	X(SASL_PLAIN, "PLAIN")         \
	X(SASL_SCRAM, "SCRAM-SHA-256") \
	X(SASL_XOAUTH2, "XOAUTH2")     \
	X(SASL_OAUTHBEARER, "OAUTHBEARER")

enum sasl_mechanism {
#define SASL_ENUM(id, name) id,
	SASL_LIST(SASL_ENUM)
#undef SASL_ENUM
		SASL_MECHANISMS
};

/* As EHLO spells it. */
const char *sasl_name(enum sasl_mechanism m);
/* SASL_MECHANISMS: none of that name (case ignored). */
enum sasl_mechanism sasl_find(const char *name);

#define SASL_MESSAGE_MAX \
	12288 /* bytes of one message: RFC 4954 section 4 wants no less for Base64 of it */

/* ---- server ---- */

enum sasl_step {
	SASL_CHALLENGE, /* send the challenge, call step with what comes */
	SASL_VERIFY,    /* a password must be checked: sasl_server_verify */
	SASL_DONE,      /* it is the user sasl_server_user */
	SASL_DENIED,    /* it is not: wrong name or password, one answer for both */
	SASL_MALFORMED, /* the client does not speak the mechanism */
	SASL_NOMEM,
};

struct sasl_server;

/* What LOGIN asks by. */
struct sasl_prompts {
	const char *user, *password; /* "Username:", "Password:" */
};

/* users must outlive it. prompts NULL: the usual. NULL: no memory. m: LOGIN, PLAIN or SCRAM. */
struct sasl_server *sasl_server_new(enum sasl_mechanism m, const struct users *users,
				    const struct sasl_prompts *prompts);
/* in NULL: there was no initial response. challenge (cleared first) is filled with SASL_CHALLENGE. */
enum sasl_step sasl_server_step(struct sasl_server *s, const char *in, size_t n,
				struct buf *challenge);
/* Checks the password that step wants checked; about 20 ms of work, safe in any thread as long as nobody else uses s.
 * SASL_DONE or SASL_DENIED. */
enum sasl_step sasl_server_verify(struct sasl_server *s);
/* The name as the users' file has it, after SASL_DONE; before that the name that was claimed, for the log, or "". */
const char *sasl_server_user(const struct sasl_server *s);
/* Clears what was secret. */
void sasl_server_destroy(struct sasl_server **s);

/* ---- client ---- */

struct sasl_client;

struct sasl_identity {
	const char *user;
	const char *secret; /* password or access token */
	const char *host;   /* OAUTHBEARER names them; NULL: left out */
	unsigned port;
};

/* Copies what it needs. NULL: no memory. */
struct sasl_client *sasl_client_new(enum sasl_mechanism m, const struct sasl_identity *identity);
/* The answer (cleared first) to a challenge; in NULL: the initial response, before any challenge. OK; E_STATE: the mechanism has
 * no more to say; E_SYNTAX: the server does not speak it; E_REFUSED: the server could not prove that it knows the password,
 * or (OAuth) it sent the reason of its refusal: sasl_client_reason; then the empty answer is still to be sent. */
enum result sasl_client_step(struct sasl_client *c, const char *in, size_t n, struct buf *answer);
/* Whether the client may take the server's 235 for granted: SCRAM wants the server's proof first. */
bool sasl_client_done(const struct sasl_client *c);
/* Words of the server's refusal (JSON of RFC 7628 section 3.2.2 as it came, harmless to print), or "". */
const char *sasl_client_reason(const struct sasl_client *c);
void sasl_client_destroy(struct sasl_client **c);

/* The best mechanism that the server offers ("PLAIN LOGIN XOAUTH2", words parted by blanks, case ignored) and that fits:
 * token: XOAUTH2 or OAUTHBEARER; else SCRAM, PLAIN, LOGIN in that order, the latter two only when `clear_ok` (the
 * connection is encrypted, or the operator said so). SASL_MECHANISMS: none. */
enum sasl_mechanism sasl_choose(const char *offered, bool token, bool clear_ok);

#endif
