/*
 * A look at one [vendor NAME] from the bottom up, without starting it: the module's file, its settings, its provider on this
 * machine. What `check`, `probe` and `vendors` share. Main thread.
 */
#ifndef SMTPGATE_DAEMON_LOOK_H
#define SMTPGATE_DAEMON_LOOK_H

#include "conf/settings.h"
#include "transport/instance.h"
#include "transport/report.h"
#include "transport/stack.h"

#include <stdio.h>

/* The last layer that was reached: it failed, or it is the provider's, and `report` says what state that is in. */
enum look_layer { LOOK_MODULE, LOOK_SETTINGS, LOOK_CREATE, LOOK_PROVIDER };

struct look {
	const struct conf_vendor *vendor;
	const char *const *dirs; /* owned */
	enum look_layer layer;
	const struct sgt_module *module;
	struct instance *instance;
	struct stack *stack;
	struct sgt_report report;
	struct transport_report trouble; /* when a layer failed, or the provider does not run */
};

/* Climbs as far as it goes. OK: the provider was asked and runs. Else trouble is filled: E_NOTFOUND (module), E_CONFIG
 * (settings, create), E_STATE (the provider does not run). Faults of settings are printed to `faults` as "FILE:LINE: error: ..."
 * (NULL: not). Close it whatever the result. */
enum result look_open(struct look *l, const struct settings *s, const struct conf_vendor *v,
		      FILE *faults);
void look_close(struct look *l);
/* "vendor NAME: cause" and its remedy. */
void look_print_failure(const struct look *l, FILE *to);
/* The plugin folders, NULL-terminated: malloc'd array of borrowed strings, or NULL. */
const char *const *look_dirs(const struct settings *s);
/* running, not running, forbidden, absent. */
const char *look_state_word(enum sgt_state state);

#endif
