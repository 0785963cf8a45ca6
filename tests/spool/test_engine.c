/* engine: what the spool thread relies on and cannot be seen from outside: going back from a lost
 * transaction. */
#include "spool/engine.h"
#include "spool/desk.h"
#include "support/suite.h"

#include <string.h>

static struct clock_fake fake;
static struct spool_options options;
static struct err err;

static struct engine *open_engine(int which)
{
	struct engine *e = NULL;
	clock_fake_init(&fake, 0, STAGE_NOW);
	options = (struct spool_options){.path = suite_scratch(),
					 .version = "test",
					 .clock = &fake.clock,
					 .files = file_system()};
	enum result r = which == SPOOL_MEMORY ? engine_memory_open(&e, &options, &err)
					      : engine_sqlite_open(&e, &options, &err);
	ck_assert_int_eq(r, OK);
	return e;
}

static void add(struct engine *e, struct engine_counts *c)
{
	struct region *region = region_new(0);
	struct mail_envelope v;
	struct message *m = message_new();
	mail_envelope_init(&v, region);
	ck_assert_int_eq(mail_envelope_add(&v, "to@example.net"), OK);
	ck_assert_int_eq(message_address(m, &v, NULL, STAGE_NOW), OK);
	m->m.data = "";
	message_number(m, ++c->last);
	c->accepted++;
	c->states[SPOOL_WAITING]++;
	c->waiting++;
	ck_assert_int_eq(e->ops->insert(e, m, STAGE_NOW, &err), OK);
	struct spool_message *gone = &m->m;
	spool_message_unref(&gone);
	region_destroy(&region);
}

static void change(struct engine *e, uint64_t number, const char *reason)
{
	struct engine_rcpt r = {SPOOL_DELIVERED, 1, STAGE_NOW, false, 0};
	struct engine_words w = {"r", "p", "s", reason};
	struct engine_head head;
	struct spool_attempt a = {
		.at = STAGE_NOW, .nth = 1, .state = SPOOL_DELIVERED, .reason = reason};
	ck_assert_int_eq(e->ops->set_rcpt(e, number, 0, &r, &w, &err), OK);
	ck_assert_int_eq(e->ops->add_attempt(e, number, &a, &err), OK);
	ck_assert_int_eq(e->ops->head(e, number, &head, &err), OK);
	head.next_at = ENGINE_NEVER;
	head.ended = STAGE_NOW;
	ck_assert_int_eq(e->ops->set_head(e, &head, &err), OK);
}

static void expect(struct engine *e, uint64_t number, enum spool_state state, size_t attempts,
		   bool body)
{
	struct region *region = region_new(0);
	struct spool_entry got;
	ck_assert_int_eq(e->ops->load(e, number, true, region, &got, &err), OK);
	ck_assert_int_eq(got.rcpts[0].state, state);
	ck_assert_uint_eq(got.attempt_count, attempts);
	ck_assert_int_eq(got.body, body);
	ck_assert_int_eq(got.ended != 0, !body);
	region_destroy(&region);
}

/* New messages, changes and removals of a lost transaction are all gone; what was committed stays.
 */
START_TEST(recover_takes_back)
{
	struct engine *e = open_engine(_i);
	struct engine_counts c = e->counts;
	ck_assert_int_eq(e->ops->begin(e, &err), OK);
	add(e, &c);
	add(e, &c);
	add(e, &c);
	change(e, 3, "committed");
	ck_assert_int_eq(e->ops->commit(e, &c, &err), OK);
	struct engine_counts good = e->counts;
	ck_assert_uint_eq(good.last, 3);
	for (int round = 0; round < 3; round++) {
		struct engine_counts lost = good;
		ck_assert_int_eq(e->ops->begin(e, &err), OK);
		change(e, 1, "lost");
		add(e, &lost);
		change(e, 4, "lost too");
		ck_assert_int_eq(e->ops->drop(e, 3, &err), OK);
		struct engine_head head;
		ck_assert_int_eq(e->ops->head(e, 3, &head, &err), E_NOTFOUND);
		ck_assert_int_eq(e->ops->recover(e, &err), OK);
		ck_assert_uint_eq(e->counts.last, 3);
		ck_assert_int_eq(e->ops->head(e, 4, &head, &err), E_NOTFOUND);
		expect(e, 1, SPOOL_WAITING, 0, true);
		expect(e, 2, SPOOL_WAITING, 0, true);
		expect(e, 3, SPOOL_DELIVERED, 1, false);
	}
	e->ops->close(e);
	suite_scratch_remove();
}
END_TEST

/* A failure outside a transaction: nothing is doubtful, so nothing may be cut. */
START_TEST(recover_keeps_the_committed)
{
	struct engine *e = open_engine(_i);
	struct engine_counts c = e->counts;
	for (uint64_t n = 1; n <= 3; n++) {
		ck_assert_int_eq(e->ops->begin(e, &err), OK);
		add(e, &c);
		ck_assert_int_eq(e->ops->commit(e, &c, &err), OK);
		ck_assert_int_eq(e->ops->recover(e, &err), OK);
		ck_assert_uint_eq(e->counts.last, n);
		expect(e, n, SPOOL_WAITING, 0, true);
		ck_assert_int_eq(e->ops->upkeep(e, true, &err), OK);
		ck_assert_int_eq(e->ops->recover(e, &err), OK);
		expect(e, n, SPOOL_WAITING, 0, true);
	}
	e->ops->close(e);
	suite_scratch_remove();
}
END_TEST

START_TEST(files_and_names)
{
	struct engine *e = open_engine(SPOOL_SQLITE);
	struct engine_counts c = e->counts;
	char file[BODY_NAME_MAX];
	uint64_t number;
	bool taken;
	ck_assert_int_eq(e->ops->begin(e, &err), OK);
	add(e, &c);
	ck_assert_int_eq(e->ops->commit(e, &c, &err), OK);
	ck_assert_int_eq(e->ops->next_file(e, 0, &number, file, &err), E_NOTFOUND);
	ck_assert_int_eq(e->ops->taken(e, "drop-1", &taken, &err), OK);
	ck_assert(!taken);
	e->ops->close(e);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/engine");
	STAGE_CASE(s, "recover", recover_takes_back, recover_keeps_the_committed);
	SUITE_CASE(s, "rows", files_and_names);
	return s;
}
SUITE_MAIN(suite)
