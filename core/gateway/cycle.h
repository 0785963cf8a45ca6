/*
 * The way out of postoffices with a mailbag: for each that has `get`, its get program is run when a message comes into the
 * mailbag and every `wait`, in the pool, and
 * what it hands out goes into the maildrop (deliver/mailbag.h). A run that brought mail is followed by the next at once.
 */
#ifndef SMTPGATE_GATEWAY_CYCLE_H
#define SMTPGATE_GATEWAY_CYCLE_H

#include "gateway/internal.h"

struct cycles;

/* Begins for the postoffices of the settings. NULL: no memory. [main] */
struct cycles *cycles_start(struct gateway *g);
/* Begins no further run; a program that runs is killed (it loses nothing). [main] */
void cycles_stop(struct cycles *c);
/* Fills out->mailbags in region; E_NOMEM. c may be NULL. [main] */
enum result cycles_status(const struct cycles *c, struct region *region,
			  struct gateway_status *out);
/* When no run is left (pool_load). NULL is fine. */
void cycles_destroy(struct cycles **c);

#endif
