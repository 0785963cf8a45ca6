/* torture: a sound spool passes it, one that answers before the commit does not, and a disk that takes nothing is told. */
#include "spool/torture.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static char path[4096];
static unsigned told;

static void count(void *ctx, const struct spool_torture *t)
{
	ck_assert_ptr_eq(ctx, &told);
	ck_assert_uint_eq(t->killed, ++told);
}

START_TEST(finds_nothing_in_a_sound_spool)
{
	struct spool_torture t = {.path = path, .kills = 4, .progress = count, .ctx = &told};
	struct err err = {0};
	told = 0;
	ck_assert_msg(spool_torture_run(&t, &err) == OK, "%s", err.text);
	ck_assert_uint_eq(told, 4);
	ck_assert_uint_eq(t.killed, 4);
	ck_assert_uint_ge(t.answered, 4);
	ck_assert_uint_ge(t.found, t.answered);
	ck_assert_uint_eq(spool_torture_faults(&t), 0);
}
END_TEST

START_TEST(finds_an_answer_before_the_commit)
{
	struct spool_torture t = {.path = path, .kills = 10, .early = true};
	struct err err = {0};
	ck_assert_msg(spool_torture_run(&t, &err) == OK, "%s", err.text);
	ck_assert_uint_gt(t.lost, 0);
	ck_assert_uint_eq(spool_torture_faults(&t), t.lost);
}
END_TEST

START_TEST(tells_of_a_folder_that_is_not_there)
{
	struct spool_torture t = {.path = "/nowhere/at/all", .kills = 1};
	struct err err = {0};
	ck_assert_int_ne(spool_torture_run(&t, &err), OK);
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all"));
	ck_assert_uint_eq(t.killed, 0);
}
END_TEST

static void enter(void)
{
	snprintf(path, sizeof path, "%s", suite_scratch());
}

static Suite *suite(void)
{
	Suite *s = suite_create("spool/torture");
	TCase *t = tcase_create("kill");
	tcase_add_checked_fixture(t, enter, suite_scratch_remove);
	tcase_add_test(t, finds_nothing_in_a_sound_spool);
	tcase_add_test(t, finds_an_answer_before_the_commit);
	tcase_add_test(t, tells_of_a_folder_that_is_not_there);
	tcase_set_timeout(t, 300);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
