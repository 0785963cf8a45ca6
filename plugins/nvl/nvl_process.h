/* The helper as a child process of ours: started, greeted, asked for private networks, ended. */
#ifndef SMTPGATE_NVL_PROCESS_H
#define SMTPGATE_NVL_PROCESS_H

#include "nvl/nvl_talk.h"

#define NVL_PATIENCE_MS 10000 /* for each of its answers */

struct nvl_process {
	pid_t pid;   /* 0: none */
	int control; /* -1: none */
};

#define NVL_PROCESS_NONE      \
	{                     \
		.control = -1 \
	}

/* Starts the helper and takes its hello. false: why says what is wrong with it; nothing is left of it. */
bool nvl_process_start(struct nvl_process *p, struct nvl_word *why);
/* Has a private network built, and waits for the outcome. Returns the socket to its worker, or -1 with why. *gone: it was not
 * asked, because the helper is dead. */
int nvl_process_order(const struct nvl_process *p, const struct nvl_spec *spec, bool *gone,
		      struct nvl_word *why);
/* Ends it and what it made, and waits for that. Also when it was never started. */
void nvl_process_end(struct nvl_process *p);

#endif
