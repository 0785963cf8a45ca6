/* update and act, over both engines: what becomes of recipients; all or nothing; sums close. */
#include "spool/desk.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Brings recipient 0 of a new message into a state. */
static uint64_t message_in(struct stage *st, enum spool_state state)
{
	uint64_t number = stage_message(st);
	if (state != SPOOL_WAITING)
		ck_assert_int_eq(desk_report(&st->desk, number, 0, state, 0, "first"), OK);
	return number;
}

/* Every state, and every report on it: the table of book.h. */
START_TEST(every_report_on_every_state)
{
	static const struct {
		enum spool_state was, said, now;
	} odd[] = {
		{SPOOL_HELD, SPOOL_WAITING, SPOOL_HELD},
		{SPOOL_REMOVED, SPOOL_WAITING, SPOOL_REMOVED},
		{SPOOL_REMOVED, SPOOL_HELD, SPOOL_REMOVED},
	};
	struct stage st;
	stage_open(&st, (enum spool_engine)_i);
	for (int was = 0; was < SPOOL_STATE_COUNT; was++)
		for (int said = 0; said < SPOOL_STATE_COUNT; said++) {
			enum spool_state want = (enum spool_state)said;
			bool final = was == SPOOL_DELIVERED || was == SPOOL_BOUNCED ||
				     was == SPOOL_EXPIRED;
			for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
				if ((int)odd[i].was == was && (int)odd[i].said == said)
					want = odd[i].now;
			if (final)
				want = (enum spool_state)was;
			uint64_t n = message_in(&st, (enum spool_state)was);
			enum result r = desk_report(&st.desk, n, 0, (enum spool_state)said,
						    STAGE_NOW + 1, "second");
			ck_assert_int_eq(r, final ? E_STATE : OK);
			ck_assert_msg(stage_state(&st, n, 0) == want, "%s, %s reported",
				      spool_state_word((enum spool_state)was),
				      spool_state_word((enum spool_state)said));
			ck_assert(stage_sums(&st));
		}
	stage_close(&st);
}
END_TEST

/* The words of an operator's hold survive a deferral that comes later; the attempt is in the
 * history. */
START_TEST(hold_keeps_its_reason)
{
	struct stage st;
	struct spool_list l;
	stage_open(&st, (enum spool_engine)_i);
	stage_message(&st);
	struct spool_filter all = {.all = true};
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_HOLD, &all, STAGE_NOW, NULL), OK);
	ck_assert_int_eq(desk_report(&st.desk, 1, 0, SPOOL_WAITING, STAGE_NOW + 9, "try later"),
			 OK);
	stage_list(&st, &l);
	ck_assert_str_eq(l.entries[0].rcpts[0].reason, "by the operator");
	ck_assert_uint_eq(l.entries[0].rcpts[0].attempts, 1);
	ck_assert_uint_eq(l.entries[0].attempt_count, 1);
	ck_assert_str_eq(l.entries[0].attempts[0].reason, "try later");
	ck_assert_int_eq(l.entries[0].attempts[0].at, STAGE_NOW);
	region_destroy(&l.region);
	stage_close(&st);
}
END_TEST

START_TEST(null_words_leave_what_was)
{
	struct stage st;
	struct spool_list l;
	stage_open(&st, (enum spool_engine)_i);
	stage_message(&st);
	ck_assert_int_eq(desk_report(&st.desk, 1, 0, SPOOL_WAITING, STAGE_NOW, "one"), OK);
	struct spool_change c = {.number = 1, .state = SPOOL_WAITING, .warned = true, .next_at = 7};
	struct spool_update q = {.changes = &c, .change_count = 1};
	ck_assert_int_eq(desk_update(&st.desk, &q), OK);
	stage_list(&st, &l);
	const struct spool_rcpt *r = &l.entries[0].rcpts[0];
	ck_assert_str_eq(r->reason, "one");
	ck_assert_str_eq(r->rule, "default");
	ck_assert_str_eq(r->peer, "mx1.example.net [192.0.2.9]");
	ck_assert_str_eq(r->status, "4.4.1");
	ck_assert(r->warned);
	ck_assert_int_eq(r->next_at, 7);
	ck_assert_uint_eq(r->attempts, 1);
	region_destroy(&l.region);
	stage_close(&st);
}
END_TEST

/* A message ends with its last recipient: body gone, row kept. */
START_TEST(ends_with_the_last_recipient)
{
	struct stage st;
	struct spool_list l;
	stage_open(&st, (enum spool_engine)_i);
	ck_assert_int_eq(mail_envelope_add(&st.desk.envelope, "second@example.net"), OK);
	stage_message(&st);
	ck_assert_int_eq(desk_report(&st.desk, 1, 0, SPOOL_DELIVERED, 0, "ok"), OK);
	stage_list(&st, &l);
	ck_assert_int_eq(l.entries[0].ended, 0);
	ck_assert(l.entries[0].body);
	region_destroy(&l.region);
	stage_advance(&st, 500);
	ck_assert_int_eq(desk_report(&st.desk, 1, 1, SPOOL_EXPIRED, 0, "too old"), OK);
	stage_list(&st, &l);
	ck_assert_int_eq(l.entries[0].ended, STAGE_NOW + 500);
	ck_assert(!l.entries[0].body);
	ck_assert_uint_eq(l.entries[0].attempt_count, 2);
	region_destroy(&l.region);
	stage_close(&st);
}
END_TEST

/* A refused request changes nothing, and harms nobody that is served with it. */
START_TEST(refusal_changes_nothing)
{
	struct stage st;
	stage_open(&st, (enum spool_engine)_i);
	stage_message(&st);
	struct spool_change bad[] = {
		{.number = 9, .state = SPOOL_DELIVERED},
		{.number = UINT64_MAX, .state = SPOOL_DELIVERED},
		{.number = 0, .state = SPOOL_DELIVERED},
		{.number = 1, .rcpt = 1, .state = SPOOL_DELIVERED},
		{.number = 1, .state = SPOOL_STATE_COUNT},
		{.number = 1, .state = SPOOL_DELIVERED},
	};
	static const enum result want[] = {E_NOTFOUND, E_NOTFOUND, E_NOTFOUND,
					   E_RANGE,    E_RANGE,    E_RANGE};
	struct spool_new news = {.envelope = &st.desk.envelope, .data = "b", .size = 1};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct spool_change both[] = {{.number = 1, .state = SPOOL_DELIVERED}, bad[i]};
		struct spool_update q = {
			.changes = both, .change_count = 2, .news = &news, .new_count = 1};
		ck_assert_int_eq(desk_update(&st.desk, &q), want[i]);
		ck_assert_int_eq(q.q.err.code, want[i]);
		ck_assert_int_eq(stage_state(&st, 1, 0), SPOOL_WAITING);
	}
	ck_assert_uint_eq(stage_message(&st), 2);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

START_TEST(bounce_with_its_report)
{
	struct stage st;
	struct spool_due due;
	char *big = calloc(1, SPOOL_BODY_INLINE + 10);
	stage_open(&st, (enum spool_engine)_i);
	stage_message(&st);
	struct mail_envelope report;
	mail_envelope_init(&report, st.desk.region);
	ck_assert_int_eq(mail_envelope_add(&report, "from@example.com"), OK);
	struct spool_new news[] = {
		{.envelope = &report, .data = "bounce", .size = 6},
		{.envelope = &report, .data = big, .size = SPOOL_BODY_INLINE + 10}};
	struct spool_change c = {
		.number = 1, .state = SPOOL_BOUNCED, .attempted = true, .reason = "no"};
	struct spool_update q = {.changes = &c, .change_count = 1, .news = news, .new_count = 2};
	ck_assert_int_eq(desk_update(&st.desk, &q), OK);
	ck_assert_uint_eq(news[0].number, 2);
	ck_assert_uint_eq(news[1].number, 3);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, 9, &due), OK);
	ck_assert_uint_eq(due.count, 2);
	ck_assert_str_eq(due.messages[0]->envelope.reverse_path, "");
	ck_assert_mem_eq(due.messages[0]->data, "bounce", 6);
	ck_assert_uint_eq(due.messages[1]->size, SPOOL_BODY_INLINE + 10);
	for (size_t i = 0; i < 2; i++)
		spool_message_unref(&due.messages[i]);
	free(due.messages);
	free(big);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

START_TEST(actions)
{
	static const struct {
		enum spool_action action;
		enum spool_state was, now;
		bool matched;
	} rows[] = {
		{SPOOL_HOLD, SPOOL_WAITING, SPOOL_HELD, true},
		{SPOOL_HOLD, SPOOL_HELD, SPOOL_HELD, false},
		{SPOOL_HOLD, SPOOL_DELIVERED, SPOOL_DELIVERED, false},
		{SPOOL_RELEASE, SPOOL_HELD, SPOOL_WAITING, true},
		{SPOOL_RELEASE, SPOOL_WAITING, SPOOL_WAITING, false},
		{SPOOL_REMOVE, SPOOL_WAITING, SPOOL_REMOVED, true},
		{SPOOL_REMOVE, SPOOL_HELD, SPOOL_REMOVED, true},
		{SPOOL_REMOVE, SPOOL_BOUNCED, SPOOL_BOUNCED, false},
		{SPOOL_RETRY, SPOOL_WAITING, SPOOL_WAITING, true},
		{SPOOL_RETRY, SPOOL_HELD, SPOOL_HELD, false},
	};
	struct stage st;
	stage_open(&st, (enum spool_engine)_i);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t matched;
		uint64_t n = message_in(&st, rows[i].was);
		struct spool_filter f = {.numbers = &n, .number_count = 1};
		ck_assert_int_eq(desk_act(&st.desk, rows[i].action, &f, STAGE_NOW, &matched), OK);
		ck_assert_msg(matched == rows[i].matched, "row %zu", i);
		ck_assert_msg(stage_state(&st, n, 0) == rows[i].now, "row %zu", i);
		ck_assert(stage_sums(&st));
	}
	stage_close(&st);
}
END_TEST

/* retry and release make due now; an action reaches only the recipients that the filter names. */
START_TEST(actions_on_recipients)
{
	struct stage st;
	struct spool_due due;
	size_t matched;
	stage_open(&st, (enum spool_engine)_i);
	ck_assert_int_eq(mail_envelope_add(&st.desk.envelope, "b@Other.example"), OK);
	stage_message(&st);
	struct spool_filter f = {.to = "other.EXAMPLE"};
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_REMOVE, &f, STAGE_NOW, &matched), OK);
	ck_assert_uint_eq(matched, 1);
	ck_assert_int_eq(stage_state(&st, 1, 0), SPOOL_WAITING);
	ck_assert_int_eq(stage_state(&st, 1, 1), SPOOL_REMOVED);
	ck_assert_int_eq(desk_report(&st.desk, 1, 0, SPOOL_WAITING, STAGE_NOW + 99999, "x"), OK);
	struct spool_filter one = {.error = "X"};
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_RETRY, &one, STAGE_NOW + 5, NULL), OK);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW + 5, 9, &due), OK);
	ck_assert_uint_eq(due.count, 1);
	spool_message_unref(&due.messages[0]);
	free(due.messages);
	struct spool_filter none = {0};
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_REMOVE, &none, STAGE_NOW, &matched), E_RANGE);
	ck_assert_uint_eq(matched, 0);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

/* ---- reports that wait for company ---- */

/* A report of message `number`, on its way. */
struct report {
	struct spool_update update;
	struct spool_change change;
};

static void report_post(struct stage *st, struct report *r, uint64_t number)
{
	r->change = (struct spool_change){.number = number, .state = SPOOL_DELIVERED};
	r->update = (struct spool_update){.q = {.answer_to = &st->desk.inbox, .done = desk_done},
					  .changes = &r->change,
					  .change_count = 1};
	spool_update(st->desk.spool, &r->update);
	usleep(20000); /* where it does not wait, it is committed now */
}

static uint64_t commits(struct stage *st)
{
	struct spool_totals t;
	ck_assert_int_eq(desk_totals(&st->desk, &t), OK);
	return t.commits;
}

/* Two messages, and a spool whose reports wait for longer than this test may take. */
static void open_patient(struct stage *st)
{
	stage_open(st, SPOOL_SQLITE);
	stage_message(st);
	stage_message(st);
	st->o.report_wait = 600000;
	stage_reopen(st);
}

/* A submit ends the wait, and one commit serves all. */
START_TEST(reports_wait_for_a_submit)
{
	struct stage st;
	struct err err;
	struct report first, second;
	open_patient(&st);
	uint64_t before = commits(&st);
	size_t answered = st.desk.answered;
	report_post(&st, &first, 1);
	report_post(&st, &second, 2);
	struct spool_submit q = {.q = {.answer_to = &st.desk.inbox, .done = desk_done},
				 .draft = desk_draft(&st.desk, "x", 1, &err),
				 .envelope = &st.desk.envelope};
	spool_submit(st.desk.spool, &q);
	desk_wait(&st.desk, answered + 3);
	ck_assert_int_eq(first.update.q.result, OK);
	ck_assert_int_eq(second.update.q.result, OK);
	ck_assert_int_eq(q.q.result, OK);
	ck_assert_uint_eq(commits(&st), before + 1);
	spool_message_unref(&q.message);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

/* So does whoever asks, and the end: nothing is left out. */
START_TEST(nobody_waits_for_reports)
{
	struct stage st;
	struct report first, second;
	struct spool_totals t = {.q = {.answer_to = &st.desk.inbox, .done = desk_done}};
	open_patient(&st);
	size_t answered = st.desk.answered;
	report_post(&st, &first, 1);
	spool_totals(st.desk.spool, &t);
	desk_wait(&st.desk, answered + 2);
	ck_assert_int_eq(first.update.q.result, OK);
	ck_assert_uint_eq(t.states[SPOOL_DELIVERED], 1);
	report_post(&st, &second, 2);
	spool_close(&st.desk.spool);
	desk_wait(&st.desk, answered + 3);
	ck_assert_int_eq(second.update.q.result, OK);
	st.o.report_wait = 0;
	struct err err;
	ck_assert_int_eq(spool_open(&st.desk.spool, &st.o, &err), OK);
	ck_assert_int_eq(stage_state(&st, 2, 0), SPOOL_DELIVERED);
	stage_close(&st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/update");
	STAGE_CASE(s, "report", every_report_on_every_state, hold_keeps_its_reason,
		   null_words_leave_what_was, ends_with_the_last_recipient);
	STAGE_CASE(s, "refusal", refusal_changes_nothing);
	STAGE_CASE(s, "new", bounce_with_its_report);
	STAGE_CASE(s, "act", actions, actions_on_recipients);
	TCase *tc = tcase_create("wait");
	tcase_add_test(tc, reports_wait_for_a_submit);
	tcase_add_test(tc, nobody_waits_for_reports);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
