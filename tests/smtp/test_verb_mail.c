/* smtp/verb_mail: reverse-paths, SIZE and BODY, limits. Every script is greeted with HELO first. */
#include "smtp/script.h"
#include "support/suite.h"

#define HI "HELO a\r\n"
#define HI_ "250 h\n"
#define OK_ "250 2.1.0 Ok\n"

START_TEST(paths)
{
	static const struct script rows[] = {
		{.name = "plain",
		 .in = HI "MAIL FROM:<a@b>\r\n",
		 .out = HI_ OK_,
		 .calls = "helo a\nmail a@b 0 7\n"},
		{.name = "null",
		 .in = HI "mail from:<>\r\n",
		 .out = HI_ OK_,
		 .calls = "helo a\nmail  0 7\n"},
		{.name = "route",
		 .in = HI "MAIL FROM:<@x,@y:\"a b\"@c>\r\n",
		 .out = HI_ OK_,
		 .calls = "helo a\nmail \"a b\"@c 0 7\n"},
		{.name = "blank is noted",
		 .in = HI "MAIL FROM: <a@b>\r\nRSET\r\nMAIL FROM:\t<c@d>\r\n",
		 .out = HI_ OK_ "250 2.0.0 Ok\n" OK_,
		 .calls = "helo a\nnote blank before a path\nmail a@b 0 7\nreset\nmail c@d 0 7\n"},
		{.name = "syntax",
		 .in = HI "MAIL\r\nMAIL a@b\r\nMAIL TO:<a@b>\r\nMAIL FROM\r\nMAIL FROM:a@b\r\nMAIL "
			  "FROM:<a>\r\n",
		 .out = HI_ "501 5.5.4 Syntax: FROM:<address>\n501 5.5.4 Syntax: FROM:<address>\n"
			    "501 5.5.4 Syntax: FROM:<address>\n501 5.5.4 Syntax: FROM:<address>\n"
			    "501 5.1.7 Bad address syntax\n501 5.1.7 Bad address syntax\n",
		 .calls = "helo a\nrefused brackets 501\nrefused brackets 501\n"},
		{.name = "8-bit",
		 .in = HI "MAIL FROM:<m\xc3\xbcller@b>\r\nMAIL FROM:<a@m\xc3\xbcller> SIZE=1\r\n"
			  "MAIL FROM:<m\xfcller@b> SMTPUTF8\r\nMAIL FROM:<a@b> SMTPUTF8=1\r\n",
		 .out = HI_ "553 5.6.7 Address is not ASCII: say SMTPUTF8 with MAIL\n"
			    "553 5.6.7 Address is not ASCII: say SMTPUTF8 with MAIL\n"
			    "553 5.6.7 Address is neither ASCII nor UTF-8\n"
			    "501 5.5.4 Bad value of SMTPUTF8\n",
		 .calls = "helo a\n"},
		{.name = "SMTPUTF8",
		 .in = HI
		 "MAIL FROM:<m\xc3\xbcller@b\xc3\xbc.example> smtputf8\r\n"
		 "RCPT TO:<\xc3\xbc@c>\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<\xc3\xbc@c>\r\n",
		 .out = HI_ OK_ "250 2.1.5 Ok\n250 2.0.0 Ok\n" OK_
				"553 5.6.7 Address is not ASCII: say SMTPUTF8 with MAIL\n",
		 .calls = "helo a\nmail m\xc3\xbcller@b\xc3\xbc.example 0 7 SMTPUTF8\nrcpt "
			  "\xc3\xbc@c\n"
			  "reset\nmail a@b 0 7\n"},
		{.name = "loose",
		 .config.brackets_optional = true,
		 .in = HI "MAIL FROM:jdoe SIZE=5\r\nRSET\r\nMAIL FROM:<jdoe>\r\n",
		 .out = HI_ OK_ "250 2.0.0 Ok\n" OK_,
		 .calls = "helo a\nnote path without brackets\nmail jdoe 5 7\nreset\nmail jdoe 0 "
			  "7\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(parameters)
{
	static const struct script rows[] = {
		{.name = "both",
		 .in = HI "MAIL FROM:<a@b> size=42  body=8bitmime\r\n",
		 .out = HI_ OK_,
		 .calls = "helo a\nmail a@b 42 8\n"},
		{.name = "7bit",
		 .in = HI "MAIL FROM:<a@b> BODY=7BIT\r\n",
		 .out = HI_ OK_,
		 .calls = "helo a\nmail a@b 0 7\n"},
		{.name = "bad values",
		 .in = HI
		 "MAIL FROM:<a@b> SIZE=\r\nMAIL FROM:<a@b> SIZE=-1\r\nMAIL FROM:<a@b> SIZE\r\n"
		 "MAIL FROM:<a@b> SIZE=123456789012345678901\r\nMAIL FROM:<a@b> BODY=BINARYMIME\r\n"
		 "MAIL FROM:<a@b> SIZE=1 SIZE=1\r\n",
		 .out = HI_ "501 5.5.4 Malformed parameter\n501 5.5.4 Bad value of SIZE\n"
			    "501 5.5.4 Bad value of SIZE\n501 5.5.4 Bad value of SIZE\n"
			    "501 5.5.4 Bad value of BODY\n501 5.5.4 SIZE is given twice\n",
		 .calls = "helo a\n"},
		{.name = "unknown",
		 .in = HI "MAIL FROM:<a@b> XRET=HDRS\r\nMAIL FROM:<a@b> AUTH\r\n",
		 .out = HI_ "555 5.5.4 Parameter XRET is not known here\n501 5.5.4 Bad value of "
			    "AUTH\n",
		 .calls = "helo a\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(reports_and_tls)
{
	static const struct script rows[] = {
		{.name = "RET and ENVID",
		 .in = HI "MAIL FROM:<a@b> ENVID=x+2B1 SIZE=9 RET=hdrs\r\n",
		 .out = HI_ OK_,
		 .calls = "helo a\nmail a@b 9 7 RET=HDRS ENVID=x+2B1\n"},
		{.name = "what they may not be",
		 .in = HI
		 "MAIL FROM:<a@b> RET=ALL\r\nMAIL FROM:<a@b> RET\r\nMAIL FROM:<a@b> "
		 "ENVID=+zz\r\nMAIL FROM:<a@b> ENVID\r\nMAIL FROM:<a@b> RET=FULL RET=FULL\r\n",
		 .out = HI_
		 "501 5.5.4 Bad value of RET\n501 5.5.4 Bad value of RET\n501 5.5.4 Bad "
		 "value of ENVID\n501 5.5.4 Bad value of ENVID\n501 5.5.4 RET is given twice\n",
		 .calls = "helo a\n"},
		{.name = "REQUIRETLS in the clear",
		 .in = HI "MAIL FROM:<a@b> REQUIRETLS\r\nMAIL FROM:<a@b> REQUIRETLS=1\r\n",
		 .out = HI_
		 "530 5.7.10 REQUIRETLS is for TLS: send STARTTLS first\n501 5.5.4 Bad value "
		 "of REQUIRETLS\n",
		 .calls = "helo a\n"},
		{.name = "REQUIRETLS over TLS",
		 .config.secure = true,
		 .in = "EHLO a\r\nMAIL FROM:<a@b> REQUIRETLS\r\n",
		 .out = "250-h\n250-PIPELINING\n250-SIZE "
			"0\n250-8BITMIME\n250-SMTPUTF8\n250-CHUNKING\n250-DSN\n250-"
			"ENHANCEDSTATUSCODES\n250 REQUIRETLS\n" OK_,
		 .calls = "ehlo a\nmail a@b 0 7 REQUIRETLS\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(size_limit)
{
	static const struct script rows[] = {
		{.name = "at the limit",
		 .config.max_size = 1000,
		 .in = HI "MAIL FROM:<a@b> SIZE=1000\r\n",
		 .out = HI_ OK_},
		{.name = "above",
		 .config.max_size = 1000,
		 .in = HI
		 "MAIL FROM:<a@b> SIZE=1001\r\nMAIL FROM:<a@b> SIZE=99999999999999999999\r\n",
		 .out = HI_
		 "552 5.3.4 Message of 1001 bytes exceeds the limit of 1000\n"
		 "552 5.3.4 Message of 18446744073709551615 bytes exceeds the limit of 1000\n",
		 .calls = "helo a\nrefused size 552\nrefused size 552\n"},
		{.name = "no limit",
		 .in = HI "MAIL FROM:<a@b> SIZE=18446744073709551615\r\n",
		 .out = HI_ OK_,
		 .calls = "helo a\nmail a@b 18446744073709551615 7\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(answers)
{
	static const struct script rows[] = {
		{.name = "refused: no transaction, no reset",
		 .in = HI "MAIL FROM:<reject@b>\r\nMAIL FROM:<defer@b>\r\nRCPT TO:<a@b>\r\nMAIL "
			  "FROM:<a@b>\r\n",
		 .out = HI_ "550 5.7.1 No\n450 4.2.0 Wait\n503 5.5.1 Send MAIL first\n" OK_,
		 .calls = "helo a\nmail reject@b 0 7\nmail defer@b 0 7\nmail a@b 0 7\n"},
		{.name = "refused: nothing to forget",
		 .in = HI "MAIL FROM:<reject@b>\r\nRSET\r\nQUIT\r\n",
		 .out = HI_ "550 5.7.1 No\n250 2.0.0 Ok\n221 2.0.0 h closing the connection\n",
		 .calls = "helo a\nmail reject@b 0 7\n",
		 .ends = true},
		{.name = "nested",
		 .in = HI
		 "MAIL FROM:<a@b>\r\nMAIL FROM:<c@d>\r\nRCPT TO:<e@f>\r\nMAIL FROM:<c@d>\r\n",
		 .out = HI_ OK_ "503 5.5.1 Nested MAIL: send RSET first\n250 2.1.5 Ok\n"
				"503 5.5.1 Nested MAIL: send RSET first\n",
		 .calls = "helo a\nmail a@b 0 7\nrcpt e@f\n"},
		{.name = "messages in a session",
		 .config.max_transactions = 1,
		 .in = HI
		 "MAIL FROM:<a@b>\r\nRSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n.\r\n"
		 "MAIL FROM:<a@b>\r\n",
		 .out = HI_ OK_ "250 2.0.0 Ok\n" OK_
				"250 2.1.5 Ok\n354 End data with <CR><LF>.<CR><LF>\n250 2.0.0 Ok\n"
				"421 4.7.0 h Enough messages in one session: connect again\n",
		 .calls = "helo a\nmail a@b 0 7\nreset\nmail a@b 0 7\nrcpt c@d\ndata\nend\n",
		 .ends = true},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_mail");
	SUITE_CASE(s, "paths", paths);
	SUITE_CASE(s, "parameters", parameters, reports_and_tls, size_limit);
	SUITE_CASE(s, "answers", answers);
	return s;
}
SUITE_MAIN(suite)
