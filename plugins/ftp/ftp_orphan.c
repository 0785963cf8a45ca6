/*
 * Connections of lwIP's that nobody has a handle of: closed by the core and not over yet, and handshakes.
 *
 * Who closes must not lose what was sent before. lwIP resets a connection that is closed with bytes unread, or that gets
 * bytes afterwards; a reset throws away what the peer has not read yet: the very reply that said why we close. So a closed
 * connection ends its direction only, and reads on into nothing until its peer ends too, LINGER seconds at most.
 *
 * Bounded: FTP_ORPHANS and FTP_TIME_WAIT of them; beyond, the oldest is reset.
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

unsigned ftp_half_open(void)
{
	unsigned n = 0;
	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		n += p->state == SYN_RCVD;
	return n;
}

/* The last that is over the bound is the oldest. */
static struct tcp_pcb *beyond(struct tcp_pcb *list, unsigned bound)
{
	struct tcp_pcb *oldest = NULL;
	unsigned n = 0;
	for (struct tcp_pcb *p = list; p; p = p->next)
		if ((p->state == TIME_WAIT || is_orphan(p)) && ++n > bound)
			oldest = p;
	return oldest;
}

void ftp_trim(void)
{
	struct tcp_pcb *p;
	while ((p = beyond(tcp_active_pcbs, FTP_ORPHANS)))
		tcp_abort(p);
	while ((p = beyond(tcp_tw_pcbs, FTP_TIME_WAIT)))
		tcp_abort(p);
}

void ftp_trim_all(void)
{
	while (tcp_active_pcbs)
		tcp_abort(tcp_active_pcbs);
	while (tcp_tw_pcbs)
		tcp_abort(tcp_tw_pcbs);
}

bool ftp_draining(void)
{
	for (const struct tcp_pcb *p = tcp_active_pcbs; p; p = p->next)
		if (is_orphan(p) && (p->unsent || p->unacked))
			return true;
	return false;
}
