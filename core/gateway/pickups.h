/*
 * Pickup folders: each is looked into when inotify says so (not on shares), when a file may have rested, and every `poll`; its
 * files go into the maildrop (deliver/pickup.h). A look is a job of the pool; one folder's trouble stops no other.
 */
#ifndef SMTPGATE_GATEWAY_PICKUPS_H
#define SMTPGATE_GATEWAY_PICKUPS_H

#include "gateway/internal.h"

struct pickups;

/* Begins for the folders of the settings. NULL: no memory. [main] */
struct pickups *pickups_start(struct gateway *g);
/* Begins no further look. [main] */
void pickups_stop(struct pickups *p);
/* When no job is left (pool_load). NULL is fine. */
void pickups_destroy(struct pickups **p);
/* Fills out->pickups in region; E_NOMEM. p may be NULL. [main] */
enum result pickups_status(const struct pickups *p, struct region *region,
			   struct gateway_status *out);

#endif
