/* lwIP's network interface on the wire: frames in, frames out, and those that wait for room. */
#include "ftp/ftp.h"

#include <string.h>

static err_t put(struct sgt_stack *s, const void *frame, size_t len)
{
	if (s->lost || s->frame_count == FTP_QUEUE)
		return ERR_MEM; /* TCP keeps it and tries again */
	int sent = STAILQ_EMPTY(&s->frames) ? wire_send(&s->wire, frame, len) : 0;
	if (sent)
		s->lost = sent == WIRE_LOST;
	if (sent)
		return ERR_OK;
	struct ftp_frame *f = ftp_alloc(s, NULL, sizeof *f + len);
	if (!f)
		return ERR_MEM;
	f->len = len;
	memcpy(f->bytes, frame, len);
	STAILQ_INSERT_TAIL(&s->frames, f, next);
	if (!s->frame_count++)
		wire_want_room(&s->wire, true);
	return ERR_OK;
}

static err_t output(struct netif *netif, struct pbuf *p)
{
	unsigned char whole[WIRE_FRAME_MAX];
	const void *frame = p->payload;
	if (p->tot_len > sizeof whole)
		return ERR_BUF;
	if (p->next) {
		pbuf_copy_partial(p, whole, p->tot_len, 0);
		frame = whole;
	}
	return put(netif->state, frame, p->tot_len);
}

void ftp_netif_flush(struct sgt_stack *s)
{
	struct ftp_frame *f;
	int sent = 1;
	while (!s->lost && sent && (f = STAILQ_FIRST(&s->frames))) {
		sent = wire_send(&s->wire, f->bytes, f->len);
		s->lost = sent == WIRE_LOST;
		if (!sent)
			break;
		STAILQ_REMOVE_HEAD(&s->frames, next);
		ftp_alloc(s, f, 0);
		if (!--s->frame_count)
			wire_want_room(&s->wire, false);
	}
}

void ftp_netif_input(struct sgt_stack *s)
{
	unsigned char frame[WIRE_FRAME_MAX];
	for (int i = 0; i < FTP_FRAMES && !s->lost; i++) {
		long n = wire_recv(&s->wire, frame, sizeof frame);
		s->lost = n == WIRE_LOST;
		if (n <= 0)
			return;
		if (ftp_unwanted(s, frame, (size_t)n))
			continue;
		struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM);
		if (!p)
			continue; /* lost, as frames may be */
		pbuf_take(p, frame, (u16_t)n);
		if (s->netif.input(p, &s->netif) != ERR_OK)
			pbuf_free(p);
	}
}

static err_t init(struct netif *netif)
{
	const struct sgt_stack *s = netif->state;
	netif->name[0] = 'v';
	netif->name[1] = 'd';
	netif->mtu = (u16_t)s->mtu;
	netif->hwaddr_len = sizeof s->mac;
	memcpy(netif->hwaddr, s->mac, sizeof s->mac);
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = output;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
		       NETIF_FLAG_LINK_UP | NETIF_FLAG_MLD6 | NETIF_FLAG_IGMP;
	return ERR_OK;
}

static void add_ip6(struct sgt_stack *s)
{
	netif_create_ip6_linklocal_address(&s->netif, 1);
	for (size_t i = 0; i < s->ip6_count; i++) {
		s8_t index;
		if (netif_add_ip6_address(&s->netif, &s->ip6[i], &index) == ERR_OK)
			netif_ip6_addr_set_state(&s->netif, index, IP6_ADDR_PREFERRED);
	}
}

/* Has another host our address? */
static enum sgt_result look_for_owner(struct sgt_stack *s, struct sgt_error *error)
{
	uint8_t owner[6];
	char mac[18], ip[16];
	if (!s->has_ip4 || !ftp_arp_ask(&s->wire, s->mac, &s->ip4, FTP_PROBE_MS, owner))
		return SGT_OK;
	ftp_mac_format(owner, mac);
	ip4addr_ntoa_r(&s->ip4, ip, sizeof ip);
	error_set(error, SGT_SOCKET, "%s on %s is the address of another host, %s", ip, s->wire.url,
		  mac);
	error_remedy(error, "address = in the vendor's section: one that nobody has there");
	return SGT_SOCKET;
}

enum sgt_result ftp_netif_prepare(struct sgt_stack *s, struct sgt_error *error)
{
	enum sgt_result r = wire_prepare(&s->wire, error);
	if (r != SGT_OK || s->wire.kind == WIRE_SWITCH) /* where nobody can be yet */
		return r;
	r = wire_open(&s->wire, error);
	if (r == SGT_OK)
		r = look_for_owner(s, error);
	wire_close(&s->wire);
	s->asked = r == SGT_OK;
	return r;
}

enum sgt_result ftp_netif_up(struct sgt_stack *s, struct sgt_error *error)
{
	enum sgt_result r = s->asked ? SGT_OK : look_for_owner(s, error);
	s->asked = false;
	if (r != SGT_OK)
		return r;
	if (!netif_add(&s->netif, &s->ip4, &s->mask, &s->gateway, s, init, ethernet_input))
		return error_set(error, SGT_SOCKET, "lwIP does not take the network interface");
	netif_set_default(&s->netif);
	if (s->ip6_count)
		add_ip6(s);
	netif_set_up(&s->netif);
	return SGT_OK;
}

void ftp_netif_down(struct sgt_stack *s)
{
	struct ftp_frame *f;
	netif_set_down(&s->netif);
	netif_remove(&s->netif);
	while ((f = STAILQ_FIRST(&s->frames))) {
		STAILQ_REMOVE_HEAD(&s->frames, next);
		ftp_alloc(s, f, 0);
	}
	s->frame_count = 0;
}
