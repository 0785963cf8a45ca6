/*
 * What a service manager is told (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET names. Without one
 * every call does nothing.
 */
#ifndef SMTPGATE_DAEMON_NOTIFY_H
#define SMTPGATE_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a service manager that listens? */
bool notify_wanted(void);
/* Sends "READY=1\nSTATUS=..." and the like. False when it could not be sent. */
bool notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* READY=1 with this status line. */
void notify_ready(const char *status);
/* RELOADING=1 with MONOTONIC_USEC, which Type=notify-reload wants; notify_ready ends it. */
void notify_reloading(void);
void notify_stopping(void);
/* How often WATCHDOG=1 must come, in ms: half of WATCHDOG_USEC; 0: not asked of this process. */
int64_t notify_watchdog_ms(void);
void notify_watchdog(void);

#endif
