/* Jumps of the wall clock: see jumps.h. */
#include "spool/jumps.h"

#include "base/log.h"
#include "base/text.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 80
#define UNSET 1735689600000 /* 2025-01-01: a clock that said less was not set */
/* Messages that were on their way into the spool at a jump forward have higher numbers; their time tells. */
#define ON_THE_WAY 10000

static void add(struct jumps *j, const struct jump *one)
{
	if (j->count == JUMPS_MOST) {
		j->count--;
		memmove(j->list, j->list + 1, j->count * sizeof *j->list);
	}
	j->list[j->count++] = *one;
}

static void read_lines(struct jumps *j, const char *text)
{
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		char line[LINE];
		struct jump one;
		n = strcspn(text, "\n");
		snprintf(line, sizeof line, "%.*s", n < LINE ? (int)n : LINE - 1, text);
		if (sscanf(line, "%" SCNu64 " %" SCNd64 " %" SCNd64, &one.number, &one.before,
			   &one.skip) == 3)
			add(j, &one);
	}
}

static int64_t offset_of(const struct jumps *j)
{
	return clock_wall(j->clock) - clock_mono(j->clock);
}

enum result jumps_open(struct jumps *j, const struct clock *clock, const struct file_ops *files,
		       const char *path, struct err *err)
{
	char name[PATH_MAX], *text;
	size_t n;
	*j = (struct jumps){.clock = clock, .files = files};
	pthread_mutex_init(&j->lock, NULL);
	j->offset = offset_of(j);
	if (!path)
		return OK;
	if ((size_t)snprintf(name, sizeof name, "%s/clock", path) >= sizeof name)
		return err_set(err, E_LIMIT, "%s: the name is too long", path);
	j->path = strdup(name);
	if (!j->path)
		return err_set(err, E_NOMEM, "no memory for the spool");
	enum result r = file_read(name, (size_t)JUMPS_MOST * LINE, &text, &n, err);
	if (r == E_NOTFOUND)
		return OK;
	if (r == OK) {
		read_lines(j, text);
		free(text);
	}
	return r;
}

void jumps_close(struct jumps *j)
{
	if (!j->clock)
		return;
	free(j->path);
	j->path = NULL;
	pthread_mutex_destroy(&j->lock);
}

static void look(struct jumps *j)
{
	int64_t offset = offset_of(j), skip = offset - j->offset;
	char by[24], now[32];
	j->offset = offset;
	if (skip > -SPOOL_CLOCK_JUMP && skip < SPOOL_CLOCK_JUMP)
		return;
	int64_t wall = clock_wall(j->clock);
	add(j, &(struct jump){j->last, wall - skip, skip});
	j->unsaved = j->path != NULL;
	LOG(LOG_WARN, NULL, "clock", "jumped",
	    F_S("by", text_duration(skip < 0 ? -skip : skip, by, sizeof by)),
	    F_S("to", text_time(wall, now, sizeof now)), F_S("way", skip < 0 ? "back" : "forward"),
	    F_S("note", "what waits keeps its lifetime"));
}

/* Under the lock. */
static enum result save(struct jumps *j, struct err *err)
{
	char text[JUMPS_MOST * LINE];
	int n = 0;
	for (size_t i = 0; i < j->count; i++)
		n += snprintf(text + n, sizeof text - (size_t)n,
			      "%" PRIu64 " %" PRId64 " %" PRId64 "\n", j->list[i].number,
			      j->list[i].before, j->list[i].skip);
	return file_replace(j->files, j->path, text, (size_t)n, 0600, err);
}

void jumps_look(struct jumps *j, uint64_t last)
{
	struct err err = {.code = OK};
	pthread_mutex_lock(&j->lock);
	j->last = last;
	look(j);
	if (j->unsaved) {
		j->unsaved = false; /* once a jump: a disk that fails is told by the spool itself */
		if (save(j, &err) != OK)
			LOG(LOG_WARN, NULL, "clock", "not-noted", F_S("error", err.text));
	}
	pthread_mutex_unlock(&j->lock);
}

/* The first jump that it may have come before: it came after the last jump back that its number is above, since of those the numbers
 * tell alone: the same time came twice. */
static size_t first_behind(const struct jumps *j, uint64_t number)
{
	size_t i = j->count;
	while (i > 0 && (j->list[i - 1].skip > 0 || number <= j->list[i - 1].number))
		i--;
	return i;
}

/* Did it come before this jump forward? arrived: by the clock as it went just before it. */
static bool before(const struct jump *j, uint64_t number, int64_t arrived)
{
	return arrived <= j->before && number <= j->number + ON_THE_WAY;
}

int64_t jumps_skipped(struct jumps *j, uint64_t number, int64_t arrived)
{
	int64_t sum = 0;
	pthread_mutex_lock(&j->lock);
	look(j);
	for (size_t i = first_behind(j, number); i < j->count; i++)
		if (j->list[i].skip < 0 || before(&j->list[i], number, arrived + sum))
			sum += j->list[i].skip;
	pthread_mutex_unlock(&j->lock);
	return sum;
}

int64_t jumps_cutoff(struct jumps *j, int64_t keep)
{
	pthread_mutex_lock(&j->lock);
	look(j);
	int64_t cutoff = clock_wall(j->clock) - keep;
	for (size_t i = j->count; i-- > 0;) {
		const struct jump *one = &j->list[i];
		/* A clock that was put right after a start without one: what ended before that start is as old as it says. */
		if (one->skip > 0 && one->before >= UNSET && cutoff < one->before + one->skip)
			cutoff -= one->skip;
	}
	pthread_mutex_unlock(&j->lock);
	return cutoff;
}
