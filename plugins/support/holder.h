/* Why a port of the host cannot be had: who holds it is looked up in /proc. */
#ifndef SMTPGATE_SUPPORT_HOLDER_H
#define SMTPGATE_SUPPORT_HOLDER_H

#include "support/ports.h"

#define holder_explain SUPPORT(holder_explain)

/* Says it of SGT_IN_USE (with the holder as far as /proc shows it), SGT_DENIED and SGT_BAD_ADDRESS, with a remedy;
 * leaves others alone. Stands in struct sock_port_ways; ctx is not used. */
void holder_explain(void *ctx, const struct sock_port *port, struct sgt_error *error);

#endif
