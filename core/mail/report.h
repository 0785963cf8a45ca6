/*
 * Delivery status notifications (RFC 3464 in an RFC 6522 multipart/report): what became of a
 * message, for its sender or, where that cannot be told (a bounce of a bounce), for the operator.
 *
 * Three parts: plain words for people; message/delivery-status for programs; the original, whole
 * when it is small and plain, else its header. The report is 7-bit, has CRLF lines of at most 998
 * bytes, and nothing in its input can add a field or a part: control characters become blanks,
 * bytes above 127 become '?'. Addresses in UTF-8 alone stay what they are, in To and in the words for
 * people, which are 8-bit then; for programs they are of the type utf-8 (RFC 6533 3).
 *
 * The caller sends it with the null reverse-path, and sends none about a message that has one (RFC
 * 5321 6.1).
 */
#ifndef SMTPGATE_MAIL_REPORT_H
#define SMTPGATE_MAIL_REPORT_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAIL_REPORT_WHOLE (32u * 1024) /* an original up to this is returned whole */
#define MAIL_REPORT_HEADER \
	(32u * 1024) /* so much of a header is returned; the rest is left out with a word */

enum mail_report_kind {
	MAIL_REPORT_FAILED,    /* refused for good */
	MAIL_REPORT_EXPIRED,   /* lifetime over: failed with 4.4.7; diagnostic is the last reason */
	MAIL_REPORT_DELAYED,   /* not yet; the gateway goes on trying */
	MAIL_REPORT_DELIVERED, /* it is in the mailbox; told where that is asked for (RFC 3461) */
	MAIL_REPORT_RELAYED,   /* handed on to a server that makes no such reports */
};

struct mail_report_rcpt {
	enum mail_report_kind kind;
	const char *address;    /* as in the envelope */
	const char *status;     /* enhanced status code of the last answer; "" or none of that
				   form: 5.0.0 or 4.0.0 */
	const char *diagnostic; /* the last answer's words, with or without code: "550 5.1.1 No such
				   user"; "" for none */
	const char *peer; /* who gave it, "mx1.example.net [192.0.2.1]"; "": the gateway itself */
	int64_t last_attempt; /* wall ms; 0: never tried */
	int64_t retry_until;  /* DELAYED: wall ms when it will be given up; 0: not told */
	const char *original; /* ORCPT, decoded: "rfc822;jdoe@example.org"; NULL: not given */
};

struct mail_report {
	const char *hostname;    /* ours: reporting MTA, MAILER-DAEMON@ */
	const char *to;          /* whom the report goes to: the sender, or the operator */
	const char *id;          /* of the message reported on, "m42" */
	const char *sender;      /* its reverse-path, "" for a bounce */
	const char *envelope_id; /* ENVID, decoded; NULL or "": none */
	bool header_only;        /* of the original, whatever its size */
	bool to_operator;        /* opens with whose message it is, or that it is a double bounce */
	int64_t now;             /* wall ms */
	int offset;              /* minutes east of UTC in which dates are written */
	uint64_t unique;         /* random: for Message-ID and boundary */
	int64_t arrived;         /* wall ms when the message came in */
	const struct mail_report_rcpt *rcpts; /* failures only, delays only, or successes only */
	size_t count;                         /* at least 1 */
	const char *original; /* first bytes of the message's content, CRLF lines; may be NULL with
				 original_n 0 */
	size_t original_n; /* how many are here: all, or at least MAIL_REPORT_HEADER when there are
			      so many */
	uint64_t original_size; /* of the message in all */
};

bool mail_report_is_failure(enum mail_report_kind kind);
/* Appends the whole report, header and body. OK, E_NOMEM or E_LIMIT (out's bound). */
enum result mail_report_format(struct buf *out, const struct mail_report *r);

#endif
