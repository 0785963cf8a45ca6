/* The private network namespace of a worker, and why one cannot be had. Linked into the helper alone. */
#ifndef SMTPGATE_NVL_SPACE_H
#define SMTPGATE_NVL_SPACE_H

#include "nvl/nvl_talk.h"

/* Moves this process into a new network namespace: with the right to make one, else inside of a user namespace of its own.
 * false: why says what forbids it. Call once, without threads. */
bool nvl_space_enter(struct nvl_word *why);
/* Sets what a private network needs of its kernel settings, before it has a device: no address but ours, low ports for
 * whoever has a socket. What cannot be written (a container with a closed /proc) stays as the kernel has it. */
void nvl_space_settle(void);

#endif
