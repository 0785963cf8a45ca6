/* smtp/verb_bdat: content by BDAT; nothing of a chunk is ever a command, no message has a hole. */
#include "smtp/script.h"
#include "support/suite.h"

#include <stdio.h>

#define TO "EHLO a\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
#define TO_ EHLO_ "250 2.0.0 Ok\n250 2.1.0 Ok\n250 2.1.5 Ok\n"
#define EHLO_                                                        \
	"250-h\n250-PIPELINING\n250-SIZE "                           \
	"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250 " \
	"ENHANCEDSTATUSCODES\n"
#define EHLO_10                                                       \
	"250-h\n250-PIPELINING\n250-SIZE "                            \
	"10\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250 " \
	"ENHANCEDSTATUSCODES\n"
#define TO_10 EHLO_10 "250 2.0.0 Ok\n250 2.1.0 Ok\n250 2.1.5 Ok\n"
#define CALLS "ehlo a\nmail a@b 0 7\nrcpt c@d\n"
#define CHUNK_ "250 2.0.0 Chunk received\n"
#define OK_ "250 2.0.0 Ok\n"
#define NONE_ "503 5.5.1 Send MAIL and RCPT first\n"

START_TEST(taken)
{
	static const struct script rows[] = {
		{.name = "one chunk",
		 .in = TO "BDAT 6 LAST\r\nhello\nNOOP\r\n",
		 .config = {.newline = SMTP_NEWLINE_NORMALISE},
		 .out = TO_ OK_ OK_,
		 .calls = CALLS "data\n<hello\r\n>\nend\n"},
		{.name = "several, with a line end parted, dots and commands in them",
		 .in = TO
		 "BDAT 7\r\nQUIT\r\n.BDAT 3\r\n\r\n.bdat 9 last\r\n\r\n.\r\n..\r\nNOOP\r\n",
		 .out = TO_ CHUNK_ CHUNK_ OK_ OK_,
		 .calls = CALLS "data\n<QUIT\r\n.\r\n.\r\n.\r\n..\r\n>\nend\n"},
		{.name = "LAST with nothing",
		 .in = TO "BDAT 3\r\na\r\nBDAT 0 LAST\r\n",
		 .out = TO_ CHUNK_ OK_,
		 .calls = CALLS "data\n<a\r\n>\nend\n"},
		{.name = "nothing at all",
		 .in = TO "BDAT 0\r\nBDAT 0 LAST\r\n",
		 .out = TO_ CHUNK_ OK_,
		 .calls = CALLS "data\nend\n"},
		{.name = "no line end at the end",
		 .in = TO "BDAT 1 LAST\r\na",
		 .out = TO_ OK_,
		 .calls = CALLS "data\n<a\r\n>\nend\n"},
		{.name = "two messages, BDAT then DATA",
		 .in = TO
		 "BDAT 3 LAST\r\na\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n..x\r\n.\r\n",
		 .out = TO_ OK_
		 "250 2.1.0 Ok\n250 2.1.5 Ok\n354 End data with <CR><LF>.<CR><LF>\n" OK_,
		 .calls =
			 CALLS "data\n<a\r\n>\nend\nmail a@b 0 7\nrcpt c@d\ndata\n<.x\r\n>\nend\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(misplaced)
{
	static const struct script rows[] = {
		{.name = "before EHLO",
		 .in = "BDAT 6\r\nQUIT\r\nNOOP\r\n",
		 .out = "503 5.5.1 Send HELO or EHLO first\n" OK_},
		{.name = "before MAIL",
		 .in = "EHLO a\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
		 .out = EHLO_ NONE_ OK_},
		{.name = "before STARTTLS, where that is required",
		 .config = {.starttls = SMTP_STARTTLS_REQUIRED},
		 .in = "BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
		 .out = "530 5.7.0 Send STARTTLS first\n" OK_,
		 .calls = "refused starttls 530\n"},
		{.name = "no recipient: the transaction is over",
		 .in = "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<reject@d>\r\nBDAT 6 LAST\r\nQUIT\r\n"
		       "RCPT TO:<c@d>\r\n",
		 .out = EHLO_ "250 2.1.0 Ok\n550 5.7.1 No\n554 5.5.1 No valid recipients\n"
			      "503 5.5.1 Send MAIL first\n",
		 .calls = "ehlo a\nmail a@b 0 7\nrcpt reject@d\nreset\n"},
		{.name = "DATA within",
		 .in = TO
		 "BDAT 3\r\na\r\nDATA\r\nRCPT TO:<e@f>\r\nMAIL FROM:<g@h>\r\nBDAT 3 LAST\r\nb\r\n",
		 .out = TO_ CHUNK_ "503 5.5.1 The message came by BDAT: send BDAT LAST or RSET\n"
				   "503 5.5.1 The message is under way: send BDAT LAST or RSET\n"
				   "503 5.5.1 Nested MAIL: send RSET first\n" OK_,
		 .calls = CALLS "data\n<a\r\nb\r\n>\nend\n"},
		{.name = "behind LAST",
		 .in = TO "BDAT 3 LAST\r\na\r\nBDAT 6 LAST\r\nRSET\r\nNOOP\r\n",
		 .out = TO_ OK_ NONE_ OK_,
		 .calls = CALLS "data\n<a\r\n>\nend\n"},
		{.name = "behind RSET",
		 .in = TO "BDAT 3\r\na\r\nRSET\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
		 .out = TO_ CHUNK_ OK_ NONE_ OK_,
		 .calls = CALLS "data\nreset\n"},
		{.name = "behind EHLO",
		 .in = TO "BDAT 3\r\na\r\nEHLO b\r\nBDAT 0 LAST\r\n",
		 .out = TO_ CHUNK_ EHLO_ NONE_},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(refused)
{
	static const struct script rows[] = {
		{.name = "one chunk too big: its bytes are thrown away",
		 .config = {.max_size = 10},
		 .in = TO "BDAT 12 LAST\r\nQUIT\r\nQUIT\r\nNOOP\r\n",
		 .out = TO_10 "552 5.3.4 Message exceeds the limit of 10 bytes\n" OK_,
		 .calls = CALLS "reset\nrefused size 552\n"},
		{.name = "together too big, more in the pipeline",
		 .config = {.max_size = 10},
		 .in = TO "BDAT 6\r\nQUIT\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
		 .out = TO_10 CHUNK_ "552 5.3.4 Message exceeds the limit of 10 bytes\n" NONE_ OK_,
		 .calls = CALLS "data\nreset\nrefused size 552\n"},
		{.name = "the spool does not want it: no later chunk begins a message",
		 .in = "EHLO a\r\nMAIL FROM:<nodata@b>\r\nRCPT TO:<c@d>\r\nBDAT 6\r\nQUIT\r\nBDAT "
		       "6 "
		       "LAST\r\nQUIT\r\nNOOP\r\n",
		 .out = EHLO_ "250 2.1.0 Ok\n250 2.1.5 Ok\n452 4.3.1 Full\n" NONE_ OK_,
		 .calls = "ehlo a\nmail nodata@b 0 7\nrcpt c@d\ndata\nreset\n"},
		{.name = "the disk fills up within",
		 .in = "EHLO a\r\nMAIL FROM:<full@b>\r\nRCPT TO:<c@d>\r\nBDAT 3\r\na\r\nBDAT 3 "
		       "LAST\r\n"
		       "b\r\nNOOP\r\n",
		 .out = EHLO_
		 "250 2.1.0 Ok\n250 2.1.5 Ok\n452 4.3.1 Not enough room for this message "
		 "now\n" NONE_ OK_},
		{.name = "bare LF",
		 .in = TO "BDAT 6\r\nhello\nBDAT 2 LAST\r\n\r\nNOOP\r\n",
		 .out = TO_ "550 5.6.11 Message has a bare CR or LF (RFC 5321 2.3.8)\n" NONE_ OK_,
		 .calls = CALLS "data\nreset\nrefused newline 550\n"},
		{.name = "CR as the last byte",
		 .in = TO "BDAT 2 LAST\r\na\rNOOP\r\n",
		 .out = TO_ "550 5.6.11 Message has a bare CR or LF (RFC 5321 2.3.8)\n" OK_},
	};
	SCRIPTS(rows);
}
END_TEST

#define SYNTAX_                                                                                \
	"501 5.5.4 Syntax: BDAT size [LAST]; closing the connection, since nobody knows what " \
	"follows\n"

/* What cannot be counted ends the session: what comes behind it is not looked at. */
START_TEST(lost)
{
	static const char *const args[] = {
		"",       " ",    " LAST",    " x",   " 5 LAST LAST",          " -1",
		" 5LAST", " 0x5", " 5 FIRST", " 5,6", " 000000000000000000005"};
	char in[256];
	for (size_t i = 0; i < sizeof args / sizeof *args; i++) {
		snprintf(in, sizeof in, TO "BDAT%s\r\nMAIL FROM:<x@y>\r\n", args[i]);
		script_check(&(struct script){.name = args[i],
					      .in = in,
					      .out = TO_ SYNTAX_,
					      .calls = CALLS "reset\n",
					      .ends = true});
	}
}
END_TEST

START_TEST(beyond_bounds)
{
	static const struct script rows[] = {
		{.name = "more than 64 bits",
		 .config = {.max_size = 10},
		 .in = TO "BDAT 99999999999999999999\r\nMAIL FROM:<x@y>\r\n",
		 .out = TO_10 "552 5.3.4 Message exceeds the limit of 10 bytes\n",
		 .calls = CALLS "reset\nrefused size 552\n",
		 .ends = true},
		{.name = "the client goes before the chunk is whole: it was refused all the same",
		 .config = {.max_size = 10},
		 .in = TO "BDAT 12 LAST\r\nQUIT",
		 .out = TO_10,
		 .calls = CALLS "reset\nrefused size 552\n"},
		{.name = "one byte above what is thrown away",
		 .in = "EHLO a\r\nBDAT 67108865\r\nNOOP\r\n",
		 .out = EHLO_ NONE_,
		 .ends = true},
		{.name = "bit by bit",
		 .in = "EHLO a\r\nBDAT 2\r\nabBDAT 67108863\r\nNOOP\r\n",
		 .out = EHLO_ NONE_ NONE_,
		 .ends = true},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_bdat");
	SUITE_CASE(s, "BDAT", taken, misplaced, refused, lost, beyond_bounds);
	return s;
}
SUITE_MAIN(suite)
