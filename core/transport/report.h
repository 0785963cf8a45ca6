/*
 * `socket error (123)`: why a transport cannot start, as the operator reads it.
 *
 *	socket error (123)
 *	  vendor: ftp, PC/TCP Kernel, FTP Software, Inc. (lwIP over vde:///run/vde.ctl)
 *	  cause:  TCP/IP is not running: no switch at /run/vde.ctl
 *	  remedy: vde_switch -sock /run/vde.ctl -mod 660 -group vde2-net -daemon
 *	  or:     vendor = lmn (running here: lmn, xln)
 *
 * A report is plain data. Fill it with one of the report_* functions, add report_others, then
 *format it.
 */
#ifndef SMTPGATE_TRANSPORT_REPORT_H
#define SMTPGATE_TRANSPORT_REPORT_H

#include "base/buf.h"
#include "base/result.h"
#include "smtpgate/transport.h"
#include "transport/instance.h"
#include "transport/loader.h"
#include "transport/registry.h"

/* X(name, word for JSON and log) */
#define REPORT_LIST(X)                                                                \
	X(REPORT_PLUGIN, "plugin")           /* file missing or refused */            \
	X(REPORT_SETTINGS, "settings")       /* a value of [vendor NAME] is faulty */ \
	X(REPORT_ABSENT, "absent")           /* provider not on this machine */       \
	X(REPORT_NOT_RUNNING, "not-running") /* provider there, not running */        \
	X(REPORT_FORBIDDEN, "forbidden")     /* runs, our rights keep us out */       \
	X(REPORT_INIT, "init")               /* the stack failed in its own words */

enum report_kind {
#define REPORT_ENUM(name, word) name,
	REPORT_LIST(REPORT_ENUM)
#undef REPORT_ENUM
		REPORT_KIND_COUNT
};
const char *report_word(enum report_kind kind);

struct transport_report {
	enum report_kind kind;
	int number;    /* 123, or what the stack said: 110 for a taken address */
	char name[64]; /* of the [vendor NAME] section */
	char code[64];
	char vendor[128];
	char provider[SGT_TEXT_MAX *
		      2]; /* "lwIP over vde:///run/vde.ctl"; empty when nothing is known of it */
	char cause[ERR_TEXT_MAX + 64];
	char remedy[ERR_TEXT_MAX];
	char or_line[SGT_TEXT_MAX]; /* "vendor = lmn (running here: lmn, xln)", or empty */
};

/* The module could not be loaded (the result and err of transport_load). */
void report_load(struct transport_report *r, const char *name, const char *code,
		 enum load_result result, const struct err *err);
/* The section's values are faulty (the err of instance_new). */
void report_settings(struct transport_report *r, const char *name, const struct sgt_module *module,
		     const struct err *err);
/* detect says that it does not run (state is not SGT_RUNNING). */
void report_detect(struct transport_report *r, const char *name, const struct sgt_module *module,
		   const struct sgt_report *found);
/* create, prepare or start failed. found: what detect says (its detail names the network), or NULL.
 */
void report_error(struct transport_report *r, const char *name, const struct sgt_module *module,
		  const struct sgt_report *found, const struct sgt_error *error);
/* A stack that ran was lost; found as above. */
void report_lost(struct transport_report *r, const char *name, const struct sgt_module *module,
		 const struct sgt_report *found, const struct sgt_error *error);
/* Looks which other transports run here (see registry_running) and fills or_line. */
void report_others(struct transport_report *r, const char *const *dirs,
		   const struct registry_section *sections, size_t count);
/* Appends the block, first line "socket error (123)", lines ended by '\n'. OK, E_LIMIT or E_NOMEM.
 */
enum result report_format(const struct transport_report *r, struct buf *out);

#endif
