/*
 * Names of plugins/support. Each module links a copy of its own, and several modules may be
 * preloaded into one program, so every external name carries the module's code: with
 * SUPPORT_PREFIX=lmn, poller_open is lmn_poller_open to the linker.
 */
#ifndef SMTPGATE_SUPPORT_PREFIX_H
#define SMTPGATE_SUPPORT_PREFIX_H

#ifndef SUPPORT_PREFIX
#error "compile plugins/support with -DSUPPORT_PREFIX=CODE of the module that links it"
#endif

#define SUPPORT_JOINED(prefix, name) prefix##_##name
#define SUPPORT_JOIN(prefix, name) SUPPORT_JOINED(prefix, name)
#define SUPPORT(name) SUPPORT_JOIN(SUPPORT_PREFIX, name)

#endif
