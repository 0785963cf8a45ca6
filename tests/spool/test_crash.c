/*
 * kill -9 in mid-load, again and again on one spool: what was answered OK is there exactly once
 * afterwards, a report answered OK is known, numbers have no gaps, sums close.
 */
#include "spool/desk.h"
#include "support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 30
#define MOST 200000 /* messages over all rounds */
#define FLIGHTS 12
#define BIG (SPOOL_BODY_INLINE + 1u)

/* By number; written by the child once it was told, read by its parent. */
struct told {
	unsigned token[MOST + 1]; /* which submit it was, 0: not told */
	bool delivered[MOST + 1];
	unsigned last_token;
};
static struct told *told;
static char content[BIG];

struct flight {
	struct spool_submit submit;
	struct spool_update update;
	struct spool_change change;
	uint64_t number;
	unsigned token;
	char session[24];
	struct desk *desk;
};

static void launch(struct flight *f);

static void updated(struct spool_request *q)
{
	struct flight *f = (struct flight *)((char *)q - offsetof(struct flight, update));
	if (q->result == OK && f->update.change_count)
		told->delivered[f->number] = true;
	launch(f);
}

static void submitted(struct spool_request *q)
{
	struct flight *f = (struct flight *)q;
	if (q->result != OK || f->submit.message->number > MOST)
		_exit(3);
	f->number = f->submit.message->number;
	told->token[f->number] = f->token;
	spool_message_unref(&f->submit.message);
	f->change = (struct spool_change){
		.number = f->number, .state = SPOOL_DELIVERED, .attempted = true, .reason = "ok"};
	f->update = (struct spool_update){.q = {.answer_to = &f->desk->inbox, .done = updated},
					  .changes = &f->change,
					  .change_count = f->token % 3 != 0,
					  .unclaim = &f->number,
					  .unclaim_count = 1};
	spool_update(f->desk->spool, &f->update);
}

static void launch(struct flight *f)
{
	struct err err;
	f->token = ++told->last_token;
	snprintf(f->session, sizeof f->session, "t%u", f->token);
	f->desk->envelope.session = f->session;
	size_t size = f->token % 40 == 0 ? BIG : f->token % 5000;
	f->submit = (struct spool_submit){.q = {.answer_to = &f->desk->inbox, .done = submitted},
					  .draft = desk_draft(f->desk, content, size, &err),
					  .envelope = &f->desk->envelope};
	spool_submit(f->desk->spool, &f->submit);
}

static void child(int ready)
{
	static struct flight flights[FLIGHTS];
	struct stage st;
	stage_open(&st, SPOOL_SQLITE);
	if (write(ready, "r", 1) != 1)
		_exit(4);
	for (size_t i = 0; i < FLIGHTS; i++) {
		flights[i].desk = &st.desk;
		launch(&flights[i]);
	}
	for (;;)
		if (!inbox_drain(&st.desk.inbox))
			bell_wait(&st.desk.bell, -1);
}

static void crash(unsigned ms)
{
	int ready[2], status;
	char c;
	ck_assert_int_eq(pipe(ready), 0);
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		child(ready[1]);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	usleep(ms * 1000);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status), "the child ended by itself: %x", status);
}

static void check_entry(const struct spool_entry *e, uint64_t number, unsigned char *seen)
{
	ck_assert_uint_eq(e->number, number);
	unsigned token = (unsigned)strtoul(e->envelope.session + 1, NULL, 10);
	ck_assert_msg(!seen[token], "submit %u is there twice", token);
	seen[token] = 1;
	if (told->token[number]) {
		ck_assert_uint_eq(token, told->token[number]);
		if (told->delivered[number])
			ck_assert_int_eq(e->rcpts[0].state, SPOOL_DELIVERED);
	}
	if (token % 3 == 0)
		ck_assert_msg(e->rcpts[0].state == SPOOL_WAITING, "submit %u: %s", token,
			      e->rcpts[0].reason);
}

static uint64_t check(void)
{
	struct stage st;
	struct spool_list l;
	struct spool_due due;
	stage_open(&st, SPOOL_SQLITE);
	stage_list(&st, &l);
	unsigned char *seen = calloc(told->last_token + 2, 1);
	uint64_t count = l.count;
	for (size_t i = 0; i < l.count; i++)
		check_entry(&l.entries[i], i + 1, seen);
	for (uint64_t n = l.count + 1; n <= MOST; n++)
		ck_assert_msg(!told->token[n], "m%llu is lost", (unsigned long long)n);
	free(seen);
	region_destroy(&l.region);
	ck_assert(stage_sums(&st));
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, SIZE_MAX, &due), OK);
	for (size_t i = 0; i < due.count; i++) {
		static char got[BIG];
		struct spool_message *m = due.messages[i];
		ck_assert_int_eq(spool_message_read(m, 0, got, BIG), (ssize_t)m->size);
		ck_assert_mem_eq(got, content, m->size);
		spool_message_unref(&due.messages[i]);
	}
	free(due.messages);
	spool_close(&st.desk.spool);
	desk_close(&st.desk);
	return count;
}

START_TEST(killed_in_mid_load)
{
	uint64_t before = 0;
	told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(told, MAP_FAILED);
	for (size_t i = 0; i < sizeof content; i++)
		content[i] = (char)(i * 13 + i / 100);
	suite_scratch();
	unsigned random = 12345;
	for (int round = 0; round < ROUNDS; round++) {
		random = random * 1103515245 + 12345;
		crash(1 + random / 65536 % 50);
		before = check();
	}
	ck_assert_uint_gt(before, 0);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/crash");
	TCase *t = tcase_create("kill");
	tcase_add_test(t, killed_in_mid_load);
	tcase_set_timeout(t, 300);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
