/*
 * Conformance: a hundred lives leave nothing: no byte of the lent memory, and none of the heap that libraries take from, no
 * descriptor, and no process, nor a descriptor of one that the module has started.
 *
 * A sanitizer's own heap shows nothing here; its leak check does when the process ends.
 */
#include "conformance/test.h"

#include <malloc.h>
#include <time.h>

#define LIVES 100
#define GROWN 20 /* the first lives fill what malloc and libraries keep for later */
#define HEAP_MAX ((LIVES - GROWN) * 16u) /* less than the smallest block a life */

/* What is left after a life. */
struct remains {
	size_t heap; /* bytes that all who live in this process have from malloc */
	unsigned descriptors;
	struct test_family family;
};

static struct remains look(void)
{
	struct mallinfo2 m = mallinfo2();
	return (struct remains){.heap = m.uordblks + m.hblkhd,
				.descriptors = test_descriptors(),
				.family = test_family()};
}

/* Who ends may need a moment for it. */
static struct remains settle(const struct remains *before)
{
	struct remains now = look();
	for (uint64_t end = rig_now_ms() + SOON;
	     (now.family.processes > before->family.processes ||
	      now.family.descriptors > before->family.descriptors) &&
	     rig_now_ms() < end;
	     now = look())
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	return now;
}

/* Lives without a connection, so that nothing of the test's or the peer's grows beside them. */
static void leaves_nothing(struct test *t, bool (*live)(struct test *t), const char *words)
{
	struct remains before = look();
	for (int i = 0; i < LIVES; i++) {
		if (i == GROWN)
			before = look();
		if (!live(t))
			return;
	}
	struct remains now = settle(&before);
	NEED(t, now.descriptors == before.descriptors, "%u descriptors, %u before %d %s",
	     now.descriptors, before.descriptors, LIVES - GROWN, words);
	NEED(t, now.family.processes <= before.family.processes,
	     "%u processes of ours, %u before %d %s", now.family.processes, before.family.processes,
	     LIVES - GROWN, words);
	NEED(t, now.family.descriptors <= before.family.descriptors,
	     "our processes have %u descriptors, and had %u before %d %s", now.family.descriptors,
	     before.family.descriptors, LIVES - GROWN, words);
	NEED(t, now.heap <= before.heap + HEAP_MAX, "the heap grew from %zu to %zu bytes in %d %s",
	     before.heap, now.heap, LIVES - GROWN, words);
}

static bool start_and_stop(struct test *t)
{
	if (!rig_start(&t->rig))
		return false;
	rig_run(&t->rig, 0);
	rig_stop(&t->rig);
	return true;
}

static bool whole_life(struct test *t)
{
	if (!rig_open(&t->rig, t->bed, &t->arena, t->bed->settings))
		return false;
	rig_run(&t->rig, 0);
	rig_close(&t->rig);
	return !t->rig.failure[0];
}

static void one_life(struct test *t, bool with_peer)
{
	struct end *end;
	struct peer_conn *conn;
	struct door *d = test_door(t, END_HOLD);
	NEED(t, d, "listen fails after a restart");
	if (with_peer && test_pair(t, d, &end, &conn)) {
		t->ops->send(conn, "hold this", 9, 0, SOON);
		NEED(t, end_wait_received(end, 9, SOON), "bytes do not arrive after a restart");
		end_send(end, "and this", 8);
	}
}

void conformance_start_stop_hundred(struct test *t)
{
	rig_stop(&t->rig);
	size_t bytes = atomic_load(&t->rig.purse.bytes);
	for (int i = 0; i < LIVES; i++) {
		if (!rig_start(&t->rig))
			return;
		one_life(t, i % 2 == 0);
		if (t->failure[0])
			return;
		rig_stop(&t->rig);
		size_t now = atomic_load(&t->rig.purse.bytes);
		NEED(t, now == bytes, "%zu bytes after stop, %zu before start", now, bytes);
		/* The peer's ends of these are its own business; a twin would see resets. */
	}
	leaves_nothing(t, start_and_stop, "starts and stops");
}

void conformance_create_destroy_hundred(struct test *t)
{
	rig_close(&t->rig);
	t->ops->close(t->peer); /* what it shares with the stack would live on */
	t->peer = NULL;
	leaves_nothing(t, whole_life, "lives from create to destroy");
}
