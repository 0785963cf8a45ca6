/* smtp/verb_noop: does nothing. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(dialogues)
{
	static const struct script rows[] = {
		{.name = "anywhere",
		 .in = "NOOP\r\nnoop with words\r\nNOOP \r\n",
		 .out = "250 2.0.0 Ok\n250 2.0.0 Ok\n250 2.0.0 Ok\n"},
		{.name = "keeps the transaction",
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nNOOP\r\nRCPT TO:<c@d>\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n250 2.0.0 Ok\n250 2.1.5 Ok\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_noop");
	SUITE_CASE(s, "NOOP", dialogues);
	return s;
}
SUITE_MAIN(suite)
