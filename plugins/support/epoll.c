/* The poller: see epoll.h. */
#include "support/epoll.h"

#include <errno.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH 64

int poller_open(struct poller *p)
{
	struct epoll_event e = {.events = EPOLLIN}; /* data.ptr NULL: the eventfd */
	p->waiting = false;
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll_fd < 0)
		return errno;
	p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->event_fd >= 0 && epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->event_fd, &e) == 0)
		return 0;
	int saved = errno;
	poller_close(p);
	return saved;
}

void poller_close(struct poller *p)
{
	if (p->event_fd >= 0)
		close(p->event_fd);
	if (p->epoll_fd >= 0)
		close(p->epoll_fd);
	p->event_fd = p->epoll_fd = -1;
}

static int control(const struct poller *p, int op, struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data = {.ptr = w}};
	return epoll_ctl(p->epoll_fd, op, w->fd, &e) == 0 ? 0 : errno;
}

int poller_add(struct poller *p, struct watch *w, uint32_t events)
{
	return control(p, EPOLL_CTL_ADD, w, events);
}

int poller_change(struct poller *p, struct watch *w, uint32_t events)
{
	return control(p, EPOLL_CTL_MOD, w, events);
}

void poller_remove(struct poller *p, struct watch *w)
{
	if (!w->fn)
		return;
	control(p, EPOLL_CTL_DEL, w, 0);
	w->fn = NULL;
}

void poller_wakeup(const struct poller *p)
{
	uint64_t one = 1;
	/* It fails only when the counter is full, and then the wait is cut short already. */
	ssize_t n = write(p->event_fd, &one, sizeof one);
	(void)n;
}

static void woken(const struct poller *p)
{
	uint64_t count;
	ssize_t n = read(p->event_fd, &count, sizeof count);
	(void)n;
}

int poller_wait(struct poller *p, int timeout_ms)
{
	struct epoll_event batch[BATCH];
	int n = epoll_wait(p->epoll_fd, batch, BATCH, timeout_ms < 0 ? 0 : timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : errno;
	p->waiting = true;
	for (int i = 0; i < n; i++) {
		struct watch *w = batch[i].data.ptr;
		if (!w)
			woken(p);
		else if (w->fn)
			w->fn(w, batch[i].events);
	}
	p->waiting = false;
	return 0;
}
