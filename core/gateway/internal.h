/*
 * What the files of core/gateway share. Threads: fields marked [main] belong to the main thread, [any] are constant
 * after gateway_start or atomic.
 *
 *	inbound  (stack threads)  listener -> session -> spool_submit -> queue_take
 *	queue    (main)           message -> route_decide -> delivery in a destination -> outcome -> spool_update
 *	outbound (stack threads)  job -> names -> dial -> SMTP client -> result back to the queue
 *	pickups  (disks)          a folder's files -> maildrop
 *	maildrop (main)           a file's envelope -> its content (a thread of its own) -> spool_submit -> queue_take
 *	local    (disks)          job -> Maildir -> result back to the queue
 */
#ifndef SMTPGATE_GATEWAY_INTERNAL_H
#define SMTPGATE_GATEWAY_INTERNAL_H

#include "base/pool.h"
#include "gateway/gateway.h"

#include <stdatomic.h>

struct queue;
struct vendor;
struct inbound;
struct book;
struct classic_log;

struct gateway {
	struct loop *loop;         /* [any] its inbox; else [main] */
	const struct clock *clock; /* [any] */
	const char *version;       /* [any] */
	const char *state_dir;     /* [any] */
	const struct sgt_handed *handed;
	size_t handed_count;
	bool (*pause)(int64_t ms); /* see gateway_options */
	struct settings *settings; /* [main] the current snapshot */
	int64_t settings_since;    /* [main] wall ms: of the start or the last reload */
	struct pool *pool;         /* [any] passwords, tokens, names of the host, trouble */
	struct pool *
		disks; /* [any] postoffices and pickup folders: what may wait for a share that hangs */
	struct spool *spool;            /* [any] */
	struct vendor *vendors;         /* [main] a list; the vendors themselves are [any] */
	struct inbound *inbound;        /* [main] listeners */
	struct queue *queue;            /* [main] */
	struct tokens *tokens;          /* [any] */
	int64_t started;                /* [any] wall ms */
	int64_t clock_offset;           /* [main] wall minus monotonic ms, a second ago */
	_Atomic uint64_t disk_free;     /* bytes, looked at every second; UINT64_MAX before */
	_Atomic uint64_t live;          /* messages waiting or held, for max_messages */
	_Atomic unsigned session_count; /* makes session IDs */
	uint64_t session_seed;          /* [any] per start, so that IDs of two starts differ */
	struct timer second;            /* [main] once a second: disk, totals, maildrop */
	unsigned seconds;               /* [main] */
	struct timer patience, poll;    /* [main] while stopping */
	bool stopping, cut, finishing;  /* [main] stop was asked; at once; everything has ended */
	atomic_bool quit;               /* [any] cut: programs that run are killed */
	struct task finished;
	void (*stopped)(void *ctx);
	void *stopped_ctx;
	struct spool_totals totals; /* [main] asked once a second */
	bool totals_asked;
	int64_t totals_since;                 /* mono ms when they were asked for */
	struct spool_totals known;            /* the last ones that came */
	struct maildrop *maildrop;            /* [main] */
	struct cycles *cycles;                /* [main] mailbags of postoffices */
	struct pickups *pickups;              /* [main] */
	struct book *book;                    /* [any] aliases */
	struct alarms *alarms;                /* [any] who is told of trouble */
	char unreached[2 * ERR_TEXT_MAX + 4]; /* [main] of reach.h, at the last look */
	struct refused *refused;              /* [any] clients refused lately */
	struct classic_log *classic;          /* [any] the log of 1993 */
};

/* Mailbox lookup for route_world: PATH/NAME without case. Any thread. */
bool gateway_mailbox(void *ctx, const struct conf_postoffice *p, const char *name, char *on_disk,
		     size_t n);
/* Is the postoffice's share away? Any thread. */
bool gateway_away(void *ctx, const struct conf_postoffice *p);
/* Everything that has to end before the gateway is stopped has said so? Then calls `stopped`. [main] */
void gateway_stop_check(struct gateway *g);

#endif
