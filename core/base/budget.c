/* The budget of memory: see budget.h. */
#include "base/budget.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

static struct {
	atomic_size_t used, peak, most, refused;
} budget = {.most = SIZE_MAX};

void budget_limit(size_t most)
{
	atomic_store(&budget.most, most);
}

static void raise_peak(size_t used)
{
	size_t peak = atomic_load(&budget.peak);
	while (used > peak && !atomic_compare_exchange_weak(&budget.peak, &peak, used))
		;
}

bool budget_try(size_t n)
{
	size_t used = atomic_load(&budget.used), most = atomic_load(&budget.most);
	do {
		if (n > most || used > most - n) {
			atomic_fetch_add(&budget.refused, 1);
			return false;
		}
	} while (!atomic_compare_exchange_weak(&budget.used, &used, used + n));
	raise_peak(used + n);
	return true;
}

void budget_take(size_t n)
{
	raise_peak(atomic_fetch_add(&budget.used, n) + n);
}

void budget_give(size_t n)
{
	size_t before = atomic_fetch_sub(&budget.used, n);
	assert(before >= n);
	(void)before;
}

struct budget_state budget_state(void)
{
	return (struct budget_state){
		.used = atomic_load(&budget.used),
		.peak = atomic_load(&budget.peak),
		.most = atomic_load(&budget.most),
		.refused = atomic_load(&budget.refused),
	};
}
