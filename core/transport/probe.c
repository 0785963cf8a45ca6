/*
 * What a module finds below its stack, for `smtpgate probe`: see stack_probe in stack.h. Guards the caller against what a
 * module says: findings without text, too many, or of an older layout.
 */
#include "transport/stack_internal.h"
#include "base/text.h"
#include "transport/error.h"

#include <limits.h>

#define FINDINGS_MAX 16

struct climb {
	void (*fn)(void *ctx, const struct sgt_finding *finding);
	void *ctx;
	unsigned count;
	enum sgt_result result;
	struct sgt_error *error;
};

/* What every finding has; members that come later may lie behind its size. */
#define FIRST_LAYOUT (offsetof(struct sgt_finding, remedy) + sizeof(const char *))

static void found(void *ctx, const struct sgt_finding *f)
{
	struct climb *c = ctx;
	if (c->result != SGT_OK || c->count == FINDINGS_MAX || f->size < FIRST_LAYOUT)
		return;
	c->count++;
	c->result = f->result;
	const char *text = f->text && *f->text ? f->text : transport_error_sentence(f->result);
	struct sgt_finding whole = {
		.size = sizeof whole,
		.layer = f->layer && *f->layer ? f->layer : "network",
		.result = f->result,
		.text = text,
		.remedy = f->remedy ? f->remedy : "",
	};
	if (f->result != SGT_OK) {
		transport_error_set(c->error, f->result, "%s: %s", whole.layer, text);
		text_copy(c->error->remedy, sizeof c->error->remedy, whole.remedy);
	}
	c->fn(c->ctx, &whole);
}

enum sgt_result stack_probe(struct stack *s, int64_t limit_ms,
			    void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx,
			    struct sgt_error *error)
{
	struct sgt_error ignored;
	struct climb c = {.fn = fn, .ctx = ctx, .error = error ? error : &ignored};
	if (sgt_module_has(s->module, probe))
		s->module->probe(s->sgt, limit_ms < INT_MAX ? (int)limit_ms : INT_MAX, found, &c);
	return c.result;
}
