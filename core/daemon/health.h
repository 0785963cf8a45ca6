/* Is the gateway well? What `status --check` and monitoring say: a pure look at a moment's numbers. */
#ifndef SMTPGATE_DAEMON_HEALTH_H
#define SMTPGATE_DAEMON_HEALTH_H

#include "base/buf.h"
#include "conf/settings.h"
#include "gateway/gateway.h"
#include "spool/spool.h"

#define HEALTH_SILENT 3000 /* ms that the spool may take to answer */
enum health { HEALTH_WELL, HEALTH_WARNING, HEALTH_CRITICAL };

#define HEALTH_QUEUE_OLD \
	(INT64_C(3600) * 1000) /* ms that a message may wait before it is a warning */

/*
 * critical: the spool is broken or does not answer (a disk that hangs), a required transport is not up, the disk is below disk_min_urgent or full. warning: any other
 * transport, a listener or a destination is down, a pickup folder cannot be looked into, the oldest waiting message is older than HEALTH_QUEUE_OLD, the disk is below
 * disk_min, seven eighths of the memory for senders are taken. Appends the reasons, worst first, joined by "; ", nothing when well.
 */
enum health health_judge(const struct gateway_status *g, const struct spool_totals *t,
			 const struct conf_queue *limits, int64_t now, struct buf *why);
const char *health_word(enum health h);

#endif
