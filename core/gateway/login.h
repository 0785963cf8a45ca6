/*
 * Logging in at a server: joins the SASL of core/auth to the SMTP client of a link. Holds copies of name and secret, cleared
 * when it is destroyed. In the lane's thread.
 */
#ifndef SMTPGATE_GATEWAY_LOGIN_H
#define SMTPGATE_GATEWAY_LOGIN_H

#include "auth/sasl.h"
#include "smtp/client.h"

struct login;

struct login_config {
	struct sasl_identity identity;
	bool token;                    /* the secret is an access token, else a password */
	enum sasl_mechanism mechanism; /* SASL_MECHANISMS: the best that the server offers */
};

/* Copies what it needs. NULL: no memory. */
struct login *login_new(const struct login_config *config);
/* The three of struct smtp_client_ops. encrypted: TLS is open; without it nothing is ever said. */
bool login_begin(struct login *l, const char *offered, bool encrypted,
		 struct smtp_client_login *to);
bool login_answer(struct login *l, const char *challenge, size_t n, struct buf *answer);
bool login_done(const struct login *l, const struct smtp_reply *reply);
/* What the server said of the token that it refused (text without control characters), or "". */
const char *login_reason(const struct login *l);
void login_destroy(struct login **l);

#endif
