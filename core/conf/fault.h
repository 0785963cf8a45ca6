/*
 * Faults of a configuration, collected while it is read: every one, not just the first. They live in a region of
 * their own, so that they outlast settings that were refused.
 */
#ifndef SMTPGATE_CONF_FAULT_H
#define SMTPGATE_CONF_FAULT_H

#include "base/region.h"
#include "conf/settings.h"

#include <stdbool.h>
#include <stddef.h>

struct conf_faults {
	struct region *region; /* not owned */
	struct fault_entry *entries, **last;
	size_t count, errors;
	bool no_memory; /* one was lost because memory was short */
};

/* An empty collection whose texts will live in `region`. */
void conf_faults_init(struct conf_faults *f, struct region *region);
/* Adds one. `place` orders files among each other (0 the main file); The
 * texts are copied; remedy may be NULL. */
void conf_faults_add(struct conf_faults *f, bool warning, unsigned place, const char *file,
		     unsigned line, const char *remedy, const char *text);
/* The list in file order, within a file by line, within a line as found. NULL: none. */
struct conf_fault *conf_faults_list(struct conf_faults *f);

/* `did you mean "near"?` for the nearest of `words`, or NULL when none is near, or with f->no_memory set. */
const char *conf_fault_meant(struct conf_faults *f, const char *word, const char *const *words);
/* text as messages show it: at most 60 bytes, cut between characters, with ... when it was cut. */
const char *conf_fault_shown(const char *text, char out[68]);

#endif
