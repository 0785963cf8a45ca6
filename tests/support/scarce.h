/*
 * Memory that runs short on demand: a test calls what it tests again and again, the i-th allocation failing each time.
 *
 *	for (unsigned i = 1; scarce_fail_at(i), try_it() != OK; i++)
 *		...nothing may leak, nothing may be half done...
 *	scarce_end();
 *
 * Covers malloc, calloc and realloc of all that is linked statically, Check among it: assert nothing while a failure
 * is still to come. Link the program with $(WITH_SCARCE).
 */
#ifndef SMTPGATE_TESTS_SCARCE_H
#define SMTPGATE_TESTS_SCARCE_H

/* The n-th allocation from now fails (1: the next), and those after it succeed. */
void scarce_fail_at(unsigned n);
/* Allocations succeed again. */
void scarce_end(void);

#endif
