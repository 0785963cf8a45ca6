/*
 * What a module over the host's sockets does at its bounds: out of descriptors it waits, tells it once, and goes on; out
 * of memory nothing is lost for good. The tests of lmn and of xln call these.
 */
#ifndef SMTPGATE_TESTS_LIMITS_H
#define SMTPGATE_TESTS_LIMITS_H

#include "plugins/lmn_rig.h"

#define LIMITS_CROWD 600 /* connections of limits_pool */

/* A started stack with one setting (NULL: none) and its door at a free port. */
struct door *limits_open(struct lmn_case *c, const char *key, const char *value);
/* A connection to the port of 127.0.0.1. */
int limits_call(unsigned port);

void limits_descriptors(void);
/* An accepting that pauses does not spin: run waits meanwhile. */
void limits_pause(void);
/* Many hold what they got: memory stays within the bound, each has its floor, and when some give theirs back the others
 * go on by themselves. The bound must be a little below what LIMITS_CROWD times 60000 bytes are. */
struct limits_bound {
	const char *key, *value; /* of the setting that makes it; NULL: none */
	size_t lent, lent_each;  /* bytes lent at most, and what each connection may have beyond */
	size_t memory;           /* of the stack in all */
};
void limits_pool(const struct limits_bound *bound);
/* Each allocation of create and prepare fails in turn, and nothing is left. */
void limits_create(void);

/* From now on the rig's allocation fails that limits_fail_at counts down to; 0: none. */
extern long limits_fail_at;
void limits_fail(struct rig *rig);

#endif
