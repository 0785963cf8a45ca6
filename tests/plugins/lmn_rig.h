/* What the tests of lmn share, and those of xln (compiled with -DRIG_CODE=xln): a rig with one planned listener, raw sockets to hand over, captured log. */
#ifndef SMTPGATE_TESTS_LMN_RIG_H
#define SMTPGATE_TESTS_LMN_RIG_H

#include "conformance/rig.h"

#ifndef RIG_CODE
#define RIG_CODE lmn
#endif
#define RIG_MODULE_OF(code) SGT_MODULE(code)
#define RIG_MODULE RIG_MODULE_OF(RIG_CODE)

extern const struct sgt_module RIG_MODULE;

struct lmn_case {
	struct rig rig;
	struct arena arena;
	struct sgt_error error;
	struct sgt_report report;
	char log[4096]; /* all lines */
};

/* Creates a stack with one setting (NULL: none), plans and handed descriptors; the test fails when that fails. */
void lmn_make(struct lmn_case *c, const char *key, const char *value, const struct sgt_plan *plans,
	      size_t plan_count, const struct sgt_handed *handed, size_t handed_count);
enum sgt_result lmn_make_ready(struct lmn_case *c); /* prepare; c->error */
void lmn_look(struct lmn_case *c);                  /* detect; c->report */
/* Ends it; the test fails when the rig found a fault. */
void lmn_end(struct lmn_case *c);

/* A bound TCP socket, listening or not; port 0: any. Returns the descriptor, and its port. */
int lmn_socket(const char *ip, unsigned port, bool listening, unsigned *got);
/* Can a connection to the port of 127.0.0.1 be made? */
bool lmn_answers(unsigned port);
unsigned lmn_port_of(const char *address);

#endif
