/*
 * bare_lwip URL ADDRESS:PORT BULK: the service in lwIP's raw calls, over libvdeplug, for ftp. A host with a /24 on that Ethernet.
 * One thread: frames in, callbacks, timers.
 */
#include "bench/transports/bare_epoll.h"
#include "bench/transports/service.h"
#include "ftp/lwip.h"

#include <libvdeplug.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME 1600
#define BATCH 64

struct session {
	char mode;
	size_t left; /* to send */
};

static const char zeros[SERVICE_PIECE];
static VDECONN *wire;
static struct netif netif;
static size_t bulk;

/* lwIP asks for the time, and for the thread that it has not. */
err_t tcpip_try_callback(tcpip_callback_fn function, void *ctx);
err_t tcpip_try_callback(tcpip_callback_fn function, void *ctx)
{
	(void)function, (void)ctx;
	return ERR_MEM;
}

static err_t output(struct netif *n, struct pbuf *p)
{
	char frame[FRAME];
	(void)n;
	u16_t len = pbuf_copy_partial(p, frame, sizeof frame, 0);
	vde_send(wire, frame, len, 0);
	return ERR_OK;
}

static err_t init(struct netif *n)
{
	static const unsigned char mac[6] = {2, 0xbe, 0x4c, 0, 0, 1};
	memcpy(n->hwaddr, mac, n->hwaddr_len = sizeof mac);
	n->mtu = 1500;
	n->output = etharp_output;
	n->linkoutput = output;
	n->flags =
		NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

static void end(struct tcp_pcb *pcb, struct session *s)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	free(s);
	if (tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
}

static void pour(struct tcp_pcb *pcb, struct session *s)
{
	while (s->left) {
		size_t n = s->left < tcp_sndbuf(pcb) ? s->left : tcp_sndbuf(pcb);
		if (!n || tcp_write(pcb, zeros, (u16_t)(n < 32768 ? n : 32768), 0) != ERR_OK)
			break;
		s->left -= n < 32768 ? n : 32768;
	}
	tcp_output(pcb);
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t n)
{
	struct session *s = arg;
	(void)n;
	if (s->mode != 'O')
		return ERR_OK;
	pour(pcb, s);
	if (!s->left && !pcb->unsent && !pcb->unacked)
		end(pcb, s);
	return ERR_OK;
}

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t e)
{
	struct session *s = arg;
	(void)e;
	if (!p) {
		end(pcb, s);
		return ERR_OK;
	}
	char first = *(const char *)p->payload;
	if (!s->mode && first == 'O')
		s->left = bulk;
	if (!s->mode)
		s->mode = first;
	for (struct pbuf *q = p; q && s->mode == 'E'; q = q->next)
		tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	if (s->mode != 'I')
		pour(pcb, s);
	return ERR_OK;
}

static void on_error(void *arg, err_t e)
{
	(void)e;
	free(arg);
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t e)
{
	struct session *s = calloc(1, sizeof *s);
	(void)arg;
	if (e != ERR_OK || !pcb || !s) {
		free(s);
		return ERR_MEM;
	}
	tcp_nagle_disable(pcb);
	tcp_arg(pcb, s);
	tcp_recv(pcb, on_recv);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	return ERR_OK;
}

static void open_all(const char *url, const char *address)
{
	char host[32];
	ip4_addr_t own, mask, none = {0};
	ip_addr_t any = IPADDR_ANY_TYPE_INIT;
	snprintf(host, sizeof host, "%.*s", (int)strcspn(address, ":"), address);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	if (!ip4addr_aton(host, &own))
		bare_fail(address);
	wire = vde_open((char *)(uintptr_t)url, "bare_lwip", NULL);
	if (!wire)
		bare_fail(url);
	lwip_init();
	netif_add(&netif, &own, &mask, &none, NULL, init, ethernet_input);
	netif_set_default(&netif);
	netif_set_up(&netif);
	struct tcp_pcb *pcb = tcp_new();
	if (!pcb || tcp_bind(pcb, &any, 25) != ERR_OK || !(pcb = tcp_listen_with_backlog(pcb, 255)))
		bare_fail("listen");
	tcp_accept(pcb, on_accept);
	printf("%s:25\n", host);
	fflush(stdout);
}

static void input(void)
{
	char frame[FRAME];
	struct pollfd p = {.fd = vde_datafd(wire), .events = POLLIN};
	for (int i = 0; i < BATCH && poll(&p, 1, 0) == 1; i++) {
		ssize_t n = vde_recv(wire, frame, sizeof frame, 0);
		if (n <= 1)
			continue;
		struct pbuf *b = pbuf_alloc(PBUF_RAW, (u16_t)n, PBUF_RAM);
		if (!b)
			continue;
		pbuf_take(b, frame, (u16_t)n);
		if (netif.input(b, &netif) != ERR_OK)
			pbuf_free(b);
	}
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return fprintf(stderr, "bare_lwip URL ADDRESS:25 BULK\n"), 64;
	bulk = strtoull(argv[3], NULL, 10);
	open_all(argv[1], argv[2]);
	for (;;) {
		struct pollfd p = {.fd = vde_datafd(wire), .events = POLLIN};
		u32_t wait = sys_timeouts_sleeptime();
		poll(&p, 1, wait < 1000 ? (int)wait : 1000);
		input();
		sys_check_timeouts();
	}
}
