/* smtp/verb_expn: is known and not done. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(dialogues)
{
	static const struct script rows[] = {
		{.name = "not done",
		 .in = "EXPN list\r\nEXPN\r\n",
		 .out = "502 5.5.1 Command not implemented\n502 5.5.1 Command not implemented\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_expn");
	SUITE_CASE(s, "EXPN", dialogues);
	return s;
}
SUITE_MAIN(suite)
