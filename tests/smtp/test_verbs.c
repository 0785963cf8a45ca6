/* smtp/verbs: finding the verb, unknown ones, order. */
#include "smtp/script.h"
#include "support/suite.h"

#define UNKNOWN "500 5.5.2 Command not recognized\n"

START_TEST(finding)
{
	static const struct script rows[] = {
		{.name = "case and blanks",
		 .in = "NoOp\r\n  noop\r\nNOOP\t\r\n",
		 .out = "250 2.0.0 Ok\n250 2.0.0 Ok\n250 2.0.0 Ok\n"},
		{.name = "unknown stays open",
		 .in = "\r\nXYZZY\r\nTURN\r\nAUTHPLAIN\r\nBDATA 1 "
		       "LAST\r\nMAILFROM:<a@b>\r\nNOO\r\nNOOPX\r\n \r\nNOOP\r\n",
		 .out = UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN UNKNOWN
		 "250 2.0.0 Ok\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(order)
{
	static const struct script rows[] = {
		{.name = "before HELO",
		 .in = "MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nVRFY x\r\nHELP\r\nRSET\r\n",
		 .out = "503 5.5.1 Send HELO or EHLO first\n503 5.5.1 Send HELO or EHLO first\n"
			"503 5.5.1 Send HELO or EHLO first\n"
			"252 2.0.0 Cannot verify, but will take mail and try to deliver\n"
			"214 2.0.0 Commands: RCPT MAIL DATA BDAT EHLO HELO AUTH QUIT RSET NOOP "
			"VRFY "
			"EXPN "
			"HELP\n"
			"250 2.0.0 Ok\n",
		 .calls = ""},
		{.name = "after a message",
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\nRCPT "
		       "TO:<c@d>\r\nDATA\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n250 2.1.5 Ok\n354 End data with "
			"<CR><LF>.<CR><LF>\n250 2.0.0 Ok\n"
			"503 5.5.1 Send MAIL first\n503 5.5.1 Send MAIL and RCPT first\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verbs");
	SUITE_CASE(s, "table", finding, order);
	return s;
}
SUITE_MAIN(suite)
