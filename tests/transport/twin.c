/* Stacks and users for the tests of core/transport: see twin.h. */
#include "transport/twin.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum sgt_result twin_on_up(void *ctx, struct stack *s, struct sgt_error *error)
{
	struct twin *t = ctx;
	(void)s;
	t->ups++;
	return t->on_up ? t->on_up(t, error) : SGT_OK;
}

static void twin_on_down(void *ctx, struct stack *s, const struct sgt_error *why)
{
	struct twin *t = ctx;
	(void)s;
	t->downs++;
	t->why = *why;
	t->listener = NULL;
}

const struct stack_ops twin_ops = {.on_up = twin_on_up, .on_down = twin_on_down};

void twin_make(struct twin *t, const char *name, const char *network, const char *address,
	       const char *const *settings, const struct clock *clock)
{
	struct instance_setting list[16] = {{.key = "network", .text = network},
					    {.key = "address", .text = address}};
	char keys[16][32];
	struct instance_config config = {.name = name, .settings = list, .count = 2};
	for (; settings && *settings; settings++) {
		const char *eq = strchr(*settings, '=');
		snprintf(keys[config.count], sizeof keys[0], "%.*s", (int)(eq - *settings),
			 *settings);
		list[config.count] =
			(struct instance_setting){.key = keys[config.count], .text = eq + 1};
		config.count++;
	}
	struct err err;
	ck_assert_msg(instance_new(&t->instance, &SGT_MODULE(mem), &config, &err) == OK, "%s",
		      err.text);
	struct sgt_error error;
	const struct stack_config how = {.clock = clock,
					 .ops = &twin_ops,
					 .ctx = t,
					 .retry_first = 5000,
					 .retry_most = 300000};
	ck_assert_msg(stack_create(&t->stack, t->instance, &how, &error) == SGT_OK, "%s",
		      error.text);
}

void twin_up(struct twin *t)
{
	struct sgt_error error;
	ck_assert_int_eq(stack_prepare(t->stack, &error), SGT_OK);
	ck_assert_msg(stack_start_here(t->stack, &error) == SGT_OK, "%s", error.text);
}

void twin_turns(struct twin *a, struct twin *b, unsigned turns)
{
	while (turns--) {
		stack_turn(a->stack, 0);
		if (b)
			stack_turn(b->stack, 0);
	}
}

void twin_end(struct twin *t)
{
	ck_assert_int_eq(stack_stop(t->stack, 5000), OK);
	stack_destroy(&t->stack);
	instance_destroy(&t->instance);
}

/* ---- a user of connections ---- */

static void seen_connected(void *ctx, struct conn *c)
{
	(void)c;
	((struct seen *)ctx)->connected++;
}

static size_t seen_data(void *ctx, struct conn *c, const char *bytes, size_t n)
{
	struct seen *s = ctx;
	s->offers++;
	if (s->take && n > s->take)
		n = s->take;
	if (s->take == (size_t)-1)
		return 0;
	if (s->echo && conn_write(c, bytes, n) != OK)
		conn_abort(c);
	if (s->len + n >= sizeof s->text)
		abort(); /* no assertion: it would need memory where a test lets it run short */
	memcpy(s->text + s->len, bytes, n);
	s->len += n;
	s->text[s->len] = '\0';
	return n;
}

static void seen_sent(void *ctx, struct conn *c)
{
	(void)c;
	((struct seen *)ctx)->sent++;
}

static void seen_eof(void *ctx, struct conn *c)
{
	struct seen *s = ctx;
	s->eofs++;
	if (s->close_on_eof)
		conn_close(c);
}

static void seen_timeout(void *ctx, struct conn *c)
{
	(void)c;
	((struct seen *)ctx)->timeouts++;
}

static void seen_error(void *ctx, struct conn *c, const struct sgt_error *error)
{
	struct seen *s = ctx;
	s->errors++;
	s->error = *error;
	if (s->close_on_error)
		conn_close(c);
}

static void seen_closed(void *ctx, struct conn *c)
{
	struct seen *s = ctx;
	(void)c;
	s->closed++;
	s->conn = NULL;
}

const struct conn_ops seen_ops = {
	.on_connected = seen_connected,
	.on_data = seen_data,
	.on_sent = seen_sent,
	.on_eof = seen_eof,
	.on_timeout = seen_timeout,
	.on_error = seen_error,
	.on_closed = seen_closed,
};

static void on_accept(void *ctx, struct listener *l, struct conn *c)
{
	struct acceptor *a = ctx;
	(void)l;
	if (a->at == a->count)
		return; /* not taken */
	struct seen *s = &a->seen[a->at++];
	s->conn = c;
	conn_take(c, &seen_ops, s);
}

void acceptor_open(struct twin *t, const char *address, struct acceptor *a)
{
	struct sgt_error error;
	const struct sgt_plan plan = {.name = "lan", .address = address};
	ck_assert_msg(listener_open(&t->listener, t->stack, &plan, on_accept, a, &error) == SGT_OK,
		      "%s", error.text);
}
