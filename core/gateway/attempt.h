/* A job: one group of recipients on its way to a server. Drawn in outbound.h; in the lane's thread after it was posted. */
#ifndef SMTPGATE_GATEWAY_ATTEMPT_H
#define SMTPGATE_GATEWAY_ATTEMPT_H

#include "dns/dns.h"
#include "gateway/outgoing.h"
#include "gateway/kept.h"
#include "gateway/outbound.h"
#include "gateway/tokens.h"
#include "transport/dial.h"

#define ATTEMPT_SUBMISSIONS 465 /* RFC 8314: TLS from the first byte */

struct attempt_host {
	const char *name; /* host name or IP text */
	unsigned port;
};

/* A question on its way, and who asked it: large, so it is there no longer than that. */
struct attempt_question {
	struct dns_query query;
	struct attempt *a;
};

struct attempt {
	struct task task; /* to the lane, and back to the queue */
	struct attempt *next, *prev;
	struct queue *queue;
	struct delivery *d;
	struct lane *lane;
	struct outbound *outbound;
	struct kept_list *outbound_kept;
	const char *key;            /* of the destination */
	struct attempt_host *hosts; /* in the region of d, as their names are */
	size_t host_count, host_at;
	bool implicit;                     /* the host is the domain itself: it has no MX */
	unsigned absent;                   /* hosts without any address, for good */
	unsigned weak;                     /* hosts that have not what REQUIRETLS wants, for good */
	bool own;                          /* a host was this gateway itself */
	struct attempt_question *question; /* NULL: none is asked */
	struct token_wait token;           /* token.token: to log in with; NULL: none yet */
	bool waiting;                      /* for it */
	bool token_again;                  /* a server did not take one: the next was asked for */
	const char *given_up;              /* cancelled while it waited: why */
	struct dial *dial;
	struct kept *kept;
	bool reused; /* over a kept connection: may be tried once more over a new one */
	struct smtp_transaction transaction; /* of a portion of the recipients */
	size_t from;                         /* its first one: those before have their answers */
	struct outgoing outgoing;
	size_t clear_at; /* index + 1 of the host where TLS failed and is left out; 0: none */
	char clear[256]; /* why */
	char why[SMTP_REPLY_TEXT]; /* of the last host that failed */
};

/* Begins; always ends in job_finish. */
void attempt_start(struct attempt *a);
/* The gateway stops at once, or its lane ended. */
void attempt_cancel(struct attempt *a, const char *why);

/* Looks up what comes next: hosts.c. Each ends in attempt_connect, or attempt_fail. */
void attempt_find_hosts(struct attempt *a);
void attempt_next_host(struct attempt *a);
/* hosts.c found addresses of the current host: attempt_dial.c. */
void attempt_connect(struct attempt *a, const char *const *addresses, size_t count);
/* Ends the job with one reply for all recipients. code 0: no server was reached. */
void attempt_fail(struct attempt *a, int code, const char *status, const char *text);

extern const struct kept_ops attempt_kept_ops;

/* outbound.c: the job is over; gives the group back to the queue. */
void outbound_finished(struct attempt *a);

#endif
