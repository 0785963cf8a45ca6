/* A report's header and its frame of parts: see report.h. Fails for memory or the buffer's bound.
 */
#include "mail/report.h"

#include "mail/address.h"
#include "mail/date.h"
#include "mail/fold.h"
#include "mail/header.h"
#include "mail/report_part.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool mail_report_is_failure(enum mail_report_kind kind)
{
	return kind == MAIL_REPORT_FAILED || kind == MAIL_REPORT_EXPIRED;
}

enum report_news report_news(const struct mail_report *r)
{
	bool delayed = true;
	for (size_t i = 0; i < r->count; i++) {
		if (mail_report_is_failure(r->rcpts[i].kind))
			return REPORT_FAILURE;
		delayed = delayed && r->rcpts[i].kind == MAIL_REPORT_DELAYED;
	}
	return delayed ? REPORT_DELAY : REPORT_SUCCESS;
}

static enum result put_field(struct buf *out, const char *name, const char *text)
{
	struct mail_fold f;
	mail_fold_start(&f, out, "\t", 78);
	mail_fold_word(&f, name);
	mail_fold_text(&f, text);
	return mail_fold_end(&f);
}

/* To: the address if it reads as one; it may have blanks in its quotes, so it is one word. */
static enum result put_to(struct buf *out, const char *to)
{
	struct mail_fold f;
	struct mail_address a;
	bool good = mail_address_parse(to, strlen(to), &a, NULL, NULL) == OK;
	mail_fold_start(&f, out, "\t", 78);
	f.wide = true;
	mail_fold_word(&f, "To:");
	mail_fold_word(&f, good ? to : "undisclosed-recipients:;");
	return mail_fold_end(&f);
}

/* A Message-ID that may be repeated: "<...>" without blanks in it, in one line. */
static bool plain_id(const char *id)
{
	size_t n = strlen(id);
	if (n < 5 || n > 250 || id[0] != '<' || id[n - 1] != '>' || !strchr(id, '@'))
		return false;
	for (size_t i = 1; i < n - 1; i++)
		if (id[i] <= ' ' || id[i] > '~' || id[i] == '<' || id[i] == '>')
			return false;
	return true;
}

/* References joins the report to the sender's own copy in his mail program. */
static enum result put_references(struct buf *out, const struct mail_report *r)
{
	struct mail_header h;
	mail_header_init(&h);
	enum result result = mail_header_feed(&h, r->original, r->original_n);
	if (result == OK)
		result = mail_header_finish(&h);
	const char *id = mail_header_get(&h, MAIL_FIELD_MESSAGE_ID);
	if (result == OK && id && plain_id(id))
		result = put_field(out, "References:", id);
	mail_header_free(&h);
	return result;
}

/* Has nobody it in the mailbox, as far as is known? */
static bool only_relayed(const struct mail_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->rcpts[i].kind == MAIL_REPORT_DELIVERED)
			return false;
	return true;
}

static const char *subject(const struct mail_report *r)
{
	static const char *const words[][3] = {
		[REPORT_FAILURE] = {"Your message could not be delivered",
				    "A message could not be delivered",
				    "A report could not be delivered (double bounce)"},
		[REPORT_DELAY] = {"Your message is delayed", "A message is delayed",
				  "A report is delayed"},
		[REPORT_SUCCESS] = {"Your message was delivered", "A message was delivered",
				    "A report was delivered"},
	};
	enum report_news news = report_news(r);
	if (news == REPORT_SUCCESS && !r->to_operator && only_relayed(r))
		return "Your message was passed on";
	return words[news][!r->to_operator ? 0 : r->sender[0] ? 1 : 2];
}

static enum result put_header(struct buf *out, const struct mail_report *r)
{
	char host[256], id[64], date[MAIL_DATE_MAX], text[512];
	mail_fold_name(r->hostname, host, sizeof host);
	mail_fold_name(r->id, id, sizeof id);
	snprintf(text, sizeof text, "Mail Delivery System <MAILER-DAEMON@%s>", host);
	enum result result = put_field(out, "From:", text);
	if (result == OK)
		result = put_to(out, r->to);
	if (result == OK)
		result = put_field(out, "Subject:", subject(r));
	if (result == OK)
		result = put_field(out,
				   "Date:", mail_date_format(r->now, r->offset, date, sizeof date));
	snprintf(text, sizeof text, "<%s.%llx.%016llx@%s>", id, (unsigned long long)r->now,
		 (unsigned long long)r->unique, host);
	if (result == OK)
		result = put_field(out, "Message-ID:", text);
	if (result == OK)
		result = put_references(out, r);
	if (result == OK)
		result = put_field(out, "Auto-Submitted:", "auto-replied");
	return result == OK ? put_field(out, "MIME-Version:", "1.0") : result;
}

/* Only the original could begin a line with the boundary: take the next one while it has it. */
static void choose_boundary(const struct mail_report *r, char *out, size_t n)
{
	uint64_t unique = r->unique;
	do
		snprintf(out, n, "=_report_%016llx", (unsigned long long)unique++);
	while (r->original_n && memmem(r->original, r->original_n, out, strlen(out)));
}

enum result mail_report_format(struct buf *out, const struct mail_report *r)
{
	enum result (*const parts[])(struct buf *, const struct mail_report *) = {
		report_text, report_status, report_original};
	char boundary[40];
	assert(r->count > 0);
	choose_boundary(r, boundary, sizeof boundary);
	enum result result = put_header(out, r);
	if (result == OK)
		result = buf_printf(
			out,
			"Content-Type: multipart/report; report-type=delivery-status;\r\n"
			"\tboundary=\"%s\"\r\n"
			"%s\r\n",
			boundary, report_is_wide(r) ? "Content-Transfer-Encoding: 8bit\r\n" : "");
	for (size_t i = 0; result == OK && i < sizeof parts / sizeof *parts; i++) {
		result = buf_printf(out, "--%s\r\n", boundary);
		if (result == OK)
			result = parts[i](out, r);
	}
	return result == OK ? buf_printf(out, "--%s--\r\n", boundary) : result;
}
