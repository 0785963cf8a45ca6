/*
 * Telling people of trouble ([notify]): a mail to them, through the maildrop as any program's, and a command that gets the
 * event as JSON, for when mail is what fails. No more than at_most in a time: what is above is counted, and the count told
 * when there is room again. Which trouble there is, is looked for here once a second, or raised by who meets it.
 */
#ifndef SMTPGATE_GATEWAY_ALARM_H
#define SMTPGATE_GATEWAY_ALARM_H

#include "gateway/internal.h"

struct alarms;

/* NULL: no memory. */
struct alarms *alarms_new(struct gateway *g);
/* After the pool has ended. */
void alarms_destroy(struct alarms **a);

struct alarm {
	enum conf_event what;
	const char *about;  /* "route default", "disk", a file ... */
	const char *text;   /* one sentence: what happened, and why */
	const char *remedy; /* may be NULL or "" */
	bool mailed;        /* the admin has a mail of it already */
};

/* Any thread, from gateway_start on; copies. Without memory the log has it alone. */
void alarm_raise(struct gateway *g, const struct alarm *alarm);
/* Main thread, once a second, and with new totals of the spool when there are some (else NULL). */
void alarms_look(struct gateway *g, const struct spool_totals *totals);

#endif
