/*
 * Every crash that the disk allows, of the real engine and the real delivery: a spool takes, gives to
 * a mailbox, reports, bounces, holds and fails a sync while all calls are recorded; then each state
 * that a crash after each call may leave is written out, opened and looked through:
 *
 *   - what was answered OK is there once, with its bytes, waiting as long as it is not in the mailbox;
 *   - what was refused is not there, though its bytes may have reached the disk;
 *   - what was noted as delivered is whole in the mailbox, and what is in `new` is whole;
 *   - the same of the maildrop, where local programs leave mail;
 *   - numbers have no gaps, sums close.
 *
 * Planted faults (a sync that is left out, an answer before the commit) have to be found.
 */
#include "deliver/maildir.h"
#include "spool/desk.h"
#include "spool/dropped.h"
#include "support/suite.h"
#include "torture/disk.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGE (SPOOL_BODY_INLINE + 3000u)
#define TOKENS 64
#define HELD_TOKEN 1
#define DROPPED_TOKEN (TOKENS - 1)
#define CHANCES 2 /* states by chance for each call; REPLAY_CHANCES in the environment: more */

enum mark { ANSWERED = 1, REFUSED, DELIVERED, REPORTED, DROPPED };

static struct {
	unsigned states, faults;
	char first[300];
} found;

static void __attribute__((format(printf, 1, 2))) fault(const char *format, ...)
{
	va_list args;
	if (found.faults++)
		return;
	va_start(args, format);
	vsnprintf(found.first, sizeof found.first, format, args);
	va_end(args);
}

/* Content of a token: its own from the first byte on, LF nowhere but behind CR. */
static size_t content_of(unsigned token, char *to)
{
	size_t n = token % 5 == 2 ? LARGE : 200 + token * 13;
	for (size_t i = 0; i < n; i++)
		to[i] = (char)('a' + (i * 7 + token) % 26);
	memcpy(to + n - 2, "\r\n", 2);
	return n;
}

/* ---- the work that is recorded ---- */

struct work {
	struct desk desk;
	struct clock clock;
	struct maildir_namer namer;
	char root[100], mailbox[120], spool[120];
	bool early; /* the planted answer before the commit */
	unsigned tokens;
	uint64_t number[TOKENS];
};

static void open_spool(struct spool **s, const char *path, const struct clock *clock, bool recorded)
{
	struct err err;
	struct spool_options o = {.engine = SPOOL_SQLITE,
				  .path = path,
				  .keep = 1000000000,
				  .version = "test",
				  .clock = clock,
				  .files = recorded ? record_files() : NULL,
				  .hooks = recorded ? record_hooks() : NULL};
	ck_assert_msg(spool_open(s, &o, &err) == OK, "%s", err.text);
}

static void launch(struct work *w, struct spool_submit *q, unsigned token)
{
	static char content[LARGE];
	char session[16];
	struct err err;
	size_t n = content_of(token, content);
	snprintf(session, sizeof session, "t%u", token);
	w->desk.envelope.session = session;
	*q = (struct spool_submit){.q = {.answer_to = &w->desk.inbox, .done = desk_done},
				   .draft = desk_draft(&w->desk, content, n, &err),
				   .envelope = &w->desk.envelope};
	if (w->early)
		record_mark(ANSWERED, token, 0);
	spool_submit(w->desk.spool, q);
}

/* Several that are taken together, as far as they are. */
static void submit(struct work *w, unsigned count)
{
	struct spool_submit q[TOKENS];
	size_t before = w->desk.answered;
	for (unsigned i = 0; i < count; i++)
		launch(w, &q[i], w->tokens + i);
	desk_wait(&w->desk, before + count);
	for (unsigned i = 0; i < count; i++, w->tokens++) {
		bool taken = q[i].q.result == OK;
		w->number[w->tokens] = taken ? q[i].message->number : 0;
		if (!w->early || !taken)
			record_mark(taken ? ANSWERED : REFUSED, w->tokens, w->number[w->tokens]);
		struct err err;
		if (taken && w->tokens % 2 == 0) {
			ck_assert_int_eq(maildir_deliver_as(&w->namer, record_files(), w->mailbox,
							    q[i].message, "", NULL, &err),
					 OK);
			record_mark(DELIVERED, w->tokens, 0);
		}
		spool_message_unref(&q[i].message);
	}
}

static void report(struct work *w, unsigned token)
{
	if (desk_report(&w->desk, w->number[token], 0, SPOOL_DELIVERED, 0, "ok") == OK)
		record_mark(REPORTED, token, 0);
}

static void hold(struct work *w, unsigned token)
{
	struct spool_filter one = {.numbers = &w->number[token], .number_count = 1};
	ck_assert_int_eq(desk_act(&w->desk, SPOOL_HOLD, &one, STAGE_NOW, NULL), OK);
}

/* As `smtpgate send` does without a gateway. */
static void drop(struct work *w, unsigned token)
{
	static char content[LARGE];
	struct err err;
	size_t n = content_of(token, content);
	ck_assert_int_eq(
		spool_maildrop_write(record_files(), w->spool, &w->desk.envelope, content, n, &err),
		OK);
	record_mark(DROPPED, token, 0);
}

static void wait_for_checkpoint(unsigned more)
{
	for (int i = 0; record_checkpoints() < more && i < 60000; i++)
		usleep(1000);
	ck_assert_uint_ge(record_checkpoints(), more);
}

/* The spool comes back by itself. */
static void wait_until_sound(struct work *w)
{
	struct spool_totals t = {.broken = true};
	for (int i = 0; t.broken && i < 60000; i++) {
		ck_assert_int_eq(desk_totals(&w->desk, &t), OK);
		usleep(1000);
	}
	ck_assert(!t.broken);
}

static void work(struct work *w)
{
	submit(w, 3);
	report(w, 0);
	report(w, 2);
	hold(w, HELD_TOKEN);
	drop(w, DROPPED_TOKEN);
	wait_for_checkpoint(1);
	submit(w, 2);
	record_fail_sync(
		1); /* the next group is refused; its frames are in the kernel all the same */
	submit(w, 3);
	wait_until_sound(w);
	submit(w, 2);
	report(w, w->tokens - 2);
	report(w, w->tokens - 1 - (w->tokens - 1) % 2);
}

static int64_t read_wall(void *ctx)
{
	(void)ctx;
	return STAGE_NOW;
}

static uint64_t read_random(void *ctx)
{
	(void)ctx;
	return clock_random(clock_system());
}

static void make_below(const char *folder, const char *name)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

/* Records it; the disk as it was before. */
static struct disk *record_work(struct work *w, enum record_plant plant)
{
	struct spool *s;
	w->clock = (struct clock){read_wall, read_wall, read_random, NULL};
	w->namer = (struct maildir_namer){.clock = &w->clock, .host = "torture"};
	snprintf(w->root, sizeof w->root, "%s/live", suite_scratch());
	snprintf(w->spool, sizeof w->spool, "%s/spool", w->root);
	snprintf(w->mailbox, sizeof w->mailbox, "%s/mail/jdoe", w->root);
	ck_assert_int_eq(mkdir(w->root, 0700), 0);
	ck_assert_int_eq(mkdir(w->spool, 0700), 0);
	make_below(w->spool, "maildrop");
	make_below(w->root, "mail");
	make_below(w->root, "mail/jdoe");
	make_below(w->mailbox, "cur");
	make_below(w->mailbox, "new");
	make_below(w->mailbox, "tmp");
	open_spool(&s, w->spool, &w->clock, false);
	spool_close(&s); /* it is made, empty and at rest */
	record_begin(w->root, plant);
	struct disk *base = disk_load(w->root);
	open_spool(&s, w->spool, &w->clock, true);
	desk_open(&w->desk, s);
	w->desk.envelope.arrived = STAGE_NOW;
	work(w);
	record_end();
	spool_close(&w->desk.spool);
	desk_close(&w->desk);
	return base;
}

/* ---- looking through one state ---- */

struct expected {
	bool answered, refused, delivered, reported, dropped;
	uint64_t number;
};

static void expect(struct expected *e, size_t upto)
{
	size_t count;
	const struct record *all = records(&count);
	memset(e, 0, TOKENS * sizeof *e);
	for (size_t i = 0; i < upto; i++) {
		if (all[i].op != RECORD_MARK)
			continue;
		struct expected *x = &e[all[i].token];
		x->answered |= all[i].mark == ANSWERED;
		x->refused |= all[i].mark == REFUSED;
		x->delivered |= all[i].mark == DELIVERED;
		x->reported |= all[i].mark == REPORTED;
		x->dropped |= all[i].mark == DROPPED;
		x->number = all[i].mark == ANSWERED ? all[i].number : x->number;
	}
}

/* Marks the tokens whose whole message is in new. */
static void look_at_mailbox(const char *root, size_t upto, bool *there)
{
	static char want[LARGE], got[LARGE + 1];
	char path[300], name[600];
	snprintf(path, sizeof path, "%s/mail/jdoe/new", root);
	DIR *dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *d; (d = readdir(dir));) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, d->d_name);
		FILE *f = fopen(name, "r");
		size_t n = fread(got, 1, sizeof got, f);
		fclose(f);
		bool whole = false;
		for (unsigned t = 0; t < TOKENS && !whole; t++) {
			size_t size = content_of(t, want) - 1; /* CRLF became LF */
			want[size - 1] = '\n';
			whole = n == size && memcmp(got, want, n) == 0;
			there[t] |= whole;
		}
		if (!whole)
			fault("call %zu: %s is not whole", upto, d->d_name);
	}
	closedir(dir);
}

/* What is in the maildrop is whole, and what was put there is there. */
static void look_at_maildrop(const char *spool, const struct expected *e, size_t upto)
{
	static char want[LARGE];
	char **names, *data;
	size_t count, n, size = content_of(DROPPED_TOKEN, want);
	struct mail_envelope envelope;
	struct err err;
	ck_assert_int_eq(spool_maildrop_list(spool, &names, &count, &err), OK);
	if (e[DROPPED_TOKEN].dropped && count != 1)
		fault("call %zu: the maildrop has %zu files", upto, count);
	for (size_t i = 0; i < count; i++) {
		struct region *region = region_new(0);
		data = NULL;
		if (dropped_read(spool, names[i], 1 << 20, region, &envelope, &data, &n, &err) !=
		    OK)
			fault("call %zu: %s", upto, err.text);
		else if (n != size || memcmp(data, want, n) != 0)
			fault("call %zu: the maildrop has other content", upto);
		free(data);
		region_destroy(&region);
		free(names[i]);
	}
	free(names);
}

static void look_at_due(struct desk *d, size_t upto)
{
	static char want[LARGE], got[LARGE + 1];
	struct spool_due due;
	ck_assert_int_eq(desk_due(d, STAGE_NOW + 1000000, 1000, &due), OK);
	for (size_t i = 0; i < due.count; i++) {
		struct spool_message *m = due.messages[i];
		unsigned token = (unsigned)strtoul(m->envelope.session + 1, NULL, 10);
		size_t n = content_of(token, want);
		ssize_t size = spool_message_read(m, 0, got, sizeof got);
		if (size != (ssize_t)n || memcmp(want, got, n) != 0)
			fault("call %zu: the content of t%u is not what was taken", upto, token);
		spool_message_unref(&due.messages[i]);
	}
	free(due.messages);
}

static void look_at_token(const struct expected *e, const bool *mailbox, unsigned t,
			  const struct spool_entry *entry, unsigned times, size_t upto)
{
	if (e->answered && times != 1)
		fault("call %zu: t%u was answered and is there %u times", upto, t, times);
	if (e->refused && times)
		fault("call %zu: t%u was refused and is there", upto, t);
	if (e->delivered && !mailbox[t])
		fault("call %zu: t%u was delivered and is not in the mailbox", upto, t);
	if (!entry)
		return;
	if (e->number && entry->number != e->number)
		fault("call %zu: t%u has another number", upto, t);
	bool done = entry->rcpts[0].state == SPOOL_DELIVERED;
	if (done && !mailbox[t])
		fault("call %zu: t%u is noted as delivered and is nowhere", upto, t);
	if (e->reported && !done)
		fault("call %zu: the delivery of t%u was noted and is forgotten", upto, t);
	if (entry->rcpts[0].state == SPOOL_HELD && t != HELD_TOKEN)
		fault("call %zu: t%u is set aside: %s", upto, t, entry->rcpts[0].reason);
	if (!done && !entry->body)
		fault("call %zu: t%u waits without its content", upto, t);
}

static void look_at_spool(struct stage *st, const struct expected *e, const bool *mailbox,
			  size_t upto)
{
	struct spool_list l;
	const struct spool_entry *entries[TOKENS] = {NULL};
	unsigned times[TOKENS] = {0};
	stage_list(st, &l);
	for (size_t i = 0; i < l.count; i++) {
		unsigned t = (unsigned)strtoul(l.entries[i].envelope.session + 1, NULL, 10);
		ck_assert_uint_lt(t, TOKENS);
		entries[t] = &l.entries[i];
		times[t]++;
		if (l.entries[i].number != i + 1)
			fault("call %zu: the numbers have a gap before %zu", upto, i + 1);
	}
	for (unsigned t = 0; t < TOKENS; t++)
		look_at_token(&e[t], mailbox, t, entries[t], times[t], upto);
	region_destroy(&l.region);
	if (!stage_sums(st))
		fault("call %zu: the sums do not close", upto);
	look_at_due(&st->desk, upto);
}

static void look(const struct work *w, const char *root, size_t upto)
{
	struct expected e[TOKENS];
	bool mailbox[TOKENS] = {false};
	char path[300];
	struct err err;
	struct stage st;
	struct spool *s = NULL;
	struct spool_options o = {.engine = SPOOL_SQLITE,
				  .path = path,
				  .keep = 1000000000,
				  .version = "test",
				  .clock = &w->clock};
	found.states++;
	snprintf(path, sizeof path, "%s/spool", root);
	expect(e, upto);
	look_at_mailbox(root, upto, mailbox);
	look_at_maildrop(path, e, upto);
	if (spool_open(&s, &o, &err) != OK) {
		fault("call %zu: the spool does not open: %s", upto, err.text);
		return;
	}
	desk_open(&st.desk, s);
	look_at_spool(&st, e, mailbox, upto);
	spool_close(&st.desk.spool);
	desk_close(&st.desk);
}

/* enough: ends at the first fault. */
static void replay(enum record_plant plant, bool early, bool enough)
{
	static struct work w;
	char root[120];
	size_t count;
	const char *more = getenv("REPLAY_CHANCES");
	unsigned states = DISK_CHANCE + (more ? (unsigned)atoi(more) : CHANCES);
	memset(&found, 0, sizeof found);
	memset(&w, 0, sizeof w);
	w.early = early;
	struct disk *base = record_work(&w, plant);
	const struct record *all = records(&count);
	snprintf(root, sizeof root, "%s/crash", suite_scratch());
	for (size_t upto = 1; upto <= count && !(enough && found.faults); upto++)
		for (unsigned state = DISK_ALL; state < states; state++) {
			if (state >= DISK_CHANCE && all[upto - 1].op == RECORD_MARK)
				continue; /* the disk has not changed */
			disk_crash(base, upto, state, root);
			look(&w, root, upto);
		}
	printf("%zu calls recorded, %u states, %u faults%s%s\n", count, found.states, found.faults,
	       found.faults ? ": " : "", found.first);
	ck_assert_uint_gt(count, 50);
	disk_free(&base);
	record_free();
	suite_scratch_remove();
}

START_TEST(nothing_is_lost)
{
	replay(PLANT_NONE, false, false);
	ck_assert_msg(!found.faults, "%u faults: %s", found.faults, found.first);
}
END_TEST

START_TEST(a_sync_left_out_is_found)
{
	replay((enum record_plant)_i, false, true);
	ck_assert_uint_gt(found.faults, 0);
}
END_TEST

START_TEST(an_early_answer_is_found)
{
	replay(PLANT_NONE, true, true);
	ck_assert_uint_gt(found.faults, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("torture/replay");
	TCase *t = tcase_create("crash");
	tcase_add_test(t, nothing_is_lost);
	tcase_add_loop_test(t, a_sync_left_out_is_found, PLANT_NONE + 1, PLANT_MAILDROP + 1);
	tcase_add_test(t, an_early_answer_is_found);
	tcase_set_timeout(t, 500);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
