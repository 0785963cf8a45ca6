/*
 * What is known of transports before one runs: the five vendors of the original, whether their
 * plugin is there or not, and which transports could be started on this machine.
 */
#ifndef SMTPGATE_TRANSPORT_REGISTRY_H
#define SMTPGATE_TRANSPORT_REGISTRY_H

#include "base/buf.h"
#include "smtpgate/transport.h"
#include "transport/instance.h"

struct registry_vendor {
	const char *code;     /* NULL ends the table */
	const char *vendor;   /* the original's name, as Q101461 prints it */
	const char *provider; /* what carries it today */
	const char *program;  /* the original's executable: a program started under this name takes
				 this vendor */
	const char *note;     /* for `vendors` and the manual, or NULL */
};

/* lmn, ftp, nvl, win, xln; static. */
const struct registry_vendor *registry_vendors(void);
/* NULL when the code is none of the five. */
const struct registry_vendor *registry_vendor(const char *code);
/* The code that a program started as argv0 takes ("/usr/bin/smtpftp": "ftp"), or NULL. */
const char *registry_vendor_of_program(const char *argv0);

/* Makes a stack of the module with the defaults of its keys, asks it, destroys it. Main thread. A
 * module that refuses its defaults is reported SGT_ABSENT with its words as cause. */
void registry_detect(const struct sgt_module *module, struct sgt_report *report);
/* A transport that is configured: its [vendor NAME], of the module `code`. */
struct registry_section {
	const char *name, *code;
	const struct instance_setting *settings;
	size_t count;
};

/* Appends the names of all transports but `except` (a name, may be NULL) that could be started here:
 * "lmn, xln". A module that has sections is asked with their settings, and they are what is named;
 * the others are asked with the defaults of their keys. The five come first, in their order.
 * Returns the first of them (of the section or the module), or NULL: none, nothing appended. */
const char *registry_running(const char *const *dirs, const struct registry_section *sections,
			     size_t count, const char *except, struct buf *out);

#endif
