/*
 * unix: streams of AF_UNIX as a TCP/IP for smtpgate, to show how a transport is made. A network is a folder, a host a folder in
 * it, a port a socket file: "alpha:25" is NETWORK/alpha/25, and no address is IP. Owns the files that it binds. Fails with 123
 * where the folder is absent or closed to us, 110 where a file is taken, 121 where nobody listens.
 */
#include <smtpgate/transport.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LEND 16384
enum state { LISTENING, CONNECTING, OPEN, LOST, CLOSING, GONE };

/* A listener or a connection. It is freed when a run is over, so that no loop stands on it. */
struct end {
	struct end *next;
	struct sgt_stack *stack;
	void *user;
	enum state state;
	int fd, busy, eof, fin;
	int broken;  /* nothing can be sent: lost as soon as what had come is read */
	size_t slot; /* in this run's polls; 0: it came during it */
	char own[SGT_ADDRESS_MAX], peer[SGT_ADDRESS_MAX];
	struct sockaddr_un at;  /* the file that is ours */
	unsigned char in[LEND]; /* filled again when all of it came back */
	size_t lent, pieces, piece, sending;
	struct sgt_bytes out[SGT_SEND_PIECES];
};

struct sgt_stack {
	const struct sgt_host *host;
	char network[64], own[32]; /* with a port they fit into a sockaddr_un */
	int bell;
	unsigned port; /* the last that nobody asked for */
	struct end *ends;
	struct pollfd *polls;
	struct sgt_counters counters;
};

static const struct sgt_key keys[] = {
	{"network", SGT_PATH, "/run/transport-unix", 0, 0, NULL, 0, "Folder that is the network."},
	{"address", SGT_TEXT, "gateway", 0, 0, NULL, 0, "Name of this host on it."},
	{.name = NULL},
};

static enum sgt_result fail(struct sgt_error *e, enum sgt_result result, const char *what,
			    const char *why)
{
#define NUMBER(name, number, word, sentence) number,
	static const int numbers[] = {SGT_RESULT_LIST(NUMBER)};
	*e = (struct sgt_error){.result = result, .number = numbers[result]};
	snprintf(e->text, sizeof e->text, "%.120s: %.120s", what, why);
	return result;
}

static enum sgt_result u_address(struct sgt_stack *s, const char *text, unsigned port, char *out,
				 struct sgt_error *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = *text == '*' ? 1 : strspn(text, letters);
	int used = 0, given = text[n] == ':' && sscanf(text + n, ":%5u%n", &port, &used) == 1;
	(void)s;
	if (!n || n > 31 || text[n + (size_t)used] || port > 65535 || (!given && !port))
		return fail(e, SGT_BAD_ADDRESS, text, "it is not HOST:PORT or *:PORT");
	snprintf(out, SGT_ADDRESS_MAX, "%.*s:%u", (int)n, text, port);
	return SGT_OK;
}

static unsigned port_of(const char *address)
{
	unsigned port = 0;
	sscanf(strchr(address, ':'), ":%u", &port);
	return port;
}

/* The file of a canonical address; "*" is this host. */
static struct sockaddr_un file_of(const struct sgt_stack *s, const char *address, unsigned port)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int n = (int)strcspn(address, ":");
	snprintf(at.sun_path, sizeof at.sun_path, "%s/%.*s/%u", s->network,
		 *address == '*' ? 31 : n, *address == '*' ? s->own : address, port);
	return at;
}

/* Binds to the port, 0: to a free one. A file that a dead process left behind is taken over. */
static enum sgt_result take_file(struct end *c, const char *address, struct sgt_error *e)
{
	unsigned asked = port_of(address), port, tries = 0;
	int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), bad;
	c->at = file_of(c->stack, address, asked);
	if (asked && connect(probe, (struct sockaddr *)&c->at, sizeof c->at) < 0 &&
	    errno == ECONNREFUSED)
		unlink(c->at.sun_path);
	close(probe);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	do {
		port = asked ? asked : 20000 + c->stack->port++ % 40000;
		c->at = file_of(c->stack, address, port);
		bad = bind(c->fd, (struct sockaddr *)&c->at, sizeof c->at) < 0 ? errno : 0;
	} while (bad == EADDRINUSE && !asked && ++tries < 40000);
	snprintf(c->own, sizeof c->own, "%.*s:%u", (int)strcspn(address, ":"), address, port);
	if (bad)
		c->at.sun_path[0] = '\0'; /* it is not ours */
	return bad ? fail(e, bad == EADDRINUSE ? SGT_IN_USE : SGT_SOCKET, c->own, strerror(bad))
		   : SGT_OK;
}

static struct end *end_new(struct sgt_stack *s, enum state state, void *user)
{
	struct end *c = s->host->alloc(s->host->ctx, NULL, sizeof *c);
	if (!c)
		return NULL;
	*c = (struct end){.next = s->ends, .stack = s, .user = user, .state = state, .fd = -1};
	s->counters.open += state != LISTENING;
	return s->ends = c;
}

static void tell(struct end *c, enum sgt_event_type type, struct sgt_event e)
{
	e.type = type;
	e.user = c->user;
	e.conn = (struct sgt_conn *)c;
	c->stack->host->deliver(c->stack->host->ctx, &e);
}

/* The descriptor and the file; the memory stays. */
static void let_go(struct end *c, enum state state)
{
	c->stack->counters.open -= c->state != LISTENING && c->state < CLOSING;
	if (c->fd >= 0)
		close(c->fd);
	if (*c->at.sun_path)
		unlink(c->at.sun_path);
	c->fd = -1;
	c->state = state;
}

static void lose(struct end *c, enum sgt_result result, int e)
{
	struct sgt_error error;
	fail(&error, result, c->peer, strerror(e));
	c->stack->counters.failed++;
	c->state = LOST;
	tell(c, SGT_EV_ERROR, (struct sgt_event){.error = &error});
}

/* ---- what a run does for each ---- */

static void serve_listener(struct end *l)
{
	struct sockaddr_un from;
	socklen_t n = sizeof from;
	int fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct end *c = fd < 0 ? NULL : end_new(l->stack, OPEN, l->user);
	char host[32] = "unknown";
	unsigned port = 0;
	if (!c) {
		close(fd);
		return;
	}
	if (n > sizeof from.sun_family)
		sscanf(from.sun_path + strlen(l->stack->network), "/%31[^/]/%u", host, &port);
	c->fd = fd;
	c->stack->counters.accepted++;
	snprintf(c->peer, sizeof c->peer, "%s:%u", host, port);
	snprintf(c->own, sizeof c->own, "%s:%u", l->stack->own, port_of(l->own));
	tell(c, SGT_EV_ACCEPTED,
	     (struct sgt_event){
		     .listener = (struct sgt_listener *)l, .peer = c->peer, .local = c->own});
}

/* A queue that is full leaves it CONNECTING, and the next run tries again. */
static void try_connect(struct end *c)
{
	struct sockaddr_un to = file_of(c->stack, c->peer, port_of(c->peer));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0) {
		c->state = OPEN;
		c->stack->counters.connected++;
		tell(c, SGT_EV_CONNECTED, (struct sgt_event){.peer = c->peer, .local = c->own});
	} else if (errno != EAGAIN) {
		lose(c, errno == ENOENT || errno == ECONNREFUSED ? SGT_REFUSED : SGT_UNREACHABLE,
		     errno);
	}
}

static void push(struct end *c)
{
	while (c->piece < c->pieces) {
		struct sgt_bytes *b = &c->out[c->piece];
		ssize_t n = send(c->fd, b->data, b->len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			c->broken = 1;
		if (n < 0)
			return;
		c->stack->counters.bytes_out += (size_t)n;
		*b = (struct sgt_bytes){(const char *)b->data + n, b->len - (size_t)n};
		c->piece += !b->len;
	}
	c->busy = 0;
	if (c->fin)
		shutdown(c->fd, SHUT_WR);
	tell(c, SGT_EV_SENT, (struct sgt_event){.len = c->sending});
}

static void pull(struct end *c)
{
	ssize_t n = read(c->fd, c->in, LEND);
	if (n > 0) {
		c->lent = (size_t)n;
		c->stack->counters.bytes_in += c->lent;
		tell(c, SGT_EV_DATA, (struct sgt_event){.data = c->in, .len = c->lent});
	} else if (n == 0 && c->broken) {
		lose(c, SGT_RESET, EPIPE);
	} else if (n == 0) {
		c->eof = 1;
		tell(c, SGT_EV_PEER_EOF, (struct sgt_event){.data = NULL});
	} else if (errno != EAGAIN) {
		lose(c, SGT_RESET, errno);
	}
}

static short wants(const struct end *c)
{
	int reads = c->state == LISTENING || (c->state == OPEN && !c->eof && !c->lent);
	return (short)((reads ? POLLIN : 0) |
		       (c->state == OPEN && c->busy && !c->broken ? POLLOUT : 0));
}

static void serve(struct end *c, short ready)
{
	if (c->state == LISTENING && ready)
		serve_listener(c);
	if (c->state == CONNECTING)
		try_connect(c);
	if (c->state == OPEN && c->broken && c->eof)
		lose(c, SGT_RESET, EPIPE);
	if (wants(c) & POLLOUT && ready & (POLLOUT | POLLERR | POLLHUP))
		push(c);
	if (c->state == OPEN && wants(c) & POLLIN && ready & ~POLLOUT)
		pull(c);
	if (c->state == CLOSING) {
		c->state = GONE;
		tell(c, SGT_EV_CLOSED, (struct sgt_event){.data = NULL});
	}
}

static void sweep(struct sgt_stack *s)
{
	for (struct end **link = &s->ends, *c; (c = *link);) {
		if (c->state != GONE) {
			link = &c->next;
			continue;
		}
		*link = c->next;
		s->host->alloc(s->host->ctx, c, 0);
	}
}

static enum sgt_result u_run(struct sgt_stack *s, int ms, struct sgt_error *e)
{
	size_t n = 1;
	uint64_t rings;
	for (struct end *c = s->ends; c; c = c->next)
		n++;
	struct pollfd *p = s->host->alloc(s->host->ctx, s->polls, n * sizeof *p);
	if (!p)
		return fail(e, SGT_NOMEM, "run", "no memory");
	s->polls = p;
	p[0] = (struct pollfd){.fd = s->bell, .events = POLLIN};
	n = 1;
	for (struct end *c = s->ends; c; c = c->next, n++) {
		c->slot = n;
		p[n] = (struct pollfd){.fd = wants(c) ? c->fd : -1, .events = wants(c)};
		int most = c->state == CLOSING ? 0 : c->state == CONNECTING ? 10 : ms;
		ms = most < ms ? most : ms;
	}
	poll(p, n, ms);
	if (p[0].revents && read(s->bell, &rings, sizeof rings) < 0)
		return fail(e, SGT_SOCKET, "wakeup", strerror(errno));
	for (struct end *c = s->ends; c; c = c->next)
		if (c->slot)
			serve(c, p[c->slot].revents);
	sweep(s);
	return SGT_OK;
}

/* ---- connections ---- */

static enum sgt_result u_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
				struct sgt_listener **out, struct sgt_error *e)
{
	char at[SGT_ADDRESS_MAX];
	enum sgt_result r = u_address(s, plan->address, 0, at, e);
	struct end *l = r == SGT_OK ? end_new(s, LISTENING, user) : NULL;
	if (r != SGT_OK || !l)
		return r != SGT_OK ? r : fail(e, SGT_NOMEM, at, "no memory");
	*out = (struct sgt_listener *)l;
	r = take_file(l, at, e);
	if (r == SGT_OK && listen(l->fd, 1024) < 0)
		r = fail(e, SGT_SOCKET, at, strerror(errno));
	if (r != SGT_OK)
		let_go(l, GONE);
	return r;
}

static const char *u_listener_address(struct sgt_listener *l)
{
	return ((struct end *)l)->own;
}

static void u_unlisten(struct sgt_listener *l)
{
	let_go((struct end *)l, GONE);
}

static enum sgt_result u_connect(struct sgt_stack *s, const char *address, const char *source,
				 void *user, struct sgt_conn **out, struct sgt_error *e)
{
	char own[SGT_ADDRESS_MAX], peer[SGT_ADDRESS_MAX];
	if (u_address(s, address, 0, peer, e) != SGT_OK)
		return e->result;
	if (source && strcmp(source, s->own) != 0)
		return fail(e, SGT_BAD_ADDRESS, source, "it is not an address of this host");
	struct end *c = end_new(s, CONNECTING, user);
	if (!c)
		return fail(e, SGT_NOMEM, address, "no memory");
	snprintf(own, sizeof own, "%s:0", s->own);
	memcpy(c->peer, peer, sizeof peer);
	*out = (struct sgt_conn *)c;
	if (take_file(c, own, e) == SGT_OK)
		return SGT_OK;
	let_go(c, GONE);
	return e->result;
}

static void u_set_user(struct sgt_conn *conn, void *user)
{
	((struct end *)conn)->user = user;
}

static enum sgt_result u_send(struct sgt_conn *conn, const struct sgt_bytes *pieces, size_t count)
{
	struct end *c = (struct end *)conn;
	if (c->state != OPEN || c->fin)
		return SGT_STATE;
	if (c->busy || count > SGT_SEND_PIECES)
		return c->busy ? SGT_BUSY : SGT_LIMIT;
	memcpy(c->out, pieces, count * sizeof *pieces);
	c->pieces = count;
	c->piece = c->sending = 0;
	for (size_t i = 0; i < count; i++)
		c->sending += pieces[i].len;
	c->busy = 1;
	return SGT_OK;
}

static void u_consume(struct sgt_conn *conn, size_t n)
{
	((struct end *)conn)->lent -= n;
}

static enum sgt_result u_shutdown(struct sgt_conn *conn)
{
	struct end *c = (struct end *)conn;
	if (c->state != OPEN || c->fin)
		return SGT_STATE;
	c->fin = 1;
	if (!c->busy)
		shutdown(c->fd, SHUT_WR);
	return SGT_OK;
}

static void u_close(struct sgt_conn *conn)
{
	let_go((struct end *)conn, CLOSING);
}

/* ---- the life of a stack ---- */

static enum sgt_result u_create(const struct sgt_host *host, const struct sgt_create *with,
				struct sgt_stack **out, struct sgt_error *e)
{
	char ignored[SGT_ADDRESS_MAX];
	const char *network = with->values[0].texts[0], *own = with->values[1].texts[0];
	if (strlen(network) >= sizeof(*out)->network || *own == '*' ||
	    u_address(NULL, own, 1, ignored, e) != SGT_OK)
		return fail(e, SGT_BAD_SETTING, own,
			    "not a name, or network is longer than 63 bytes");
	struct sgt_stack *s = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return fail(e, SGT_NOMEM, own, "no memory");
	*s = (struct sgt_stack){.host = host};
	snprintf(s->network, sizeof s->network, "%s", network);
	snprintf(s->own, sizeof s->own, "%s", own);
	*out = s;
	return SGT_OK;
}

static void u_detect(struct sgt_stack *s, struct sgt_report *r)
{
	snprintf(r->detail, sizeof r->detail, "unix://%s", s->network);
	r->state = access(s->network, W_OK | X_OK) == 0 ? SGT_RUNNING
		   : errno == EACCES                    ? SGT_FORBIDDEN
							: SGT_NOT_RUNNING;
	if (r->state == SGT_RUNNING)
		return;
	snprintf(r->cause, sizeof r->cause, "the folder %s: %s", s->network, strerror(errno));
	snprintf(r->remedy, sizeof r->remedy,
		 r->state == SGT_NOT_RUNNING ? "mkdir -p %s" : "chmod a+rwx %s", s->network);
}

static enum sgt_result u_prepare(struct sgt_stack *s, struct sgt_error *e)
{
	(void)s, (void)e; /* nothing here needs rights that are dropped */
	return SGT_OK;
}

static enum sgt_result u_start(struct sgt_stack *s, struct sgt_error *e)
{
	char folder[sizeof s->network + sizeof s->own + 1];
	snprintf(folder, sizeof folder, "%s/%s", s->network, s->own);
	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return fail(e, SGT_SOCKET, folder, strerror(errno));
	s->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return s->bell < 0 ? fail(e, SGT_SOCKET, "eventfd", strerror(errno)) : SGT_OK;
}

static void u_wakeup(struct sgt_stack *s)
{
	eventfd_write(s->bell, 1);
}

static void u_stop(struct sgt_stack *s)
{
	for (struct end *c = s->ends; c; c = c->next)
		let_go(c, GONE);
	sweep(s);
	s->polls = s->host->alloc(s->host->ctx, s->polls, 0);
	close(s->bell);
}

static void u_destroy(struct sgt_stack *s)
{
	s->host->alloc(s->host->ctx, s, 0);
}

static void u_counters(struct sgt_stack *s, struct sgt_counters *out)
{
	*out = s->counters;
}

static void u_own_addresses(struct sgt_stack *s, void (*fn)(void *ctx, const char *address),
			    void *ctx)
{
	fn(ctx, s->own);
}

SGT_EXPORT const struct sgt_module SGT_MODULE(unix);
const struct sgt_module SGT_MODULE(unix) = {
	SGT_MODULE_HEAD,
	.code = "unix",
	.vendor = "smtpgate's example",
	.provider = "streams of AF_UNIX",
	.version = "1",
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_NAMES | SGT_CAP_INSTANCES,
	.lend_max = LEND,
	.keys = keys,
	.create = u_create,
	.detect = u_detect,
	.prepare = u_prepare,
	.start = u_start,
	.run = u_run,
	.wakeup = u_wakeup,
	.stop = u_stop,
	.destroy = u_destroy,
	.address = u_address,
	.listen = u_listen,
	.listener_address = u_listener_address,
	.unlisten = u_unlisten,
	.connect = u_connect,
	.set_user = u_set_user,
	.send = u_send,
	.consume = u_consume,
	.shutdown = u_shutdown,
	.close = u_close,
	.abort = u_close,
	.counters = u_counters,
	.own_addresses = u_own_addresses,
};
