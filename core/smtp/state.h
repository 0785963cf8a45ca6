/* The states of a server session and the events that change them, as rows: drawn in server.h. Pure.
 */
#ifndef SMTPGATE_SMTP_STATE_H
#define SMTPGATE_SMTP_STATE_H

/*
 * GREETED  the greeting was sent; no name given yet
 * READY    HELO or EHLO was accepted; no transaction
 * MAIL     a reverse-path was accepted
 * RCPT     at least one forward-path was accepted as well
 * DATA     354 was sent: what comes in is content
 * CHUNKS   a chunk came by BDAT, and not the last one yet
 * SECURING STARTTLS was answered 220; TLS is being made
 * ENDING   nothing is taken any more; the output is sent, then the connection closed
 */
enum smtp_state {
	SMTP_GREETED,
	SMTP_READY,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_CHUNKS,
	SMTP_SECURING,
	SMTP_ENDING,
	SMTP_STATE_COUNT
};
#define SMTP_IN(state) (1u << (state))
#define SMTP_IN_ANY (SMTP_IN(SMTP_STATE_COUNT) - 1)

enum smtp_event {
	SMTP_EV_HELLO,    /* HELO or EHLO accepted */
	SMTP_EV_MAIL,     /* MAIL accepted */
	SMTP_EV_RCPT,     /* RCPT accepted */
	SMTP_EV_DATA,     /* DATA answered 354 */
	SMTP_EV_CHUNK,    /* BDAT began a message */
	SMTP_EV_RESET,    /* RSET */
	SMTP_EV_END,      /* the message was answered */
	SMTP_EV_STARTTLS, /* STARTTLS answered 220 */
	SMTP_EV_SECURED,  /* TLS is open */
	SMTP_EV_CLOSE,    /* QUIT, 421, limit */
	SMTP_EVENT_COUNT
};

/* The state after `event` in `state`; an event that has no row changes nothing. */
enum smtp_state smtp_state_after(enum smtp_state state, enum smtp_event event);

#endif
