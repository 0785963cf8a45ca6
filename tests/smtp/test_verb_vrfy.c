/* smtp/verb_vrfy: tells nobody who lives here. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(dialogues)
{
	static const struct script rows[] = {
		{.name = "tells nothing",
		 .in = "VRFY root\r\nVRFY nobody\r\n",
		 .out = "252 2.0.0 Cannot verify, but will take mail and try to deliver\n252 2.0.0 "
			"Cannot verify, but will take mail and try to deliver\n"},
		{.name = "whom", .in = "VRFY\r\n", .out = "501 5.5.4 Syntax: VRFY address\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_vrfy");
	SUITE_CASE(s, "VRFY", dialogues);
	return s;
}
SUITE_MAIN(suite)
