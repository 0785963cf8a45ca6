/* verify: the chain of the history closes whatever happens to mail, and shows every row that was
 * removed or changed behind the spool's back. */
#include "spool/desk.h"
#include "support/suite.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEEP 1000000 /* as stage_open sets it */

static struct stage st;

static struct spool_verify verify(void)
{
	struct spool_verify q = {.known = 0};
	ck_assert_int_eq(desk_verify(&st.desk, &q), OK);
	return q;
}

static void verify_well(uint64_t messages)
{
	struct spool_verify q = verify();
	ck_assert_msg(!q.faults, "%s", q.faults ? q.texts[0] : "");
	ck_assert_uint_eq(q.messages, messages);
	ck_assert_uint_eq(strlen(q.head), 64);
	region_destroy(&q.region);
}

static void end(uint64_t number)
{
	ck_assert_int_eq(desk_report(&st.desk, number, 0, SPOOL_DELIVERED, 0, "250 ok"), OK);
}

/* 1 and 2 delivered, the second at its second attempt; 3 removed; 4 waits, was tried; 5 held. */
static void live(void)
{
	static const uint64_t removed = 3, held = 5;
	struct spool_filter f = {.numbers = &removed, .number_count = 1};
	for (int i = 0; i < 5; i++)
		stage_message(&st);
	end(1);
	ck_assert_int_eq(desk_report(&st.desk, 2, 0, SPOOL_WAITING, STAGE_NOW, "451 later"), OK);
	end(2);
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_REMOVE, &f, STAGE_NOW, NULL), OK);
	ck_assert_int_eq(desk_report(&st.desk, 4, 0, SPOOL_WAITING, STAGE_NOW, "451 later"), OK);
	f.numbers = &held;
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_HOLD, &f, STAGE_NOW, NULL), OK);
}

START_TEST(closes)
{
	stage_open(&st, (enum spool_engine)_i);
	verify_well(0);
	live();
	verify_well(5);
	/* A removed one that was delivered all the same: its end is said again. */
	end(3);
	verify_well(5);
	if (_i == SPOOL_SQLITE) {
		stage_reopen(&st);
		verify_well(5);
	}
	stage_close(&st);
}
END_TEST

static void forget(uint64_t number)
{
	struct spool_list l = {.limit = 1, .filter.ended = true, .after = number - 1};
	for (int i = 0; i < 60000; i++) {
		ck_assert_int_eq(desk_list(&st.desk, &l), OK);
		bool there = l.count && l.entries[0].number == number;
		region_destroy(&l.region);
		if (!there)
			return;
		usleep(1000);
	}
	ck_abort_msg("m%llu is not forgotten", (unsigned long long)number);
}

START_TEST(closes_while_it_is_forgotten)
{
	stage_open(&st, (enum spool_engine)_i);
	live();
	st.desk.envelope.arrived = STAGE_NOW + KEEP;
	stage_message(&st);
	stage_advance(&st, KEEP + 1);
	forget(1);
	forget(3);
	verify_well(3); /* 4, 5, 6 */
	struct spool_verify q = verify();
	ck_assert_uint_gt(q.first, 1);
	region_destroy(&q.region);
	end(6);
	end(4); /* its links have moved to the end */
	stage_advance(&st, KEEP + 1);
	forget(6);
	forget(4);
	verify_well(1);
	if (_i == SPOOL_SQLITE)
		stage_reopen(&st);
	verify_well(1);
	stage_close(&st);
}
END_TEST

/* ---- what was done behind its back ---- */

static void change_rows(const char *sql)
{
	char path[PATH_MAX], *why = NULL;
	sqlite3 *db;
	snprintf(path, sizeof path, "%s/spool.db", suite_scratch());
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s: %s", sql, why);
	ck_assert_int_gt(sqlite3_total_changes(db), 0);
	sqlite3_close(db);
}

static const struct {
	const char *sql, *words;
} plants[] = {
	{"UPDATE message SET reverse_path = 'x' WHERE number = 1", "m1 is not as it was taken"},
	{"UPDATE message SET hash = 'x' WHERE number = 4", "m4 is not as it was taken"},
	{"UPDATE message SET arrived = 1 WHERE number = 5", "m5 is not as it was taken"},
	{"UPDATE message SET repaired = 'x' WHERE number = 2", "m2 is not as it was taken"},
	{"UPDATE message SET asks = 'x' WHERE number = 2", "m2 is not as it was taken"},
	{"UPDATE rcpt SET asks = 'x' WHERE message = 2", "m2 is not as it was taken"},
	{"UPDATE rcpt SET address = 'x@y' WHERE message = 2", "m2 is not as it was taken"},
	{"UPDATE rcpt SET state = 3 WHERE message = 1", "m1 did not end as"},
	{"UPDATE rcpt SET reason = 'x' WHERE message = 3", "m3 did not end as"},
	{"UPDATE message SET ended = ended + 1 WHERE number = 1", "m1 did not end as"},
	{"UPDATE attempt SET peer = 'x' WHERE message = 4", "m4: attempt 1 for recipient 0"},
	{"UPDATE attempt SET sent_hash = 'x' WHERE message = 2 AND nth = 2", "m2: attempt 2"},
	{"UPDATE attempt SET sent_sender = 'x' WHERE message = 2 AND nth = 2", "m2: attempt 2"},
	{"UPDATE attempt SET sent_from = 'x' WHERE message = 2 AND nth = 2", "m2: attempt 2"},
	{"DELETE FROM attempt WHERE message = 2 AND nth = 1", "m2: attempt 1"},
	{"DELETE FROM rcpt WHERE message = 1", "m1 lacks recipients"},
	{"DELETE FROM message WHERE number = 3; DELETE FROM rcpt WHERE message = 3",
	 "m3 is gone, and no link says"},
	{"DELETE FROM message WHERE number = 1; DELETE FROM rcpt WHERE message = 1;"
	 "DELETE FROM attempt WHERE message = 1; DELETE FROM link WHERE message = 1",
	 "are gone"},
	{"DELETE FROM link WHERE seq = (SELECT max(seq) FROM link)", "are gone"},
	{"DELETE FROM link WHERE seq = 1", "links 1 to 1 are gone"},
	{"UPDATE link SET message = 2 WHERE seq = 1", "is not as it was taken"},
	{"UPDATE link SET kind = 4 WHERE seq = 3", "was forgotten"},
	{"UPDATE link SET kind = 9 WHERE seq = 3", "no kind that is known"},
	{"UPDATE link SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) FROM link)",
	 "the newest link"},
	{"UPDATE totals SET link_hash = x'00'", "the newest link"},
	{"INSERT INTO message SELECT number + 10, reverse_path, eight_bit, session, listener,"
	 " protocol, client, helo, arrived, priority, size, hash, 0, NULL, NULL, ended, repaired, "
	 "asks "
	 "FROM message"
	 " WHERE number = 1",
	 "m11 is there and was never taken"},
};

START_TEST(a_change_is_found)
{
	bool said = false;
	stage_open(&st, SPOOL_SQLITE);
	live();
	spool_close(&st.desk.spool);
	change_rows(plants[_i].sql);
	stage_reopen(&st);
	struct spool_verify q = verify();
	for (size_t i = 0; i < q.faults; i++)
		said |= strstr(q.texts[i], plants[_i].words) != NULL;
	ck_assert_msg(said, "%s: %s", plants[_i].sql, q.faults ? q.texts[0] : "nothing is found");
	region_destroy(&q.region);
	stage_close(&st);
}
END_TEST

/* A whole new chain would close; the hash that was written down does not fit it. */
START_TEST(what_was_written_down)
{
	stage_open(&st, SPOOL_SQLITE);
	live();
	struct spool_verify q = verify();
	struct spool_verify known = {.known = q.last, .known_hash = q.head};
	stage_message(&st);
	ck_assert_int_eq(desk_verify(&st.desk, &known), OK);
	ck_assert_uint_eq(known.faults, 0);
	region_destroy(&known.region);
	known.known--;
	ck_assert_int_eq(desk_verify(&st.desk, &known), OK);
	ck_assert_uint_eq(known.faults, 1);
	ck_assert_ptr_nonnull(strstr(known.texts[0], "not the one that was written down"));
	region_destroy(&known.region);
	known.known = 1000;
	ck_assert_int_eq(desk_verify(&st.desk, &known), OK);
	ck_assert_ptr_nonnull(strstr(known.texts[0], "link 1000 is not there"));
	region_destroy(&known.region);
	region_destroy(&q.region);
	stage_close(&st);
}
END_TEST

/* What was taken by a release before the chain has no link of its taking, and all else. */
START_TEST(a_spool_of_before)
{
	stage_open(&st, SPOOL_SQLITE);
	live();
	spool_close(&st.desk.spool);
	change_rows("DROP TABLE link; ALTER TABLE totals DROP COLUMN link;"
		    "ALTER TABLE totals DROP COLUMN link_base;"
		    "ALTER TABLE totals DROP COLUMN link_hash;"
		    "ALTER TABLE totals DROP COLUMN base_hash;"
		    "ALTER TABLE message DROP COLUMN repaired;"
		    "DROP INDEX body_file;"
		    "ALTER TABLE message DROP COLUMN asks; ALTER TABLE rcpt DROP COLUMN asks;"
		    "ALTER TABLE attempt DROP COLUMN sent_sender;"
		    "ALTER TABLE attempt DROP COLUMN sent_from;"
		    "DELETE FROM meta WHERE name LIKE 'schema _ by' AND name > 'schema 1 by';"
		    "PRAGMA user_version = 1");
	stage_reopen(&st);
	verify_well(0);
	end(4);
	stage_message(&st);
	verify_well(1);
	ck_assert(stage_sums(&st));
	stage_advance(&st, KEEP + 1);
	forget(4);
	verify_well(1);
	stage_close(&st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/verify");
	STAGE_CASE(s, "closes", closes, closes_while_it_is_forgotten);
	TCase *t = tcase_create("found");
	tcase_add_loop_test(t, a_change_is_found, 0, sizeof plants / sizeof *plants);
	tcase_add_test(t, what_was_written_down);
	tcase_add_test(t, a_spool_of_before);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
