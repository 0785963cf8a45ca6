/*
 * lwIP's network interface on the wire: frames in, frames out, and those that wait for room.
 *
 * What lwIP answers for no connection of its own (a reset for a stranger) it sends by the first interface that fits, or by the
 * standard one. So the interface whose frames are being taken is put there.
 */
#include "ftp/ftp.h"

#include <stdlib.h>
#include <string.h>

static err_t put(struct ftp_face *f, const void *frame, size_t len)
{
	if (f->lost || f->frame_count == FTP_QUEUE)
		return ERR_MEM; /* TCP keeps it and tries again */
	int sent = STAILQ_EMPTY(&f->frames) ? wire_send(&f->wire, frame, len) : 0;
	if (sent)
		f->lost = sent == WIRE_LOST;
	if (sent)
		return ERR_OK;
	struct ftp_frame *w = malloc(sizeof *w + len);
	if (!w)
		return ERR_MEM;
	w->len = len;
	memcpy(w->bytes, frame, len);
	STAILQ_INSERT_TAIL(&f->frames, w, next);
	if (!f->frame_count++)
		wire_want_room(&f->wire, true);
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

void ftp_netif_flush(struct ftp_face *f)
{
	struct ftp_frame *w;
	int sent = 1;
	while (!f->lost && sent && (w = STAILQ_FIRST(&f->frames))) {
		sent = wire_send(&f->wire, w->bytes, w->len);
		f->lost = sent == WIRE_LOST;
		if (!sent)
			break;
		STAILQ_REMOVE_HEAD(&f->frames, next);
		free(w);
		if (!--f->frame_count)
			wire_want_room(&f->wire, false);
	}
}

static void put_first(struct netif *netif)
{
	struct netif **at = &netif_list;
	while (*at && *at != netif)
		at = &(*at)->next;
	if (*at) {
		*at = netif->next;
		netif->next = netif_list;
		netif_list = netif;
	}
	netif_set_default(netif);
}

void ftp_netif_input(struct sgt_stack *s)
{
	struct ftp_face *f = s->face;
	unsigned char frame[WIRE_FRAME_MAX];
	put_first(&f->netif);
	for (int i = 0; i < FTP_FRAMES && !f->lost; i++) {
		long n = wire_recv(&f->wire, frame, sizeof frame);
		f->lost = n == WIRE_LOST;
		if (n <= 0)
			return;
		if (ftp_unwanted(s, frame, (size_t)n))
			continue;
		struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM);
		if (!p)
			continue; /* lost, as frames may be */
		pbuf_take(p, frame, (u16_t)n);
		if (f->netif.input(p, &f->netif) != ERR_OK)
			pbuf_free(p);
	}
}

static err_t init(struct netif *netif)
{
	const struct ftp_settings *set = &((const struct ftp_face *)netif->state)->set;
	netif->name[0] = 'v';
	netif->name[1] = 'd';
	netif->mtu = (u16_t)set->mtu;
	netif->hwaddr_len = sizeof set->mac;
	memcpy(netif->hwaddr, set->mac, sizeof set->mac);
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = output;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
		       NETIF_FLAG_LINK_UP | NETIF_FLAG_MLD6 | NETIF_FLAG_IGMP;
	return ERR_OK;
}

static void add_ip6(struct ftp_face *f)
{
	netif_create_ip6_linklocal_address(&f->netif, 1);
	for (size_t i = 0; i < f->set.ip6_count; i++) {
		s8_t index;
		if (netif_add_ip6_address(&f->netif, &f->set.ip6[i], &index) == ERR_OK)
			netif_ip6_addr_set_state(&f->netif, index, IP6_ADDR_PREFERRED);
	}
}

enum sgt_result ftp_netif_up(struct ftp_face *f, struct sgt_error *error)
{
	const struct ftp_settings *set = &f->set;
	if (!netif_add(&f->netif, &set->ip4, &set->mask, &set->gateway, f, init, ethernet_input))
		return error_set(error, SGT_SOCKET, "lwIP does not take the network interface");
	netif_set_default(&f->netif);
	if (set->ip6_count)
		add_ip6(f);
	netif_set_up(&f->netif);
	return SGT_OK;
}

void ftp_netif_down(struct ftp_face *f)
{
	struct ftp_frame *w;
	netif_set_down(&f->netif);
	netif_remove(&f->netif);
	while ((w = STAILQ_FIRST(&f->frames))) {
		STAILQ_REMOVE_HEAD(&f->frames, next);
		free(w);
	}
	f->frame_count = 0;
}
