/*
 * Happy eyeballs over any transport: see dial.h. A dial owns its attempts; a connection is owned by its attempt until it
 * wins or is aborted. Everything begins from timers and events, never inside dial_start.
 */
#include "transport/dial.h"
#include "base/net.h"
#include "base/text.h"
#include "transport/error.h"
#include "transport/stack_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 30000 /* for the whole */
#define STAGGER_MS 250 /* RFC 8305 section 5: Connection Attempt Delay */

struct attempt {
	struct dial *dial;
	char address[SGT_ADDRESS_MAX]; /* as given, later as the stack prints it */
	bool v6;
	struct conn *conn; /* while it is under way */
	bool begun, failed;
	char why[SGT_TEXT_MAX];
};

struct dial {
	struct stack *stack;
	const struct dial_ops *ops;
	void *ctx;
	char host[256];
	char source[SGT_ADDRESS_MAX];
	bool has_source;
	unsigned port;
	int64_t limit_ms, stagger_ms;
	struct timer next, limit;
	enum sgt_result last; /* of the last attempt that failed */
	int number;
	size_t count, begun, running;
	struct attempt attempts[]; /* in the order of trying */
};

static struct dial *of_next(struct timer *t)
{
	return (struct dial *)((char *)t - offsetof(struct dial, next));
}

static struct dial *of_limit(struct timer *t)
{
	return (struct dial *)((char *)t - offsetof(struct dial, limit));
}

static bool is_v6(const char *address)
{
	char host[SGT_ADDRESS_MAX];
	unsigned port;
	struct net_ip ip;
	if (net_ip_parse(address, &ip) == OK)
		return !net_ip_is_v4(&ip);
	return net_hostport(address, host, sizeof host, &port, true) == OK &&
	       net_ip_parse(host, &ip) == OK && !net_ip_is_v4(&ip);
}

/* RFC 8305 section 4: families alternate, each in the order given, the first address's family first. */
static void interleave(struct dial *d, const struct dial_target *t)
{
	bool v6 = is_v6(t->addresses[0]);
	size_t at[2] = {0, 0};
	for (size_t n = 0; n < t->count; v6 = !v6) {
		size_t *i = &at[v6];
		while (*i < t->count && is_v6(t->addresses[*i]) != v6)
			++*i;
		if (*i == t->count)
			continue;
		struct attempt *a = &d->attempts[n++];
		a->dial = d;
		a->v6 = v6;
		text_copy(a->address, sizeof a->address, t->addresses[(*i)++]);
	}
}

/* Lets go of an attempt's connection, if it still has one. */
static void drop(struct attempt *a)
{
	struct conn *c = a->conn;
	a->conn = NULL;
	if (!c)
		return;
	a->dial->running--;
	conn_take(c, &conn_nobody, NULL);
	conn_abort(c);
}

static void dial_free(struct dial *d)
{
	for (size_t i = 0; i < d->count; i++)
		drop(&d->attempts[i]);
	timers_clear(stack_timers(d->stack), &d->next);
	timers_clear(stack_timers(d->stack), &d->limit);
	free(d);
}

static void failed_text(const struct dial *d, char *out, size_t n)
{
	size_t len = (size_t)snprintf(out, n, "no connection to %s", d->host);
	for (size_t i = 0; i < d->count && len < n; i++) {
		const struct attempt *a = &d->attempts[i];
		const char *why = a->failed ? a->why : "not tried in the time there was";
		if (n - len < strlen(a->address) + strlen(why) + 32) {
			snprintf(out + len, n - len, "; and %zu more", d->count - i);
			return;
		}
		bool named = text_starts(why, a->address); /* by the TCP/IP's own words */
		len += (size_t)snprintf(out + len, n - len, "%s %s%s%s", i ? ";" : ":",
					named ? "" : a->address, named ? "" : ": ", why);
	}
}

static void give_up(struct dial *d, enum sgt_result result, int number)
{
	struct dial_failure f = {.result = result, .number = number};
	failed_text(d, f.text, sizeof f.text);
	const struct dial_ops *ops = d->ops;
	void *ctx = d->ctx;
	dial_free(d);
	ops->on_failed(ctx, &f);
}

static void note_failure(struct attempt *a, const struct sgt_error *error)
{
	a->failed = true;
	text_copy(a->why, sizeof a->why, error->text);
	a->dial->last = error->result;
	a->dial->number = error->number;
}

static void begin_next(struct dial *d);

/* ---- one attempt's connection ---- */

static void attempt_connected(void *ctx, struct conn *c)
{
	struct attempt *a = ctx;
	struct dial *d = a->dial;
	const struct dial_ops *ops = d->ops;
	void *user = d->ctx;
	a->conn = NULL;
	d->running--;
	conn_take(c, &conn_nobody, NULL);
	dial_free(d);
	ops->on_connected(user, c);
	if (!conn_is_taken(c))
		conn_abort(c);
}

static void attempt_error(void *ctx, struct conn *c, const struct sgt_error *error)
{
	struct attempt *a = ctx;
	struct dial *d = a->dial;
	(void)c;
	note_failure(a, error);
	drop(a);
	begin_next(d);
}

static void attempt_closed(void *ctx, struct conn *c)
{
	(void)ctx; /* only when the stack ended: the attempt is gone or given up by drop before */
	(void)c;
}

static const struct conn_ops attempt_ops = {
	.on_connected = attempt_connected,
	.on_data = NULL, /* never open while it is an attempt's */
	.on_error = attempt_error,
	.on_closed = attempt_closed,
};

static enum sgt_result canonical(struct attempt *a, struct sgt_error *error)
{
	struct dial *d = a->dial;
	struct net_ip ip;
	char given[SGT_ADDRESS_MAX + 2], out[SGT_ADDRESS_MAX];
	bool bare = a->v6 && a->address[0] != '[' && net_ip_parse(a->address, &ip) == OK;
	snprintf(given, sizeof given, bare ? "[%s]" : "%s", a->address);
	enum sgt_result r = stack_address(d->stack, given, d->port, out, error);
	if (r == SGT_OK)
		memcpy(a->address, out, sizeof out);
	return r;
}

static bool begin(struct attempt *a)
{
	struct dial *d = a->dial;
	struct sgt_error error = {0};
	a->begun = true;
	bool here = net_is_file(a->address);
	if (d->has_source && !here && is_v6(d->source) != a->v6)
		transport_error_set(&error, SGT_UNREACHABLE, "of another family than source %s",
				    d->source);
	else if (a->v6 && !(stack_module(d->stack)->caps & SGT_CAP_IPV6_CONNECT))
		transport_error_set(&error, SGT_UNSUPPORTED, "this TCP/IP has no IPv6");
	else if (canonical(a, &error) == SGT_OK &&
		 conn_connect(&a->conn, d->stack, a->address,
			      d->has_source && !here ? d->source : NULL, &attempt_ops, a,
			      &error) == SGT_OK) {
		d->running++;
		return true;
	}
	note_failure(a, &error);
	return false;
}

/* Begins the next address that can be begun at all; gives up when none is left and none is under way. */
static void begin_next(struct dial *d)
{
	struct timers *timers = stack_timers(d->stack);
	while (d->begun < d->count) {
		if (!begin(&d->attempts[d->begun++]))
			continue;
		int64_t due = clock_mono(stack_clock(d->stack)) + d->stagger_ms;
		if (d->begun < d->count)
			timers_set(timers, &d->next,
				   due); /* without memory: the next waits for a failure */
		return;
	}
	timers_clear(timers, &d->next);
	if (!d->running)
		give_up(d, d->last, d->number);
}

static void next_due(struct timer *t)
{
	begin_next(of_next(t));
}

static void limit_due(struct timer *t)
{
	struct dial *d = of_limit(t);
	char text[24];
	for (size_t i = 0; i < d->count; i++) {
		struct attempt *a = &d->attempts[i];
		if (a->conn) {
			a->failed = true;
			snprintf(a->why, sizeof a->why, "no answer in %s",
				 text_duration(d->limit_ms, text, sizeof text));
		}
	}
	give_up(d, SGT_TIMEOUT, transport_error_number(SGT_TIMEOUT));
}

enum result dial_start(struct dial **out, struct stack *s, const struct dial_target *t,
		       const struct dial_ops *ops, void *ctx)
{
	if (!t->count)
		return E_RANGE;
	if (!stack_is_up(s))
		return E_STATE;
	struct dial *d = calloc(1, sizeof *d + t->count * sizeof d->attempts[0]);
	if (!d)
		return E_NOMEM;
	d->stack = s;
	d->ops = ops;
	d->ctx = ctx;
	d->count = t->count;
	d->port = t->port;
	d->limit_ms = t->limit_ms ? t->limit_ms : LIMIT_MS;
	d->stagger_ms = t->stagger_ms ? t->stagger_ms : STAGGER_MS;
	d->has_source = t->source != NULL;
	text_copy(d->host, sizeof d->host, t->host);
	text_copy(d->source, sizeof d->source, t->source ? t->source : "");
	d->next.fire = next_due;
	d->limit.fire = limit_due;
	interleave(d, t);
	int64_t now = clock_mono(stack_clock(s));
	if (timers_set(stack_timers(s), &d->limit, now + d->limit_ms) != OK ||
	    timers_set(stack_timers(s), &d->next, now) != OK) {
		dial_free(d);
		return E_NOMEM;
	}
	*out = d;
	return OK;
}

void dial_cancel(struct dial **d)
{
	if (*d)
		dial_free(*d);
	*d = NULL;
}
