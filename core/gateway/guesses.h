/*
 * Wrong passwords over all connections of a listener: counted for each client and user, and for each client over all names. Whoever
 * guesses too often is refused for a while, whether the next password is right or not, so that more connections bring no more guesses.
 * Shared by the threads of a listener; bounded.
 */
#ifndef SMTPGATE_GATEWAY_GUESSES_H
#define SMTPGATE_GATEWAY_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

struct guesses;

#define GUESSES_USER 10      /* wrong passwords of a client for one name, then it is locked */
#define GUESSES_CLIENT 30    /* the same over all names */
#define GUESSES_MS 900000    /* from the last wrong one on they are forgotten */
#define GUESSES_ENTRIES 1024 /* kept: of more those that guessed longest ago are forgotten */

/* seed: random. NULL when memory is short. */
struct guesses *guesses_new(uint64_t seed);
void guesses_destroy(struct guesses **g);
/* May it not try now? client: address as text, IPv6 counted by its /64; user: as it was claimed, without case. now: monotonic ms. */
bool guesses_locked(struct guesses *g, const char *client, const char *user, int64_t now);
/* One was wrong. True when it was the one that locks: to be logged, once. */
bool guesses_wrong(struct guesses *g, const char *client, const char *user, int64_t now);
/* One was right: those for this name are forgotten. */
void guesses_right(struct guesses *g, const char *client, const char *user);

#endif
