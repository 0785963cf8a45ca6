/*
 * Listeners. lwIP knows no backlog in this build; ftp_filter.c bounds the handshakes that are under way. Listeners of several
 * stacks may have one port of their face together, and take what comes there in turn.
 */
#include "ftp/ftp.h"

#include <stdlib.h>
#include <string.h>

#define PORT_FIRST 49152u
#define PORT_COUNT 16384u

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct ftp_port *p = arg;
	struct sgt_listener *l = TAILQ_FIRST(&p->takers);
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	struct sgt_conn *c = ftp_conn_new(l->stack, pcb, FTP_OPEN);
	if (!c) {
		tcp_abort(pcb);
		return ERR_ABRT;
	}
	TAILQ_REMOVE(&p->takers, l, of_port);
	TAILQ_INSERT_TAIL(&p->takers, l, of_port);
	c->listener = l;
	c->arrived = true;
	ftp_ip_to(&c->peer, &pcb->remote_ip, pcb->remote_port);
	ftp_conn_ready(c);
	return ERR_OK;
}

/* Do both hear what is sent to one address? */
static bool overlap(const struct ipaddr *a, const struct ipaddr *b)
{
	ip_addr_t x, y;
	ftp_ip_from(&x, a);
	ftp_ip_from(&y, b);
	if (a->any || b->any)
		return true;
	return a->u.sa.sa_family == b->u.sa.sa_family &&
	       (ip_addr_isany(&x) || ip_addr_isany(&y) || ip_addr_cmp_zoneless(&x, &y));
}

/* The port that is heard at one of these addresses. */
static struct ftp_port *find(const struct ftp_face *f, const struct ipaddr *a)
{
	struct ftp_port *p;
	LIST_FOREACH(p, &f->ports, all)
	if (ipaddr_port(&p->at) == ipaddr_port(a) && overlap(&p->at, a))
		return p;
	return NULL;
}

/* May it be had together? Then both want that, and their address is the same. */
static bool is_shared(const struct ftp_port *p, const struct sgt_plan *plan, const struct ipaddr *a,
		      const struct sgt_stack *s)
{
	const struct sgt_listener *l;
	char ours[SGT_ADDRESS_MAX], theirs[SGT_ADDRESS_MAX];
	TAILQ_FOREACH(l, &p->takers, of_port)
	if (l->stack == s)
		return false;
	return plan->share && p->shared &&
	       strcmp(ipaddr_format(a, ours), ipaddr_format(&p->at, theirs)) == 0;
}

/* One that nobody can guess and nobody has; 0: all are in use. */
static unsigned choose_port(const struct sgt_stack *s, struct ipaddr *a)
{
	unsigned at = (unsigned)(s->host->random(s->host->ctx) % PORT_COUNT);
	for (unsigned i = 0; i < PORT_COUNT; i++) {
		ipaddr_set_port(a, PORT_FIRST + (at + i) % PORT_COUNT);
		if (!find(s->face, a))
			return ipaddr_port(a);
	}
	return 0;
}

/*
 * Not bound by tcp_bind, and given its port only when it listens: lwIP would refuse a port that another face has at all of
 * its addresses, and one where connections of an earlier listener live on.
 */
static struct tcp_pcb *listening(const struct ftp_face *f, const struct ipaddr *a)
{
	ip_addr_t ip;
	ftp_ip_from(&ip, a);
	struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(&ip)), *l = NULL;
	if (!pcb)
		return NULL;
	ip_addr_copy(pcb->local_ip, ip);
	l = tcp_listen(pcb);
	if (!l) {
		tcp_abort(pcb);
		return NULL;
	}
	l->local_port = (u16_t)ipaddr_port(a);
	tcp_bind_netif(l, &f->netif);
	return l;
}

static struct ftp_port *open_port(struct ftp_face *f, const struct ipaddr *a, bool share,
				  struct sgt_error *error)
{
	struct ftp_port *p = calloc(1, sizeof *p); /* of no stack's memory: any may be the last */
	struct tcp_pcb *pcb = p ? listening(f, a) : NULL;
	if (!pcb) {
		free(p);
		error_set(error, SGT_NOMEM, "memory is short for a listener");
		return NULL;
	}
	*p = (struct ftp_port){.pcb = pcb, .at = *a, .shared = share};
	TAILQ_INIT(&p->takers);
	tcp_arg(pcb, p);
	tcp_accept(pcb, on_accept);
	LIST_INSERT_HEAD(&f->ports, p, all);
	return p;
}

static void close_port(struct ftp_port *p)
{
	tcp_close(p->pcb);
	LIST_REMOVE(p, all);
	free(p);
}

/* The port at a, or a new one; the address has a port. */
static struct ftp_port *port_for(struct sgt_stack *s, const struct sgt_plan *plan,
				 const struct ipaddr *a, struct sgt_error *error)
{
	char text[SGT_ADDRESS_MAX];
	struct ftp_port *p = find(s->face, a);
	if (!p)
		return open_port(s->face, a, plan->share, error);
	if (is_shared(p, plan, a, s))
		return p;
	error_set(error, SGT_IN_USE, "%s is in use: this gateway listens there",
		  ipaddr_format(a, text));
	error_remedy(error, "give one of the listeners another address");
	return NULL;
}

static enum sgt_result listen_at(struct sgt_stack *s, const struct sgt_plan *plan,
				 const struct ipaddr *a, void *user, struct sgt_listener **listener,
				 struct sgt_error *error)
{
	struct sgt_listener *l = ftp_alloc(s, NULL, sizeof *l);
	if (!l)
		return error_set(error, SGT_NOMEM, "memory is short for a listener");
	struct ftp_port *p = port_for(s, plan, a, error);
	if (!p) {
		ftp_alloc(s, l, 0);
		return error->result;
	}
	*l = (struct sgt_listener){.stack = s, .port = p, .user = user};
	ipaddr_format(a, l->text);
	TAILQ_INSERT_TAIL(&p->takers, l, of_port);
	LIST_INSERT_HEAD(&s->listeners, l, all);
	*listener = l;
	return SGT_OK;
}

enum sgt_result ftp_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(plan->address, 0, &a, error);
	if (r == SGT_OK)
		r = ftp_own_check(s->face, &a, error);
	if (r != SGT_OK)
		return r;
	if (!ipaddr_port(&a) && !choose_port(s, &a))
		return error_set(error, SGT_LIMIT, "no port is free to listen on");
	return listen_at(s, plan, &a, user, listener, error);
}

const char *ftp_listener_address(struct sgt_listener *l)
{
	return l->text;
}

void ftp_unlisten(struct sgt_listener *l)
{
	struct sgt_conn *c;
	LIST_FOREACH(c, &l->stack->conns, all)
	if (c->listener == l && c->arrived) {
		struct tcp_pcb *pcb = c->pcb;
		c->orphan = true;
		ftp_bytes_detach(c);
		if (pcb)
			tcp_abort(pcb);
		ftp_conn_ready(c);
	}
	TAILQ_REMOVE(&l->port->takers, l, of_port);
	if (TAILQ_EMPTY(&l->port->takers))
		close_port(l->port);
	LIST_REMOVE(l, all);
	ftp_alloc(l->stack, l, 0);
}
