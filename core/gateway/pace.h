/* How fast a route may send: at most rate.count messages in rate.ms, over all its destinations. */
#ifndef SMTPGATE_GATEWAY_PACE_H
#define SMTPGATE_GATEWAY_PACE_H

#include "conf/settings.h"

#include <stdint.h>

struct paces;

struct paces *paces_new(void); /* NULL: no memory */
void paces_destroy(struct paces **p);
/* Takes one message's worth from the route of this name: returns now when it may be sent, else the moment (mono ms) from
 * which it may be asked again. A rate of 0 is no limit. */
int64_t pace_take(struct paces *p, const char *route, const struct conf_rate *rate, int64_t now);

#endif
