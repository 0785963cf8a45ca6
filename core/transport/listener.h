/* A listening address of a stack. Dies with the stack (stack_ops.on_down): open it again in on_up.
 */
#ifndef SMTPGATE_TRANSPORT_LISTENER_H
#define SMTPGATE_TRANSPORT_LISTENER_H

#include "transport/conn.h"

struct listener;

/* on_accept takes the connection with conn_take before it returns; one not taken is aborted.
 * plan->name tells which handed descriptor is used. SGT_IN_USE (110): the address is taken, error
 * names the holder where known. */
enum sgt_result listener_open(struct listener **l, struct stack *s, const struct sgt_plan *plan,
			      void (*on_accept)(void *ctx, struct listener *l, struct conn *c),
			      void *ctx, struct sgt_error *error);
/* Ends it at once; accepted connections live on. */
void listener_close(struct listener **l);
/* The address that it got, with its port. */
const char *listener_address(const struct listener *l);

#endif
