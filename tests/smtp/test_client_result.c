/* smtp/client_result: which recipients get which reply. */
#include "smtp/dialogue.h"
#include "support/suite.h"

#include <string.h>

enum { OPEN, TAKEN, REFUSED, WAIT, COUNT };

static void check(void (*fill)(struct smtp_transaction *t, const struct smtp_reply *reply),
		  const int want[COUNT])
{
	struct smtp_reply replies[COUNT], reply;
	struct smtp_transaction t = {.count = COUNT, .replies = replies};
	smtp_reply_set(&replies[OPEN], 0, "", "%s", "");
	smtp_reply_set(&replies[TAKEN], 250, "2.1.5", "ok");
	smtp_reply_set(&replies[REFUSED], 550, "5.1.1", "no");
	smtp_reply_set(&replies[WAIT], 450, "4.2.0", "wait");
	fill(&t, smtp_reply_set(&reply, 421, "4.3.2", "%0900d", 1));
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(replies[i].code, want[i]);
		if (want[i] == 421) {
			ck_assert_str_eq(replies[i].status, "4.3.2");
			ck_assert_str_eq(replies[i].text, reply.text);
		}
	}
}

static void open_all(struct smtp_transaction *t, const struct smtp_reply *reply)
{
	smtp_result_open(t, 0, reply);
}

static void open_rest(struct smtp_transaction *t, const struct smtp_reply *reply)
{
	smtp_result_open(t, REFUSED, reply);
}

START_TEST(one_after_the_other)
{
	struct smtp_reply replies[4], reply;
	struct smtp_transaction t = {.count = 4, .replies = replies};
	struct smtp_client c = {.t = &t};
	for (size_t i = 0; i < 4; i++)
		smtp_reply_set(&replies[i], i % 2 ? 250 : 550, "", "%s", "x");
	ck_assert(!smtp_result_next(&c, smtp_reply_set(&reply, 452, "4.2.2", "full")));
	ck_assert(smtp_result_next(&c, smtp_reply_set(&reply, 251, "2.1.5", "kept")));
	ck_assert(smtp_result_next(&c, smtp_reply_set(&reply, 252, "2.1.5", "unasked")));
	ck_assert_int_eq(replies[0].code, 550);
	ck_assert_int_eq(replies[1].code, 452);
	ck_assert_int_eq(replies[2].code, 550);
	ck_assert_int_eq(replies[3].code, 251);
}
END_TEST

START_TEST(who_gets_it)
{
	check(smtp_result_all, (const int[]){421, 421, 421, 421});
	check(smtp_result_accepted, (const int[]){0, 421, 550, 450});
	check(open_all, (const int[]){421, 421, 550, 450});
	check(open_rest, (const int[]){0, 250, 550, 450});
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/client_result");
	SUITE_CASE(s, "replies", who_gets_it, one_after_the_other);
	return s;
}
SUITE_MAIN(suite)
