/* Listeners. lwIP knows no backlog in this build; ftp_filter.c bounds the handshakes that are under way. */
#include "ftp/ftp.h"

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sgt_listener *l = arg;
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	struct sgt_conn *c = ftp_conn_new(l->stack, pcb, FTP_OPEN);
	if (!c) {
		tcp_abort(pcb);
		return ERR_ABRT;
	}
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

static enum sgt_result check_free(const struct sgt_stack *s, const struct ipaddr *a,
				  struct sgt_error *error)
{
	const struct sgt_listener *l;
	char text[SGT_ADDRESS_MAX];
	LIST_FOREACH(l, &s->listeners, all)
	if (l->pcb->local_port == ipaddr_port(a) && overlap(&l->at, a)) {
		error_set(error, SGT_IN_USE, "%s is in use: this gateway listens there",
			  ipaddr_format(a, text));
		error_remedy(error, "give one of the listeners another address");
		return SGT_IN_USE;
	}
	return SGT_OK;
}

static struct tcp_pcb *listening(const struct ipaddr *a)
{
	ip_addr_t ip;
	ftp_ip_from(&ip, a);
	struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(&ip)), *l = NULL;
	if (!pcb)
		return NULL;
	ip_set_option(pcb, SOF_REUSEADDR); /* connections of an earlier listener may live on */
	if (tcp_bind(pcb, &ip, (u16_t)ipaddr_port(a)) == ERR_OK)
		l = tcp_listen(pcb);
	if (!l)
		tcp_abort(pcb);
	return l;
}

enum sgt_result ftp_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(plan->address, 0, &a, error);
	if (r == SGT_OK)
		r = ftp_own_check(s, &a, error);
	if (r == SGT_OK)
		r = check_free(s, &a, error);
	if (r != SGT_OK)
		return r;
	struct sgt_listener *l = ftp_alloc(s, NULL, sizeof *l);
	struct tcp_pcb *pcb = l ? listening(&a) : NULL;
	if (!pcb) {
		ftp_alloc(s, l, 0);
		return error_set(error, SGT_NOMEM, "memory is short for a listener");
	}
	*l = (struct sgt_listener){.stack = s, .pcb = pcb, .at = a, .user = user};
	ipaddr_set_port(&l->at, pcb->local_port);
	ipaddr_format(&l->at, l->text);
	tcp_arg(pcb, l);
	tcp_accept(pcb, on_accept);
	LIST_INSERT_HEAD(&s->listeners, l, all);
	*listener = l;
	return SGT_OK;
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
	tcp_close(l->pcb);
	LIST_REMOVE(l, all);
	ftp_alloc(l->stack, l, 0);
}
