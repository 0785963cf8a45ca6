/* See torture.h. Parent and child share one table of what was answered; the child owns a spool until it dies, then the parent. */
#include "spool/torture.h"

#include "spool/bell.h"
#include "spool/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOKENS 1000000u /* messages over all rounds: the last round is the one that reaches them */
#define FLIGHTS 12
#define BIG (SPOOL_BODY_INLINE + 1u)
#define PAGE 500      /* messages looked at in one go */
#define WAIT_MS 60000 /* a disk that answers nothing for so long is given up */
#define KILL_MS 50    /* the longest time from the first answer to the kill */
#define SYNCS 21
#define KEEP_MS 3600000 /* what was looked at stays in the history for the run */

/* Shared by parent and child. */
struct told {
	unsigned last;  /* token given last */
	unsigned round; /* answers of this round, atomic */
	enum result failed;
	struct err err;
	unsigned char answered[TOKENS + 1];
};

struct seat { /* who asks a spool */
	struct inbox inbox;
	struct bell bell;
	struct spool *spool;
	struct told *told;
	struct region *region;
	bool early, answered;
	unsigned char content[BIG];
};

struct flight {
	struct spool_submit submit; /* first: found by its request */
	struct mail_envelope envelope;
	struct seat *seat;
	unsigned token;
	char session[16];
};

static size_t size_of(unsigned token)
{
	return token % 40 == 0 ? BIG : 1 + token % 5000;
}

/* ---- a seat ---- */

static enum result seat_open(struct seat *seat, const struct spool_torture *t, struct told *told,
			     struct err *err)
{
	struct spool_options o = {.engine = SPOOL_SQLITE,
				  .path = t->path,
				  .keep = KEEP_MS,
				  .version = "torture",
				  .clock = clock_system()};
	bell_init(&seat->bell);
	inbox_init(&seat->inbox, bell_ring, &seat->bell);
	seat->told = told;
	seat->early = t->early;
	for (size_t i = 0; i < BIG; i++)
		seat->content[i] = (unsigned char)(i * 13 + i / 100);
	seat->region = region_new(0);
	enum result r = seat->region ? spool_open(&seat->spool, &o, err)
				     : err_set(err, E_NOMEM, "no memory");
	return r;
}

static void seat_close(struct seat *seat)
{
	if (seat->spool)
		spool_close(&seat->spool);
	inbox_drain(&seat->inbox);
	inbox_free(&seat->inbox);
	bell_free(&seat->bell);
	region_destroy(&seat->region);
}

static void seat_answered(struct spool_request *q)
{
	((struct seat *)q->answer_to)->answered = true; /* the inbox is its first member */
}

/* Fills what every request has; its answer is waited for by seat_wait. */
static struct spool_request seat_request(struct seat *seat)
{
	seat->answered = false;
	return (struct spool_request){.answer_to = &seat->inbox, .done = seat_answered};
}

static enum result seat_wait(struct seat *seat, const struct spool_request *q, struct err *err)
{
	while (!seat->answered)
		if (!inbox_drain(&seat->inbox))
			bell_wait(&seat->bell, -1);
	if (q->result != OK)
		*err = q->err;
	return q->result;
}

/* ---- the child ---- */

static void launch(struct flight *f);

static _Noreturn void give_up(struct told *told, const struct err *err)
{
	told->err = *err;
	told->failed = err->code;
	_exit(1);
}

static void note(struct flight *f)
{
	__atomic_store_n(&f->seat->told->answered[f->token], 1, __ATOMIC_RELEASE);
	__atomic_add_fetch(&f->seat->told->round, 1, __ATOMIC_RELEASE);
}

static void submitted(struct spool_request *q)
{
	struct flight *f = (struct flight *)q;
	if (q->result != OK)
		give_up(f->seat->told, &q->err);
	if (!f->seat->early)
		note(f);
	spool_message_unref(&f->submit.message);
	launch(f);
}

static void launch(struct flight *f)
{
	struct seat *seat = f->seat;
	struct err err;
	struct spool_draft *draft;
	if (seat->told->last == TOKENS)
		return;
	f->token = ++seat->told->last;
	snprintf(f->session, sizeof f->session, "t%u", f->token);
	enum result r = spool_draft_new(seat->spool, &draft, &err);
	if (r == OK && (r = spool_draft_write(draft, seat->content, size_of(f->token))) != OK)
		err_set(&err, r, "a message cannot be written: %s", result_sentence(r));
	if (r != OK)
		give_up(seat->told, &err);
	f->submit = (struct spool_submit){.q = {.answer_to = &seat->inbox, .done = submitted},
					  .draft = draft,
					  .envelope = &f->envelope};
	if (seat->early)
		note(f);
	spool_submit(seat->spool, &f->submit);
}

static void address(struct flight *f)
{
	struct err err;
	mail_envelope_init(&f->envelope, f->seat->region);
	f->envelope.reverse_path = "from@torture.example";
	f->envelope.session = f->session;
	f->envelope.arrived = clock_wall(clock_system());
	if (mail_envelope_add(&f->envelope, "to@torture.example") != OK) {
		err_set(&err, E_NOMEM, "no memory");
		give_up(f->seat->told, &err);
	}
}

static _Noreturn void child(const struct spool_torture *t, struct told *told, pid_t parent)
{
	static struct seat seat;
	static struct flight flights[FLIGHTS];
	struct err err;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (seat_open(&seat, t, told, &err) != OK)
		give_up(told, &err);
	for (size_t i = 0; i < FLIGHTS; i++) {
		flights[i].seat = &seat;
		address(&flights[i]);
		launch(&flights[i]);
	}
	for (;;)
		if (!inbox_drain(&seat.inbox))
			bell_wait(&seat.bell, -1);
}

/* ---- the kill ---- */

static void sleep_ms(long ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
}

/* Until the child has answered one; false: it ended by itself, or nothing came. */
static bool first_answer(struct told *told, pid_t pid, bool *ended)
{
	int64_t limit = clock_mono(clock_system()) + WAIT_MS;
	while (!__atomic_load_n(&told->round, __ATOMIC_ACQUIRE)) {
		*ended = waitpid(pid, NULL, WNOHANG) == pid;
		if (*ended || clock_mono(clock_system()) > limit)
			return false;
		sleep_ms(1);
	}
	return true;
}

static enum result kill_one(const struct spool_torture *t, struct told *told, unsigned *random,
			    struct err *err)
{
	bool ended = false;
	pid_t self = getpid();
	told->round = 0;
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return err_errno(err, errno, "no process can be started");
	if (!pid)
		child(t, told, self);
	bool answered = first_answer(told, pid, &ended);
	*random = *random * 1103515245 + 12345;
	if (answered)
		sleep_ms(*random / 65536 % KILL_MS);
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (told->failed != OK) {
		*err = told->err;
		return told->failed;
	}
	if (!answered)
		return ended ? err_set(err, E_IO, "the process that writes ended by itself")
			     : err_set(err, E_TIMEOUT, "nothing was answered for %d s",
				       WAIT_MS / 1000);
	return OK;
}

/* ---- what is there afterwards ---- */

static bool whole(const struct seat *seat, const struct spool_message *m, unsigned token)
{
	unsigned char got[4096];
	if (m->size != size_of(token))
		return false;
	for (uint64_t at = 0; at < m->size;) {
		ssize_t n = spool_message_read(m, at, got, sizeof got);
		if (n <= 0 || memcmp(got, seat->content + at, (size_t)n) != 0)
			return false;
		at += (uint64_t)n;
	}
	return true;
}

static void look_at(struct spool_torture *t, struct seat *seat, const struct spool_message *m,
		    unsigned char *seen)
{
	const char *session = m->envelope.session;
	unsigned token = session && *session ? (unsigned)strtoul(session + 1, NULL, 10) : 0;
	t->found++;
	if (token == 0 || token > seat->told->last || !whole(seat, m, token))
		t->damaged++;
	else if (seen[token]++)
		t->twice++;
}

/* Looks at up to PAGE messages that wait and ends them, so that a later round meets none again; *count: how many. */
static enum result page(struct spool_torture *t, struct seat *seat, unsigned char *seen,
			size_t *count, struct err *err)
{
	static struct spool_change changes[PAGE];
	static uint64_t numbers[PAGE];
	struct spool_due due = {
		.q = seat_request(seat), .now = clock_wall(clock_system()), .limit = PAGE};
	spool_due(seat->spool, &due);
	enum result r = seat_wait(seat, &due.q, err);
	*count = r == OK ? due.count : 0;
	for (size_t i = 0; i < *count; i++) {
		look_at(t, seat, due.messages[i], seen);
		numbers[i] = due.messages[i]->number;
		changes[i] = (struct spool_change){
			.number = numbers[i], .state = SPOOL_DELIVERED, .reason = "looked at"};
		spool_message_unref(&due.messages[i]);
	}
	if (r == OK)
		free(due.messages);
	if (r != OK || !*count)
		return r;
	struct spool_update update = {.q = seat_request(seat),
				      .changes = changes,
				      .change_count = *count,
				      .unclaim = numbers,
				      .unclaim_count = *count};
	spool_update(seat->spool, &update);
	return seat_wait(seat, &update.q, err);
}

/* Every number was given to a message that was found, and the sum closes. */
static enum result add_up(struct spool_torture *t, struct seat *seat, struct err *err)
{
	struct spool_totals totals = {.q = seat_request(seat)};
	spool_totals(seat->spool, &totals);
	enum result r = seat_wait(seat, &totals.q, err);
	uint64_t sum = 0;
	for (size_t i = 0; i < SPOOL_STATE_COUNT; i++)
		sum += totals.states[i];
	if (r == OK && (totals.messages_accepted != t->found || totals.accepted != sum))
		t->unsummed++;
	return r;
}

/* The answered that were not seen, each told once. */
static void miss(struct spool_torture *t, const struct told *told, unsigned char *seen)
{
	t->answered = 0;
	for (unsigned token = 1; token <= told->last; token++) {
		t->answered += told->answered[token];
		if (told->answered[token] && !seen[token]) {
			t->lost++;
			seen[token] = 1;
		}
	}
}

static enum result look(struct spool_torture *t, struct told *told, unsigned char *seen,
			struct err *err)
{
	static struct seat seat;
	size_t count = 1;
	memset(&seat, 0, sizeof seat);
	enum result r = seat_open(&seat, t, told, err);
	while (r == OK && count)
		r = page(t, &seat, seen, &count, err);
	if (r == OK)
		r = add_up(t, &seat, err);
	if (r == OK)
		miss(t, told, seen);
	seat_close(&seat);
	return r;
}

/* ---- the time of a sync ---- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static enum result time_syncs(struct spool_torture *t, struct err *err)
{
	char name[4096], bytes[4096] = {1};
	int64_t took[SYNCS];
	if ((size_t)snprintf(name, sizeof name, "%s/sync", t->path) >= sizeof name)
		return err_set(err, E_LIMIT, "the name of the folder is too long");
	int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, errno, "%s cannot be made", name);
	bool good = true;
	for (int i = 0; good && i < SYNCS; i++) {
		struct timespec from, to;
		clock_gettime(CLOCK_MONOTONIC, &from);
		good = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fsync(fd) == 0;
		clock_gettime(CLOCK_MONOTONIC, &to);
		took[i] = (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
	}
	enum result r = good ? OK : err_errno(err, errno, "%s cannot be written", name);
	close(fd);
	unlink(name);
	if (good) {
		qsort(took, SYNCS, sizeof *took, by_size);
		t->sync_us = took[SYNCS / 2];
	}
	return r;
}

/* ---- all ---- */

enum result spool_torture_run(struct spool_torture *t, struct err *err)
{
	unsigned random = (unsigned)clock_wall(clock_system());
	unsigned char *seen = calloc(TOKENS + 1, 1);
	struct told *told =
		mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	enum result r = seen && told != MAP_FAILED ? time_syncs(t, err)
						   : err_set(err, E_NOMEM, "no memory");
	while (r == OK && t->killed < t->kills && told->last < TOKENS) {
		r = kill_one(t, told, &random, err);
		if (r != OK)
			break;
		t->killed++;
		r = look(t, told, seen, err);
		if (r == OK && t->progress)
			t->progress(t->ctx, t);
	}
	free(seen);
	if (told != MAP_FAILED)
		munmap(told, sizeof *told);
	return r;
}

uint64_t spool_torture_faults(const struct spool_torture *t)
{
	return t->lost + t->twice + t->damaged + t->unsummed;
}
