/*
 * One incoming SMTP session: a connection, the protocol engine, and the message that is arriving.
 *
 *	TALKING --end of data--> STORING (spool_submit; no input is taken) --done--> TALKING
 *	   any: connection gone --> GONE; freed when nothing is at the spool any more
 */
#ifndef SMTPGATE_GATEWAY_SESSION_H
#define SMTPGATE_GATEWAY_SESSION_H

#include "gateway/inbound.h"
#include "transport/conn.h"

/* Begins a session on an accepted connection, or ends the connection when that cannot be done. */
void session_new(struct lane *l, struct inbound *in, struct conn *c);
/* Ends all sessions of the lane between messages (421); those in the middle of one finish it first. */
void sessions_quiet(struct lane *l);
/* Ends all connections at once; what is at the spool is still stored. */
void sessions_abort(struct lane *l);

#endif
