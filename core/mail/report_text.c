/* The words of a report: text/plain, what people read. Fails for memory or the buffer's bound. */
#include "mail/report_part.h"

#include "base/text.h"
#include "mail/address.h"
#include "mail/address_map.h"
#include "mail/date.h"
#include "mail/fold.h"
#include "mail/header.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WIDTH 74

/* What the sender can do, by subject and detail of the status code (RFC 3463 3, RFC 7505); first
 * match. */
static const struct {
	const char *detail, *advice;
} advices[] = {
	{".1.1", "There is no such mailbox: check the address for a typing error."},
	{".1.2", "There is no such domain: check what stands behind the @."},
	{".1.3", "The address is malformed: check it for a typing error."},
	{".1.6", "The mailbox has moved: ask the recipient for the new address."},
	{".1.10", "That domain takes no mail at all: check what stands behind the @."},
	{".2.1", "The mailbox is closed: reach the recipient another way."},
	{".2.2",
	 "The mailbox is full: tell the recipient another way, and send the message again later."},
	{".2.3", "The message is too large: send it in smaller pieces."},
	{".3.4", "The message is too large: send it in smaller pieces."},
	{".4.6", "The message went in a circle: tell the postmaster of the recipient's domain."},
	{".6.7", "An address or the header is not of ASCII alone, and a server on the way takes no "
		 "such mail: "
		 "ask the recipient for another address."},
	{".6.",
	 "Its form was not accepted: send it again as plain text or without its attachments."},
	{".7.",
	 "The receiving side's rules forbid it: ask its postmaster, and quote the words above."},
	{"", "Ask the postmaster of the recipient's domain, and quote the words above."},
};

/* What postoffices send each other whole goes to an address that nobody has written to. */
static bool is_sealed(const char *address)
{
	size_t n = strlen(MAIL_XXENC);
	return strncasecmp(address, MAIL_XXENC, n) == 0 && address[n] == '@';
}

static const char *advice(const struct mail_report_rcpt *rcpt)
{
	char code[16];
	if (rcpt->kind == MAIL_REPORT_DELAYED)
		return "You need not do anything, and should not send it again.";
	if (!mail_report_is_failure(rcpt->kind))
		return "";
	if (rcpt->kind == MAIL_REPORT_EXPIRED)
		return "Send it again later, or ask the postmaster of the recipient's domain, and "
		       "quote the "
		       "words above.";
	if (is_sealed(rcpt->address))
		return "It stands for those you wrote to there, whose gateway takes no "
		       "encapsulated "
		       "mail: ask "
		       "your administrator to set encapsulate = no, then send it again.";
	report_status_code(rcpt, code);
	for (size_t i = 0;; i++) {
		const char *detail = advices[i].detail;
		size_t n = strlen(detail);
		bool whole = n && detail[n - 1] != '.';
		if (whole ? strcmp(code + 1, detail) == 0 : strncmp(code + 1, detail, n) == 0)
			return advices[i].advice;
	}
}

/* Not ASCII, and UTF-8 all of it. */
static bool is_wide(const char *address)
{
	if (mail_address_is_ascii(address))
		return false;
	while (text_utf8(address))
		address += text_utf8(address);
	return !*address;
}

bool report_is_wide(const struct mail_report *r)
{
	bool wide = r->to_operator && is_wide(r->sender);
	for (size_t i = 0; i < r->count; i++)
		wide = wide || is_wide(r->rcpts[i].address);
	return wide;
}

/* In its angle brackets: no line of ours begins as an address likes. */
static void put_address(struct mail_fold *f, const char *address)
{
	char word[MAIL_ADDRESS_MAX + 4];
	snprintf(word, sizeof word, "<%.*s>", MAIL_ADDRESS_MAX, address);
	f->wide = is_wide(address);
	mail_fold_word(f, word);
	f->wide = false;
}

static enum result put_paragraph(struct buf *out, const char *indent, const char *text)
{
	struct mail_fold f;
	mail_fold_start(&f, out, indent, WIDTH);
	mail_fold_break(&f);
	mail_fold_text(&f, text);
	return mail_fold_end(&f);
}

/* The sentence that leads to the answer's words. */
static void put_verdict(struct mail_fold *f, const struct mail_report_rcpt *rcpt)
{
	static const char *const words[] = {
		[MAIL_REPORT_FAILED] = "could not be delivered.",
		[MAIL_REPORT_EXPIRED] =
			"could not be delivered in the time allowed; it is given up.",
		[MAIL_REPORT_DELAYED] = "is not delivered yet.",
		[MAIL_REPORT_DELIVERED] = "has it in the mailbox.",
		[MAIL_REPORT_RELAYED] =
			("is served by another server, which has it now and sends no "
			 "reports of success."),
	};
	mail_fold_break(f);
	mail_fold_text(f, words[rcpt->kind]);
	if (!rcpt->diagnostic[0])
		return;
	if (rcpt->peer[0]) {
		bool refused = rcpt->kind == MAIL_REPORT_FAILED;
		mail_fold_text(f, refused ? "It was refused by" : "The last words of");
		mail_fold_text(f, rcpt->peer);
		mail_fold_text(f, refused ? "with these words:" : "were:");
	} else {
		mail_fold_text(f, "This gateway says why:");
	}
}

static enum result put_recipient(struct buf *out, const struct mail_report *r,
				 const struct mail_report_rcpt *rcpt)
{
	struct mail_fold f;
	char date[MAIL_DATE_MAX];
	mail_fold_start(&f, out, "    ", WIDTH);
	put_address(&f, rcpt->address);
	put_verdict(&f, rcpt);
	enum result result = mail_fold_end(&f);
	if (result == OK && rcpt->diagnostic[0])
		result = put_paragraph(out, "        ", rcpt->diagnostic);
	mail_fold_start(&f, out, "    ", WIDTH);
	mail_fold_break(&f);
	if (rcpt->kind == MAIL_REPORT_DELAYED) {
		mail_fold_text(&f, "The gateway goes on trying");
		mail_fold_text(&f, rcpt->retry_until ? "until" : "for now.");
		if (rcpt->retry_until) {
			mail_fold_text(&f, mail_date_format(rcpt->retry_until, r->offset, date,
							    sizeof date));
			mail_fold_word(&f, "at the latest.");
		}
	}
	mail_fold_text(&f, advice(rcpt));
	mail_fold_end(&f);
	return result == OK ? mail_fold_end(&f) : result;
}

/* The sender's own subject, unless it is encoded: then it would be noise here. */
static void put_subject(struct mail_fold *f, const struct mail_report *r)
{
	struct mail_header h;
	char text[MAIL_HEADER_VALUE + 32];
	mail_header_init(&h);
	if (mail_header_feed(&h, r->original, r->original_n) == OK &&
	    mail_header_finish(&h) == OK) {
		const char *subject = mail_header_get(&h, MAIL_FIELD_SUBJECT);
		if (subject && *subject && !strstr(subject, "=?")) {
			snprintf(text, sizeof text, "with the subject \"%s\"", subject);
			mail_fold_text(f, text);
		}
	}
	mail_header_free(&h);
}

/* Why the operator gets it. */
static void put_operator(struct mail_fold *f, const struct mail_report *r)
{
	if (r->sender[0]) {
		mail_fold_text(f, "You get this as its operator. The message below is from");
		put_address(f, r->sender);
	} else {
		mail_fold_text(f, "You get this as its operator because its sender cannot be told: "
				  "the message "
				  "below is a report itself, its reverse-path is null.");
	}
	mail_fold_end(f);
	mail_fold_end(f);
}

static void put_greeting(struct mail_fold *f, const struct mail_report *r)
{
	char host[256], text[300];
	snprintf(text, sizeof text, "This is the mail gateway at %s.",
		 mail_fold_name(r->hostname, host, sizeof host));
	mail_fold_text(f, text);
	mail_fold_end(f);
	mail_fold_end(f);
}

static enum result put_opening(struct buf *out, const struct mail_report *r)
{
	struct mail_fold f;
	char date[MAIL_DATE_MAX], id[64];
	mail_fold_start(&f, out, "", WIDTH);
	put_greeting(&f, r);
	if (r->to_operator)
		put_operator(&f, r);
	mail_fold_text(&f, r->to_operator ? "The message that arrived on"
					  : "Your message that arrived on");
	mail_fold_text(&f, mail_date_format(r->arrived, r->offset, date, sizeof date));
	put_subject(&f, r);
	mail_fold_text(&f, "has the number");
	mail_fold_word(&f, mail_fold_name(r->id, id, sizeof id));
	mail_fold_text(&f, "here. What became of it, for each recipient:");
	mail_fold_end(&f);
	return mail_fold_end(&f);
}

enum result report_text(struct buf *out, const struct mail_report *r)
{
	enum result result = buf_puts(
		out, report_is_wide(r) ? "Content-Type: text/plain; charset=utf-8\r\n"
					 "Content-Transfer-Encoding: 8bit\r\n\r\n"
				       : "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
	if (result == OK)
		result = put_opening(out, r);
	for (size_t i = 0; result == OK && i < r->count; i++)
		result = put_recipient(out, r, &r->rcpts[i]);
	return result;
}
