/*
 * What lwIP has once in a process: who is in it, its random numbers, and initial sequence numbers.
 *
 * Two functions of lwIP's own are replaced here, so they are the only visible names of the module beside the constant:
 *
 * - tcpip_try_callback, by which lwIP hands packets from us to us to its thread. There is no such thread, and lwIP aborts
 *   the process. Here it notes the wish, and the next turn does it.
 * - tcp_next_iss: lwIP counts up from one guessable number. Here each connection has its own, by RFC 6528.
 */
#include "ftp/ftp.h"

#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct sgt_stack *inside; /* whose thread has the lock */
static uint64_t key[2];                /* of initial sequence numbers */

void ftp_lock(struct sgt_stack *s)
{
	pthread_mutex_lock(&lock);
	inside = s;
}

void ftp_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void ftp_notify(struct sgt_stack *s)
{
	if (s != inside)
		ftp_wakeup(s);
}

void ftp_begin(const struct sgt_host *host)
{
	static bool initialised;
	srand((unsigned)host->random(host->ctx)); /* lwIP takes its random numbers from rand */
	key[0] = host->random(host->ctx);
	key[1] = host->random(host->ctx);
	if (!initialised)
		lwip_init();
	else
		sys_restart_timeouts(); /* what was due while nobody ran it is not made up for */
	initialised = true;
}

/* ---- in place of lwIP's own ---- */

SGT_EXPORT err_t tcpip_try_callback(tcpip_callback_fn function, void *ctx);
SGT_EXPORT u32_t tcp_next_iss(struct tcp_pcb *pcb);

/* lwIP asks for this once, for netif_poll, when the first packet to us lies in its queue. */
err_t tcpip_try_callback(tcpip_callback_fn function, void *ctx)
{
	const struct netif *netif = ctx;
	struct ftp_face *f = netif->state;
	(void)function;
	f->looped = true;
	return ERR_OK;
}

static uint64_t turn(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turn(v[1], 13) ^ v[0];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] = turn(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = turn(v[1], 17) ^ v[2];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] = turn(v[2], 32);
}

/* SipHash-2-4 (Aumasson, Bernstein) of whole words. */
static uint64_t sip_hash(const uint64_t k[2], const uint64_t *words, size_t count)
{
	uint64_t v[4] = {k[0] ^ 0x736f6d6570736575, k[1] ^ 0x646f72616e646f6d,
			 k[0] ^ 0x6c7967656e657261, k[1] ^ 0x7465646279746573};
	for (size_t i = 0; i <= count; i++) {
		uint64_t word = i < count ? words[i] : (uint64_t)count << 59;
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* RFC 6528, section 3: a clock of 4 microseconds (here 4096 steps a millisecond / 16) and a secret of this connection. */
u32_t tcp_next_iss(struct tcp_pcb *pcb)
{
	struct ipaddr local, remote;
	uint64_t words[8] = {0};
	ftp_ip_to(&local, &pcb->local_ip, pcb->local_port);
	ftp_ip_to(&remote, &pcb->remote_ip, pcb->remote_port);
	memcpy(words, &local.u, sizeof local.u.in6);
	memcpy(words + 4, &remote.u, sizeof remote.u.in6);
	return (u32_t)(sys_now() * 250u + (u32_t)sip_hash(key, words, 8));
}
