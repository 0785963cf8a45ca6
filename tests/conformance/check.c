/* See check.h. An exempt test passes and prints its reason, as the program does. */
#include "conformance/check.h"

#include <assert.h>

static conformance_bed_fn *makers[8];
static size_t maker_count;

START_TEST(one)
{
	struct conformance_bed bed;
	char why[CONFORMANCE_TEXT_MAX];
	size_t index = (size_t)_i % conformance_count();
	makers[(size_t)_i / conformance_count()](&bed);
	enum conformance_verdict v = conformance_run(&bed, index, why);
	if (v == CONFORMANCE_EXEMPT)
		printf("%s exempt: %s: %s\n", bed.name, conformance_name(index), why);
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
