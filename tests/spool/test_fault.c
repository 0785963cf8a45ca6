/*
 * Every file operation and every write and sync of the database fails in turn, while messages are
 * taken, reported, bounced and held. A child does the work and ends without closing, as in a crash;
 * then the spool is opened again on a sound disk. What was answered OK has to be there once, what
 * was answered otherwise must not be, numbers have no gaps.
 */
#include "spool/desk.h"
#include "spool/faulty.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG (SPOOL_BODY_INLINE + 5000u)

enum { SMALL, LARGE, BOUNCED, LAST, COUNT };

/* What the child was told; shared with its parent. */
struct told {
	enum result submit[COUNT], report[COUNT], hold;
	uint64_t number[COUNT], bounce;
	bool struck, sums, again;
};

static char content[BIG];
static struct told *told;

static struct spool_options options(const struct stage *st, bool faulty)
{
	return (struct spool_options){.engine = SPOOL_SQLITE,
				      .path = suite_scratch(),
				      .keep = 1000000,
				      .version = "test",
				      .clock = &st->clock,
				      .files = faulty ? faulty_files() : NULL,
				      .hooks = faulty ? faulty_hooks() : NULL};
}

/* Submits several at once, so that they share a group. */
static void submit(struct desk *d, int from, int to)
{
	struct spool_submit q[COUNT];
	char session[16];
	struct err err;
	size_t before = d->answered;
	for (int i = from; i < to; i++) {
		struct mail_envelope *e = &d->envelope;
		snprintf(session, sizeof session, "s%d", i);
		e->session = session;
		q[i] = (struct spool_submit){
			.q = {.answer_to = &d->inbox, .done = desk_done},
			.draft = desk_draft(d, content, i == LARGE ? BIG : 100, &err),
			.envelope = e,
		};
		spool_submit(d->spool, &q[i]); /* has copied the envelope when it returns */
	}
	desk_wait(d, before + (size_t)(to - from));
	for (int i = from; i < to; i++) {
		told->submit[i] = q[i].q.result;
		told->number[i] = q[i].message ? q[i].message->number : 0;
		ck_assert_int_eq(q[i].message != NULL, q[i].q.result == OK);
		spool_message_unref(&q[i].message);
	}
}

static void bounce(struct desk *d)
{
	struct mail_envelope *e = &d->envelope;
	e->session = "bounce";
	struct spool_new news = {.envelope = e, .data = content, .size = BIG};
	struct spool_change c = {.number = told->number[BOUNCED], .state = SPOOL_BOUNCED};
	struct spool_update q = {.changes = &c, .change_count = 1, .news = &news, .new_count = 1};
	told->report[BOUNCED] = desk_update(d, &q);
	told->bounce = news.number;
}

static void script(struct desk *d)
{
	submit(d, SMALL, LAST);
	for (int i = SMALL; i <= LARGE; i++)
		if (told->submit[i] == OK)
			told->report[i] =
				desk_report(d, told->number[i], 0, SPOOL_DELIVERED, 0, "ok");
	if (told->submit[BOUNCED] == OK)
		bounce(d);
	submit(d, LAST, COUNT);
	struct spool_filter one = {.numbers = &told->number[LAST], .number_count = 1};
	if (told->submit[LAST] == OK)
		told->hold = desk_act(d, SPOOL_HOLD, &one, STAGE_NOW, NULL);
}

/* The spool comes back by itself once the disk is sound. */
static void await_sound(struct desk *d)
{
	struct spool_totals t = {.broken = true};
	for (int tries = 0; t.broken && tries < 2000; tries++) {
		ck_assert_int_eq(desk_totals(d, &t), OK);
		if (t.broken) {
			ck_assert(t.trouble.text[0]);
			usleep(5000);
		}
	}
	if (t.broken) {
		fprintf(stderr, "still broken: %s\n", t.trouble.text);
		_exit(3);
	}
}

static void child(unsigned nth, int errnum, unsigned more)
{
	struct stage st;
	stage_clock(&st);
	struct spool_options o = options(&st, true);
	struct spool *s;
	struct err err;
	faulty_arm(0, 0, 0);
	if (spool_open(&s, &o, &err) != OK)
		_exit(2);
	desk_open(&st.desk, s);
	faulty_arm(nth, errnum, more);
	script(&st.desk);
	told->struck = faulty_struck();
	told->again = faulty_tried_again();
	faulty_arm(0, 0, 0);
	await_sound(&st.desk);
	told->sums = stage_sums(&st);
	_exit(0);
}

static void run_child(unsigned nth, int errnum, unsigned more)
{
	int status;
	memset(told, 0, sizeof *told);
	for (int i = 0; i < COUNT; i++)
		told->submit[i] = told->report[i] = E_STATE;
	told->hold = E_STATE;
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		child(nth, errnum, more);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "call %u: status %x", nth,
		      status);
}

static size_t body_files(void)
{
	char path[PATH_MAX];
	size_t n = 0;
	snprintf(path, sizeof path, "%s/body", suite_scratch());
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static const struct spool_entry *entry(const struct spool_list *l, const char *session,
				       uint64_t number)
{
	const struct spool_entry *found = NULL;
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->entries[i].envelope.session, session) == 0) {
			ck_assert_msg(!found, "%s is there twice", session);
			found = &l->entries[i];
			ck_assert_uint_eq(found->number, number);
		}
	return found;
}

static enum spool_state state_due(int i)
{
	if (i == BOUNCED)
		return told->report[i] == OK ? SPOOL_BOUNCED : SPOOL_WAITING;
	if (i == LAST)
		return told->hold == OK ? SPOOL_HELD : SPOOL_WAITING;
	return told->report[i] == OK ? SPOOL_DELIVERED : SPOOL_WAITING;
}

static void expect_contents(struct stage *st, size_t large)
{
	struct spool_due due;
	ck_assert_int_eq(desk_due(&st->desk, STAGE_NOW, 100, &due), OK);
	for (size_t i = 0; i < due.count; i++) {
		static char got[BIG];
		struct spool_message *m = due.messages[i];
		ck_assert_int_eq(spool_message_read(m, 0, got, sizeof got), (ssize_t)m->size);
		ck_assert_mem_eq(got, content, m->size);
		spool_message_unref(&due.messages[i]);
	}
	free(due.messages);
	ck_assert_uint_eq(body_files(), large);
}

static void expect_told(unsigned nth)
{
	struct stage st;
	struct spool_list l;
	size_t count = 0, large = 0;
	stage_open(&st, SPOOL_SQLITE);
	stage_list(&st, &l);
	for (int i = 0; i < COUNT; i++) {
		char session[16];
		snprintf(session, sizeof session, "s%d", i);
		const struct spool_entry *e = entry(&l, session, told->number[i]);
		ck_assert_msg((e != NULL) == (told->submit[i] == OK), "call %u: message %d: %s",
			      nth, i, result_word(told->submit[i]));
		if (!e)
			continue;
		count++;
		large += i == LARGE && e->rcpts[0].state == SPOOL_WAITING;
		ck_assert_msg(e->rcpts[0].state == state_due(i), "call %u: message %d is %s", nth,
			      i, spool_state_word(e->rcpts[0].state));
	}
	bool bounced = entry(&l, "bounce", told->bounce) != NULL;
	ck_assert_int_eq(bounced, told->report[BOUNCED] == OK);
	count += bounced;
	large += bounced;
	ck_assert_uint_eq(l.count, count);
	for (size_t i = 0; i < l.count; i++)
		ck_assert_uint_eq(l.entries[i].number, i + 1);
	region_destroy(&l.region);
	ck_assert(stage_sums(&st));
	expect_contents(&st, large);
	stage_close(&st);
}

static void setup(void)
{
	suite_scratch();
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (char)(i * 7 + i / 300);
	told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(told, MAP_FAILED);
}

static const struct {
	int errnum;
	unsigned more;
} causes[] = {{EIO, 0}, {ENOSPC, 0}, {EROFS, 0}, {EINTR, 0}, {0, 0}, {EIO, 4}};

START_TEST(every_call_fails)
{
	unsigned failures = 0;
	for (unsigned n = 1;; n++) {
		suite_scratch();
		run_child(n, causes[_i].errnum, causes[_i].more);
		ck_assert_msg(told->sums, "call %u", n);
		ck_assert_msg(!told->again, "call %u: a sync was tried again", n);
		bool struck = told->struck;
		for (int i = 0; i < COUNT; i++)
			failures += told->submit[i] != OK && told->submit[i] != E_STATE;
		expect_told(n);
		if (!struck)
			break;
	}
	bool harmless = causes[_i].errnum == 0 || causes[_i].errnum == EINTR;
	if (harmless) /* an interrupted write goes on: nobody notices */
		ck_assert_uint_eq(failures, 0);
	else
		ck_assert_uint_gt(failures, 5);
}
END_TEST

/* A disk that stays broken loses nothing that was answered OK before. */
START_TEST(disk_stays_broken)
{
	for (unsigned n = 1; n < 60; n += 7) {
		int status;
		memset(told, 0, sizeof *told);
		suite_scratch();
		fflush(NULL);
		pid_t pid = fork();
		ck_assert_int_ge(pid, 0);
		if (!pid) {
			struct stage own;
			struct desk d;
			struct spool *s;
			struct err err;
			stage_clock(&own);
			struct spool_options o = options(&own, true);
			faulty_arm(0, 0, 0);
			if (spool_open(&s, &o, &err) != OK)
				_exit(2);
			desk_open(&d, s);
			faulty_arm(n, EIO, UINT_MAX);
			script(&d);
			_exit(0);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		struct stage st;
		struct spool_list l;
		stage_open(&st, SPOOL_SQLITE);
		stage_list(&st, &l);
		for (int i = 0; i < COUNT; i++) {
			char session[16];
			snprintf(session, sizeof session, "s%d", i);
			if (told->submit[i] == OK && told->number[i])
				ck_assert_ptr_nonnull(entry(&l, session, told->number[i]));
		}
		region_destroy(&l.region);
		ck_assert(stage_sums(&st));
		stage_close(&st);
	}
}
END_TEST

/* An opening that fails changes nothing that the next one needs. */
START_TEST(opening_fails)
{
	run_child(0, 0, 0);
	for (unsigned n = 1;; n++) {
		struct stage own;
		struct spool *s = NULL;
		struct err err = {.code = OK};
		stage_clock(&own);
		struct spool_options o = options(&own, true);
		faulty_arm(n, EIO, 0);
		enum result r = spool_open(&s, &o, &err);
		bool struck = faulty_struck();
		faulty_arm(0, 0, 0);
		ck_assert_int_eq(err.code, r);
		ck_assert_int_eq(s != NULL, r == OK);
		spool_close(&s);
		if (!struck)
			break;
		ck_assert_uint_lt(n, 200);
	}
	expect_told(0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/fault");
	TCase *t = tcase_create("fault");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, every_call_fails, 0, sizeof causes / sizeof *causes);
	tcase_add_test(t, disk_stays_broken);
	tcase_add_test(t, opening_fails);
	tcase_set_timeout(t, 300);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
