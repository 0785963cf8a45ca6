/* Socket calls of c-ares over a stack: see sockets.h. Owns a table of handles; in the stack's thread. */
#include "dns/sockets.h"

#include "base/buf.h"
#include "base/net.h"
#include "base/text.h"
#include "transport/conn.h"
#include "transport/dgram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define STREAM_MAX 70000 /* an answer by TCP has 65,535 bytes at most, and its length before it */
#define DATAGRAMS_MAX 32 /* waiting on one handle: more are dropped, as datagrams may be */
#define DATAGRAM_BYTES 65535 /* largest */

/* A datagram that waits to be read. */
struct waiting {
	struct waiting *next;
	char peer[SGT_ADDRESS_MAX];
	size_t n;
	char bytes[];
};

struct handle {
	struct handle *next;
	struct dns_sockets *all;
	ares_socket_t number;
	bool stream, v6, connected, eof;
	int error; /* errno of a failed connection */
	struct dgram *dgram;
	struct conn *conn;
	char peer[SGT_ADDRESS_MAX];
	struct waiting *first, **last;
	unsigned count;
	struct buf input; /* stream */
};

struct dns_sockets {
	struct stack *stack;
	void (*ready)(void *ctx, ares_socket_t handle);
	void *ctx;
	struct handle *handles;
	ares_socket_t next;
};

static struct handle *find(struct dns_sockets *s, ares_socket_t number)
{
	for (struct handle *h = s->handles; h; h = h->next)
		if (h->number == number)
			return h;
	return NULL;
}

/* ---- what the stack says ---- */

static void on_datagram(void *ctx, struct dgram *d, const char *peer, const void *bytes, size_t n)
{
	struct handle *h = ctx;
	(void)d;
	struct waiting *w =
		h->count < DATAGRAMS_MAX && n <= DATAGRAM_BYTES ? malloc(sizeof *w + n) : NULL;
	if (!w)
		return;
	w->next = NULL;
	text_copy(w->peer, sizeof w->peer, peer);
	w->n = n;
	memcpy(w->bytes, bytes, n);
	*h->last = w;
	h->last = &w->next;
	h->count++;
	h->all->ready(h->all->ctx, h->number); /* may close h */
}

static void on_lost(void *ctx, struct dgram *d, const struct sgt_error *why)
{
	struct handle *h = ctx;
	(void)d;
	(void)why;
	h->dgram = NULL;
	h->error = ENETDOWN;
}

static const struct dgram_ops datagram_ops = {on_datagram, on_lost};

static void on_connected(void *ctx, struct conn *c)
{
	struct handle *h = ctx;
	(void)c;
	h->connected = true;
	h->all->ready(h->all->ctx, h->number);
}

/* c-ares reads a length, then as many bytes, each by a call of its own, as a descriptor that stays readable makes it do. */
static void stream_ready(struct dns_sockets *all, ares_socket_t number)
{
	size_t before;
	struct handle *h = find(all, number);
	do {
		before = h->input.len;
		all->ready(all->ctx, number);
		h = find(all, number);
	} while (h && h->input.len && h->input.len < before);
}

static size_t on_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	struct handle *h = ctx;
	(void)c;
	if (buf_append(&h->input, bytes, n) != OK)
		h->error = EMSGSIZE;
	stream_ready(h->all, h->number);
	return n;
}

static void on_eof(void *ctx, struct conn *c)
{
	struct handle *h = ctx;
	(void)c;
	h->eof = true;
	h->all->ready(h->all->ctx, h->number);
}

static void on_error(void *ctx, struct conn *c, const struct sgt_error *error)
{
	struct handle *h = ctx;
	(void)c;
	h->error = error->result == SGT_REFUSED   ? ECONNREFUSED
		   : error->result == SGT_TIMEOUT ? ETIMEDOUT
						  : ECONNRESET;
	h->all->ready(h->all->ctx, h->number);
}

static void on_closed(void *ctx, struct conn *c)
{
	(void)c;
	free(ctx); /* a handle whose connection outlived it, see close_handle */
}

static const struct conn_ops stream_ops = {
	.on_connected = on_connected,
	.on_data = on_data,
	.on_eof = on_eof,
	.on_error = on_error,
	.on_closed = on_closed,
};

/* ---- what c-ares asks ---- */

static ares_socket_t call_socket(int family, int type, int protocol, void *ctx)
{
	struct dns_sockets *s = ctx;
	(void)protocol;
	struct handle *h = calloc(1, sizeof *h);
	if (!h) {
		errno = ENOMEM;
		return ARES_SOCKET_BAD;
	}
	h->all = s;
	h->stream = type == SOCK_STREAM;
	h->v6 = family == AF_INET6;
	h->last = &h->first;
	h->number = s->next++;
	buf_init(&h->input, STREAM_MAX);
	h->next = s->handles;
	s->handles = h;
	return h->number;
}

/* "192.0.2.53:53" or "[2001:db8::53]:53" of a socket address. */
static bool print_address(const struct sockaddr *a, char *out, size_t n)
{
	char ip[INET6_ADDRSTRLEN];
	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
		if (!inet_ntop(AF_INET, &in->sin_addr, ip, sizeof ip))
			return false;
		snprintf(out, n, "%s:%u", ip, ntohs(in->sin_port));
		return true;
	}
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)a;
	if (a->sa_family != AF_INET6 || !inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof ip))
		return false;
	snprintf(out, n, "[%s]:%u", ip, ntohs(in6->sin6_port));
	return true;
}

static int failed(int errnum)
{
	errno = errnum;
	return -1;
}

static int call_connect(ares_socket_t number, const struct sockaddr *address, ares_socklen_t n,
			void *ctx)
{
	struct dns_sockets *s = ctx;
	struct handle *h = find(s, number);
	struct sgt_error error;
	char text[SGT_ADDRESS_MAX];
	(void)n;
	if (!h || !print_address(address, text, sizeof text) ||
	    stack_address(s->stack, text, 0, h->peer, &error) != SGT_OK)
		return failed(EINVAL);
	if (!h->stream) {
		const char *local = h->v6 ? "[::]:0" : "*:0";
		return dgram_open(&h->dgram, s->stack, local, &datagram_ops, h, &error) == SGT_OK
			       ? 0
			       : failed(ENETUNREACH);
	}
	if (conn_connect(&h->conn, s->stack, h->peer, NULL, &stream_ops, h, &error) != SGT_OK)
		return failed(ENETUNREACH);
	return failed(EINPROGRESS);
}

static ares_ssize_t call_send(ares_socket_t number, const struct iovec *pieces, int count,
			      void *ctx)
{
	struct handle *h = find(ctx, number);
	char whole[2048]; /* questions are small: a name of 255 bytes and its frame */
	size_t n = 0;
	if (!h || h->error)
		return failed(h ? h->error : EBADF);
	for (int i = 0; i < count; i++) {
		if (pieces[i].iov_len > sizeof whole - n)
			return failed(EMSGSIZE);
		memcpy(whole + n, pieces[i].iov_base, pieces[i].iov_len);
		n += pieces[i].iov_len;
	}
	if (h->stream) {
		if (!h->connected)
			return failed(EWOULDBLOCK);
		return conn_write(h->conn, whole, n) == OK ? (ares_ssize_t)n : failed(EPIPE);
	}
	if (!h->dgram)
		return failed(EBADF);
	dgram_send(h->dgram, h->peer, whole, n); /* a lost question is asked again */
	return (ares_ssize_t)n;
}

/* The peer's text as a socket address, which c-ares compares with the server's. */
static void parse_address(const char *peer, struct sockaddr *out, ares_socklen_t *n)
{
	char host[64];
	unsigned port;
	struct net_ip ip;
	if (net_hostport(peer, host, sizeof host, &port, true) != OK ||
	    net_ip_parse(host, &ip) != OK) {
		*n = 0;
		return;
	}
	if (net_ip_is_v4(&ip) && *n >= (ares_socklen_t)sizeof(struct sockaddr_in)) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
		memcpy(&in.sin_addr, ip.bytes + 12, 4);
		memcpy(out, &in, sizeof in);
		*n = sizeof in;
	} else if (*n >= (ares_socklen_t)sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
					   .sin6_port = htons((uint16_t)port)};
		memcpy(&in6.sin6_addr, ip.bytes, 16);
		memcpy(out, &in6, sizeof in6);
		*n = sizeof in6;
	}
}

static ares_ssize_t receive_stream(struct handle *h, void *to, size_t n)
{
	if (!h->input.len)
		return h->error ? failed(h->error) : h->eof ? 0 : failed(EWOULDBLOCK);
	size_t got = h->input.len < n ? h->input.len : n;
	memcpy(to, buf_head(&h->input), got);
	buf_consume(&h->input, got);
	return (ares_ssize_t)got;
}

static ares_ssize_t call_receive(ares_socket_t number, void *to, size_t n, int flags,
				 struct sockaddr *from, ares_socklen_t *from_n, void *ctx)
{
	struct handle *h = find(ctx, number);
	(void)flags;
	if (!h)
		return failed(EBADF);
	if (h->stream)
		return receive_stream(h, to, n);
	struct waiting *w = h->first;
	if (!w)
		return failed(h->error ? h->error : EWOULDBLOCK);
	h->first = w->next;
	if (!h->first)
		h->last = &h->first;
	h->count--;
	size_t got = w->n < n ? w->n : n;
	memcpy(to, w->bytes, got);
	if (from && from_n)
		parse_address(w->peer, from, from_n);
	free(w);
	return (ares_ssize_t)got;
}

static int call_close(ares_socket_t number, void *ctx)
{
	struct dns_sockets *s = ctx;
	for (struct handle **at = &s->handles; *at; at = &(*at)->next) {
		struct handle *h = *at;
		if (h->number != number)
			continue;
		*at = h->next;
		for (struct waiting *w = h->first, *next; w; w = next) {
			next = w->next;
			free(w);
		}
		buf_free(&h->input);
		if (h->dgram)
			dgram_close(&h->dgram);
		if (h->conn)
			conn_close(h->conn); /* on_closed frees h; no other callback comes */
		else
			free(h);
		return 0;
	}
	return failed(EBADF);
}

static const struct ares_socket_functions functions = {
	call_socket, call_close, call_connect, call_receive, call_send,
};

struct dns_sockets *dns_sockets_new(struct stack *stack,
				    void (*ready)(void *ctx, ares_socket_t handle), void *ctx)
{
	struct dns_sockets *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->stack = stack;
	s->ready = ready;
	s->ctx = ctx;
	s->next = DNS_HANDLE_FIRST;
	return s;
}

void dns_sockets_destroy(struct dns_sockets **s)
{
	free(*s);
	*s = NULL;
}

void dns_sockets_attach(struct dns_sockets *s, ares_channel channel)
{
	ares_set_socket_functions(channel, &functions, s);
}
