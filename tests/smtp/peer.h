/*
 * Client sessions as tables: a server's words, the client's words that must follow, what each
 * recipient must get. Each is run whole, with the server's bytes split at every place, and byte by
 * byte.
 */
#ifndef SMTPGATE_TESTS_SMTP_PEER_H
#define SMTPGATE_TESTS_SMTP_PEER_H

#include "smtp/client.h"

#define PEER_RECIPIENTS 8

/* A message to be sent: given when the client is ready, or done with the one before. */
struct peer_message {
	const char *from; /* NULL: no more messages */
	const char *to[PEER_RECIPIENTS];
	const char *content; /* NULL: cannot be read */
	uint64_t size;
	bool eight_bit;
	const char *asks, *asks_of[PEER_RECIPIENTS];
};

struct dialogue {
	const char *name;
	struct smtp_client_config config; /* helo "me" unless set */
	/*
	 * Lines: "S text" is said by the server; "C text" must be said by the client, in order, and
	 * nothing else;
	 * "! lost WHY", "! timeout", "! quit", "! secured" are done to the client; "! clear WORDS" is what it must
	 * say of having gone on in the clear.
	 */
	const char *script;
	/* With config.login: what auth_begin says ("MECHANISM" or "MECHANISM RESPONSE"; "-": it cannot be), what it must be offered,
	 * the answers to challenges ("CHALLENGE=ANSWER", parted by blanks; a challenge that is not there is not answered), and
	 * whether 235 is believed. */
	const char *login, *offered, *answers;
	bool disbelieve;
	struct peer_message messages[4];
	/* A line "RECIPIENT: REPLY" each; "sent all", "no chunks" and "refused RESULT" (by smtp_client_send) as
	 * lines of their own. */
	const char *results;
	const char *end; /* the end reply as text; NULL: the client has not ended */
};

void peer_check(const struct dialogue *d);
/* A run of one, whole; the lines of its protocol log, "> LINE" and "< LINE", are appended to log. */
void peer_log(const struct dialogue *d, struct buf *log);
void peer_check_all(const struct dialogue *ds, size_t n);
#define DIALOGUES(array) peer_check_all(array, sizeof(array) / sizeof *(array))

#endif
