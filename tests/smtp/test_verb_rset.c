/* smtp/verb_rset: forgets the transaction, once. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(dialogues)
{
	static const struct script rows[] = {
		{.name = "before HELO",
		 .in = "RSET\r\nMAIL FROM:<a@b>\r\n",
		 .out = "250 2.0.0 Ok\n503 5.5.1 Send HELO or EHLO first\n"},
		{.name = "nothing open",
		 .in = "HELO a\r\nRSET\r\n",
		 .out = "250 h\n250 2.0.0 Ok\n",
		 .calls = "helo a\n"},
		{.name = "after RCPT",
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRSET\r\nRSET\r\nDATA\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n250 2.1.5 Ok\n250 2.0.0 Ok\n250 2.0.0 Ok\n503 5.5.1 "
			"Send MAIL and RCPT first\n",
		 .calls = "helo a\nmail a@b 0 7\nrcpt c@d\nreset\n"},
		{.name = "argument",
		 .in = "RSET x\r\n",
		 .out = "501 5.5.4 This command takes no argument\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_rset");
	SUITE_CASE(s, "RSET", dialogues);
	return s;
}
SUITE_MAIN(suite)
