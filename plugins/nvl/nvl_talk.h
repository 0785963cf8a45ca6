/*
 * What the nvl module and its helper tell each other: messages over AF_UNIX sockets of type SOCK_SEQPACKET.
 *
 *	module                              helper (keeper)                 worker: one private network
 *	  | <------- struct nvl_hello -------- |
 *	  | --- struct nvl_spec, a socket ---> | --- fork, the socket ------> |
 *	  | <------------------- struct nvl_word: BUILT or REFUSED ---------- |
 *	  | -------------------- struct nvl_want: SOCKET -------------------> |
 *	  | <------------------- NVL_SOCKET, a socket of that network ------- |
 *	  | -------------------- struct nvl_want: GO -----------------------> | frames pass from now on
 *	  | <------------------- NVL_LOST, then the end --------------------- |
 *
 * The keeper never leaves the network that it was started in, so a worker that lost its cable is followed by a new one,
 * with the rights that the first one had. Both sides are of one build: they share this header, and the hello proves it.
 */
#ifndef SMTPGATE_NVL_TALK_H
#define SMTPGATE_NVL_TALK_H

#include "smtpgate/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#define NVL_MAGIC 0x4e564c31u
#define NVL_PROTOCOL 1u
#define NVL_CONTROL_FD 3 /* where the helper finds its socket */
#define NVL_ADDRESSES 16
#define NVL_GATEWAYS 2 /* one a family */
#define NVL_DEVICE "vde0"
#define NVL_DEVICE_INDEX 2 /* lo is 1 */
#define NVL_LOOPBACK "loopback"
#define NVL_MTU_MAX 9216 /* what fits a frame of libvdeplug */

struct nvl_hello {
	uint32_t magic, protocol;
	char version[32];
};

/* An address, or the network that it lies in. */
struct nvl_cidr {
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t bits;
	uint8_t bytes[16];
};

/* A private network as the settings want it. All bytes are set: two that are equal are so for memcmp. */
struct nvl_spec {
	uint32_t trial; /* build it, say how that went, and end */
	uint32_t mtu;
	uint32_t address_count, gateway_count;
	uint8_t mac[8]; /* 6 used */
	struct nvl_cidr addresses[NVL_ADDRESSES];
	struct nvl_cidr gateways[NVL_GATEWAYS];
	char network[SGT_TEXT_MAX]; /* NVL_LOOPBACK, or where the Ethernet is: vde://... */
};

/*
 * GO: frames pass between the device and the Ethernet, and no answer comes. Until then the network stands and can be bound
 * to, but sends nothing and hears nothing: a running gateway may be there with the same addresses.
 * PORT: until GO, the frames of the Ethernet come and go by a socket instead, which is answered as by NVL_SOCKET.
 */
enum nvl_wish { NVL_WANT_SOCKET = 1, NVL_WANT_GO, NVL_WANT_PORT };

struct nvl_want {
	uint32_t wish;
	int32_t family, type; /* of NVL_WANT_SOCKET */
};

enum nvl_op { NVL_BUILT = 1, NVL_REFUSED, NVL_SOCKET, NVL_LOST };

/* What a worker says. Of NVL_SOCKET only the head is sent, with a descriptor when code is 0. */
struct nvl_word {
	uint32_t op;
	int32_t code; /* NVL_SOCKET: an errno; NVL_REFUSED: an enum sgt_state */
	char cause[SGT_TEXT_MAX];
	char remedy[SGT_TEXT_MAX];
};
#define NVL_WORD_HEAD offsetof(struct nvl_word, cause)

static inline bool nvl_is_loopback(const struct nvl_spec *spec)
{
	return strcmp(spec->network, NVL_LOOPBACK) == 0;
}

/* ---- nvl_talk.c ---- */

/* Fills a refusal; returns false. */
bool nvl_refuse(struct nvl_word *why, enum sgt_state state, const char *remedy, const char *cause,
		...) __attribute__((format(printf, 4, 5)));

/* Sends one message, with a descriptor unless fd is -1. Never waits and raises no signal. 0 or an errno. */
int nvl_talk_send(int s, const void *message, size_t len, int fd);
/* Waits at most ms for a message (-1: as long as it takes). Its length, cut to len; 0 at the end; -errno, ETIMEDOUT
 * among them. *fd: the descriptor that came along, close-on-exec, or -1; fd NULL: the message stays where it is (and
 * its descriptor with it). */
ssize_t nvl_talk_receive(int s, void *message, size_t len, int *fd, int ms);

#endif
