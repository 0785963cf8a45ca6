/* Is an address where mail would be sent one where this gateway itself listens? Then the mail would loop. */
#ifndef SMTPGATE_GATEWAY_OWN_H
#define SMTPGATE_GATEWAY_OWN_H

#include "gateway/vendor.h"

#include <stdbool.h>

/* host: IP text; asked in the lane's thread. True when a listener of the lane's vendor takes host:port. */
bool own_address(struct lane *l, const char *host, unsigned port);

#endif
