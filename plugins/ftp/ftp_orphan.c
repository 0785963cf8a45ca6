/*
 * Connections of lwIP's that nobody has a handle of: closed by the core and not over yet, and handshakes.
 *
 * Who closes must not lose what was sent before. lwIP resets a connection that is closed with bytes unread, or that gets
 * bytes afterwards; a reset throws away what the peer has not read yet: the very reply that said why we close. So a closed
 * connection ends its direction only, and reads on into nothing until its peer ends too, LINGER seconds at most.
 *
 * Bounded: FTP_ORPHANS and FTP_TIME_WAIT of them at a face; beyond, the oldest is reset.
 */
#include "ftp/ftp.h"

#define SECOND 2 /* of lwIP's polls */
#define LINGER 5u

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (!p)
		return ERR_OK;
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

/* arg counts them. What comes after the last is answered by a reset. */
static err_t on_second(void *arg, struct tcp_pcb *pcb)
{
	uintptr_t seconds = (uintptr_t)arg + 1;
	tcp_arg(pcb, (void *)seconds);
	return seconds == LINGER ? tcp_close(pcb) : ERR_OK;
}

static bool is_orphan(const struct tcp_pcb *p)
{
	return p->poll == on_second;
}

static bool is_at(const struct tcp_pcb *p, const struct ftp_face *f)
{
	return p->netif_idx == netif_get_index(&f->netif);
}

static bool can_end(const struct tcp_pcb *p)
{
	return p->state == ESTABLISHED || p->state == CLOSE_WAIT || p->state == SYN_RCVD;
}

void ftp_orphan(struct tcp_pcb *pcb)
{
	if (pcb->refused_data) {
		pbuf_free(pcb->refused_data);
		pcb->refused_data = NULL;
	}
	for (tcpwnd_size_t n; (n = TCP_WND_MAX(pcb) - pcb->rcv_wnd) > 0;)
		tcp_recved(pcb, n < 0xffff ? (u16_t)n : 0xffff);
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, on_recv);
	tcp_poll(pcb, on_second, SECOND);
	if (pcb->state == SYN_SENT || (can_end(pcb) && tcp_shutdown(pcb, 0, 1) != ERR_OK))
		tcp_abort(pcb);
}

unsigned ftp_half_open(const struct ftp_face *f)
{
	unsigned n = 0;
	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		n += p->state == SYN_RCVD && is_at(p, f);
	return n;
}

/* The last that is over the bound is the oldest. */
static struct tcp_pcb *beyond(struct tcp_pcb *list, const struct ftp_face *f, unsigned bound)
{
	struct tcp_pcb *oldest = NULL;
	unsigned n = 0;
	for (struct tcp_pcb *p = list; p; p = p->next)
		if (is_at(p, f) && (p->state == TIME_WAIT || is_orphan(p)) && ++n > bound)
			oldest = p;
	return oldest;
}

void ftp_trim(const struct ftp_face *f)
{
	struct tcp_pcb *p;
	while ((p = beyond(tcp_active_pcbs, f, FTP_ORPHANS)))
		tcp_abort(p);
	while ((p = beyond(tcp_tw_pcbs, f, FTP_TIME_WAIT)))
		tcp_abort(p);
}

static struct tcp_pcb *first_at(struct tcp_pcb *list, const struct ftp_face *f)
{
	while (list && !is_at(list, f))
		list = list->next;
	return list;
}

void ftp_trim_all(const struct ftp_face *f)
{
	struct tcp_pcb *p;
	while ((p = first_at(tcp_active_pcbs, f)) || (p = first_at(tcp_tw_pcbs, f)))
		tcp_abort(p);
}

bool ftp_draining(const struct ftp_face *f)
{
	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		if (is_at(p, f) && is_orphan(p) && (p->unsent || p->unacked))
			return true;
	return false;
}
