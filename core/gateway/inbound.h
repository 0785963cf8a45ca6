/* Incoming mail on one lane: its listeners and their sessions. In the lane's thread, but for inbound_new and _status. */
#ifndef SMTPGATE_GATEWAY_INBOUND_H
#define SMTPGATE_GATEWAY_INBOUND_H

#include "gateway/clients.h"
#include "gateway/guesses.h"
#include "gateway/vendor.h"

#include <smtpgate/transport.h>

/* What all lanes know of one [listen] section. Lives as long as the gateway. */
struct inbound {
	struct inbound *next;
	const char *name;
	const char *vendor;
	struct settings *settings; /* the first ones: addresses and vendor need a restart */
	const struct conf_listen *conf;
	struct clients *clients;
	struct guesses *guesses;
	_Atomic uint64_t accepted, refused; /* messages taken, connections and messages refused */
	_Atomic unsigned open;              /* addresses open, over all lanes */
	_Atomic unsigned sessions;          /* with a session object */
};

enum result inbound_new(struct gateway *g, struct err *err);
void inbound_destroy(struct gateway *g);
/* Sessions on all listeners. Any thread. */
unsigned inbound_sessions(const struct gateway *g);
enum result inbound_status(struct gateway *g, struct region *region, struct gateway_status *out);

/* Opens what the lane's vendor listens on and is not open. OK: all are. */
enum sgt_result inbound_open(struct lane *l, struct sgt_error *error);
/* Closes the lane's listeners (their sessions go on). lost: the stack is gone, and the handles with it. */
void inbound_close(struct lane *l, bool lost);

/* The listen section of this name in the settings, or NULL when a reload took it away. */
const struct conf_listen *inbound_conf(const struct settings *s, const char *name);

#endif
