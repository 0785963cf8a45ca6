/*
 * What a sender asks for beside addresses, by parameters of MAIL and RCPT: RET, ENVID, SMTPUTF8 and REQUIRETLS for the message,
 * NOTIFY and ORCPT for a recipient (RFC 3461, 6531, 8689). The envelope carries each as text, in the one form that print makes
 * ("RET=HDRS ENVID=q1 REQUIRETLS", "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;jdoe@example.org", "" for nothing): so it is stored,
 * shown to the operator and sent on.
 */
#ifndef SMTPGATE_MAIL_ASKS_H
#define SMTPGATE_MAIL_ASKS_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

#define MAIL_ENVID_MAX 100 /* characters as sent, RFC 3461 4.4 */
#define MAIL_ORCPT_MAX 500 /* RFC 3461 4.2 */
#define MAIL_ASKS_TEXT 192 /* room for what mail_asks_print makes */
#define MAIL_ASKS_RCPT_TEXT (MAIL_ORCPT_MAX + 64)

/* NOTIFY; 0: not said, which is failure and, as the gateway likes, delay. */
enum {
	MAIL_NOTIFY_NEVER = 1,
	MAIL_NOTIFY_SUCCESS = 2,
	MAIL_NOTIFY_FAILURE = 4,
	MAIL_NOTIFY_DELAY = 8
};

enum mail_ret { MAIL_RET_UNSAID, MAIL_RET_FULL, MAIL_RET_HDRS };

struct mail_asks {
	enum mail_ret ret;
	char envid[MAIL_ENVID_MAX + 1]; /* xtext as it came; "": none */
	bool utf8;                      /* SMTPUTF8: an address or the header is not ASCII */
	bool require_tls;               /* REQUIRETLS: only over verified TLS */
};

struct mail_asks_rcpt {
	unsigned notify;
	/* "rfc822;" and xtext as it came; "utf-8;" with \x{FC} for what is not ASCII; "": none */
	char orcpt[MAIL_ORCPT_MAX + 1];
};

/* The value of one parameter. E_SYNTAX: it is none; value may be NULL (there was no `=`). */
enum result mail_asks_ret(struct mail_asks *a, const char *value);
enum result mail_asks_envid(struct mail_asks *a, const char *value);
enum result mail_asks_notify(struct mail_asks_rcpt *a, const char *value);
enum result mail_asks_orcpt(struct mail_asks_rcpt *a, const char *value);

/* As text. Returns out. */
const char *mail_asks_print(const struct mail_asks *a, char out[MAIL_ASKS_TEXT]);
const char *mail_asks_rcpt_print(const struct mail_asks_rcpt *a, char out[MAIL_ASKS_RCPT_TEXT]);
/* The other way; NULL is "". E_SYNTAX: not of that form. What was read until then stands in *a. */
enum result mail_asks_parse(const char *text, struct mail_asks *a);
enum result mail_asks_rcpt_parse(const char *text, struct mail_asks_rcpt *a);

/* The utf-8-addr-xtext of an address (RFC 6533 3): \x{FC} for what is not ASCII; all: for what it may not have else, too. false: it is not
 * UTF-8, or does not fit. */
bool mail_utf8_escape(const char *text, bool all, char *out, size_t n);
/* Decodes xtext (RFC 3461 4) for people to read; what is not printable ASCII afterwards becomes '?'. Returns out. */
const char *mail_xtext_decode(const char *text, char *out, size_t n);
/* Encodes. false: it does not fit. */
bool mail_xtext_encode(const char *text, char *out, size_t n);

#endif
