/* smtp/verb_data: when 354 is given. */
#include "smtp/script.h"
#include "support/suite.h"

#define HI "HELO a\r\nMAIL FROM:<a@b>\r\n"
#define HI_ "250 h\n250 2.1.0 Ok\n"
#define GO_ "354 End data with <CR><LF>.<CR><LF>\n"

START_TEST(order)
{
	static const struct script rows[] = {
		{.name = "before MAIL",
		 .in = "HELO a\r\nDATA\r\n",
		 .out = "250 h\n503 5.5.1 Send MAIL and RCPT first\n"},
		{.name = "before HELO",
		 .in = "DATA\r\n",
		 .out = "503 5.5.1 Send HELO or EHLO first\n"},
		{.name = "no recipient accepted",
		 .in = HI "RCPT TO:<reject@d>\r\nDATA\r\n",
		 .out = HI_ "550 5.7.1 No\n554 5.5.1 No valid recipients\n"},
		{.name = "argument",
		 .in = HI "RCPT TO:<c@d>\r\nDATA now\r\n",
		 .out = HI_ "250 2.1.5 Ok\n501 5.5.4 This command takes no argument\n"},
		{.name = "refused: the envelope stays",
		 .in = "HELO a\r\nMAIL FROM:<nodata@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nRCPT "
		       "TO:<e@d>\r\n",
		 .out = HI_ "250 2.1.5 Ok\n452 4.3.1 Full\n250 2.1.5 Ok\n",
		 .calls = "helo a\nmail nodata@b 0 7\nrcpt c@d\ndata\nrcpt e@d\n"},
		{.name = "content is not commands",
		 .in = HI "RCPT TO:<c@d>\r\nDATA\r\nQUIT\r\n.\r\nNOOP\r\n",
		 .out = HI_ "250 2.1.5 Ok\n" GO_ "250 2.0.0 Ok\n250 2.0.0 Ok\n",
		 .calls = "helo a\nmail a@b 0 7\nrcpt c@d\ndata\n<QUIT\r\n>\nend\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_data");
	SUITE_CASE(s, "DATA", order);
	return s;
}
SUITE_MAIN(suite)
