/* The line before a destination: see dest_line.h. */
#include "gateway/dest_line.h"

#define STALLED_MS 5000 /* a line that has not moved for so long is as slow as that */
#define SOONEST_MS 60000
#define LATEST_MS 590000 /* below what the queue takes for a wait of its own (SLACK_MS there) */
#define STEP_LEAST_MS 10
#define STEP_MOST_MS 1000
#define SCALE 1024
#define SMOOTH 8

void dest_line_init(struct dest_line *l)
{
	*l = (struct dest_line){.count = 0};
	for (size_t i = 0; i < DEST_LINE_CLASSES; i++)
		l->last[i] = &l->first[i];
}

static size_t class_of(const struct delivery *g)
{
	const struct conf_route *route = g->decision.route;
	return route && route->priority ? route->priority - 1
					: (size_t)g->active->message->envelope.priority;
}

static void append(struct dest_line *l, struct delivery *g)
{
	size_t i = class_of(g);
	g->next = NULL;
	*l->last[i] = g;
	l->last[i] = &g->next;
	l->count++;
	l->bytes += g->cost;
}

void dest_line_add(struct dest_line *l, struct delivery *g, int64_t now)
{
	if (!l->count)
		l->moved = now;
	append(l, g);
}

static size_t first_class(const struct dest_line *l)
{
	size_t i = 0;
	while (i < DEST_LINE_CLASSES && !l->first[i])
		i++;
	return i;
}

struct delivery *dest_line_first(const struct dest_line *l)
{
	size_t i = first_class(l);
	return i < DEST_LINE_CLASSES ? l->first[i] : NULL;
}

static struct delivery *take(struct dest_line *l)
{
	size_t i = first_class(l);
	if (i == DEST_LINE_CLASSES)
		return NULL;
	struct delivery *g = l->first[i];
	l->first[i] = g->next;
	if (!l->first[i])
		l->last[i] = &l->first[i];
	g->next = NULL;
	l->count--;
	l->bytes -= g->cost;
	return g;
}

struct delivery *dest_line_take(struct dest_line *l, int64_t now)
{
	l->pace += ((now - l->moved) * SCALE - l->pace) / SMOOTH;
	l->moved = now;
	return take(l);
}

/* From one to the next, ms * SCALE. */
static int64_t pace(const struct dest_line *l, int64_t now)
{
	int64_t stalled = now - l->moved;
	return stalled > STALLED_MS && stalled * SCALE > l->pace ? stalled * SCALE : l->pace;
}

int64_t dest_line_lasts(const struct dest_line *l, int64_t now)
{
	return (int64_t)l->count * pace(l, now) / SCALE;
}

struct delivery *dest_line_cut(struct dest_line *l, size_t bytes, size_t count)
{
	struct dest_line all = *l;
	struct delivery *cut = NULL, **end = &cut;
	dest_line_init(l);
	l->moved = all.moved;
	l->pace = all.pace;
	l->back = all.back;
	for (struct delivery *g; (g = take(&all));) {
		bool stays = !cut && l->count < count && g->cost <= bytes - l->bytes;
		if (stays || !l->count) {
			append(l, g);
			if (l->bytes > bytes)
				bytes = l->bytes;
		} else {
			*end = g;
			end = &g->next;
		}
	}
	return cut;
}

static int64_t within(int64_t n, int64_t least, int64_t most)
{
	return n < least ? least : n > most ? most : n;
}

int64_t dest_line_back(struct dest_line *l, int64_t mono, int64_t wall, uint64_t random)
{
	int64_t at = wall + within(dest_line_lasts(l, mono), SOONEST_MS, LATEST_MS);
	if (l->back > at)
		at = l->back;
	if (at > wall + LATEST_MS) /* all that are more come at any time of the second half */
		return wall + LATEST_MS / 2 + (int64_t)(random % (LATEST_MS / 2));
	l->back = at + within(pace(l, mono) / SCALE, STEP_LEAST_MS, STEP_MOST_MS);
	return at;
}
