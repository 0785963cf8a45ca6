/*
 * One [vendor NAME] section: a module and the values of its keys, checked against the module's own
 * table. Owns copies of everything; several stacks (threads) may be made of one instance.
 */
#ifndef SMTPGATE_TRANSPORT_INSTANCE_H
#define SMTPGATE_TRANSPORT_INSTANCE_H

#include "base/buf.h"
#include "base/result.h"
#include "smtpgate/transport.h"

#include <stdbool.h>
#include <stddef.h>

struct instance;

/* One line of the section. A key that may be given many times comes once for each line; a list "a,
 * b" in it is split at its commas here. */
struct instance_setting {
	const char *key, *text;
	const char *file; /* for faults; NULL: not from a file */
	unsigned line;
};

struct instance_config {
	const char *name; /* of the section */
	const struct instance_setting *settings;
	size_t count;
	const char *state_dir; /* may be NULL */
	const struct sgt_handed
		*handed; /* descriptors of the service manager; must outlive the stacks */
	size_t handed_count;
	/* Reads what a key of type secret points to ("file:/path", ...) into out. NULL: such keys
	 * are refused. */
	enum result (*secret)(void *ctx, const char *source, struct buf *out, struct err *err);
	void *secret_ctx;
	/* Called for each fault (fatal) and each warning (a time without unit); may be NULL.
	 * setting is NULL for a fault of the section as a whole. */
	void (*fault)(void *ctx, const struct instance_setting *setting, bool fatal,
		      const struct err *err);
	void *fault_ctx;
};

/* OK; E_CONFIG after every fault was reported (err holds the first); E_NOMEM. module lives for ever
 * (loader.h). */
enum result instance_new(struct instance **i, const struct sgt_module *module,
			 const struct instance_config *config, struct err *err);
/* After all its stacks were destroyed. */
void instance_destroy(struct instance **i);

const char *instance_name(const struct instance *i);
const struct sgt_module *instance_module(const struct instance *i);
/* Value of the module's key with this index, as create gets it. */
const struct sgt_value *instance_value(const struct instance *i, size_t key);
/* The same of the key `name_server`; NULL: this module has none. */
const struct sgt_value *instance_name_servers(const struct instance *i);
/* Fills what the instance knows of sgt_create; the caller adds the plans. */
void instance_create_args(const struct instance *i, struct sgt_create *with);

#endif
