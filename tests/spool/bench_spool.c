/*
 * How many 4-KiB messages a second the spool takes: bench_spool [FOLDER [SECONDS]]. "submit" is 250
 * by 250; "whole" is submit, then the report that it was delivered. With 1, 20 and 100 in flight
 * from one thread.
 */
#include "spool/desk.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define SIZE 4096

struct bench;
struct flight {
	struct spool_submit submit;
	struct spool_update update;
	struct spool_change change;
	uint64_t number;
	struct bench *bench;
};

struct bench {
	struct desk desk;
	bool whole;
	bool ending;
	size_t flying, complete;
	char data[SIZE];
};

static void must(const struct spool_request *q)
{
	if (q->result == OK)
		return;
	fprintf(stderr, "%s\n", q->err.text);
	exit(EXIT_FAILURE);
}

static void begin(struct flight *f);

static void finish(struct flight *f)
{
	struct bench *b = f->bench;
	b->complete++;
	if (b->ending)
		b->flying--;
	else
		begin(f);
}

static void updated(struct spool_request *q)
{
	must(q);
	finish((struct flight *)((char *)q - offsetof(struct flight, update)));
}

static void submitted(struct spool_request *q)
{
	struct flight *f = (struct flight *)q;
	must(q);
	f->number = f->submit.message->number;
	spool_message_unref(&f->submit.message);
	f->change = (struct spool_change){.number = f->number,
					  .state = SPOOL_DELIVERED,
					  .attempted = true,
					  .rule = "default",
					  .peer = "mx1.example.net [192.0.2.1]",
					  .status = "2.0.0",
					  .reason = "250 2.0.0 Ok: queued as 4QxyzW1abc"};
	f->update =
		(struct spool_update){.q = {.answer_to = &f->bench->desk.inbox, .done = updated},
				      .changes = &f->change,
				      .change_count = f->bench->whole,
				      .unclaim = &f->number,
				      .unclaim_count = 1};
	if (f->bench->whole)
		spool_update(f->bench->desk.spool, &f->update);
	else
		finish(f);
}

static void begin(struct flight *f)
{
	struct bench *b = f->bench;
	struct err err;
	f->submit = (struct spool_submit){.q = {.answer_to = &b->desk.inbox, .done = submitted},
					  .draft = desk_draft(&b->desk, b->data, SIZE, &err),
					  .envelope = &b->desk.envelope};
	spool_submit(b->desk.spool, &f->submit);
}

/* Microseconds of both processors that this process has used. */
static double cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void run(struct spool *s, size_t flights, bool whole, int64_t ms)
{
	static struct flight all[100];
	struct bench b = {.whole = whole, .flying = flights};
	desk_open(&b.desk, s);
	memset(b.data, 'x', sizeof b.data);
	double used = cpu();
	int64_t start = clock_mono(clock_system()), now = start;
	for (size_t i = 0; i < flights; i++) {
		all[i].bench = &b;
		begin(&all[i]);
	}
	while (b.flying) {
		if (!inbox_drain(&b.desk.inbox))
			bell_wait(&b.desk.bell, -1);
		now = clock_mono(clock_system());
		b.ending = now - start >= ms;
	}
	struct spool_totals t;
	desk_totals(&b.desk, &t);
	printf("%-6s %3zu in flight: %6.0f messages/s  (%.1f a commit, %.0f us of CPU a message)\n",
	       whole ? "whole" : "submit", flights,
	       (double)b.complete * 1000.0 / (double)(now - start),
	       (double)t.synced_messages / (double)(t.commits ? t.commits : 1),
	       (cpu() - used) / (double)b.complete);
	fflush(stdout);
	desk_close(&b.desk);
}

int main(int argc, char **argv)
{
	static const size_t flights[] = {1, 20, 100};
	struct err err;
	int64_t ms = argc > 2 ? atoi(argv[2]) * 1000 : 3000;
	for (int whole = 0; whole < 2; whole++) {
		for (size_t i = 0; i < sizeof flights / sizeof *flights; i++) {
			struct spool_options o = {.engine = SPOOL_SQLITE,
						  .path = argc > 1 ? argv[1] : suite_scratch(),
						  .keep = 30LL * 86400000,
						  .version = "bench"};
			struct spool *s;
			if (spool_open(&s, &o, &err) != OK) {
				fprintf(stderr, "%s\n", err.text);
				return EXIT_FAILURE;
			}
			run(s, flights[i], whole, ms);
			spool_close(&s);
			if (argc < 2)
				suite_scratch_remove();
		}
	}
	return EXIT_SUCCESS;
}
