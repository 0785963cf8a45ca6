/* trace: the Received line for each way in, and what a hostile client cannot put into it. */
#include "mail/envelope.h"
#include "mail/header.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *helo, *client, *protocol, *recipient, *line;
} table[] = {
	{"pc1.company.com", "192.0.2.7", "ESMTP", "bob@example.net",
	 "Received: from pc1.company.com ([192.0.2.7])\r\n"
	 "\tby gw.company.com with ESMTP id m42\r\n"
	 "\tfor <bob@example.net>; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"pc1", "2001:db8::7", "SMTP", NULL,
	 "Received: from pc1 ([IPv6:2001:db8::7])\r\n"
	 "\tby gw.company.com with SMTP id m42; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"", "192.0.2.7", "SMTP", NULL,
	 "Received: from [192.0.2.7] ([192.0.2.7])\r\n"
	 "\tby gw.company.com with SMTP id m42; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"pc1", "192.0.2.7", "ESMTPS TLSv1.3 TLS_AES_256_GCM_SHA384", NULL,
	 "Received: from pc1 ([192.0.2.7])\r\n"
	 "\tby gw.company.com with ESMTPS (using TLSv1.3 with cipher\r\n"
	 "\tTLS_AES_256_GCM_SHA384) id m42; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"", "", "local", NULL,
	 "Received: by gw.company.com with local id m42; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"COMPANY/HQ", "", "local", NULL,
	 "Received: (from COMPANY/HQ) by gw.company.com with local id m42;\r\n"
	 "\tMon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"scan)\\ (", "", "local", NULL,
	 "Received: (from scan???\?) by gw.company.com with local id m42;\r\n"
	 "\tMon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"", "", "", "postmaster",
	 "Received: by gw.company.com id m42\r\n\tfor <postmaster>; Mon, 23 Nov 2026 15:30:00 "
	 "+0530\r\n"},
	{"pc1", "mac:0a0b0c;(x", "SMTP", NULL,
	 "Received: from pc1 (mac:0a0b0c??x)\r\n"
	 "\tby gw.company.com with SMTP id m42; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"x ([10.0.0.1])\r\n\tby trusted; (\377\r\nBcc: y", "192.0.2.7", "SMTP", "no address",
	 "Received: from x??[10.0.0.1]????by?trusted??????Bcc:?y ([192.0.2.7])\r\n"
	 "\tby gw.company.com with SMTP id m42; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
	{"pc", "192.0.2.7", "SMTP", "\"a\\\" (b\"@c",
	 "Received: from pc ([192.0.2.7])\r\n"
	 "\tby gw.company.com with SMTP id m42\r\n"
	 "\tfor <\"a\\\" (b\"@c>; Mon, 23 Nov 2026 15:30:00 +0530\r\n"},
};

static void setup(void)
{
	setenv("TZ", "IST-5:30", 1);
	tzset();
}

static char *format(const char *helo, const char *client, const char *protocol,
		    const char *recipient)
{
	struct mail_envelope e;
	char *line = NULL;
	mail_envelope_init(&e, NULL);
	e.helo = helo;
	e.client = client;
	e.protocol = protocol;
	e.arrived = 1795428000000;
	ck_assert_int_eq(mail_trace_format(&e, "gw.company.com", "m42", recipient, &line), OK);
	return line;
}

START_TEST(lines)
{
	char *line =
		format(table[_i].helo, table[_i].client, table[_i].protocol, table[_i].recipient);
	ck_assert_str_eq(line, table[_i].line);
	free(line);
}
END_TEST

/* A HELO of any length with any bytes leaves one Received field in lines of legal length. */
START_TEST(long_helo)
{
	char helo[2048];
	for (size_t i = 0; i < sizeof helo - 1; i++)
		helo[i] = (char)(i % 255 + 1);
	helo[sizeof helo - 1] = '\0';
	char *line = format(helo, "192.0.2.7", "ESMTP", "bob@example.net");
	struct mail_header h;
	mail_header_init(&h);
	ck_assert_int_eq(mail_header_feed(&h, line, strlen(line)), OK);
	ck_assert_int_eq(mail_header_finish(&h), OK);
	ck_assert(h.fields == 1 && h.received == 1 && h.end == MAIL_HEADER_EOF && !h.bare &&
		  !h.eight_bit);
	for (const char *p = line; *p; p += strcspn(p, "\n") + 1)
		ck_assert_uint_le(strcspn(p, "\n"), 998);
	ck_assert_ptr_nonnull(strstr(line, "\t([192.0.2.7])\r\n"));
	mail_header_free(&h);
	free(line);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("trace");
	TCase *tc = tcase_create("table");
	tcase_add_unchecked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, lines, 0, sizeof table / sizeof *table);
	tcase_add_test(tc, long_helo);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
