/*
 * A stack's start, its turns and its end. One turn: wait for what libslirp, the network and our own
 * sockets wait for; frames in; libslirp; what became of connections; our sockets.
 */
#include "win/win.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define FRAMES 64     /* of the network before others have their turn */
#define DRAIN_MS 250u /* how long stop waits for what the core has closed */
#define IDLE_MAX 1000 /* ms: the longest wait while there are flows to age */
#define DRAIN_STEP_MS 10

/* libslirp sends to our sockets without MSG_NOSIGNAL. The signal is for the thread that sends. */
static void block_pipe(struct sgt_stack *stack)
{
	sigset_t pipe;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &stack->old_mask);
}

static void unblock_pipe(const struct sgt_stack *stack)
{
	static const struct timespec now;
	sigset_t pipe;
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (!sigismember(&stack->old_mask, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &now) == SIGPIPE)
			;
	pthread_sigmask(SIG_SETMASK, &stack->old_mask, NULL);
}

static void reset(struct sgt_stack *stack)
{
	const struct sgt_host *host = stack->sock.host;
	win_flows_init(&stack->flows, (unsigned)(host->random(host->ctx) % WIN_PORT_COUNT));
	stack->gateway.known = false;
	stack->gateway.asked_ms = 0;
	stack->gateway.asking_count = 0;
	stack->owed = NULL;
	stack->lost = stack->orphans = stack->scarce = stack->conflict_told = false;
	stack->again = true;
	stack->swept_ms = 0;
	memset(stack->reserve, 0xff, sizeof stack->reserve);
	memset(stack->known, 0, sizeof stack->known);
	memset(&stack->hops, 0, sizeof stack->hops);
}

static enum sgt_result open_rest(struct sgt_stack *stack, struct sgt_error *error)
{
	enum sgt_result r = win_cable_join(stack, error);
	if (r == SGT_OK)
		r = win_folder_open(stack, error);
	if (r == SGT_OK)
		win_reserve_take(stack);
	if (r == SGT_OK && stack->scarce)
		r = error_set(error, SGT_LIMIT, "no descriptors are free to start");
	return r == SGT_OK ? win_slirp_open(stack, error) : r;
}

static void close_rest(struct sgt_stack *stack)
{
	win_slirp_close(stack);
	win_reserve_lend(stack);
	win_folder_close(stack);
	win_cable_leave(stack); /* last: its number is its folder's */
}

enum sgt_result win_start(struct sgt_stack *stack, struct sgt_error *error)
{
	enum sgt_result r = sock_start(&stack->sock, error);
	if (r != SGT_OK)
		return r;
	reset(stack);
	r = open_rest(stack, error);
	if (r != SGT_OK) {
		close_rest(stack);
		sock_stop(&stack->sock);
		return r;
	}
	block_pipe(stack);
	win_ether_announce(stack);
	return SGT_OK;
}

static void receive(struct sgt_stack *stack)
{
	static _Thread_local uint8_t frame[WIRE_FRAME_MAX];
	unsigned frames = FRAMES;
	for (int i = 0; i < FRAMES && !stack->lost; i++) {
		long n = win_cable_receive(stack, frame, sizeof frame, &frames);
		if (n == 0 && frames)
			return;
		if (n == 0)
			break;
		if (n < 0)
			stack->lost = true;
		else
			win_ether_in(stack, frame, (size_t)n);
	}
	stack->again = true; /* there may be more */
}

/* Waits for everything, then has frames come in and libslirp do its part. ours: with our own sockets. */
static void turn(struct sgt_stack *stack, int timeout, bool ours)
{
	struct win_polls *p = &stack->polls;
	p->count = 0;
	/* What is put into the inbox from now on ends the wait; of what was before, the news may be read already. */
	if (stack->again || win_cable_waits(stack))
		timeout = 0;
	stack->again = false;
	int wire = win_polls_add(stack, wire_fd(&stack->cable->wire), POLLIN);
	if (ours)
		win_polls_add(stack, stack->sock.poller.epoll_fd, POLLIN);
	win_slirp_fill(stack, &timeout);
	int n = poll(p->fds, p->count, timeout);
	if (n >= 0 && (wire < 0 || p->fds[wire].revents || win_cable_waits(stack)))
		receive(stack);
	win_slirp_serve(stack, n < 0);
	win_ether_settle(stack);
}

enum sgt_result win_run(struct sgt_stack *stack, int timeout_ms, struct sgt_error *error)
{
	int timeout = sock_patience(&stack->sock, timeout_ms);
	if (stack->flows.count && timeout > IDLE_MAX)
		timeout = IDLE_MAX;
	turn(stack, timeout, true);
	win_track_sweep(stack);
	if (stack->lost) {
		win_cable_lost(stack->cable, error);
		return error->result;
	}
	return sock_run(&stack->sock, 0, error);
}

/* Does anything wait that the core has closed, and SENT has confirmed? */
static bool is_draining(const struct sgt_stack *stack)
{
	const struct win_flow *f;
	for (unsigned i = 0; i < WIN_FLOW_BUCKETS; i++)
		LIST_FOREACH(f, &stack->flows.buckets[i], bucket)
	if (win_flow_is_alive(f) && !f->conn && !f->fin_out)
		return true;
	return false;
}

static void drain(struct sgt_stack *stack)
{
	const struct sgt_host *host = stack->sock.host;
	uint64_t end = host->now_ms(host->ctx) + DRAIN_MS;
	while (!stack->lost && is_draining(stack) && host->now_ms(host->ctx) < end)
		turn(stack, DRAIN_STEP_MS, false);
}

void win_stop(struct sgt_stack *stack)
{
	while (!LIST_EMPTY(&stack->ports))
		sock_unlisten(LIST_FIRST(&stack->ports)->listener);
	drain(stack);
	win_track_stop(stack);
	close_rest(stack); /* first: who is at the cable may be woken */
	sock_stop(&stack->sock);
	unblock_pipe(stack);
}
