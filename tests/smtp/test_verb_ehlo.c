/* smtp/verb_ehlo: the keywords. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(keywords)
{
	static const struct script rows[] = {
		{.name = "no size limit",
		 .in = "EHLO a.example\r\n",
		 .out = "250-h\n250-PIPELINING\n250-SIZE "
			"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250 "
			"ENHANCEDSTATUSCODES\n",
		 .calls = "ehlo a.example\n"},
		{.name = "size limit",
		 .config = {.hostname = "gw.example", .max_size = 52428800},
		 .in = "ehlo [IPv6:::1]\r\n",
		 .out = "250-gw.example\n250-PIPELINING\n250-SIZE "
			"52428800\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n"
			"250 ENHANCEDSTATUSCODES\n",
		 .calls = "ehlo [IPv6:::1]\n"},
		{.name = "other limits",
		 .config = {.max_recipients = 100, .max_transactions = 7},
		 .in = "EHLO a\r\n",
		 .out = "250-h\n250-PIPELINING\n250-SIZE "
			"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250-"
			"ENHANCEDSTATUSCODES\n250 LIMITS MAILMAX=7 RCPTMAX=100\n"},
		{.name = "a limit of seven digits",
		 .config = {.max_recipients = 1000000},
		 .in = "EHLO a\r\n",
		 .out = "250-h\n250-PIPELINING\n250-SIZE "
			"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250-"
			"ENHANCEDSTATUSCODES\n250 LIMITS RCPTMAX=999999\n"},
		{.name = "missing name",
		 .in = "EHLO\r\n",
		 .out = "501 5.5.4 Name is missing: HELO your.host.name\n"},
		{.name = "refused", .in = "EHLO reject\r\n", .out = "550 5.7.1 No\n"},
		{.name = "as RSET",
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nEHLO b\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n250-h\n250-PIPELINING\n250-SIZE "
			"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n"
			"250 ENHANCEDSTATUSCODES\n",
		 .calls = "helo a\nmail a@b 0 7\nehlo b\nreset\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_ehlo");
	SUITE_CASE(s, "EHLO", keywords);
	return s;
}
SUITE_MAIN(suite)
