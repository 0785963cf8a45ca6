/* The spool that core/daemon's tests talk to: see fake_spool.h. Knows one filter: numbers above `after`. */
#include "daemon/fake_spool.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_spool fake_spool;

struct spool *fake_spool_handle(void)
{
	return (struct spool *)&fake_spool;
}

static void answered(struct task *t)
{
	struct spool_request *q =
		(struct spool_request *)((char *)t - offsetof(struct spool_request, task));
	q->done(q);
}

static void answer(struct spool_request *q)
{
	q->result = fake_spool.result;
	if (q->result != OK)
		err_set(&q->err, q->result, "the spool says no");
	q->task.run = answered;
	if (fake_spool.delay)
		fake_spool.waiting = q;
	else
		inbox_post(q->answer_to, &q->task);
}

void fake_spool_answer(void)
{
	struct spool_request *q = fake_spool.waiting;
	fake_spool.waiting = NULL;
	inbox_post(q->answer_to, &q->task);
}

static void note_filter(const struct spool_filter *f)
{
	fake_spool.filter = *f;
	text_copy(fake_spool.from, sizeof fake_spool.from, f->from ? f->from : "");
}

void spool_list(struct spool *s, struct spool_list *q)
{
	(void)s;
	fake_spool.lists++;
	note_filter(&q->filter);
	q->region = region_new(0);
	q->entries = region_alloc(q->region, (q->limit + 1) * sizeof *q->entries);
	q->count = 0;
	for (size_t i = 0; i < fake_spool.count && q->count < q->limit; i++) {
		if (fake_spool.entries[i].number <= q->after)
			continue;
		struct spool_entry *e = &q->entries[q->count++];
		*e = fake_spool.entries[i];
		if (!q->attempts)
			e->attempt_count = 0;
	}
	answer(&q->q);
}

void spool_act(struct spool *s, struct spool_act *q)
{
	(void)s;
	fake_spool.acts++;
	fake_spool.action = q->action;
	note_filter(&q->filter);
	text_copy(fake_spool.reason, sizeof fake_spool.reason, q->reason);
	q->matched = fake_spool.count;
	answer(&q->q);
}

void spool_totals(struct spool *s, struct spool_totals *q)
{
	(void)s;
	q->accepted = 12;
	q->states[SPOOL_DELIVERED] = 10;
	q->states[SPOOL_WAITING] = 2;
	q->messages_waiting = 2;
	answer(&q->q);
}

void spool_verify(struct spool *s, struct spool_verify *q)
{
	static const char *texts[] = {"m3 is gone"};
	(void)s;
	fake_spool.known = q->known;
	text_copy(fake_spool.from, sizeof fake_spool.from, q->known_hash);
	q->first = 2;
	q->last = 9;
	q->messages = 4;
	q->faults = 1;
	q->texts = texts;
	q->region = NULL;
	text_copy(q->head, sizeof q->head, "abcd");
	answer(&q->q);
}

void spool_snapshot(struct spool *s, struct spool_snapshot *q)
{
	(void)s;
	q->messages = 3;
	q->last = 17;
	answer(&q->q);
}

const char *spool_state_word(enum spool_state s)
{
	static const char *const words[] = {
#define WORD(name, word) word,
		SPOOL_STATE_LIST(WORD)
#undef WORD
	};
	return words[s];
}

void spool_id_format(uint64_t number, char out[SPOOL_ID_MAX])
{
	snprintf(out, SPOOL_ID_MAX, "m%llu", (unsigned long long)number);
}

enum result spool_id_parse(const char *text, uint64_t *number)
{
	char *end;
	text += *text == 'm';
	*number = strtoull(text, &end, 10);
	return *end || end == text ? E_SYNTAX : OK;
}
