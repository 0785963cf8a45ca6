/* What the parts of smtpgate-transport-test share: what was asked for, and the bed that comes of it. */
#ifndef SMTPGATE_CONFORMANCE_PROGRAM_H
#define SMTPGATE_CONFORMANCE_PROGRAM_H

#include "conformance/conformance.h"

#define PROGRAM_SETTINGS_MAX 64

struct program {
	const char *file;
	struct conformance_setting settings[PROGRAM_SETTINGS_MAX + 1];
	struct conformance_setting peer_settings[PROGRAM_SETTINGS_MAX + 1];
	size_t setting_count, peer_setting_count;
	const char *only; /* one test; NULL: all */
	bool no_fork;
	struct conformance_bed bed;
	char learnt[4][SGT_ADDRESS_MAX]; /* addresses that the stacks said are theirs */
};

/* Loads p->file as the gateway would; false: said why to standard error. */
bool program_load(struct program *p);
/* Fills the addresses that were not given by what the stack, and its peer's, say of themselves. false: said why. */
bool program_learn(struct program *p);
/* Runs the tests, each in a process of its own unless no_fork, and prints the table. Returns how many failed. */
unsigned program_run(const struct program *p, FILE *out);

#endif
