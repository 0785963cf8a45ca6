/* The parts of a report, one file each; for mail/report.c only. Each appends its whole body part
 * without boundaries. */
#ifndef SMTPGATE_MAIL_REPORT_PART_H
#define SMTPGATE_MAIL_REPORT_PART_H

#include "mail/report.h"

/* text/plain: what happened to whom, in words (report_text.c). */
enum result report_text(struct buf *out, const struct mail_report *r);
/* message/delivery-status, RFC 3464 2 (report_status.c). */
enum result report_status(struct buf *out, const struct mail_report *r);
/* message/rfc822 or text/rfc822-headers (report_original.c). */
enum result report_original(struct buf *out, const struct mail_report *r);

/* Has the part for people addresses in UTF-8? Then it and the whole are 8-bit. */
bool report_is_wide(const struct mail_report *r);

/* What it tells: of all its recipients the same, but that some are delivered and some handed on. */
enum report_news { REPORT_FAILURE, REPORT_DELAY, REPORT_SUCCESS };
enum report_news report_news(const struct mail_report *r);
/* The status code that is told for a recipient (RFC 3463), whatever was given; out: at least 16
 * bytes. */
const char *report_status_code(const struct mail_report_rcpt *rcpt, char *out);

#endif
