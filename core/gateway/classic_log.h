/*
 * The log of 1993 (doc/microsoft-mail.md): PATH/log/SMTPGATE.LOG of each postoffice with `classic_log`. Conversations come as
 * whole pieces of text (gateway/transcript.h) from any thread; a thread of its own writes them, so that a share that hangs holds up no
 * mail. Each piece is written under the file's lock (flock), behind what is there, to the file that has the name at that moment:
 * several gateways may write one, and it may be moved away. At CLASSIC_LOG_MAX bytes it becomes SMTPGATE.OLD and begins anew.
 *
 * A file that cannot be written is told once, until it can be again; what could not be written is counted there.
 */
#ifndef SMTPGATE_GATEWAY_CLASSIC_LOG_H
#define SMTPGATE_GATEWAY_CLASSIC_LOG_H

#include "base/buf.h"
#include "base/clock.h"
#include "conf/settings.h"

#define CLASSIC_LOG_MAX (10u << 20) /* bytes of a file */
#define CLASSIC_LOG_WAITING \
	(4u << 20) /* bytes that wait to be written; more is lost, and counted */

enum classic_log_level {
	CLASSIC_LOG_OFF,
	CLASSIC_LOG_ERRORS, /* [log] level error and warn */
	CLASSIC_LOG_ALL,    /* info */
	CLASSIC_LOG_DEBUG,  /* the lines of the address map that were compared, too */
};

struct classic_log;

/* NULL: no memory. Nothing is written before the first apply. */
struct classic_log *classic_log_new(const struct clock *clock);
/* Writes what is waiting, and ends. NULL is fine. */
void classic_log_destroy(struct classic_log **log);
/* From now on the logs of these settings, at start and reload. E_NOMEM, E_IO: no thread, and no log. [one thread] */
enum result classic_log_apply(struct classic_log *log, struct settings *settings, struct err *err);
enum classic_log_level classic_log_level(const struct classic_log *log);
const struct clock *classic_log_clock(const struct classic_log *log);
/* Seconds of `wait` of the first postoffice with such a log. */
unsigned classic_log_wait(const struct classic_log *log);
/* Takes the text (lines with their ends), and leaves it empty, for the log of that postoffice, or of all (NULL). */
void classic_log_post(struct classic_log *log, const char *office, struct buf *text);

#endif
