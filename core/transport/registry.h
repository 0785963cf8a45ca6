/*
 * What is known of transports before one runs: the five vendors of the original, whether their
 * plugin is there or not, and which transports could be started on this machine.
 */
#ifndef SMTPGATE_TRANSPORT_REGISTRY_H
#define SMTPGATE_TRANSPORT_REGISTRY_H

#include "base/buf.h"
#include "smtpgate/transport.h"

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
/* Appends the codes of all transports but `except` (may be NULL) that could be started here: "lmn,
 * xln". The five come first, in their order. Returns the first of them (static or of the module),
 * or NULL: none, nothing appended. */
const char *registry_running(const char *const *dirs, const char *except, struct buf *out);

#endif
