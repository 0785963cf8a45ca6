/*
 * A virtual Ethernet for tests: a vde_switch of the calling process and, for root, a network namespace whose TAP "vde0" is
 * plugged into it, so that a peer of kernel sockets stands on the other end of that cable and nowhere else.
 *
 * Each Check test is a process of its own and makes its own bed; all ends with that process, however it ends.
 */
#ifndef SMTPGATE_CONFORMANCE_VDE_BED_H
#define SMTPGATE_CONFORMANCE_VDE_BED_H

#include "conformance/conformance.h"

#include <sys/types.h>

#define VDE_BED_HOST "10.77.0.1" /* the kernel's end: vde0 in the namespace, /24 and /64 */
#define VDE_BED_HOST6 "[fd77::1]"

struct vde_bed {
	char folder[32];  /* of this bed, mode 0711 */
	char dir[64];     /* of the switch */
	char url[80];     /* "vde://DIR" */
	char console[64]; /* where the switch tells what it counted */
	int netns;        /* descriptor of the namespace; 0: none (this user may not make one) */
	pid_t pid;        /* of the switch; 0: none runs */
	int leash;        /* the switch ends when this pipe does */
	const char
		*mode; /* of the switch's sockets, "777"; NULL: what vde_switch makes by itself */
};

/* Both abort with a sentence when they fail. The switch answers on return. */
void vde_bed_open(struct vde_bed *b);
/* Without a namespace, also as root. */
void vde_bed_open_plain(struct vde_bed *b, const char *mode);
/* Pulls the cable: the switch is killed, its files stay. */
void vde_bed_cut(struct vde_bed *b);
/* Puts it back: the same place, namespace and addresses. */
void vde_bed_mend(struct vde_bed *b);

/*
 * Opens b for bed: the peer is the kernel's end of it, or, without a namespace, a stack of the same module with bed's
 * peer_settings and this address. What crosses is counted by vde0, or by the switch.
 */
void vde_bed_to_kernel(struct conformance_bed *bed, struct vde_bed *b);
void vde_bed_to_twin(struct conformance_bed *bed, struct vde_bed *b, const char *peer_host);

/* For bed.crossed: bytes that vde0 of the bed's namespace has counted, both ways. */
uint64_t vde_bed_crossed(const struct conformance_bed *bed);
/* And what came into the switch of this process, from whichever port. */
uint64_t vde_bed_switched(const struct conformance_bed *bed);
/* The same of any switch, asked at its console. Aborts with a sentence when that does not answer. */
uint64_t vde_console_bytes(const char *console);
/* Bytes that a device has counted, both ways; netns 0: of this namespace. */
uint64_t netdev_bytes(int netns, const char *device);

#endif
