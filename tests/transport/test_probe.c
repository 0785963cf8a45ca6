/* stack_probe: what a module finds below its stack reaches the caller, guarded against what it may say. */
#include "transport/twin.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

/* What the caller was told, "layer: text; ..." */
struct told {
	char text[4096];
	unsigned count;
	enum sgt_result last;
	char remedy[SGT_TEXT_MAX];
};

static void tell(void *ctx, const struct sgt_finding *f)
{
	struct told *t = ctx;
	size_t at = strlen(t->text);
	snprintf(t->text + at, sizeof t->text - at, "%s: %s; ", f->layer, f->text);
	snprintf(t->remedy, sizeof t->remedy, "%s", f->remedy);
	t->last = f->result;
	t->count++;
}

static struct twin t;
static struct told told;
static struct sgt_error error;

static enum sgt_result ask(void)
{
	memset(&told, 0, sizeof told);
	memset(&error, 0, sizeof error);
	ck_assert_int_eq(stack_prepare(t.stack, NULL), SGT_OK);
	enum sgt_result r = stack_probe(t.stack, 1000, tell, &told, &error);
	stack_destroy(&t.stack);
	instance_destroy(&t.instance);
	return r;
}

START_TEST(all_good)
{
	twin_make(&t, "net", "good", "10.0.0.1", NULL, NULL);
	ck_assert_int_eq(ask(), SGT_OK);
	ck_assert_str_eq(told.text, "link: mem://good; conflict: nobody else has them; ");
	ck_assert_int_eq(error.result, SGT_OK);
}
END_TEST

START_TEST(stops_at_the_first_that_fails)
{
	static struct twin other;
	twin_make(&t, "net", "pulled", "10.0.0.1", NULL, NULL);
	mem_state("pulled", SGT_NOT_RUNNING);
	ck_assert_int_eq(ask(), SGT_SOCKET);
	ck_assert_str_eq(told.text, "link: the cable is pulled; ");
	ck_assert_str_eq(error.text, "link: the cable is pulled");
	ck_assert_str_eq(error.remedy, "plug it in");
	ck_assert_int_eq(error.number, 123);
	twin_make(&other, "first", "twice", "10.0.0.1", NULL, NULL);
	twin_up(&other);
	twin_make(&t, "second", "twice", "10.0.0.1", NULL, NULL);
	ck_assert_int_eq(ask(), SGT_IN_USE);
	ck_assert_str_eq(error.text, "conflict: first has 10.0.0.1");
	twin_end(&other);
}
END_TEST

/* ---- modules that say odd things: the twin's, but for probe ---- */

static struct sgt_module odd;
static void (*odd_probe)(void (*fn)(void *ctx, const struct sgt_finding *f), void *ctx);

static void odd_call(struct sgt_stack *s, int limit_ms,
		     void (*fn)(void *ctx, const struct sgt_finding *f), void *ctx)
{
	(void)s;
	ck_assert_int_eq(limit_ms, 1000);
	odd_probe(fn, ctx);
}

static void odd_make(void (*probe)(void (*fn)(void *ctx, const struct sgt_finding *f), void *ctx))
{
	static const struct instance_config c = {.name = "odd"};
	static const struct stack_config how = {.ops = &twin_ops};
	odd = SGT_MODULE(mem);
	odd.probe = odd_call;
	odd_probe = probe;
	ck_assert_int_eq(instance_new(&t.instance, &odd, &c, NULL), OK);
	ck_assert_int_eq(stack_create(&t.stack, t.instance, &how, NULL), SGT_OK);
}

static void without_words(void (*fn)(void *ctx, const struct sgt_finding *f), void *ctx)
{
	fn(ctx, &(struct sgt_finding){.size = sizeof(struct sgt_finding)});
	fn(ctx, &(struct sgt_finding){
			.size = sizeof(struct sgt_finding), .layer = "x", .result = SGT_DENIED});
	fn(ctx, &(struct sgt_finding){.size = sizeof(struct sgt_finding), .layer = "behind"});
}

static void without_end(void (*fn)(void *ctx, const struct sgt_finding *f), void *ctx)
{
	for (int i = 0; i < 100; i++)
		fn(ctx, &(struct sgt_finding){sizeof(struct sgt_finding), "x", SGT_OK, "y", ""});
}

static void too_small(void (*fn)(void *ctx, const struct sgt_finding *f), void *ctx)
{
	fn(ctx, &(struct sgt_finding){.size = 8});
}

START_TEST(odd_findings)
{
	odd_make(without_words);
	ck_assert_int_eq(ask(), SGT_DENIED);
	ck_assert_str_eq(told.text, "network: done; x: rights forbid it; ");
	ck_assert_str_eq(told.remedy, "");
	odd_make(without_end);
	ck_assert_int_eq(ask(), SGT_OK);
	ck_assert_uint_eq(told.count, 16);
	odd_make(too_small);
	ck_assert_int_eq(ask(), SGT_OK);
	ck_assert_uint_eq(told.count, 0);
}
END_TEST

/* A module without the function, and one that was compiled before there was such a function. */
START_TEST(none)
{
	odd_make(without_end);
	odd.probe = NULL;
	ck_assert_int_eq(ask(), SGT_OK);
	ck_assert_uint_eq(told.count, 0);
	odd_make(without_end);
	odd.size = offsetof(struct sgt_module, probe);
	ck_assert_int_eq(ask(), SGT_OK);
	ck_assert_uint_eq(told.count, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/probe");
	SUITE_CASE(s, "module", all_good, stops_at_the_first_that_fails, none);
	SUITE_CASE(s, "guard", odd_findings);
	return s;
}
SUITE_MAIN(suite)
