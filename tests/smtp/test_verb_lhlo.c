/* smtp/verb_lhlo: LMTP (RFC 2033): who speaks it, and one reply for each recipient. */
#include "smtp/script.h"
#include "support/suite.h"

#define LMTP .config.lmtp = true
#define HELLO "LHLO a\r\nMAIL FROM:<a@b>\r\n"
#define HELLO_OUT                                                                      \
	"250-h\n250-PIPELINING\n250-SIZE 0\n250-8BITMIME\n250-SMTPUTF8\n250-DSN\n250 " \
	"ENHANCEDSTATUSCODES\n250 "                                                    \
	"2.1.0 Ok\n"

START_TEST(hello)
{
	static const struct script rows[] = {
		{.name = "as EHLO, without CHUNKING",
		 LMTP,
		 .in = HELLO,
		 .out = HELLO_OUT,
		 .calls = "ehlo a\nmail a@b 0 7\n"},
		{.name = "HELO and EHLO are not known",
		 LMTP,
		 .in = "HELO a\r\nEHLO a\r\nMAIL FROM:<a@b>\r\n",
		 .out = "500 5.5.2 Command not recognized\n500 5.5.2 Command not recognized\n"
			"503 5.5.1 Send LHLO first\n",
		 .calls = ""},
		{.name = "nor is LHLO in SMTP",
		 .in = "LHLO a\r\n",
		 .out = "500 5.5.2 Command not recognized\n",
		 .calls = ""},
		{.name = "names are looked at",
		 LMTP,
		 .in = "LHLO a b\r\n",
		 .out = "501 5.5.4 Name must be a domain or an address literal\n"},
		{.name = "HELP names what is known",
		 LMTP,
		 .in = "HELP\r\n",
		 .out = "214 2.0.0 Commands: RCPT MAIL DATA LHLO AUTH QUIT RSET NOOP VRFY EXPN "
			"HELP\n"},
		{.name = "a chunk is no command",
		 LMTP,
		 .in = HELLO "RCPT TO:<c@d>\r\nBDAT 6 LAST\r\nNOOP\r\n",
		 .out = HELLO_OUT
		 "250 2.1.5 Ok\n502 5.5.1 BDAT is not offered here; closing the connection\n",
		 .ends = true},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(replies)
{
	static const struct script rows[] = {
		{.name = "one for each that was taken",
		 LMTP,
		 .in = HELLO "RCPT TO:<c@d>\r\nRCPT TO:<reject@d>\r\nRCPT "
			     "TO:<e@d>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n",
		 .out = HELLO_OUT
		 "250 2.1.5 Ok\n550 5.7.1 No\n250 2.1.5 Ok\n"
		 "354 End data with <CR><LF>.<CR><LF>\n250 2.0.0 Ok\n250 2.0.0 Ok\n250 2.0.0 Ok\n",
		 .calls = "ehlo a\nmail a@b 0 7\nrcpt c@d\nrcpt reject@d\nrcpt "
			  "e@d\ndata\n<x\r\n>\nend\n"},
		{.name = "and anew for the next message",
		 LMTP,
		 .in = HELLO
		 "RCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\nDATA\r\nx\r\n.\r\nMAIL FROM:<a@b>\r\n"
		 "RCPT TO:<c@d>\r\nDATA\r\ny\r\n.\r\nNOOP\r\n",
		 .out = HELLO_OUT
		 "250 2.1.5 Ok\n250 2.1.5 Ok\n354 End data with <CR><LF>.<CR><LF>\n"
		 "250 2.0.0 Ok\n250 2.0.0 Ok\n250 2.1.0 Ok\n250 2.1.5 Ok\n"
		 "354 End data with <CR><LF>.<CR><LF>\n250 2.0.0 Ok\n250 2.0.0 Ok\n"},
		{.name = "for nobody: 503",
		 LMTP,
		 .in = HELLO "RCPT TO:<reject@d>\r\nDATA\r\n",
		 .out = HELLO_OUT "550 5.7.1 No\n503 5.5.1 No valid recipients\n"},
		{.name = "refused by on_end",
		 LMTP,
		 .in = "LHLO a\r\nMAIL FROM:<noend@b>\r\nRCPT TO:<c@d>\r\nRCPT "
		       "TO:<e@d>\r\nDATA\r\nx\r\n.\r\n",
		 .out = HELLO_OUT
		 "250 2.1.5 Ok\n250 2.1.5 Ok\n354 End data with <CR><LF>.<CR><LF>\n"
		 "554 5.6.0 Bad\n554 5.6.0 Bad\n"},
		{.name = "refused by the engine, as one error",
		 LMTP,
		 .config.max_errors = 2,
		 .in = HELLO "RCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\nDATA\r\nx\ny\r\n.\r\nNOOP\r\n",
		 .out = HELLO_OUT
		 "250 2.1.5 Ok\n250 2.1.5 Ok\n354 End data with <CR><LF>.<CR><LF>\n"
		 "550 5.6.11 Message has a bare CR or LF (RFC 5321 2.3.8)\n"
		 "550 5.6.11 Message has a bare CR or LF (RFC 5321 2.3.8)\n250 2.0.0 Ok\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_lhlo");
	SUITE_CASE(s, "LMTP", hello, replies);
	return s;
}
SUITE_MAIN(suite)
