/*
 * Connections kept between jobs: each link of a lane stands here under its destination's key, busy with one job or idle
 * for at most KEPT_IDLE_MS. In the lane's thread.
 */
#ifndef SMTPGATE_GATEWAY_KEPT_H
#define SMTPGATE_GATEWAY_KEPT_H

#include "gateway/link.h"

#define KEPT_IDLE_MS 5000  /* RFC 5321 asks to be brief; servers close idle clients soon anyway */
#define KEPT_IDLE_MOST 256 /* idle connections of a lane; the oldest goes first */
#define KEPT_USES 1000     /* messages over one connection, then QUIT */

struct kept_list;
struct kept;
struct attempt;

/* What a job is told about its link. */
struct kept_ops {
	void (*on_ready)(struct attempt *a, struct kept *k);
	void (*on_done)(struct attempt *a, struct kept *k);
	/* The link is gone, and why. Not after on_done. */
	void (*on_gone)(struct attempt *a, const struct link_end *end);
};

struct kept_list *kept_list_new(struct lane *l, const struct kept_ops *ops);
void kept_list_destroy(struct kept_list **list); /* when no link is left */
/* An idle link under this key, now busy with a; NULL: none. */
struct kept *kept_take(struct kept_list *list, const char *key, struct attempt *a);
/* A new connection, busy with a. NULL: no memory, the connection was aborted. */
struct kept *kept_new(struct kept_list *list, const char *key, struct conn *c,
		      const struct link_config *config, struct attempt *a);
struct link *kept_link(const struct kept *k);
/* The job lets go of the link: kept for the next one, or ended. */
void kept_release(struct kept *k);
void kept_quit_idle(struct kept_list *list);
void kept_abort_all(struct kept_list *list, const char *why);

#endif
