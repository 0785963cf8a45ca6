/* Receipts and priorities of mails: who asks for one and gets it, who never does, and what wins. */
#include "translating.h"

#define DNT "Disposition-Notification-To: a@b.test\r\n"

static const char *priority(const char *head)
{
	translate(region_printf(region, "%s\r\ntext\r\n", head));
	return n.priority ? n.priority : "none";
}

START_TEST(asked)
{
	static const char *const heads[] = {
		DNT,
		"Return-Receipt-To: Ann <a@b.test>\r\n",
		"Rr: a@b.test\r\n",
		DNT "Auto-Submitted: no\r\n",
		DNT "Precedence: first-class\r\n",
		DNT "Importance: high\r\n",
	};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		ck_assert_msg(strcmp(priority(heads[i]), "R") == 0, "%s", heads[i]);
	ck_assert_str_eq(priority(DNT "X-MMFF-Priority: C\r\n"), "C");
}
END_TEST

START_TEST(never)
{
	static const char *const heads[] = {
		"Disposition-Notification-To:\r\n", /* Q113824 */
		"Return-Receipt-To: <>\r\n",
		"Rr: \r\n",
		DNT "Auto-Submitted: auto-replied\r\n",
		DNT "Auto-Submitted: auto-generated; x=y\r\n",
		DNT "Precedence: bulk\r\n",
		DNT "Precedence: List\r\n",
		DNT "List-Id: <l.x.test>\r\n",
		DNT "List-Unsubscribe: <mailto:x@y.test>\r\n",
		DNT "Content-Type: multipart/report; boundary=b\r\n",
	};
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		ck_assert_msg(strcmp(priority(heads[i]), "none") == 0, "%s", heads[i]);
	ck_assert_str_eq(priority("X-MMFF-Priority: R\r\n"), "none");
	ck_assert_str_eq(priority(DNT "X-MMFF-Priority: R\r\nPrecedence: bulk\r\n"), "none");
	ck_assert_str_eq(priority(DNT "X-MMFF-Priority: R\r\n"), "R");
	const char *mail = DNT "\r\ntext\r\n";
	translate_n(mail, strlen(mail), "charset CP437\nreceipts no\nto CSI a\n");
	ck_assert_ptr_null(n.priority);
	translate_n(mail, strlen(mail), "charset CP437\nalways CSI A/B/Postmaster\nto CSI a\n");
	ck_assert_ptr_null(n.priority);
}
END_TEST

START_TEST(urgency)
{
	static const char *const rows[][2] = {
		{"X-Priority: 1 (Highest)\r\n", "5"}, {"X-Priority: 2\r\n", "4"},
		{"X-Priority: 3\r\n", "none"},        {"X-Priority: 5\r\n", "1"},
		{"Importance: High\r\n", "5"},        {"Importance: low\r\n", "1"},
		{"Importance: normal\r\n", "none"},   {"Priority: urgent\r\n", "5"},
		{"X-MSMail-Priority: Low\r\n", "1"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_str_eq(priority(rows[i][0]), rows[i][1]);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {asked, never, urgency};
	return translating_suite("translate/mime_receipt", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
