/* smtp/verb_help: names every verb of the table. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(dialogues)
{
	static const struct script rows[] = {
		{.name = "verbs",
		 .in = "HELP\r\nHELP MAIL\r\n",
		 .out = "214 2.0.0 Commands: RCPT MAIL DATA BDAT EHLO HELO AUTH QUIT RSET NOOP "
			"VRFY "
			"EXPN "
			"HELP\n"
			"214 2.0.0 Commands: RCPT MAIL DATA BDAT EHLO HELO AUTH QUIT RSET NOOP "
			"VRFY "
			"EXPN "
			"HELP\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_help");
	SUITE_CASE(s, "HELP", dialogues);
	return s;
}
SUITE_MAIN(suite)
