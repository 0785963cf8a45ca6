/*
 * The envelope of a message (RFC 5321 2.3.1): reverse-path, forward-paths and how it came in. It is what the SMTP
 * session fills, the spool keeps and the router reads. All strings belong to the region it was made in.
 */
#ifndef SMTPGATE_MAIL_ENVELOPE_H
#define SMTPGATE_MAIL_ENVELOPE_H

#include "base/region.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mail_priority { MAIL_URGENT, MAIL_NORMAL, MAIL_BULK };

struct mail_envelope {
	struct region *region;    /* not owned; where strings and the array below live */
	const char *reverse_path; /* "user@domain", "" for the null reverse-path */
	const char *
		*recipients; /* "user@domain" as the client spelled them, source routes removed */
	size_t count, cap;
	const char *asks;     /* beside it, by parameters of MAIL (mail/asks.h); "" */
	const char **asks_of; /* of RCPT, for each recipient */
	uint32_t *marks;      /* of the first `marked` recipients, for mail_envelope_has */
	size_t marked, mark_cap;
	bool eight_bit;       /* BODY=8BITMIME, or bytes above 127 were seen */
	const char *session;  /* ID of the SMTP session, "s5f3c-1" */
	const char *listener; /* name of the [listen] section, or "send", "bounce" */
	/* "SMTP", "ESMTP", "ESMTPS", "local": RFC 3848 `with` types; over TLS followed by " VERSION CIPHER" */
	const char *protocol;
	const char *client;   /* peer's IP as text, "" when none */
	const char *helo;     /* what it called itself, "" when nothing */
	const char *repaired; /* what we changed of it, in words; "" when nothing (mail/repair.h) */
	int64_t arrived;      /* wall clock ms */
	enum mail_priority priority;
};

/* An empty envelope in `region`: null reverse-path, no recipients, empty strings. */
void mail_envelope_init(struct mail_envelope *e, struct region *region);
/* Copies the address into the region and appends it: amortised O(1). OK or E_NOMEM. */
enum result mail_envelope_add(struct mail_envelope *e, const char *address);
/* The same with what is asked for it (mail/asks.h), "" for nothing. */
enum result mail_envelope_add_asking(struct mail_envelope *e, const char *address,
				     const char *asks);
/* Is that mailbox in it? However many there are, one look costs little more than one address. */
bool mail_envelope_has(struct mail_envelope *e, const char *address);
/* As mail_envelope_add_asking, unless it has that mailbox. */
enum result mail_envelope_add_once(struct mail_envelope *e, const char *address, const char *asks);
/* Leaves of each mailbox its first spelling, in their order: n log n for those who add many. E_NOMEM: nothing has changed. */
enum result mail_envelope_unique(struct mail_envelope *e);
/* Takes the recipients behind the first `count` away; what they took of the region stays taken. */
void mail_envelope_cut(struct mail_envelope *e, size_t count);
/* Takes all away, and leaves their arrays to who has pointers to them. */
void mail_envelope_empty(struct mail_envelope *e);
/* A deep copy of `from` in `region` (recipients too). OK or E_NOMEM. */
enum result mail_envelope_copy(struct mail_envelope *to, const struct mail_envelope *from,
			       struct region *region);

/*
 * The Received line of this hop (RFC 5321 4.4), folded, CRLF at its end, made at delivery so that the stored bytes
 * are the sender's own. `id` is the message's ("m42"), hostname ours. `recipient`: named in `for` when the message
 * has exactly this one, else NULL. E_NOMEM; the text is malloc'd into *out.
 */
enum result mail_trace_format(const struct mail_envelope *e, const char *hostname, const char *id,
			      const char *recipient, char **out);

#endif
