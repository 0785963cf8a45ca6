/*
 * The line before a destination: groups that wait for their turn, the more urgent first; how much memory they hold, and how fast it moves.
 * Main thread only. It owns the groups that stand in it.
 */
#ifndef SMTPGATE_GATEWAY_DEST_LINE_H
#define SMTPGATE_GATEWAY_DEST_LINE_H

#include "gateway/queue.h"

#define DEST_LINE_CLASSES (MAIL_BULK + 1)

struct dest_line {
	struct delivery *first[DEST_LINE_CLASSES], **last[DEST_LINE_CLASSES];
	size_t count, bytes; /* of groups, and of the memory of their messages, about */
	int64_t moved;       /* mono ms: when the first was taken, or the line began */
	int64_t pace;        /* from one to the next, on average: ms * 1024; 0: not known */
	int64_t back; /* wall ms: before it no more of those that were sent back come again */
};

void dest_line_init(struct dest_line *l);
/* g->cost must be set; now: monotonic ms. */
void dest_line_add(struct dest_line *l, struct delivery *g, int64_t now);
/* NULL: nobody waits. */
struct delivery *dest_line_first(const struct dest_line *l);
/* Takes the first, of one or more. */
struct delivery *dest_line_take(struct dest_line *l, int64_t now);
/* How long it will take until the last has its turn, ms, by how it went until now. */
int64_t dest_line_lasts(const struct dest_line *l, int64_t now);
/*
 * Takes out all that stand behind the first ones that together hold `bytes` and are `count` at most; one always stays. Returns them as
 * a chain, in their order.
 */
struct delivery *dest_line_cut(struct dest_line *l, size_t bytes, size_t count);
/*
 * When a group that was cut may come again, wall ms: after those before it have had their turn, one after the other, within ten minutes.
 * mono, wall: now; random: any number.
 */
int64_t dest_line_back(struct dest_line *l, int64_t mono, int64_t wall, uint64_t random);

#endif
