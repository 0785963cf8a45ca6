/* smtp/verb_quit: ends the session. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(dialogues)
{
	static const struct script rows[] = {
		{.name = "ends",
		 .in = "QUIT\r\nNOOP\r\n",
		 .out = "221 2.0.0 h closing the connection\n",
		 .calls = "",
		 .ends = true},
		{.name = "forgets the transaction",
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nQUIT\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n221 2.0.0 h closing the connection\n",
		 .calls = "helo a\nmail a@b 0 7\nreset\n",
		 .ends = true},
		{.name = "argument",
		 .in = "QUIT now\r\n",
		 .out = "501 5.5.4 This command takes no argument\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_quit");
	SUITE_CASE(s, "QUIT", dialogues);
	return s;
}
SUITE_MAIN(suite)
