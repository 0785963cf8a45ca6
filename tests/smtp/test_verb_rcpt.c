/* smtp/verb_rcpt: forward-paths, refusals, limits, ten thousand of them. */
#include "smtp/script.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define HI "HELO a\r\nMAIL FROM:<a@b>\r\n"
#define HI_ "250 h\n250 2.1.0 Ok\n"
#define CALLS "helo a\nmail a@b 0 7\n"
#define OK_ "250 2.1.5 Ok\n"

START_TEST(paths)
{
	static const struct script rows[] = {
		{.name = "plain",
		 .in = HI "RCPT TO:<c@d>\r\nrcpt to:<@r:e@f>\r\n",
		 .out = HI_ OK_ OK_,
		 .calls = CALLS "rcpt c@d\nrcpt e@f\n"},
		{.name = "postmaster",
		 .in = HI "RCPT TO:<PostMaster>\r\nRCPT TO:<Postmaster@d>\r\n",
		 .out = HI_ OK_ OK_,
		 .calls = CALLS "rcpt postmaster\nrcpt Postmaster@d\n"},
		{.name = "syntax",
		 .in = HI
		 "RCPT TO:<>\r\nRCPT TO:<c>\r\nRCPT FROM:<c@d>\r\nRCPT TO:<c@d> XNOTIFY=NEVER\r\n",
		 .out = HI_
		 "501 5.1.3 Bad address syntax\n501 5.1.3 Bad address syntax\n"
		 "501 5.5.4 Syntax: TO:<address>\n555 5.5.4 Parameter XNOTIFY is not known here\n",
		 .calls = CALLS "refused brackets 501\n"},
		{.name = "reports asked for",
		 .in = HI
		 "RCPT TO:<c@d> NOTIFY=delay,SUCCESS ORCPT=rfc822;x+2By@d\r\nRCPT TO:<e@d> "
		 "notify=NEVER\r\n",
		 .out = HI_ OK_ OK_,
		 .calls = CALLS "rcpt c@d NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@d\nrcpt e@d "
				"NOTIFY=NEVER\n"},
		{.name = "what they may not be",
		 .in = HI
		 "RCPT TO:<c@d> NOTIFY=NEVER,DELAY\r\nRCPT TO:<c@d> NOTIFY\r\nRCPT TO:<c@d> "
		 "ORCPT=x\r\nRCPT TO:<c@d> NOTIFY=DELAY NOTIFY=DELAY\r\n",
		 .out = HI_
		 "501 5.5.4 Bad value of NOTIFY\n501 5.5.4 Bad value of NOTIFY\n501 5.5.4 Bad "
		 "value of ORCPT\n501 5.5.4 NOTIFY is given twice\n",
		 .calls = CALLS},
		{.name = "the router's business",
		 .in = HI "RCPT TO:<a%b@c>\r\nRCPT TO:<\"a@b\"@c>\r\nRCPT TO:<a!b@c>\r\n",
		 .out = HI_ OK_ OK_ OK_,
		 .calls = CALLS "rcpt a%b@c\nrcpt \"a@b\"@c\nrcpt a!b@c\n"},
		{.name = "loose",
		 .config.brackets_optional = true,
		 .in = HI "RCPT TO:jdoe\r\n",
		 .out = HI_ OK_,
		 .calls = CALLS "note path without brackets\nrcpt jdoe\n"},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(answers)
{
	static const struct script rows[] = {
		{.name = "without MAIL",
		 .in = "HELO a\r\nRCPT TO:<c@d>\r\n",
		 .out = "250 h\n503 5.5.1 Send MAIL first\n",
		 .calls = "helo a\n"},
		{.name = "mixed",
		 .in = HI "RCPT TO:<reject@d>\r\nRCPT TO:<c@d>\r\nRCPT TO:<defer@d>\r\n",
		 .out = HI_ "550 5.7.1 No\n" OK_ "450 4.2.0 Wait\n",
		 .calls = CALLS "rcpt reject@d\nrcpt c@d\nrcpt defer@d\n"},
		{.name = "closing",
		 .in = HI "RCPT TO:<close@d>\r\nRCPT TO:<c@d>\r\n",
		 .out = HI_ "421 4.3.2 Bye\n",
		 .calls = CALLS "rcpt close@d\nreset\n",
		 .ends = true},
		{.name = "limit: only accepted ones count, each transaction anew",
		 .config.max_recipients = 2,
		 .in = HI
		 "RCPT TO:<reject@d>\r\nRCPT TO:<c@d>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@d>\r\n"
		 "RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<e@d>\r\n",
		 .out = HI_ "550 5.7.1 No\n" OK_ OK_ "452 4.5.3 Too many recipients\n"
			    "250 2.0.0 Ok\n250 2.1.0 Ok\n" OK_},
		{.name = "limit: after a message anew",
		 .config.max_recipients = 1,
		 .in = HI "RCPT TO:<c@d>\r\nDATA\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<e@d>\r\n",
		 .out = HI_ OK_
		 "354 End data with <CR><LF>.<CR><LF>\n250 2.0.0 Ok\n250 2.1.0 Ok\n" OK_},
	};
	SCRIPTS(rows);
}
END_TEST

/* The session keeps none of them: its memory does not grow with their number. */
START_TEST(ten_thousand)
{
	struct stage g = {.config.max_recipients = 10000, .quiet = true};
	unsigned accepted = 0, refused = 0;
	stage_open(&g);
	stage_feed(&g, HI, strlen(HI));
	stage_output(&g);
	for (int i = 0; i < 10001; i++) {
		char line[64];
		int n = snprintf(line, sizeof line, "RCPT TO:<user%d@d.example>\r\n", i);
		ck_assert_uint_eq(stage_feed(&g, line, (size_t)n), (size_t)n);
		const char *out = stage_output(&g);
		accepted += strcmp(out, OK_) == 0;
		refused += strcmp(out, "452 4.5.3 Too many recipients\n") == 0;
	}
	ck_assert_uint_eq(accepted, 10000);
	ck_assert_uint_eq(refused, 1);
	ck_assert_uint_le(smtp_server_output(g.s)->cap, 4096);
	stage_close(&g);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/verb_rcpt");
	SUITE_CASE(s, "paths", paths);
	SUITE_CASE(s, "answers", answers);
	SUITE_CASE(s, "many", ten_thousand);
	return s;
}
SUITE_MAIN(suite)
