/* Reports that test_report and the script that reads them with Python's mail parser are made from.
 */
#ifndef SMTPGATE_TESTS_REPORT_SAMPLE_H
#define SMTPGATE_TESTS_REPORT_SAMPLE_H

#include "mail/report.h"

#include <string.h>

#define SAMPLE_NOW 1795428000000 /* Mon, 23 Nov 2026 10:00:00 +0000 */
#define SAMPLE_HOUR (60 * 60 * 1000)

static const char sample_original[] = "Received: from pc1 ([192.0.2.7])\r\n"
				      "\tby gateway.company.com with SMTP id m42\r\n"
				      "From: Scanner <scan@company.com>\r\n"
				      "To: bob@example.net\r\n"
				      "Subject: Page 1 of\r\n 2\r\n"
				      "Message-ID: <1@company.com>\r\n"
				      "\r\n"
				      "The page.\r\n";

static const struct mail_report_rcpt sample_rcpts[] = {
	{MAIL_REPORT_FAILED, "bob@example.net", "5.1.1", "550 5.1.1 No such user here",
	 "mx1.example.net [192.0.2.1]", SAMPLE_NOW - 1000, 0, NULL},
	{MAIL_REPORT_EXPIRED, "\"a b\"@example.org", "4.4.1", "connection refused", "",
	 SAMPLE_NOW - 2000, 0, NULL},
	{MAIL_REPORT_DELAYED, "carol@example.com", "4.2.2", "452 4.2.2 mailbox full",
	 "mx.example.com", SAMPLE_NOW - 3000, SAMPLE_NOW + 24 * SAMPLE_HOUR, NULL},
};

static inline struct mail_report sample_report(const struct mail_report_rcpt *rcpts, size_t count)
{
	return (struct mail_report){
		.hostname = "gateway.company.com",
		.to = "scan@company.com",
		.id = "m42",
		.sender = "scan@company.com",
		.now = SAMPLE_NOW,
		.offset = 0,
		.unique = 0x1234,
		.arrived = SAMPLE_NOW - 5 * SAMPLE_HOUR,
		.rcpts = rcpts,
		.count = count,
		.original = sample_original,
		.original_n = sizeof sample_original - 1,
		.original_size = sizeof sample_original - 1,
	};
}

#endif
