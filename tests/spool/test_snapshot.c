/* snapshot: a copy made while mail is taken, delivered and lost is a whole spool; one that comes up held. */
#include "spool/snapshot.h"

#include "spool/desk.h"
#include "spool/faulty.h"
#include "support/suite.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY 2000 /* messages of 4 KiB: some ten pieces of the copy */
#define LARGE (SPOOL_BODY_INLINE + 1000u)

static struct stage st;
static char content[LARGE];

/* faults: by the faulty calls. */
static void fill(bool faults)
{
	struct spool_message *m;
	stage_open(&st, SPOOL_SQLITE);
	if (faults) {
		st.o.files = faulty_files();
		st.o.hooks = faulty_hooks();
		faulty_arm(0, 0, 0);
		stage_reopen(&st);
	}
	memset(content, 'x', sizeof content);
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(desk_submit(&st.desk, content, 4096, NULL, &m), OK);
		spool_message_unref(&m);
	}
	ck_assert_int_eq(desk_submit(&st.desk, content, LARGE, NULL, &m), OK);
	spool_message_unref(&m);
}

struct asked {
	struct spool_snapshot q; /* first: done finds the rest */
	bool answered;
};

static void snapshot_done(struct spool_request *q)
{
	((struct asked *)(void *)q)->answered = true;
}

static void ask(struct asked *a)
{
	memset(a, 0, sizeof *a);
	a->q.q.answer_to = &st.desk.inbox;
	a->q.q.done = snapshot_done;
	spool_snapshot(st.desk.spool, &a->q);
}

/* Takes mail and delivers it until the copy is there; how much. */
static unsigned work_until(struct asked *a, uint64_t deliver)
{
	unsigned taken = 0;
	for (struct spool_message *m; !a->answered && taken < 100000; taken++) {
		if (desk_submit(&st.desk, content, 4096, NULL, &m) == OK)
			desk_report(&st.desk, deliver++, 0, SPOOL_DELIVERED, 0, "ok");
		spool_message_unref(&m);
		if (taken % 100 == 50) /* a body that is a file goes */
			desk_report(&st.desk, MANY + 1, 0, SPOOL_DELIVERED, 0, "ok");
	}
	return taken;
}

static void path_of(char out[PATH_MAX], const char *name)
{
	snprintf(out, PATH_MAX, "%s/" SNAPSHOT_FOLDER "%s", suite_scratch(), name);
}

/* Opens the copy as a spool of its own, and looks. */
static void look_at_copy(uint64_t last)
{
	char path[PATH_MAX];
	struct stage copy = {.o = {.engine = SPOOL_SQLITE, .path = path, .keep = 1000000}};
	struct spool *s;
	struct spool_totals t;
	struct err err;
	path_of(path, "");
	stage_clock(&copy);
	copy.o.clock = &copy.clock;
	copy.o.version = "test";
	ck_assert_msg(spool_open(&s, &copy.o, &err) == OK, "%s", err.text);
	desk_open(&copy.desk, s);
	ck_assert(stage_sums(&copy));
	ck_assert_int_eq(desk_totals(&copy.desk, &t), OK);
	ck_assert_uint_eq(t.messages_accepted, last);
	spool_close(&copy.desk.spool);
	desk_close(&copy.desk);
}

static void remove_copy(void)
{
	char path[PATH_MAX];
	struct err err;
	path_of(path, "/lock");
	unlink(path);
	ck_assert_msg(snapshot_remove(suite_scratch(), &err) == OK, "%s", err.text);
	path_of(path, "");
	ck_assert_int_ne(access(path, F_OK), 0);
}

START_TEST(while_mail_goes_on)
{
	struct asked a;
	unsigned taken = 0;
	fill(false);
	for (int i = 0; i < 3; i++) {
		ask(&a);
		taken += work_until(&a, 1 + (unsigned)i * 500);
		ck_assert_int_eq(a.q.q.result, OK);
		look_at_copy(a.q.last);
		remove_copy();
	}
	ck_assert_uint_gt(taken, 3);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

/* A group that is lost half-way: the copy begins anew. */
START_TEST(over_a_lost_group)
{
	struct asked a;
	fill(true);
	ask(&a);
	faulty_arm(12, EIO, 0);
	work_until(&a, 1);
	ck_assert(faulty_struck());
	ck_assert_int_eq(a.q.q.result, OK);
	faulty_arm(0, 0, 0);
	look_at_copy(a.q.last);
	remove_copy();
	stage_close(&st);
}
END_TEST

START_TEST(one_at_a_time_and_none_of_memory)
{
	struct asked a, b;
	fill(false);
	ask(&a);
	ask(&b);
	while (!a.answered || !b.answered)
		work_until(a.answered ? &b : &a, 1);
	ck_assert_int_eq(a.q.q.result, OK);
	ck_assert_int_eq(b.q.q.result, E_BUSY);
	ask(&a);
	spool_close(&st.desk.spool); /* it is given up, nothing is left of it */
	inbox_drain(&st.desk.inbox);
	ck_assert(a.answered);
	char path[PATH_MAX];
	path_of(path, "");
	ck_assert(a.q.q.result == OK || access(path, F_OK) != 0);
	stage_close(&st);
	stage_open(&st, SPOOL_MEMORY);
	ask(&a);
	work_until(&a, 1);
	ck_assert_int_eq(a.q.q.result, E_UNSUPPORTED);
	stage_close(&st);
}
END_TEST

/* What `restore` leaves: everything that waits is held once, and what was held keeps its reason. */
START_TEST(restored_comes_up_held)
{
	char path[PATH_MAX];
	stage_open(&st, SPOOL_SQLITE);
	uint64_t number = stage_message(&st);
	snprintf(path, sizeof path, "%s/" SNAPSHOT_RESTORED, suite_scratch());
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("restored from a backup of then\n", f);
	fclose(f);
	stage_reopen(&st);
	struct spool_list l;
	stage_list(&st, &l);
	ck_assert_int_eq(l.entries[0].rcpts[0].state, SPOOL_HELD);
	ck_assert_str_eq(l.entries[0].rcpts[0].reason, "restored from a backup of then");
	region_destroy(&l.region);
	ck_assert_int_ne(access(path, F_OK), 0);
	struct spool_filter all = {.all = true};
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_RELEASE, &all, STAGE_NOW, NULL), OK);
	stage_reopen(&st);
	ck_assert_int_eq(stage_state(&st, number, 0), SPOOL_WAITING);
	stage_close(&st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/snapshot");
	TCase *t = tcase_create("copies");
	tcase_add_test(t, while_mail_goes_on);
	tcase_add_test(t, over_a_lost_group);
	tcase_add_test(t, one_at_a_time_and_none_of_memory);
	tcase_add_test(t, restored_comes_up_held);
	tcase_set_timeout(t, 300);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
