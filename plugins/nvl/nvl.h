/* What the files of the nvl module share: its stack. */
#ifndef SMTPGATE_NVL_H
#define SMTPGATE_NVL_H

#include "nvl/nvl_net.h"
#include "support/error.h"
#include "support/ports.h"
#include "support/sockets.h"

struct sgt_stack {
	struct sock_stack sock;
	struct sock_ports ports;
	char *name; /* of its section */
	struct nvl_spec spec;
	struct nvl_net *net;
	unsigned long build; /* of the network, that our sockets are of; 0: none yet */
	int link;            /* hangs up when that is lost; -1: not started */
	struct watch watch;  /* of the link */
	bool lost;
};

/* ---- nvl.c ---- */
extern const struct sgt_key nvl_keys[];
enum { NVL_KEY_NETWORK, NVL_KEY_ADDRESS, NVL_KEY_GATEWAY, NVL_KEY_NAME_SERVER, NVL_KEY_MTU };

/* ---- nvl_create.c ---- */
enum sgt_result nvl_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error);
void nvl_destroy(struct sgt_stack *stack);

/* ---- nvl_spec.c ---- */
/* Reads and checks the settings; every byte of spec is set. */
enum sgt_result nvl_spec_read(struct nvl_spec *spec, const char *name,
			      const struct sgt_value *values, struct sgt_error *error);
/* "10.1.0.25/16" without the bits. Returns out. */
const char *nvl_spec_print(const struct nvl_cidr *address, char out[SGT_ADDRESS_MAX]);

/* ---- nvl_life.c ---- */
void nvl_detect(struct sgt_stack *stack, struct sgt_report *report);
enum sgt_result nvl_prepare(struct sgt_stack *stack, struct sgt_error *error);
enum sgt_result nvl_start(struct sgt_stack *stack, struct sgt_error *error);
enum sgt_result nvl_run(struct sgt_stack *stack, int timeout_ms, struct sgt_error *error);
void nvl_stop(struct sgt_stack *stack);
/* Where the sockets of a stack come from; their context is the stack. */
extern const struct sock_ways nvl_ways;
extern const struct sock_port_ways nvl_port_ways;

/* ---- nvl_probe.c ---- */
void nvl_probe(struct sgt_stack *stack, int limit_ms,
	       void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx);

#endif
