/*
 * What lwIP has once in a process: who uses it, its random numbers, and initial sequence numbers.
 *
 * Two functions of lwIP's own are replaced here, so they are the only visible names of the module beside the constant:
 *
 * - tcpip_try_callback, by which lwIP hands packets from us to us to its thread. There is no such thread, and lwIP aborts
 *   the process. Here it notes the wish, and ftp_run does it.
 * - tcp_next_iss: lwIP counts up from one guessable number. Here each connection has its own, by RFC 6528.
 */
#include "ftp/ftp.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(struct sgt_stack *) user;

bool ftp_claim(struct sgt_stack *s)
{
	static bool initialised;
	struct sgt_stack *nobody = NULL;
	if (!atomic_compare_exchange_strong(&user, &nobody, s))
		return false;
	srand((unsigned)s->host->random(
		s->host->ctx)); /* lwIP takes its random numbers from rand */
	s->key[0] = s->host->random(s->host->ctx);
	s->key[1] = s->host->random(s->host->ctx);
	if (!initialised)
		lwip_init();
	else
		sys_restart_timeouts(); /* what was due while nobody ran it is not made up for */
	initialised = true;
	return true;
}

void ftp_release(struct sgt_stack *s)
{
	struct sgt_stack *mine = s;
	atomic_compare_exchange_strong(&user, &mine, NULL);
}

/* ---- in place of lwIP's own ---- */

SGT_EXPORT err_t tcpip_try_callback(tcpip_callback_fn function, void *ctx);
SGT_EXPORT u32_t tcp_next_iss(struct tcp_pcb *pcb);

/* lwIP asks for this once, for netif_poll, when the first packet to us lies in its queue. */
err_t tcpip_try_callback(tcpip_callback_fn function, void *ctx)
{
	struct sgt_stack *s = atomic_load(&user);
	(void)function;
	if (!s || ctx != &s->netif)
		return ERR_MEM;
	s->looped = true;
	return ERR_OK;
}

void ftp_loop(struct sgt_stack *s)
{
	if (!s->looped)
		return;
	s->looped = false;
	netif_poll(&s->netif);
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
static uint64_t sip_hash(const uint64_t key[2], const uint64_t *words, size_t count)
{
	uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
			 key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
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
	static const uint64_t none[2];
	const struct sgt_stack *s = atomic_load(&user);
	struct ipaddr local, remote;
	uint64_t words[8] = {0};
	ftp_ip_to(&local, &pcb->local_ip, pcb->local_port);
	ftp_ip_to(&remote, &pcb->remote_ip, pcb->remote_port);
	memcpy(words, &local.u, sizeof local.u.in6);
	memcpy(words + 4, &remote.u, sizeof remote.u.in6);
	return (u32_t)(sys_now() * 250u + (u32_t)sip_hash(s ? s->key : none, words, 8));
}
