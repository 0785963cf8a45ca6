/*
 * Bytes of connections, both ways. lwIP's window is the flow control: what has arrived waits as its packets until it is
 * lent, and the window opens again as the core consumes. What is sent is copied into lwIP's buffer of 64 KiB; SENT says
 * that all of a send is there.
 */
#include "ftp/ftp.h"

static bool lives(const struct sgt_conn *c)
{
	return c->state == FTP_OPEN || c->state == FTP_FAILED;
}

void ftp_bytes_detach(struct sgt_conn *c)
{
	struct tcp_pcb *pcb = c->pcb;
	c->pcb = NULL;
	if (!pcb)
		return;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
}

/* ---- out ---- */

/* Gives lwIP what it takes of the pieces; true when nothing is left of them. */
static bool write_pieces(struct sgt_conn *c)
{
	for (; c->piece < c->piece_count; c->piece++) {
		struct sgt_bytes *b = &c->pieces[c->piece];
		while (b->len) {
			size_t n = tcp_sndbuf(c->pcb) < b->len ? tcp_sndbuf(c->pcb) : b->len;
			bool more = n < b->len || c->piece + 1 < c->piece_count;
			if (n > 0xffff)
				n = 0xffff;
			if (!n || tcp_write(c->pcb, b->data, (u16_t)n,
					    (u8_t)(TCP_WRITE_FLAG_COPY |
						   (more ? TCP_WRITE_FLAG_MORE : 0))) != ERR_OK)
				return false;
			b->data = (const char *)b->data + n;
			b->len -= n;
		}
	}
	return true;
}

/* Both directions have ended: lwIP brings it to its end alone, and tells nobody. */
static void end_both(struct sgt_conn *c)
{
	struct tcp_pcb *pcb = c->pcb;
	if (!pcb || !c->eof || !c->fin)
		return;
	ftp_bytes_detach(c);
	ftp_orphan(pcb);
}

static void pump(struct sgt_conn *c)
{
	if (!c->pcb)
		return;
	if (c->sending && write_pieces(c)) {
		c->sending = false;
		c->sent_due = true;
		c->stack->counters.bytes_out += c->sent_len;
		ftp_conn_ready(c);
	}
	if (c->shut && !c->fin && !c->sending)
		c->fin = tcp_shutdown(c->pcb, 0, 1) == ERR_OK;
	if (c->pcb)
		tcp_output(c->pcb);
	end_both(c);
}

enum sgt_result ftp_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count)
{
	if (c->state != FTP_OPEN || c->shut)
		return SGT_STATE;
	if (!c->pcb)
		return SGT_NOT_CONNECTED;
	if (c->sending || c->sent_due)
		return SGT_BUSY;
	if (count > SGT_SEND_PIECES)
		return SGT_LIMIT;
	c->sent_len = c->piece = 0;
	c->piece_count = count;
	for (size_t i = 0; i < count; i++) {
		c->pieces[i] = pieces[i];
		c->sent_len += pieces[i].len;
	}
	c->sending = true;
	pump(c);
	return SGT_OK;
}

enum sgt_result ftp_shutdown(struct sgt_conn *c)
{
	if (c->state != FTP_OPEN || c->shut)
		return SGT_STATE;
	c->shut = true;
	pump(c);
	return SGT_OK;
}

/* ---- in ---- */

void ftp_bytes_deliver(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	while (c->rx && lives(c)) {
		size_t room;
		void *space = lend_space(&s->pool, &c->lend, FTP_LEND_MAX, &room);
		if (!space) {
			s->starving = true;
			return;
		}
		u16_t n = room < c->rx->tot_len ? (u16_t)room : c->rx->tot_len;
		pbuf_copy_partial(c->rx, space, n, 0);
		c->rx = pbuf_free_header(c->rx, n);
		s->counters.bytes_in += n;
		struct sgt_event event = {
			.type = SGT_EV_DATA, .conn = c, .user = c->user, .len = n};
		event.data = lend_commit(&s->pool, &c->lend, space, n);
		ftp_deliver(s, &event);
	}
}

void ftp_consume(struct sgt_conn *c, size_t n)
{
	lend_consume(&c->stack->pool, &c->lend, n);
	for (; n && c->pcb; n -= n < 0x8000 ? n : 0x8000)
		tcp_recved(c->pcb, n < 0x8000 ? (u16_t)n : 0x8000);
	if (c->rx)
		ftp_conn_ready(c);
}

/* ---- lwIP's callbacks ---- */

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct sgt_conn *c = arg;
	(void)pcb;
	(void)err;
	if (p && c->rx && lend_pool_spent(&c->stack->pool))
		return ERR_MEM; /* lwIP keeps it and asks again */
	if (!p)
		c->eof = true;
	else if (c->rx)
		pbuf_cat(c->rx, p);
	else
		c->rx = p;
	ftp_conn_ready(c);
	end_both(c);
	return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb;
	(void)len;
	pump(arg);
	return ERR_OK;
}

static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
	(void)pcb;
	pump(arg);
	return ERR_OK;
}

/* lwIP has freed its part already. */
static void on_err(void *arg, err_t err)
{
	struct sgt_conn *c = arg;
	c->pcb = NULL;
	if (err == ERR_CLSD)
		return; /* both directions ended in order */
	if (c->state == FTP_CONNECTING && !c->arrived)
		c->error = err == ERR_RST ? SGT_REFUSED : SGT_TIMEOUT;
	else
		c->error = SGT_RESET;
	ftp_conn_ready(c);
}

void ftp_bytes_watch(struct sgt_conn *c)
{
	tcp_arg(c->pcb, c);
	tcp_recv(c->pcb, on_recv);
	tcp_sent(c->pcb, on_sent);
	tcp_err(c->pcb, on_err);
	tcp_poll(c->pcb, on_poll, 2);
	tcp_nagle_disable(c->pcb);
}
