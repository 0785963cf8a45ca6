/* The table of conformance tests and the runner of one. */
#include "conformance/test.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct row {
	const char *name;
	void (*fn)(struct test *t);
	uint64_t needs; /* capabilities */
	const char *lack;
} rows[] = {
#define CONFORMANCE_ROW(fn, caps, lack) {#fn, conformance_##fn, caps, lack},
	CONFORMANCE_TESTS(CONFORMANCE_ROW)
#undef CONFORMANCE_ROW
};
#define ROWS (sizeof rows / sizeof *rows)

void test_fail(struct test *t, const char *format, ...)
{
	va_list args;
	if (t->failure[0])
		return;
	va_start(args, format);
	vsnprintf(t->failure, sizeof t->failure, format, args);
	va_end(args);
}

/* ---- what tests begin with ---- */

struct door *test_door(struct test *t, enum end_mode mode)
{
	char text[SGT_ADDRESS_MAX];
	snprintf(text, sizeof text, "%.120s:0", t->bed->host);
	struct door *d = door_open(&t->rig, text, 0);
	if (d)
		d->mode = mode;
	return d;
}

bool test_pair(struct test *t, struct door *door, struct end **end, struct peer_conn **conn)
{
	*conn = t->ops->connect(t->peer, door->address, SOON);
	*end = *conn ? end_accept(door, SOON) : NULL;
	if (!*conn)
		test_fail(t, "the peer cannot connect to %s", door->address);
	else if (!*end)
		test_fail(t, "no ACCEPTED for the peer's connection to %s", door->address);
	return *end != NULL;
}

bool test_pair_out(struct test *t, struct end **end, struct peer_conn **conn)
{
	char address[SGT_ADDRESS_MAX];
	struct peer_door *door = t->ops->listen(t->peer, t->bed->peer_host, address);
	*conn = NULL;
	*end = door ? end_connect(&t->rig, address) : NULL;
	if (!door)
		test_fail(t, "the peer cannot listen at %s", t->bed->peer_host);
	else if (*end && !end_wait(*end, END_OPEN, SOON))
		test_fail(t, "no CONNECTED to %s: %s", address, (*end)->error_text);
	else if (*end && !(*conn = t->ops->accept(door, SOON)))
		test_fail(t, "the peer at %s does not see the connection", address);
	return *conn != NULL;
}

bool test_resets(struct test *t)
{
	if (t->ops != &conformance_peer_twin || t->rig.module->caps & SGT_CAP_ABORT)
		return true;
	snprintf(t->exempt, sizeof t->exempt, "abort does not reset, so its twin cannot");
	return false;
}

/* ---- running ---- */

size_t conformance_count(void)
{
	return ROWS;
}

const char *conformance_name(size_t index)
{
	return rows[index].name;
}

static void run_opened(struct test *t, const struct row *row)
{
	t->peer = t->ops->open(t->bed, &t->arena);
	if (!t->peer) {
		test_fail(t, "the bed's peer cannot be opened");
		return;
	}
	row->fn(t);
	if (t->peer)
		t->ops->close(t->peer);
}

/* What a rig found is nearer to the cause than what the test missed for it. */
static const char *failure_of(const struct test *t)
{
	if (t->rig.failure[0])
		return t->rig.failure;
	return t->arena.failure[0] ? t->arena.failure : t->failure;
}

enum conformance_verdict conformance_run(const struct conformance_bed *bed, size_t index,
					 char why[CONFORMANCE_TEXT_MAX])
{
	const struct row *row = &rows[index];
	why[0] = '\0';
	if ((bed->module->caps & row->needs) != row->needs) {
		snprintf(why, CONFORMANCE_TEXT_MAX, "it %s", row->lack);
		return CONFORMANCE_EXEMPT;
	}
	struct test *t = calloc(1, sizeof *t);
	if (!t)
		return CONFORMANCE_FAIL;
	unsigned descriptors = test_descriptors();
	t->bed = bed;
	t->ops = bed->peer;
	if (rig_open(&t->rig, bed, &t->arena, bed->settings))
		run_opened(t, row);
	rig_close(&t->rig);
	if (test_descriptors() != descriptors)
		test_fail(t, "descriptors are left: %u before, %u after", descriptors,
			  test_descriptors());
	enum conformance_verdict v = CONFORMANCE_OK;
	if (failure_of(t)[0])
		v = CONFORMANCE_FAIL;
	else if (t->exempt[0])
		v = CONFORMANCE_EXEMPT;
	snprintf(why, CONFORMANCE_TEXT_MAX, "%s",
		 v == CONFORMANCE_FAIL ? failure_of(t) : t->exempt);
	free(t);
	return v;
}
