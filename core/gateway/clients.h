/*
 * Who is connected: counts and rates of one listener, for each client address. Shared by the threads of a listener.
 */
#ifndef SMTPGATE_GATEWAY_CLIENTS_H
#define SMTPGATE_GATEWAY_CLIENTS_H

#include "base/result.h"
#include "conf/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct clients;

/* NULL when memory is short. */
struct clients *clients_new(void);
void clients_destroy(struct clients **c);

enum clients_verdict { CLIENTS_OK, CLIENTS_FULL, CLIENTS_CLIENT_FULL };
/* One more connection of `client` ("" counts as one client). CLIENTS_OK must be paired with clients_leave. */
enum clients_verdict clients_enter(struct clients *c, const char *client, unsigned most,
				   unsigned most_each, int64_t now);
void clients_leave(struct clients *c, const char *client);
/* May the client send one more message now under `rate`? Counts it when it may. now: monotonic ms. */
bool clients_message(struct clients *c, const char *client, const struct conf_rate *rate,
		     int64_t now);
/* Connections now, and ever. */
void clients_counts(struct clients *c, uint64_t *now, uint64_t *ever);

#endif
