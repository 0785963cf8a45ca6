/*
 * A wire: one port of a virtual Ethernet, by libvdeplug. Frames go in and come out; nothing here knows what is in them.
 *
 *	vde://DIR                a switch (vde_switch) whose sockets are in the folder DIR
 *	tap://NAME               a TAP device of this machine, made by the administrator
 *	udp://PORT->HOST:PORT    point to point by UDP; nobody needs rights
 *	switch://DIR             a switch of our own, served while this wire is; others join it by vde://DIR
 *
 * Owns its descriptors from wire_open to wire_close, a TAP from wire_prepare to wire_free. All are close-on-exec. One
 * thread at a time; no thread is started. Nothing blocks but wire_open and wire_detect: both wait for a switch that hangs,
 * at most WIRE_PATIENCE and WIRE_GLANCE milliseconds, and never on a full queue.
 *
 * How it fails: a switch that ends, a TAP that is removed or set down make recv or send say WIRE_LOST, for good until the
 * next wire_open. A full queue is said by wire_send. udp:// has no way to know that nobody is at the other end.
 */
#ifndef SMTPGATE_SUPPORT_WIRE_H
#define SMTPGATE_SUPPORT_WIRE_H

#include "support/prefix.h"
#include "smtpgate/transport.h"

#include <stdbool.h>

#define wire_init SUPPORT(wire_init)
#define wire_detect SUPPORT(wire_detect)
#define wire_prepare SUPPORT(wire_prepare)
#define wire_open SUPPORT(wire_open)
#define wire_recv SUPPORT(wire_recv)
#define wire_send SUPPORT(wire_send)
#define wire_want_room SUPPORT(wire_want_room)
#define wire_lost SUPPORT(wire_lost)
#define wire_close SUPPORT(wire_close)
#define wire_free SUPPORT(wire_free)
#define wire_look SUPPORT(wire_look)

#define WIRE_FRAME_MAX 9234u /* a frame with 9216 bytes in it, Ethernet's header and a VLAN's */
#define WIRE_PLACE_MAX 80u   /* characters of DIR */
#define WIRE_NAME_MAX 60u    /* characters of name */
#define WIRE_PATIENCE 5000   /* ms */
#define WIRE_GLANCE 900      /* ms */
#define WIRE_LOST (-1)

enum wire_kind { WIRE_VDE, WIRE_TAP, WIRE_UDP, WIRE_SWITCH };

struct vdeconn;

struct wire {
	enum wire_kind kind;
	char url[WIRE_PLACE_MAX + 16];
	char place[WIRE_PLACE_MAX + 1]; /* DIR or NAME; of udp the port */
	char name[WIRE_NAME_MAX +
		  1];         /* what the switch calls our port; wire_init sets "smtpgate" */
	struct vdeconn *conn; /* NULL: not open */
	int data_fd, ctl_fd;  /* of conn; ctl_fd -1: it has none */
	int fd;               /* an epoll of both; -1: not open */
	bool got;             /* a frame came since recv found none */
};

/* Takes a URL apart; touches nothing outside the process. SGT_BAD_SETTING says what is wrong with it. */
enum sgt_result wire_init(struct wire *w, const char *url, struct sgt_error *error);

/*
 * Could it be opened now? Fills all of the report; detail is the URL. NOT_RUNNING: no switch there, a dead one left its
 * files, it hangs, the device is absent or down. FORBIDDEN: it is there and our rights keep us out. ABSENT: this machine
 * has no TUN/TAP. Without side effects; a wire that is open is running.
 */
void wire_detect(const struct wire *w, struct sgt_report *report);
/* The same with a limit in ms for a switch that hangs. */
void wire_look(const struct wire *w, int patience_ms, struct sgt_report *report);

/* Takes what later may lack the rights: a TAP's descriptor. Nothing for the others. */
enum sgt_result wire_prepare(struct wire *w, struct sgt_error *error);
/* SGT_SOCKET or SGT_DENIED with the cause and remedy of wire_detect. */
enum sgt_result wire_open(struct wire *w, struct sgt_error *error);

/* Readable when a frame waits, when the network is lost, and, when that was wanted, when there is room to send. */
static inline int wire_fd(const struct wire *w)
{
	return w->fd;
}

/*
 * The bytes of a frame, 0: none waits now, WIRE_LOST. What does not fit in size is cut. The end of a switch may be told only by
 * the second 0 after a frame: wire_fd is readable until it is.
 */
long wire_recv(struct wire *w, void *frame, size_t size);
/* 1: it went (or was lost, as frames may be), 0: the queue is full and it did not, WIRE_LOST. */
int wire_send(struct wire *w, const void *frame, size_t len);
void wire_want_room(struct wire *w, bool want);
/* The sentence for SGT_EV_DOWN: SGT_SOCKET with what happened to which network, and a remedy. */
void wire_lost(const struct wire *w, struct sgt_error *error);

/* Keeps what wire_prepare took; wire_open may come again. Harmless when it is not open. */
void wire_close(struct wire *w);
/* Closes everything; allowed after wire_init, also when that failed. */
void wire_free(struct wire *w);

#endif
