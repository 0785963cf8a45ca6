/*
 * What detect sees of the host's TCP/IP: its families and the loopback device. Opens sockets and
 * closes them again; changes nothing.
 */
#ifndef SMTPGATE_SUPPORT_LOOK_H
#define SMTPGATE_SUPPORT_LOOK_H

#include "support/prefix.h"
#include "smtpgate/transport.h"

#include <stdbool.h>

#define look_begin SUPPORT(look_begin)
#define look_end SUPPORT(look_end)
#define look_trouble SUPPORT(look_trouble)
#define look_at_families SUPPORT(look_at_families)
#define look_at_loopback SUPPORT(look_at_loopback)
#define look_flags SUPPORT(look_flags)
#define look_is_allowed SUPPORT(look_is_allowed)

struct look {
	struct sgt_report *report;
	int in4, in6; /* a socket of the family, or -errno */
};

/* Clears the report and writes its detail: "IPv4, IPv6". */
void look_begin(struct look *l, struct sgt_report *report);
void look_end(struct look *l);
/* Fills the report. */
void look_trouble(struct look *l, enum sgt_state state, const char *remedy, const char *cause, ...)
	__attribute__((format(printf, 4, 5)));
/* false: the report says why this process has no TCP/IP. */
bool look_at_families(struct look *l);
bool look_at_loopback(struct look *l);
/* Flags of a network device, or -errno. */
int look_flags(const struct look *l, const char *device);
/* Is e (an errno, negative) something else than a matter of rights? */
bool look_is_allowed(int e);

#endif
