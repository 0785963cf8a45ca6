/* Connections: their making, what is delivered of them and when, their end. Bytes are ftp_bytes.c's. */
#include "ftp/ftp.h"

#include <string.h>

#define PORT_TRIES 32

void ftp_conn_ready(struct sgt_conn *c)
{
	if (c->queued)
		return;
	c->queued = true;
	STAILQ_INSERT_TAIL(&c->stack->ready, c, next_ready);
	ftp_notify(c->stack);
}

struct sgt_conn *ftp_conn_new(struct sgt_stack *s, struct tcp_pcb *pcb, enum ftp_state state)
{
	struct sgt_conn *c = ftp_alloc(s, NULL, sizeof *c);
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->stack = s;
	c->pcb = pcb;
	c->state = state;
	LIST_INSERT_HEAD(&s->conns, c, all);
	ftp_bytes_watch(c);
	return c;
}

void ftp_conn_free(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	if (c->rx)
		pbuf_free(c->rx);
	lend_free(&s->pool, &c->lend);
	s->counters.open -= c->counted;
	LIST_REMOVE(c, all);
	ftp_alloc(s, c, 0);
}

/* ---- events ---- */

static void tell(struct sgt_conn *c, struct sgt_event *event)
{
	event->conn = c;
	event->user = c->listener ? event->user : c->user;
	ftp_deliver(c->stack, event);
}

static void tell_arrived(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	struct sgt_listener *l = c->listener;
	char peer[SGT_ADDRESS_MAX], local[SGT_ADDRESS_MAX] = "";
	struct ipaddr at;
	if (c->pcb) {
		ftp_ip_to(&at, &c->pcb->local_ip, c->pcb->local_port);
		ipaddr_format(&at, local);
	}
	struct sgt_event event = {.type = l ? SGT_EV_ACCEPTED : SGT_EV_CONNECTED,
				  .listener = l,
				  .user = l ? l->user : c->user,
				  .peer = ipaddr_format(&c->peer, peer),
				  .local = local};
	c->arrived = false;
	c->state = FTP_OPEN;
	c->counted = true;
	s->counters.open++;
	*(l ? &s->counters.accepted : &s->counters.connected) += 1;
	tell(c, &event);
	c->listener = NULL;
}

static void tell_error(struct sgt_conn *c)
{
	static const char *const words[] = {
		[SGT_RESET] = "the peer reset the connection, or the network dropped it",
		[SGT_REFUSED] = "the peer refuses connections on this port",
		[SGT_TIMEOUT] = "the peer does not answer",
	};
	char peer[SGT_ADDRESS_MAX];
	struct sgt_error error;
	c->state = FTP_FAILED;
	c->failed_told = true;
	c->stack->counters.failed++;
	error_set(&error, c->error, "%s: %s", ipaddr_format(&c->peer, peer), words[c->error]);
	tell(c, &(struct sgt_event){.type = SGT_EV_ERROR, .error = &error});
}

void ftp_conn_serve(struct sgt_conn *c)
{
	c->queued = false;
	if (c->state == FTP_CLOSING || c->orphan) {
		if (!c->orphan)
			tell(c, &(struct sgt_event){.type = SGT_EV_CLOSED});
		ftp_conn_free(c);
		return;
	}
	if (c->arrived)
		tell_arrived(c);
	if (c->state == FTP_OPEN)
		ftp_bytes_deliver(c);
	if (c->state == FTP_OPEN && c->sent_due) {
		c->sent_due = false;
		tell(c, &(struct sgt_event){.type = SGT_EV_SENT, .len = c->sent_len});
	}
	if (c->state == FTP_OPEN && c->eof && !c->rx && !c->eof_told) {
		c->eof_told = true;
		tell(c, &(struct sgt_event){.type = SGT_EV_PEER_EOF});
	}
	if (c->state <= FTP_OPEN && c->error && !c->rx && !c->failed_told)
		tell_error(c);
}

/* ---- connecting ---- */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sgt_conn *c = arg;
	(void)pcb;
	(void)err; /* always ERR_OK (lwIP's tcp.h) */
	c->arrived = true;
	ftp_conn_ready(c);
	return ERR_OK;
}

/* An own port that nobody can guess (RFC 6056). */
static bool bind_any_port(struct sgt_stack *s, struct tcp_pcb *pcb, const ip_addr_t *from)
{
	for (int i = 0; i < PORT_TRIES; i++) {
		u16_t port = (u16_t)(49152 + s->host->random(s->host->ctx) % 16384);
		if (tcp_bind(pcb, from, port) == ERR_OK)
			return true;
	}
	return tcp_bind(pcb, from, 0) == ERR_OK;
}

static enum sgt_result check_way(const struct sgt_stack *s, const char *to, const struct ipaddr *a,
				 struct sgt_error *error)
{
	const struct ftp_settings *set = &s->face->set;
	ip_addr_t ip;
	ftp_ip_from(&ip, a);
	if (a->any || !ipaddr_port(a) || ip_addr_isany(&ip) || ip_addr_ismulticast(&ip))
		return error_set(error, SGT_BAD_ADDRESS, "\"%.100s\" is nothing to connect to", to);
	bool v6 = IP_IS_V6(&ip);
	if (v6 ? !set->ip6_count : !set->has_ip4)
		return error_set(error, SGT_UNREACHABLE, "%s: this stack has no IPv%d address", to,
				 v6 ? 6 : 4);
	if (v6 || set->has_gateway || ip4_addr_netcmp(ip_2_ip4(&ip), &set->ip4, &set->mask))
		return SGT_OK;
	error_set(error, SGT_UNREACHABLE, "%s is not on this network, and no gateway is set", to);
	error_remedy(error, "gateway = ADDRESS in the vendor's section");
	return SGT_UNREACHABLE;
}

static enum sgt_result read_source(const struct sgt_stack *s, const char *source, bool v6,
				   ip_addr_t *from, struct sgt_error *error)
{
	struct ipaddr a;
	*from = v6 ? *IP6_ADDR_ANY : *IP4_ADDR_ANY;
	if (!source)
		return SGT_OK;
	enum sgt_result r = ipaddr_parse_host(source, &a, error);
	if (r == SGT_OK)
		r = ftp_own_check(s->face, &a, error);
	if (r != SGT_OK)
		return r;
	ftp_ip_from(from, &a);
	return (bool)IP_IS_V6(from) == v6 ? SGT_OK
					  : error_set(error, SGT_BAD_ADDRESS,
						      "%.60s is not of the peer's family", source);
}

static enum sgt_result begin(struct sgt_stack *s, const struct ipaddr *a, const ip_addr_t *from,
			     void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	ip_addr_t ip;
	ftp_ip_from(&ip, a);
	struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(&ip));
	struct sgt_conn *c = pcb ? ftp_conn_new(s, pcb, FTP_CONNECTING) : NULL;
	if (!c) {
		if (pcb)
			tcp_abort(pcb);
		return error_set(error, SGT_NOMEM, "memory is short for a connection");
	}
	c->peer = *a;
	c->user = user;
	tcp_bind_netif(pcb, &s->face->netif);
	err_t e = bind_any_port(s, pcb, from) ? ERR_OK : ERR_USE;
	if (e == ERR_OK)
		e = tcp_connect(pcb, &ip, (u16_t)ipaddr_port(a), on_connected);
	if (e == ERR_OK) {
		*conn = c;
		return SGT_OK;
	}
	ftp_bytes_detach(c);
	tcp_abort(pcb);
	ftp_conn_free(c);
	return error_set(error, e == ERR_RTE ? SGT_UNREACHABLE : SGT_LIMIT,
			 "the connection cannot be begun: lwIP says %d", e);
}

enum sgt_result ftp_connect(struct sgt_stack *s, const char *to, const char *source, void *user,
			    struct sgt_conn **conn, struct sgt_error *error)
{
	struct ipaddr a;
	ip_addr_t from;
	enum sgt_result r = ipaddr_parse(to, 0, &a, error);
	if (r == SGT_OK)
		r = check_way(s, to, &a, error);
	if (r == SGT_OK)
		r = read_source(s, source, a.u.sa.sa_family == AF_INET6, &from, error);
	return r == SGT_OK ? begin(s, &a, &from, user, conn, error) : r;
}

/* ---- ending ---- */

void ftp_set_user(struct sgt_conn *c, void *user)
{
	c->user = user;
}

void ftp_close(struct sgt_conn *c)
{
	struct tcp_pcb *pcb = c->pcb;
	ftp_bytes_detach(c);
	if (pcb)
		ftp_orphan(pcb);
	ftp_trim(c->stack->face);
	c->state = FTP_CLOSING;
	ftp_conn_ready(c);
}

void ftp_abort(struct sgt_conn *c)
{
	struct tcp_pcb *pcb = c->pcb;
	ftp_bytes_detach(c);
	if (pcb)
		tcp_abort(pcb);
	c->state = FTP_CLOSING;
	ftp_conn_ready(c);
}
