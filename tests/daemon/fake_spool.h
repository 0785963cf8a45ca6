/* A spool for tests of core/daemon: entries from an array, answers through the requester's inbox, wishes recorded. */
#ifndef SMTPGATE_TESTS_DAEMON_FAKE_SPOOL_H
#define SMTPGATE_TESTS_DAEMON_FAKE_SPOOL_H

#include "spool/spool.h"

struct fake_spool {
	const struct spool_entry *entries; /* by number */
	size_t count;
	bool delay;         /* answers wait for fake_spool_answer */
	enum result result; /* of every request */
	size_t lists;       /* asked so far */
	size_t acts;
	enum spool_action action;
	struct spool_filter filter; /* of the last request; strings are dead after its answer */
	char reason[128], from[128];
	uint64_t known;                /* of the last verify; its hash is in from */
	struct spool_request *waiting; /* with `delay` */
};
extern struct fake_spool fake_spool;
struct spool *fake_spool_handle(void);
/* Lets the waiting answer go. */
void fake_spool_answer(void);

#endif
