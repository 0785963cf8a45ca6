/*
 * The process's budget of memory: one count of what it keeps because others send (contents of messages, sessions), and its ceiling.
 * Whoever is about to keep something takes it here first, and gives it back when it is freed. What is small and does not grow with
 * senders is not counted.
 *
 * Any thread; no locks. budget_try fails at the ceiling; budget_take never does, for what has been admitted.
 */
#ifndef SMTPGATE_BASE_BUDGET_H
#define SMTPGATE_BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/* Sets the ceiling, bytes; without it there is none. */
void budget_limit(size_t most);
/* Takes n bytes unless that would be more than the ceiling. */
bool budget_try(size_t n);
void budget_take(size_t n);
void budget_give(size_t n);

struct budget_state {
	size_t used, peak, most; /* bytes; most: SIZE_MAX without a ceiling */
	size_t refused;          /* how often budget_try said no */
};
struct budget_state budget_state(void);

#endif
