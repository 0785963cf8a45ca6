/* message/delivery-status of a report (RFC 3464 2): what programs read. Fails for memory or the
 * buffer's bound. */
#include "mail/report_part.h"

#include "mail/address.h"
#include "mail/asks.h"
#include "mail/date.h"
#include "mail/fold.h"

#include <stdio.h>
#include <string.h>

/* class "." subject "." detail with 1 to 3 digits each (RFC 3463 2), class 2, 4 or 5. */
static bool is_status(const char *s)
{
	unsigned a, b, c;
	int end = 0;
	if (strlen(s) > 9 || strspn(s, "0123456789.") != strlen(s) || !strchr("245", s[0]))
		return false;
	return sscanf(s, "%1u.%3u.%3u%n", &a, &b, &c, &end) == 3 && !s[end];
}

const char *report_status_code(const struct mail_report_rcpt *rcpt, char *out)
{
	bool good = is_status(rcpt->status) && rcpt->status[0] != '2';
	switch (rcpt->kind) {
	case MAIL_REPORT_EXPIRED:
		snprintf(out, 16, "4.4.7");
		break;
	case MAIL_REPORT_DELAYED: /* a 5 of ours (DNS, TLS, AUTH) is tried again like a 4 */
		snprintf(out, 16, "4%s", good ? rcpt->status + 1 : ".0.0");
		break;
	case MAIL_REPORT_FAILED:
		snprintf(out, 16, "%s", good ? rcpt->status : "5.0.0");
		break;
	case MAIL_REPORT_DELIVERED:
	case MAIL_REPORT_RELAYED:
		good = is_status(rcpt->status) && rcpt->status[0] == '2';
		snprintf(out, 16, "%s", good ? rcpt->status : "2.0.0");
		break;
	}
	return out;
}

static void put_date(struct mail_fold *f, const char *name, int64_t when, int offset)
{
	char date[MAIL_DATE_MAX];
	if (!when)
		return;
	mail_fold_word(f, name);
	mail_fold_text(f, mail_date_format(when, offset, date, sizeof date));
	mail_fold_end(f);
}

static void put_pair(struct mail_fold *f, const char *name, const char *type, const char *text)
{
	if (!text[0])
		return;
	mail_fold_word(f, name);
	if (type)
		mail_fold_word(f, type);
	mail_fold_text(f, text);
	mail_fold_end(f);
}

/* The name in "mx1.example.net [192.0.2.1]"; an address alone stays as it is. */
static const char *peer_name(const char *peer, char *out, size_t n)
{
	size_t len = strcspn(peer, " ");
	snprintf(out, n, "%.*s", (int)(len < n ? len : n - 1), peer);
	return mail_fold_name(out, out, n);
}

/* One in UTF-8 is written with escapes (utf-8-addr-xtext, RFC 6533 3): this part stays 7-bit. */
static void put_final(struct mail_fold *f, const char *address)
{
	char escaped[MAIL_ADDRESS_MAX * 6 + 1];
	bool wide = !mail_address_is_ascii(address) &&
		    mail_utf8_escape(address, true, escaped, sizeof escaped);
	mail_fold_word(f, wide ? "Final-Recipient: utf-8;" : "Final-Recipient: rfc822;");
	mail_fold_word(f, wide ? escaped : address);
	mail_fold_end(f);
}

static enum result put_recipient(struct buf *out, const struct mail_report *r,
				 const struct mail_report_rcpt *rcpt)
{
	struct mail_fold f;
	char status[16], peer[256];
	static const char *const actions[] = {
		[MAIL_REPORT_FAILED] = "failed",   [MAIL_REPORT_EXPIRED] = "failed",
		[MAIL_REPORT_DELAYED] = "delayed", [MAIL_REPORT_DELIVERED] = "delivered",
		[MAIL_REPORT_RELAYED] = "relayed",
	};
	mail_fold_start(&f, out, "\t", 78);
	put_pair(&f, "Original-Recipient:", NULL, rcpt->original ? rcpt->original : "");
	put_final(&f, rcpt->address);
	put_pair(&f, "Action:", NULL, actions[rcpt->kind]);
	put_pair(&f, "Status:", NULL, report_status_code(rcpt, status));
	put_pair(&f, "Remote-MTA:", "dns;", peer_name(rcpt->peer, peer, sizeof peer));
	put_pair(&f, "Diagnostic-Code:", rcpt->peer[0] ? "smtp;" : "x-smtpgate;", rcpt->diagnostic);
	put_date(&f, "Last-Attempt-Date:", rcpt->last_attempt, r->offset);
	if (rcpt->kind == MAIL_REPORT_DELAYED)
		put_date(&f, "Will-Retry-Until:", rcpt->retry_until, r->offset);
	return mail_fold_end(&f); /* the empty line behind a recipient's fields */
}

enum result report_status(struct buf *out, const struct mail_report *r)
{
	struct mail_fold f;
	char host[256];
	enum result result = buf_puts(out, "Content-Type: message/delivery-status\r\n\r\n");
	if (result != OK)
		return result;
	mail_fold_start(&f, out, "\t", 78);
	put_pair(&f, "Original-Envelope-Id:", NULL, r->envelope_id ? r->envelope_id : "");
	put_pair(&f, "Reporting-MTA:", "dns;", mail_fold_name(r->hostname, host, sizeof host));
	put_date(&f, "Arrival-Date:", r->arrived, r->offset);
	result = mail_fold_end(&f);
	for (size_t i = 0; result == OK && i < r->count; i++)
		result = put_recipient(out, r, &r->rcpts[i]);
	return result;
}
