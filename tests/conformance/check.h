/* The conformance suite as a Check suite: one tcase a test, each in a process of its own. */
#ifndef SMTPGATE_CONFORMANCE_CHECK_H
#define SMTPGATE_CONFORMANCE_CHECK_H

#include "conformance/conformance.h"
#include "support/suite.h"

/* Sets bed up for the calling process; may raise limits. */
typedef void conformance_bed_fn(struct conformance_bed *bed);
void conformance_add(Suite *s, conformance_bed_fn *make);
/* Makes the calling process, which is root's, an ordinary user's; call it in a bed. */
void conformance_become_user(void);

#endif
