/* See check.h. An exempt test passes and prints its reason, as the program does, when it stands in the list of excuses. */
#include "conformance/check.h"

#include <assert.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY 65534

/* What our own transports may lack. Whoever takes a capability away from one must say so here. */
static const struct excuse {
	const char *code; /* NULL: of the bed, not of the transport */
	const char *test, *why;
} excuses[] = {
	{"win", "accept_ipv6", "it cannot listen on IPv6"},
	{"win", "datagrams_echo", "it carries no datagrams"},
	{"win", "datagrams_close_in_event", "it carries no datagrams"},
	{NULL, "accept_ipv6", "this bed has no IPv6 address"},
	{NULL, "connect_ipv6", "the peer of this bed has no IPv6 address"},
};

static bool is_excused(const char *code, const char *test, const char *why)
{
	for (size_t i = 0; i < sizeof excuses / sizeof *excuses; i++) {
		const struct excuse *e = &excuses[i];
		if ((!e->code || strcmp(e->code, code) == 0) && strcmp(e->test, test) == 0 &&
		    strcmp(e->why, why) == 0)
			return true;
	}
	return false;
}

static conformance_bed_fn *makers[8];
static size_t maker_count;

START_TEST(one)
{
	struct conformance_bed bed;
	char why[CONFORMANCE_TEXT_MAX];
	size_t index = (size_t)_i % conformance_count();
	makers[(size_t)_i / conformance_count()](&bed);
	enum conformance_verdict v = conformance_run(&bed, index, why);
	if (v == CONFORMANCE_EXEMPT) {
		printf("%s exempt: %s: %s\n", bed.name, conformance_name(index), why);
		ck_assert_msg(is_excused(bed.module->code, conformance_name(index), why),
			      "%s: %s: not excused: %s", bed.name, conformance_name(index), why);
	}
	ck_assert_msg(v != CONFORMANCE_FAIL, "%s: %s: %s", bed.name, conformance_name(index), why);
}
END_TEST

void conformance_add(Suite *s, conformance_bed_fn *make)
{
	int base = (int)(maker_count * conformance_count());
	assert(maker_count < sizeof makers / sizeof *makers);
	makers[maker_count++] = make;
	for (size_t i = 0; i < conformance_count(); i++) {
		TCase *tc = tcase_create(conformance_name(i));
		tcase_add_loop_test(tc, one, base + (int)i, base + (int)i + 1);
		tcase_set_timeout(tc, 300);
		suite_add_tcase(s, tc);
	}
}

/* A process that gave its rights up may not look into its own /proc, where tests count, until it allows that again. */
void conformance_become_user(void)
{
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
}
