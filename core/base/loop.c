/* epoll loop of the main thread: see loop.h. Owns an epoll descriptor and an eventfd. */
#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOP_EVENTS 64

struct loop {
	int epoll;
	const struct clock *clock;
	struct timers timers;
	struct inbox inbox;
	struct watch bell; /* the inbox's eventfd */
	struct epoll_event events[LOOP_EVENTS];
	int count, at; /* events of this turn, so that unwatch can drop what is pending */
	bool ended;
};

static void bell_ring(void *ctx)
{
	struct loop *l = ctx;
	uint64_t one = 1;
	while (write(l->bell.fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

static void bell_ready(struct watch *w, uint32_t events)
{
	uint64_t count;
	(void)events;
	while (read(w->fd, &count, sizeof count) < 0 && errno == EINTR)
		;
}

enum result loop_new(struct loop **out, const struct clock *clock, struct err *err)
{
	struct loop *l = calloc(1, sizeof *l);
	if (!l)
		return err_set(err, E_NOMEM, "no memory for the main loop");
	l->clock = clock;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->bell = (struct watch){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .ready = bell_ready};
	timers_init(&l->timers);
	inbox_init(&l->inbox, bell_ring, l);
	if (l->epoll < 0 || l->bell.fd < 0 || loop_watch(l, &l->bell, EPOLLIN) != OK) {
		enum result r = err_errno(err, errno, "the main loop cannot be made");
		loop_destroy(&l);
		return r;
	}
	*out = l;
	return OK;
}

void loop_destroy(struct loop **l)
{
	if (!*l)
		return;
	inbox_free(&(*l)->inbox); /* whoever posted last may still be ringing */
	if ((*l)->epoll >= 0)
		close((*l)->epoll);
	if ((*l)->bell.fd >= 0)
		close((*l)->bell.fd);
	timers_free(&(*l)->timers);
	free(*l);
	*l = NULL;
}

enum result loop_watch(struct loop *l, struct watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};
	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &e) == 0)
		return OK;
	if (errno == ENOENT && epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &e) == 0)
		return OK;
	return result_of_errno(errno);
}

void loop_unwatch(struct loop *l, struct watch *w)
{
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = l->at; i < l->count; i++)
		if (l->events[i].data.ptr == w)
			l->events[i].data.ptr = NULL;
}

struct timers *loop_timers(struct loop *l)
{
	return &l->timers;
}

struct inbox *loop_inbox(struct loop *l)
{
	return &l->inbox;
}

const struct clock *loop_clock(struct loop *l)
{
	return l->clock;
}

void loop_turn(struct loop *l, int max_ms)
{
	int wait = timers_wait(&l->timers, clock_mono(l->clock), max_ms);
	int n = epoll_wait(l->epoll, l->events, LOOP_EVENTS, wait);
	l->count = n > 0 ? n : 0;
	for (l->at = 0; l->at < l->count;) {
		struct epoll_event *e = &l->events[l->at++];
		struct watch *w = e->data.ptr;
		if (w)
			w->ready(w, e->events);
	}
	l->count = l->at = 0;
	inbox_drain(&l->inbox);
	timers_run(&l->timers, clock_mono(l->clock));
}

void loop_run(struct loop *l)
{
	while (!l->ended)
		loop_turn(l, 60000);
	l->ended = false;
}

void loop_end(struct loop *l)
{
	l->ended = true;
}
