/*
 * Who answers for which address on which network: every stack that is a host of its own there, of whatever module. Two
 * hosts with one address would take each other's frames, so that the second stack is refused. One list for the process;
 * take and drop on the main thread, or one at a time.
 */
#ifndef SMTPGATE_TRANSPORT_CLAIMS_H
#define SMTPGATE_TRANSPORT_CLAIMS_H

#include "smtpgate/transport.h"

struct claims;

/*
 * Takes what the module says of this stack, in the name of its section. *mine: to be dropped before the stack is destroyed;
 * NULL when it claims nothing. SGT_BAD_SETTING: another host of this process has one of the addresses (error names both);
 * SGT_NOMEM.
 */
enum sgt_result claims_take(struct claims **mine, const char *section,
			    const struct sgt_module *module, struct sgt_stack *stack,
			    struct sgt_error *error);
/* NULL is fine. */
void claims_drop(struct claims **mine);

#endif
