/*
 * What a smart host's refusal says about our account with it, told in words with the remedy. Such a refusal is trouble of ours:
 * no message is bounced for it. A pure table: answers of Exchange Online and Gmail as they publish them, and AUTH of RFC 4954.
 */
#ifndef SMTPGATE_GATEWAY_REFUSAL_H
#define SMTPGATE_GATEWAY_REFUSAL_H

#include "smtp/reply.h"

/* What an answer says of how much the server takes, whoever's message it was. */
enum pressure {
	PRESSURE_NONE,
	PRESSURE_MANY,  /* too many connections at a time */
	PRESSURE_FAST,  /* too many messages in a time */
	PRESSURE_LATER, /* nothing now */
};
enum pressure refusal_pressure(const struct smtp_reply *reply);

struct refusal {
	int code;           /* 0: any */
	const char *status; /* "" or the enhanced status code, or NULL: any */
	const char *text;   /* part of the server's words, case ignored, or NULL: any */
	bool message;       /* it is about this message's sender: others may still go this way */
	const char *words;  /* what it means */
	const char *remedy;
};

/* NULL: nothing that we know; then it is about the message. login: it was the answer to AUTH, which is never about a message: an
 * answer is found always. Static. */
const struct refusal *refusal_find(const struct smtp_reply *reply, bool login);
#define REFUSAL_USER "USER" /* in a remedy: stands for the account */
/* "HOST said: REPLY: WORDS (REMEDY)"; r may be NULL. account: whose name stands in the remedy, so that it works when pasted; NULL:
 * none is known. Returns out. */
const char *refusal_format(const struct refusal *r, const char *account, const char *host,
			   const char *reply, char *out, size_t n);

#endif
