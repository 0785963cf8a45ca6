/* What `setup` has asked for so far, and the settings that it makes. Pure. */
#ifndef SMTPGATE_DAEMON_PLAN_H
#define SMTPGATE_DAEMON_PLAN_H

#include "base/buf.h"
#include "conf/settings.h"

enum plan_way { PLAN_MICROSOFT, PLAN_GMAIL, PLAN_SERVER, PLAN_DIRECT, PLAN_NOWHERE };

#define PLAN_TEXT 300

struct plan {
	char hostname[PLAN_TEXT], admin[PLAN_TEXT], address[PLAN_TEXT], relay_from[1024];
	bool old; /* the devices are old: profile = legacy */
	enum plan_way way;
	char tenant[PLAN_TEXT], user[PLAN_TEXT], client_id[PLAN_TEXT]; /* user "": none */
	bool device; /* a person agrees, instead of a secret of the application */
	char smart_host[PLAN_TEXT], ca[PLAN_TEXT]; /* ca "": the system's */
	char secret[PLAN_TEXT];                    /* file of the password or client secret */
	char domain[PLAN_TEXT], path[PLAN_TEXT];   /* local mail; domain "": none */
};

/* The ini file. E_NOMEM. */
enum result plan_format(const struct plan *p, struct buf *out);
/* Loads that as if it were in `file`: what a start would say of it. True: without errors; else the first goes into err. */
bool plan_is_good(const struct plan *plan, const char *file, struct err *err);
/* What is to be done at the provider: before its values are asked for, and once all is known. */
void plan_print_before(const struct plan *p, FILE *to);
void plan_print_after(const struct plan *p, const char *file, FILE *to);

#endif
