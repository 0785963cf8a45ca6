/*
 * One client of the control socket: see control.h for the states. A callback never frees the client under its
 * caller: it is marked dead, and `settle`, the last thing that every entry does, ends it.
 */
#include "daemon/control_client.h"

#include "daemon/words.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUT_MAX \
	(64u    \
	 << 20) /* one entry's lines beyond this end the client: it reads too slowly to be served */

static void client_ready(struct watch *w, uint32_t events);
static void client_idle(struct timer *t);

static void touch(struct control_client *c)
{
	struct timers *ts = loop_timers(c->server->loop);
	if (c->state == CONTROL_HELD)
		timers_clear(ts, &c->idle);
	else if (timers_set(ts, &c->idle,
			    clock_mono(loop_clock(c->server->loop)) + CONTROL_IDLE_MS) != OK)
		c->dead = true;
}

void control_client_new(struct control *s, int fd)
{
	struct control_client *c = calloc(1, sizeof *c);
	struct ucred peer = {0};
	socklen_t size = sizeof peer;
	if (!c) {
		close(fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	c->server = s;
	c->peer = (struct control_peer){.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
	c->watch = (struct watch){.fd = fd, .ready = client_ready};
	c->idle = (struct timer){.fire = client_idle};
	buf_init(&c->in, CONTROL_LINE);
	buf_init(&c->out, OUT_MAX);
	c->next = s->clients;
	if (s->clients)
		s->clients->prev = c;
	s->clients = c;
	s->client_count++;
	touch(c);
	if (c->dead || loop_watch(s->loop, &c->watch, EPOLLIN) != OK)
		control_client_end(c);
}

static void end_job(struct control_client *c)
{
	struct control_job *j = c->job;
	c->job = NULL;
	if (!j)
		return;
	j->client = NULL;
	if (j->gone)
		j->gone(j);
}

void control_client_end(struct control_client *c)
{
	struct control *s = c->server;
	end_job(c);
	loop_unwatch(s->loop, &c->watch);
	timers_clear(loop_timers(s->loop), &c->idle);
	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->clients = c->next;
	s->client_count--;
	close(c->watch.fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void flush_out(struct control_client *c)
{
	while (c->out.len && !c->dead) {
		ssize_t n = send(c->watch.fd, buf_head(&c->out), c->out.len,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			c->dead = true;
			return;
		}
		buf_consume(&c->out, (size_t)n);
		touch(c);
	}
}

/* One line of input, without its end, as a request. */
static void take_line(struct control_client *c, const char *line, size_t n)
{
	json_error_t why;
	json_t *request = json_loadb(line, n, JSON_REJECT_DUPLICATES, &why);
	struct err err;
	c->state = CONTROL_ANSWERING;
	if (!json_is_object(request)) {
		err_set(&err, E_SYNTAX, "the request is no JSON object: %s",
			request ? "it is another value" : why.text);
		control_error(c, &err);
	} else {
		c->server->request(c->server->ctx, c, request);
	}
	json_decref(request);
}

/* Serves the first complete line. False: there is none yet. */
static bool take_next(struct control_client *c)
{
	char *head = buf_head(&c->in);
	char *end = c->in.len > c->scanned ? memchr(head + c->scanned, '\n', c->in.len - c->scanned)
					   : NULL;
	if (!end) {
		c->scanned = c->in.len;
		return false;
	}
	size_t n = (size_t)(end - head);
	c->scanned = 0;
	if (n > 0)
		take_line(c, head, n);
	buf_consume(&c->in, n + 1);
	return true;
}

static void refuse_long(struct control_client *c)
{
	struct err err;
	err_set(&err, E_LIMIT, "a request has at most %u bytes", CONTROL_LINE - 1);
	control_error(c, &err);
	flush_out(c);
	c->dead = true;
}

/* Reads once: the loop comes back when there is more, and others are served in between. */
static void read_in(struct control_client *c)
{
	char bytes[4096];
	size_t room = CONTROL_LINE - c->in.len;
	ssize_t n =
		recv(c->watch.fd, bytes, room < sizeof bytes ? room : sizeof bytes, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		c->eof = true;
		return;
	}
	touch(c);
	if (buf_append(&c->in, bytes, (size_t)n) != OK)
		c->dead = true;
}

/* Asks the job for more while it writes and there is room. */
static void pump(struct control_client *c)
{
	while (c->job && !c->dead && c->out.len < CONTROL_ROOM) {
		size_t before = c->out.len;
		c->in_more = true;
		c->job->more(c->job);
		c->in_more = false;
		bool wrote = c->out.len > before;
		flush_out(c);
		if (!wrote)
			break; /* it waits for something; control_more comes */
	}
}

static bool may_take(const struct control_client *c)
{
	return !c->dead && c->state == CONTROL_READING && c->out.len < CONTROL_ROOM;
}

/* What every entry ends with: lines that waited, what is watched for, and the end of a client that is dead. */
static void settle(struct control_client *c)
{
	while (may_take(c) && take_next(c)) {
		pump(c);
		flush_out(c);
	}
	if (may_take(c) && c->in.len >= CONTROL_LINE)
		refuse_long(c);
	if (c->eof && c->state == CONTROL_READING && !c->out.len)
		c->dead = true;
	bool read = may_take(c) && !c->eof;
	uint32_t events = (read ? EPOLLIN : 0u) | (c->out.len ? EPOLLOUT : 0u);
	if (!c->dead && loop_watch(c->server->loop, &c->watch, events) != OK)
		c->dead = true;
	if (c->dead)
		control_client_end(c);
}

static void client_ready(struct watch *w, uint32_t events)
{
	struct control_client *c =
		(struct control_client *)((char *)w - offsetof(struct control_client, watch));
	if (events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLIN))
		c->dead = true;
	if (events & EPOLLOUT)
		flush_out(c);
	if (events & EPOLLIN)
		read_in(c);
	pump(c);
	settle(c);
}

static void client_idle(struct timer *t)
{
	struct control_client *c =
		(struct control_client *)((char *)t - offsetof(struct control_client, idle));
	if (!c->job || c->out.len) {
		control_client_end(c);
		return;
	}
	control_line(c, json_object()); /* it waits for us, not we for it */
	touch(c);
	flush_out(c);
	settle(c);
}

const struct control_peer *control_peer(const struct control_client *c)
{
	return &c->peer;
}

static int append_json(const char *bytes, size_t n, void *ctx)
{
	return buf_append(ctx, bytes, n) == OK ? 0 : -1;
}

void control_line(struct control_client *c, json_t *object)
{
	if (!object || json_dump_callback(object, append_json, &c->out, JSON_COMPACT) != 0 ||
	    buf_append(&c->out, "\n", 1) != OK)
		c->dead = true;
	json_decref(object);
}

static void finish(struct control_client *c)
{
	if (c->state == CONTROL_ANSWERING)
		c->state = CONTROL_READING;
	end_job(c);
}

void control_ok(struct control_client *c, json_t *extra)
{
	json_t *line = extra ? extra : json_object();
	json_object_set_new(line, "ok", json_true());
	control_line(c, line);
	finish(c);
}

void control_error(struct control_client *c, const struct err *err)
{
	control_line(c, json_pack("{s:o}", "error", words_of_err(err)));
	finish(c);
}

void control_hold(struct control_client *c)
{
	c->state = CONTROL_HELD;
	touch(c);
}

void control_begin(struct control_client *c, struct control_job *j)
{
	assert(!c->job && c->state == CONTROL_ANSWERING);
	j->client = c;
	c->job = j;
}

void control_more(struct control_job *j)
{
	struct control_client *c = j->client;
	if (!c || c->in_more)
		return;
	touch(c);
	pump(c);
	settle(c);
}
