/*
 * What every Check program shares: one main, so that options and the counting line are alike everywhere.
 *
 *	static Suite *suite(void) { ... }
 *	SUITE_MAIN(suite)
 */
#ifndef SMTPGATE_TESTS_SUITE_H
#define SMTPGATE_TESTS_SUITE_H

#include <check.h>

/* Runs the suite (CK_FORK, CK_RUN_CASE and the like of Check apply); 0 when all passed. */
int suite_run(Suite *s);
/* Before a suite is made: where Check's time limit of a test is not set, it is two minutes. */
void suite_patience(void);

#define SUITE_MAIN(make)                  \
	int main(void)                    \
	{                                 \
		suite_patience();         \
		return suite_run(make()); \
	}

/* Adds a tcase of its own for one behaviour with one or more test functions. */
#define SUITE_CASE(suite, name, ...)                                           \
	do {                                                                   \
		TCase *tc_ = tcase_create(name);                               \
		const TTest *const tests_[] = {__VA_ARGS__};                   \
		for (size_t i_ = 0; i_ < sizeof tests_ / sizeof *tests_; i_++) \
			tcase_add_test(tc_, tests_[i_]);                       \
		tcase_set_timeout(tc_, 60);                                    \
		suite_add_tcase(suite, tc_);                                   \
	} while (0)

/* A folder of this test's own under $TMPDIR or /tmp, removed by suite_scratch_remove. Static storage. */
const char *suite_scratch(void);
void suite_scratch_remove(void);

#endif
