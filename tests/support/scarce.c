/* Memory that runs short on demand: see scarce.h. The linker hands our allocations to these (--wrap). */
#include "support/scarce.h"

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

static unsigned left; /* allocations until the one that fails; 0: none will */

void scarce_fail_at(unsigned n)
{
	__atomic_store_n(&left, n, __ATOMIC_SEQ_CST);
}

void scarce_end(void)
{
	scarce_fail_at(0);
}

static bool short_now(void)
{
	unsigned before = __atomic_load_n(&left, __ATOMIC_SEQ_CST);
	while (before && !__atomic_compare_exchange_n(&left, &before, before - 1, false,
						      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	return before == 1;
}

void *__wrap_malloc(size_t n)
{
	return short_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
	return short_now() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return short_now() ? NULL : __real_realloc(p, n);
}
