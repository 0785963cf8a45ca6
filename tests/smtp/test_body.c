/* smtp/body: what becomes of a message between 354 and its reply, above all of a smuggled one. */
#include "smtp/script.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define HI "HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
#define HI_ "250 h\n250 2.1.0 Ok\n250 2.1.5 Ok\n354 End data with <CR><LF>.<CR><LF>\n"
#define CALLS "helo a\nmail a@b 0 7\nrcpt c@d\ndata\n"
#define REFUSED "550 5.6.11 Message has a bare CR or LF (RFC 5321 2.3.8)\n"

START_TEST(content)
{
	static const struct script rows[] = {
		{.name = "plain",
		 .in = HI "Subject: x\r\n\r\n..dot\r\n.\r\n",
		 .out = HI_ "250 2.0.0 Ok\n",
		 .calls = CALLS "<Subject: x\r\n\r\n.dot\r\n>\nend\n"},
		{.name = "empty",
		 .in = HI ".\r\n",
		 .out = HI_ "250 2.0.0 Ok\n",
		 .calls = CALLS "end\n"},
		{.name = "refused",
		 .in = "HELO a\r\nMAIL FROM:<noend@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n",
		 .out = HI_ "554 5.6.0 Bad\n",
		 .calls = "helo a\nmail noend@b 0 7\nrcpt c@d\ndata\n<x\r\n>\nend\n"},
		{.name = "two, pipelined",
		 .in = HI
		 "x\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\ny\r\n.\r\nQUIT\r\n",
		 .out = HI_
		 "250 2.0.0 Ok\n250 2.1.0 Ok\n250 2.1.5 Ok\n354 End data with <CR><LF>.<CR><LF>\n"
		 "250 2.0.0 Ok\n221 2.0.0 h closing the connection\n",
		 .calls = CALLS "<x\r\n>\nend\nmail a@b 0 7\nrcpt c@d\ndata\n<y\r\n>\nend\n",
		 .ends = true},
	};
	SCRIPTS(rows);
}
END_TEST

START_TEST(failing)
{
	static const struct script rows[] = {
		{.name = "full",
		 .in = "HELO a\r\nMAIL FROM:<full@b>\r\nRCPT "
		       "TO:<c@d>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n",
		 .out = HI_ "452 4.3.1 Not enough room for this message now\n250 2.0.0 Ok\n",
		 .calls = "helo a\nmail full@b 0 7\nrcpt c@d\ndata\nreset\n"},
		{.name = "io",
		 .in = "HELO a\r\nMAIL FROM:<ioerr@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\nMAIL "
		       "FROM:<>\r\n",
		 .out = HI_ "451 4.3.0 Message cannot be stored now\n250 2.1.0 Ok\n",
		 .calls = "helo a\nmail ioerr@b 0 7\nrcpt c@d\ndata\nreset\nmail  0 7\n"},
		{.name = "too big: read to the end",
		 .config.max_size = 5,
		 .in = HI "abcd\r\nefgh\r\n.\r\nNOOP\r\n",
		 .out = HI_ "552 5.3.4 Message exceeds the limit of 5 bytes\n250 2.0.0 Ok\n",
		 .calls = CALLS "reset\nrefused size 552\n"},
		{.name = "not too big: stuffing does not count",
		 .config.max_size = 5,
		 .in = HI "..12\r\n.\r\n",
		 .out = HI_ "250 2.0.0 Ok\n"},
		{.name = "a permanent reason goes first",
		 .in = "HELO a\r\nMAIL FROM:<full@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\n.\r\n\r\n.\r\n",
		 .out = HI_ REFUSED},
	};
	SCRIPTS(rows);
}
END_TEST

/* Nothing is stored of what will be refused anyway. */
START_TEST(doomed_is_not_passed_on)
{
	struct stage big = {.config.max_size = 10};
	stage_open(&big);
	stage_feed(&big, HI, strlen(HI));
	for (int i = 0; i < 1000; i++)
		stage_feed(&big, "12345", 5);
	ck_assert_uint_eq(big.content.len, 10);
	stage_close(&big);

	struct stage bare = {.config.newline = SMTP_NEWLINE_REJECT};
	stage_open(&bare);
	stage_feed(&bare, HI "a\n", strlen(HI) + 2);
	for (int i = 0; i < 1000; i++)
		stage_feed(&bare, "12345", 5);
	ck_assert_uint_le(bare.content.len, 3);
	stage_close(&bare);
}
END_TEST

#define SMUGGLED "MAIL FROM:<evil@x>\r\nRCPT TO:<victim@y>\r\nDATA\r\nevil\r\n.\r\n"

/* Under each policy, for each false end of data: no second transaction, one answer, then the
 * session goes on. */
START_TEST(smuggling)
{
	static const struct {
		const char *end;
		size_t n;
		const char *as; /* content it becomes */
		bool bare;
	} ends[] = {
#define E(text, as, bare) {text, sizeof(text) - 1, as, bare}
		E("\n.\n", "\r\n.\r\n", true),
		E("\n.\r\n", "\r\n.\r\n", true),
		E("\r\n.\n", "\r\n\r\n", true),
		E("\r.\r", " . ", true),
		E("\r.\r\n", " .\r\n", true),
		E("\r\n.\r", "\r\n ", true),
		E("\n.\r", "\r\n. ", true),
		E("\r.\n", " .\r\n", true),
		E("\n\n.\r\n", "\r\n\r\n.\r\n", true),
		E("\r\r\n.\n", " \r\n\r\n", true),
		E("\r\n\0.\r\n", "\r\n", false),
		E("\r\n.\0\r\n", "\r\n", false),
		E("\r\n.\r\0\n", "\r\n ", true),
		E("\r\0\n.\r\n", " ", true),
	};
	for (int policy = SMTP_NEWLINE_REJECT; policy <= SMTP_NEWLINE_NOTE; policy++)
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
			char in[512];
			size_t n = (size_t)snprintf(in, sizeof in, "%sgood", HI);
			memcpy(in + n, ends[i].end, ends[i].n);
			n += ends[i].n;
			n += (size_t)snprintf(in + n, sizeof in - n, "%sNOOP\r\n", SMUGGLED);
			bool refused = ends[i].bare && policy == SMTP_NEWLINE_REJECT;
			char out[512];
			snprintf(out, sizeof out, "%s%s250 2.0.0 Ok\n", HI_,
				 refused ? REFUSED : "250 2.0.0 Ok\n");
			struct script x = {.name = ends[i].as,
					   .config.newline = (enum smtp_newline)policy,
					   .in = in,
					   .n = n,
					   .out = out,
					   .calls = refused ? CALLS "reset\nrefused newline 550\n"
							    : NULL};
			script_check(&x);
		}
}
END_TEST

START_TEST(notes)
{
	static const struct script rows[] = {
		{.name = "normalise",
		 .config.newline = SMTP_NEWLINE_NORMALISE,
		 .in = HI "a\n.\nb\rc\r\n.\r\n",
		 .out = HI_ "250 2.0.0 Ok\n",
		 .calls = CALLS "<a\r\n.\r\nb c\r\n>\nend\n"},
		{.name = "note",
		 .config.newline = SMTP_NEWLINE_NOTE,
		 .in = HI "a\nb\rc\nd\r\n.\r\n",
		 .out = HI_ "250 2.0.0 Ok\n",
		 .calls = CALLS "<a\r\nb c\r\nd\r\n>\nnote bare LF\nnote bare CR\nend\n"},
		{.name = "reject",
		 .in = HI "a\nb\r\n.\r\nMAIL FROM:<e@f>\r\n",
		 .out = HI_ REFUSED "250 2.1.0 Ok\n"},
	};
	SCRIPTS(rows);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/body");
	SUITE_CASE(s, "content", content, failing, doomed_is_not_passed_on);
	SUITE_CASE(s, "newlines", smuggling, notes);
	return s;
}
SUITE_MAIN(suite)
