/* Datagram handles: one UDP of lwIP's for each. What arrives waits here until lwIP is at rest. */
#include "ftp/ftp.h"

#include <string.h>

#define PORT_TRIES 32
#define PACKET_MAX 65507u /* bytes of a datagram */

struct packet {
	STAILQ_ENTRY(packet) next;
	struct ipaddr from;
	size_t len;
	unsigned char bytes[];
};

struct sgt_dgram {
	LIST_ENTRY(sgt_dgram) all;
	STAILQ_ENTRY(sgt_dgram) next_ready;
	struct sgt_stack *stack;
	struct udp_pcb *pcb;
	void *user;
	unsigned waiting; /* above 0: in the stack's queue */
	STAILQ_HEAD(, packet) packets;
};

/* ---- in ---- */

static void keep(struct sgt_dgram *d, struct packet *p)
{
	STAILQ_INSERT_TAIL(&d->packets, p, next);
	if (!d->waiting++)
		STAILQ_INSERT_TAIL(&d->stack->ready_dgrams, d, next_ready);
	ftp_notify(d->stack);
}

/* lwIP's callback. Beyond the bound, or when memory is short, a datagram is lost, as datagrams may be. */
static void on_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from,
			u16_t port)
{
	struct sgt_dgram *d = arg;
	(void)pcb;
	struct packet *packet = d->waiting < FTP_PACKETS
					? ftp_alloc(d->stack, NULL, sizeof *packet + p->tot_len)
					: NULL;
	if (packet) {
		ftp_ip_to(&packet->from, from, port);
		packet->len = pbuf_copy_partial(p, packet->bytes, p->tot_len, 0);
		keep(d, packet);
	}
	pbuf_free(p);
}

/* Takes the first of a handle that waits, which leaves the queue with its last. */
static struct packet *take(struct sgt_dgram *d)
{
	struct packet *p = STAILQ_FIRST(&d->packets);
	STAILQ_REMOVE_HEAD(&d->packets, next);
	STAILQ_REMOVE(&d->stack->ready_dgrams, d, sgt_dgram, next_ready);
	if (--d->waiting)
		STAILQ_INSERT_TAIL(&d->stack->ready_dgrams, d, next_ready);
	return p;
}

bool ftp_dgram_serve(struct sgt_stack *s)
{
	struct sgt_dgram *d = STAILQ_FIRST(&s->ready_dgrams);
	char peer[SGT_ADDRESS_MAX];
	if (!d)
		return false;
	struct packet *p = take(d);
	s->counters.bytes_in += p->len;
	ftp_deliver(s, &(struct sgt_event){.type = SGT_EV_DATAGRAM,
					   .user = d->user,
					   .dgram = d,
					   .data = p->bytes,
					   .len = p->len,
					   .peer = ipaddr_format(&p->from, peer)});
	ftp_alloc(s, p, 0);
	return true;
}

/* ---- opening ---- */

/* An own port that nobody can guess (RFC 5452, section 9.2). */
static err_t bind_port(struct sgt_stack *s, struct udp_pcb *pcb, const ip_addr_t *ip, u16_t port)
{
	err_t e = ERR_USE;
	for (int i = 0; !port && i < PORT_TRIES && e != ERR_OK; i++)
		e = udp_bind(pcb, ip, (u16_t)(49152 + s->host->random(s->host->ctx) % 16384));
	return e == ERR_OK ? e : udp_bind(pcb, ip, port);
}

static enum sgt_result open_at(struct sgt_stack *s, const struct ipaddr *a, struct udp_pcb **out,
			       struct sgt_error *error)
{
	ip_addr_t ip;
	char text[SGT_ADDRESS_MAX];
	ftp_ip_from(&ip, a);
	struct udp_pcb *pcb = udp_new_ip_type(IP_GET_TYPE(&ip));
	if (!pcb)
		return error_set(error, SGT_NOMEM, "memory is short for datagrams");
	udp_bind_netif(pcb, &s->face->netif);
	if (bind_port(s, pcb, &ip, (u16_t)ipaddr_port(a)) == ERR_OK) {
		*out = pcb;
		return SGT_OK;
	}
	udp_remove(pcb);
	return error_set(error, SGT_IN_USE, "%s is in use: this gateway takes datagrams there",
			 ipaddr_format(a, text));
}

enum sgt_result ftp_dgram_open(struct sgt_stack *s, const char *local, void *user,
			       struct sgt_dgram **dgram, struct sgt_error *error)
{
	struct ipaddr a;
	struct udp_pcb *pcb = NULL;
	enum sgt_result r = ipaddr_parse(local, 0, &a, error);
	if (r == SGT_OK)
		r = ftp_own_check(s->face, &a, error);
	if (r == SGT_OK)
		r = open_at(s, &a, &pcb, error);
	if (r != SGT_OK)
		return r;
	struct sgt_dgram *d = ftp_alloc(s, NULL, sizeof *d);
	if (!d) {
		udp_remove(pcb);
		return error_set(error, SGT_NOMEM, "memory is short for datagrams");
	}
	*d = (struct sgt_dgram){.stack = s, .pcb = pcb, .user = user};
	STAILQ_INIT(&d->packets);
	udp_recv(pcb, on_datagram, d);
	LIST_INSERT_HEAD(&s->dgrams, d, all);
	*dgram = d;
	return SGT_OK;
}

struct sgt_stack *ftp_dgram_stack(const struct sgt_dgram *d)
{
	return d->stack;
}

void ftp_dgram_close(struct sgt_dgram *d)
{
	struct sgt_stack *s = d->stack;
	while (d->waiting)
		ftp_alloc(s, take(d), 0);
	udp_remove(d->pcb);
	LIST_REMOVE(d, all);
	ftp_alloc(s, d, 0);
}

/* ---- out ---- */

static enum sgt_result send_to(struct sgt_dgram *d, const ip_addr_t *ip, unsigned port,
			       const void *data, size_t len)
{
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
	if (!p)
		return SGT_NOMEM;
	pbuf_take(p, data, (u16_t)len);
	err_t e = udp_sendto(d->pcb, p, ip, (u16_t)port);
	pbuf_free(p);
	if (e == ERR_OK)
		d->stack->counters.bytes_out += len;
	return e == ERR_RTE ? SGT_UNREACHABLE : SGT_OK; /* else lost, as datagrams may be */
}

enum sgt_result ftp_dgram_send(struct sgt_dgram *d, const char *to, const void *data, size_t len)
{
	struct sgt_error error;
	struct ipaddr a;
	ip_addr_t ip;
	enum sgt_result r = ipaddr_parse(to, 0, &a, &error);
	if (r != SGT_OK)
		return r;
	ftp_ip_from(&ip, &a);
	bool any = IP_IS_ANY_TYPE_VAL(d->pcb->local_ip);
	if (a.any || !ipaddr_port(&a) || ip_addr_isany(&ip) ||
	    (!any && IP_IS_V6(&ip) != IP_IS_V6(&d->pcb->local_ip)))
		return SGT_BAD_ADDRESS;
	if (len > PACKET_MAX)
		return SGT_LIMIT;
	return send_to(d, &ip, ipaddr_port(&a), data, len);
}
