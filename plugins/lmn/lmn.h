/* What the files of the lmn module share: its stack. */
#ifndef SMTPGATE_LMN_H
#define SMTPGATE_LMN_H

#include "support/error.h"
#include "support/ports.h"
#include "support/sockets.h"

#include <net/if.h>

enum lmn_sockets { LMN_SOCKETS_AUTO, LMN_SOCKETS_REQUIRED, LMN_SOCKETS_OFF };

struct sgt_stack {
	struct sock_stack sock;
	char *name; /* of its section */
	enum lmn_sockets sockets;
	bool has_source, has_mark;
	struct ipaddr source; /* where connections come from */
	int mark;
	char device[IFNAMSIZ]; /* "": any */
	struct sock_ports ports;
	const struct sgt_handed *handed;
	size_t handed_count;
	bool *taken; /* during prepare: which of them a listener has */
};

/* ---- lmn.c ---- */
extern const struct sgt_key lmn_keys[];
enum { LMN_KEY_SOCKETS, LMN_KEY_SOURCE, LMN_KEY_MARK, LMN_KEY_DEVICE, LMN_KEY_NAME_SERVER };

/* ---- lmn_create.c ---- */
enum sgt_result lmn_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error);
void lmn_destroy(struct sgt_stack *stack);
/* A socket with the mark and device of the settings, or -errno; ctx is the stack. */
int lmn_open(void *ctx, int family, int type);

/* ---- lmn_detect.c ---- */
void lmn_detect(struct sgt_stack *stack, struct sgt_report *report);

/* ---- lmn_handed.c ---- */
/*
 * Finds the descriptor that the service manager handed over for a listener: by the name of its plan
 * (the right address before the right port), else by its address among those that belong to no
 * other name. taken: one for each handed descriptor, may be NULL. Returns SGT_OK with the index, or
 * -1 when there is none and none is needed; SGT_SOCKET with the sentence when `required` misses
 * one, or the one of its name is not fit.
 */
enum sgt_result lmn_handed_find(const struct sgt_stack *stack, const struct sock_port *port,
				const bool *taken, int *index, struct sgt_error *error);
/* Writes what a descriptor is: "a listening socket at 127.0.0.1:25", "no listening TCP socket". */
void lmn_handed_describe(int fd, char out[SGT_TEXT_MAX]);

/* ---- lmn_local.c ---- */
/* Is it the address of a socket that has a file, "unix:/path"? */
bool lmn_is_local(const char *text);
/* As the functions of the module's table; SGT_BAD_ADDRESS for a path that is too long. */
enum sgt_result lmn_local_address(const char *text, char out[SGT_ADDRESS_MAX],
				  struct sgt_error *error);
enum sgt_result lmn_local_connect(struct sgt_stack *stack, const char *text, void *user,
				  struct sgt_conn **conn, struct sgt_error *error);

/* ---- lmn_listen.c ---- */
enum sgt_result lmn_prepare(struct sgt_stack *stack, struct sgt_error *error);
enum sgt_result lmn_listen(struct sgt_stack *stack, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error);
/* A listener's descriptor came back; ctx is the stack. */
void lmn_ended(void *ctx, int fd);
extern const struct sock_port_ways lmn_port_ways;

#endif
