/* smtp/verb_helo: names, strict and any, and what HELO does to a transaction. */
#include "smtp/script.h"
#include "support/suite.h"

START_TEST(names)
{
	static const struct script rows[] = {
		{.name = "domain",
		 .in = "HELO a.example\r\n",
		 .out = "250 h\n",
		 .calls = "helo a.example\n"},
		{.name = "case and blanks",
		 .in = "helo   WIN_95  \r\n",
		 .out = "250 h\n",
		 .calls = "helo WIN_95\n"},
		{.name = "literal",
		 .in = "HELO [192.0.2.1]\r\n",
		 .out = "250 h\n",
		 .calls = "helo [192.0.2.1]\n"},
		{.name = "missing",
		 .in = "HELO\r\n",
		 .out = "501 5.5.4 Name is missing: HELO your.host.name\n",
		 .calls = "refused helo 501\n"},
		{.name = "bad",
		 .in = "HELO a b\r\nHELO -\r\nHELO m\xc3\xbcller\r\n",
		 .out = "501 5.5.4 Name must be a domain or an address literal\n"
			"501 5.5.4 Name must be a domain or an address literal\n"
			"501 5.5.4 Name must be a domain or an address literal\n",
		 .calls = "refused helo 501\nrefused helo 501\nrefused helo 501\n"},
		{.name = "any",
		 .config.helo_any = true,
		 .in = "HELO\r\nHELO my printer!\r\n",
		 .out = "250 h\n250 h\n",
		 .calls = "helo \nhelo my printer!\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(answers)
{
	static const struct script rows[] = {
		{.name = "refused: still nobody",
		 .in = "HELO reject\r\nMAIL FROM:<a@b>\r\n",
		 .out = "550 5.7.1 No\n503 5.5.1 Send HELO or EHLO first\n"},
		{.name = "closed",
		 .in = "HELO close\r\nNOOP\r\n",
		 .out = "421 4.3.2 Bye\n",
		 .ends = true},
		{.name = "again, as RSET",
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nHELO b\r\nRCPT TO:<c@d>\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n250 h\n503 5.5.1 Send MAIL first\n",
		 .calls = "helo a\nmail a@b 0 7\nhelo b\nreset\n"},
		{.name = "again, refused: nothing changes",
		 .in = "HELO a\r\nMAIL FROM:<a@b>\r\nHELO defer\r\nRCPT TO:<c@d>\r\n",
		 .out = "250 h\n250 2.1.0 Ok\n450 4.2.0 Wait\n250 2.1.5 Ok\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_helo");
	SUITE_CASE(s, "HELO", names, answers);
	return s;
}
SUITE_MAIN(suite)
