/*
 * mem: a network inside the process, the simplest transport that keeps the contract of smtpgate/transport.h. All stacks
 * with one `network` reach each other, as hosts on one wire would; nothing is slow, lost or reordered unless a test
 * asks for it (mem.h).
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KEY_NETWORK, KEY_ADDRESS, KEY_WINDOW, KEY_CONNECTIONS, KEY_CONNECT_WAIT };

static const struct sgt_key keys[] = {
	[KEY_NETWORK] = {.name = "network",
			 .type = SGT_TEXT,
			 .standard = "mem",
			 .help = "Name of the network in this process; stacks that name the same "
				 "one reach each other."},
	[KEY_ADDRESS] = {.name = "address",
			 .type = SGT_ADDR,
			 .standard = "127.0.0.1, ::1",
			 .flags = SGT_KEY_MANY,
			 .help = "Own addresses: IPv4, IPv6 or any word."},
	[KEY_WINDOW] = {.name = "window",
			.type = SGT_SIZE,
			.standard = "16K",
			.min = 1,
			.max = MEM_LEND_MAX,
			.help = "Bytes that a connection takes before its peer has to wait."},
	[KEY_CONNECTIONS] = {.name = "connections",
			     .type = SGT_INT,
			     .standard = "100000",
			     .min = 1,
			     .max = 1000000,
			     .help = "Connections at a time."},
	[KEY_CONNECT_WAIT] =
		{.name = "connect_wait",
		 .type = SGT_TIME,
		 .standard = "75s",
		 .min = 1,
		 .max = 3600000,
		 .help = "How long a connect waits for an address that does not answer."},
	{.name = NULL},
};

static enum sgt_result own_read(struct sgt_stack *s, const struct sgt_value *value,
				struct sgt_error *error)
{
	s->own = s->host->alloc(s->host->ctx, NULL, value->count * sizeof *s->own);
	if (!s->own)
		return mem_error(error, SGT_NOMEM, NULL);
	for (size_t i = 0; i < value->count; i++) {
		struct mem_address at;
		if (mem_address_read(value->texts[i], 1, &at, error) != SGT_OK || at.host[0] == '*')
			return mem_error(error, SGT_BAD_SETTING,
					 "address: \"%s\" is not an address", value->texts[i]);
		memcpy(s->own[s->own_count++], at.host, sizeof at.host);
	}
	return SGT_OK;
}

static enum sgt_result plans_check(const struct sgt_create *with, struct sgt_error *error)
{
	struct mem_address at;
	for (size_t i = 0; i < with->plan_count; i++)
		if (mem_address_read(with->plans[i].address, 0, &at, error) != SGT_OK)
			return error->result;
	return SGT_OK;
}

static void destroy(struct sgt_stack *s)
{
	pthread_cond_destroy(&s->ready);
	s->host->alloc(s->host->ctx, s->own, 0);
	s->host->alloc(s->host->ctx, s, 0);
}

static enum sgt_result create(const struct sgt_host *host, const struct sgt_create *with,
			      struct sgt_stack **stack, struct sgt_error *error)
{
	struct sgt_stack *s = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return mem_error(error, SGT_NOMEM, NULL);
	*s = (struct sgt_stack){
		.host = host,
		.window = (size_t)with->values[KEY_WINDOW].number,
		.conn_max = (size_t)with->values[KEY_CONNECTIONS].number,
		.connect_wait = (uint64_t)with->values[KEY_CONNECT_WAIT].number,
	};
	snprintf(s->name, sizeof s->name, "%s", with->name);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&s->ready, &monotonic);
	pthread_condattr_destroy(&monotonic);
	enum sgt_result r = own_read(s, &with->values[KEY_ADDRESS], error);
	if (r == SGT_OK)
		r = plans_check(with, error);
	if (r == SGT_OK && !(s->net = mem_net_get(with->values[KEY_NETWORK].texts[0])))
		r = mem_error(error, SGT_NOMEM, NULL);
	if (r == SGT_OK)
		*stack = s;
	else
		destroy(s);
	return r;
}

static void detect(struct sgt_stack *s, struct sgt_report *report)
{
	static const char *const causes[] = {
		[SGT_RUNNING] = "",
		[SGT_NOT_RUNNING] = "the cable is pulled",
		[SGT_FORBIDDEN] = "the network is locked",
		[SGT_ABSENT] = "there is no such network",
	};
	pthread_mutex_lock(&s->net->lock);
	*report = (struct sgt_report){.state = s->net->state};
	pthread_mutex_unlock(&s->net->lock);
	snprintf(report->detail, sizeof report->detail, "mem://%s", s->net->name);
	snprintf(report->cause, sizeof report->cause, "%s", causes[report->state]);
}

/* A call that a test wants to take long, or to fail. */
static enum sgt_result hindered(struct sgt_stack *s, enum mem_call call, struct sgt_error *error)
{
	pthread_mutex_lock(&s->net->lock);
	int ms = s->net->calls[call].hang_ms;
	bool fails = mem_net_fails(s->net, call, error);
	pthread_mutex_unlock(&s->net->lock);
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
	while (ms && nanosleep(&t, &t) != 0 && errno == EINTR)
		;
	return fails ? error->result : SGT_OK;
}

static enum sgt_result prepare(struct sgt_stack *s, struct sgt_error *error)
{
	return hindered(s, MEM_PREPARE, error);
}

static enum sgt_result start(struct sgt_stack *s, struct sgt_error *error)
{
	enum sgt_result r = hindered(s, MEM_START, error);
	if (r != SGT_OK)
		return r;
	pthread_mutex_lock(&s->net->lock);
	if (s->net->state == SGT_RUNNING) {
		s->started = true;
		s->woken = s->down = false;
		s->last_conn = &s->first_conn;
		s->last_dgram = &s->first_dgram;
		s->next = s->net->stacks;
		s->net->stacks = s;
	} else {
		r = mem_error(error, SGT_SOCKET, "the cable of %s is pulled", s->net->name);
	}
	pthread_mutex_unlock(&s->net->lock);
	return r;
}

/* ---- delivering; the lock is held on entry and exit of each, but not while the core is called ---- */

static void hand_over(struct sgt_stack *s, const struct sgt_event *event)
{
	pthread_mutex_unlock(&s->net->lock);
	s->host->deliver(s->host->ctx, event);
	pthread_mutex_lock(&s->net->lock);
}

static void conn_deliver(struct sgt_stack *s)
{
	struct sgt_conn *c = s->first_conn;
	struct sgt_event event;
	struct sgt_error error;
	s->first_conn = c->next_ready;
	if (!s->first_conn)
		s->last_conn = &s->first_conn;
	c->ready = false;
	if (c->orphan) {
		mem_conn_free(c);
		return;
	}
	if (!mem_conn_event(c, &event, &error))
		return;
	if (event.type == SGT_EV_CLOSED) {
		hand_over(s, &event);
		mem_conn_free(c);
		return;
	}
	mem_conn_wake(c); /* what else is due comes after everybody else's turn */
	hand_over(s, &event);
}

static void dgram_deliver(struct sgt_stack *s)
{
	struct sgt_dgram *d = s->first_dgram;
	s->first_dgram = d->next_ready;
	if (!s->first_dgram)
		s->last_dgram = &s->first_dgram;
	d->ready = false;
	struct sgt_event event = {.type = SGT_EV_DATAGRAM, .dgram = d, .user = d->user};
	struct mem_packet *p = mem_dgram_take(d);
	event.peer = p->from;
	event.data = p->bytes;
	event.len = p->len;
	hand_over(s, &event);
	s->host->alloc(s->host->ctx, p, 0);
}

static void down_deliver(struct sgt_stack *s)
{
	struct sgt_error error;
	mem_error(&error, SGT_SOCKET, "the cable of %s was pulled", s->net->name);
	s->down = false;
	hand_over(s, &(struct sgt_event){.type = SGT_EV_DOWN, .error = &error});
}

/* At most so many events a run, so that the core's own work has its turn. */
static size_t deliver_some(struct sgt_stack *s)
{
	size_t n = 0;
	if (s->down) {
		down_deliver(s);
		return 1;
	}
	mem_conn_expire(s);
	for (; n < 256 && !s->down && (s->first_conn || s->first_dgram); n++) {
		if (s->first_conn)
			conn_deliver(s);
		else
			dgram_deliver(s);
	}
	return n;
}

/* Waits for something to deliver, a wakeup or the time; a silent connect may end the wait early. */
static void wait_ready(struct sgt_stack *s, int timeout_ms)
{
	struct timespec until;
	if (s->silent && timeout_ms > 10)
		timeout_ms = 10;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!s->woken && !s->down && !s->first_conn && !s->first_dgram)
		if (pthread_cond_timedwait(&s->ready, &s->net->lock, &until) == ETIMEDOUT)
			break;
}

static enum sgt_result run(struct sgt_stack *s, int timeout_ms, struct sgt_error *error)
{
	enum sgt_result r = hindered(s, MEM_RUN, error);
	if (r != SGT_OK)
		return r;
	pthread_mutex_lock(&s->net->lock);
	if (!deliver_some(s) && timeout_ms > 0) {
		wait_ready(s, timeout_ms);
		deliver_some(s);
	}
	s->woken = false;
	pthread_mutex_unlock(&s->net->lock);
	return SGT_OK;
}

static void wakeup(struct sgt_stack *s)
{
	pthread_mutex_lock(&s->net->lock);
	s->woken = true;
	pthread_cond_signal(&s->ready);
	pthread_mutex_unlock(&s->net->lock);
}

static void stop(struct sgt_stack *s)
{
	struct mem_net *net = s->net;
	pthread_mutex_lock(&net->lock);
	struct sgt_stack **link = &net->stacks;
	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	s->started = false;
	while (s->conns) {
		mem_conn_cut(s->conns, SGT_RESET);
		mem_conn_free(s->conns);
	}
	pthread_mutex_unlock(&net->lock);
	s->first_conn = NULL;
	s->first_dgram = NULL;
	while (s->listeners)
		mem_unlisten(s->listeners);
	while (s->dgrams)
		mem_dgram_close(s->dgrams);
}

static enum sgt_result address(struct sgt_stack *s, const char *text, unsigned default_port,
			       char out[SGT_ADDRESS_MAX], struct sgt_error *error)
{
	struct mem_address at;
	(void)s;
	enum sgt_result r = mem_address_read(text, default_port, &at, error);
	if (r == SGT_OK)
		mem_address_print(&at, out);
	return r;
}

static void counters(struct sgt_stack *s, struct sgt_counters *out)
{
	pthread_mutex_lock(&s->net->lock);
	*out = s->counters;
	pthread_mutex_unlock(&s->net->lock);
}

static void own_addresses(struct sgt_stack *s, void (*fn)(void *ctx, const char *address),
			  void *ctx)
{
	for (size_t i = 0; i < s->own_count; i++)
		fn(ctx, s->own[i]);
}

/* Another started stack with an address of ours, or NULL. The lock is held. */
static const char *other_holder(const struct sgt_stack *s, const char *own)
{
	for (const struct sgt_stack *o = s->net->stacks; o; o = o->next)
		for (size_t i = 0; o != s && i < o->own_count; i++)
			if (strcmp(o->own[i], own) == 0)
				return o->name;
	return NULL;
}

static void probe(struct sgt_stack *s, int limit_ms,
		  void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	char link[SGT_TEXT_MAX], conflict[SGT_TEXT_MAX];
	struct sgt_finding cable = {sizeof cable, "link", SGT_OK, link, NULL};
	struct sgt_finding twice = {sizeof twice, "conflict", SGT_OK, "nobody else has them", NULL};
	(void)limit_ms;
	snprintf(link, sizeof link, "mem://%s", s->net->name);
	pthread_mutex_lock(&s->net->lock);
	if (s->net->state != SGT_RUNNING) {
		cable.result = SGT_SOCKET;
		cable.text = "the cable is pulled";
		cable.remedy = "plug it in";
	}
	for (size_t i = 0; i < s->own_count && twice.result == SGT_OK; i++) {
		const char *holder = other_holder(s, s->own[i]);
		if (!holder)
			continue;
		snprintf(conflict, sizeof conflict, "%s has %s", holder, s->own[i]);
		twice.result = SGT_IN_USE;
		twice.text = conflict;
	}
	pthread_mutex_unlock(&s->net->lock);
	fn(ctx, &cable);
	if (cable.result == SGT_OK)
		fn(ctx, &twice);
}

const struct sgt_module SGT_MODULE(mem) = {
	SGT_MODULE_HEAD,
	.code = "mem",
	.vendor = "smtpgate",
	.provider = "memory",
	.version = "1",
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_DATAGRAMS | SGT_CAP_IPV4 |
		SGT_CAP_IPV6_LISTEN | SGT_CAP_IPV6_CONNECT | SGT_CAP_ABORT | SGT_CAP_INSTANCES |
		SGT_CAP_SHARE,
	.lend_max = MEM_LEND_MAX,
	.keys = keys,
	.create = create,
	.detect = detect,
	.prepare = prepare,
	.start = start,
	.run = run,
	.wakeup = wakeup,
	.stop = stop,
	.destroy = destroy,
	.address = address,
	.listen = mem_listen,
	.listener_address = mem_listener_address,
	.unlisten = mem_unlisten,
	.connect = mem_connect,
	.set_user = mem_set_user,
	.send = mem_send,
	.consume = mem_consume,
	.shutdown = mem_shutdown,
	.close = mem_close,
	.abort = mem_abort,
	.dgram_open = mem_dgram_open,
	.dgram_send = mem_dgram_send,
	.dgram_close = mem_dgram_close,
	.counters = counters,
	.own_addresses = own_addresses,
	.probe = probe,
};
