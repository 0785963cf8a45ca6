/*
 * A poller: epoll with one callback a descriptor, and an eventfd that cuts a wait short.
 *
 * Owns the epoll and event descriptors; watches and their descriptors are the caller's. A watch
 * that is removed during a batch gets nothing more, even when the batch holds events of it; its
 * memory must live until poller_wait returned (`waiting` says whether that matters).
 */
#ifndef SMTPGATE_SUPPORT_EPOLL_H
#define SMTPGATE_SUPPORT_EPOLL_H

#include "support/prefix.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#define poller_open SUPPORT(poller_open)
#define poller_close SUPPORT(poller_close)
#define poller_add SUPPORT(poller_add)
#define poller_change SUPPORT(poller_change)
#define poller_remove SUPPORT(poller_remove)
#define poller_wait SUPPORT(poller_wait)
#define poller_wakeup SUPPORT(poller_wakeup)

struct watch {
	void (*fn)(struct watch *w, uint32_t events); /* NULL: removed */
	int fd;
};

struct poller {
	int epoll_fd, event_fd;
	bool waiting; /* a batch is being dispatched */
};

/* These return 0 or an errno. */
int poller_open(struct poller *p);
int poller_add(struct poller *p, struct watch *w, uint32_t events);
int poller_change(struct poller *p, struct watch *w, uint32_t events);
/* Waits for at most timeout_ms and calls what is due, at most one batch. A signal ends the wait. */
int poller_wait(struct poller *p, int timeout_ms);

/* Before the descriptor is closed: a copy of it in a forked child would keep its events coming. */
void poller_remove(struct poller *p, struct watch *w);
/* From any thread. */
void poller_wakeup(const struct poller *p);
void poller_close(struct poller *p);

#endif
