/*
 * serve_module FILE.so ADDRESS BULK [KEY=VALUE]...: the service over a module, through its ABI and nothing else. Owns one stack
 * of it, on the main thread; ends with the process. Fails with the module's own sentence.
 */
#include "bench/transports/service.h"
#include "conformance/rig.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SETTINGS_MAX 16
#define SPANS 64

struct session {
	struct sgt_conn *conn;
	char mode;
	size_t left; /* of the bulk */
	/* lent bytes that wait for the send before them */
	struct sgt_bytes waiting[SPANS];
	size_t waits, sending; /* spans under way; 0: none */
};

static const struct sgt_module *module;
static size_t bulk;
static const char zeros[SERVICE_PIECE];

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "serve_module: %s: %s\n", what, why);
	exit(1);
}

/* ---- the service ---- */

static void echo(struct session *s)
{
	size_t n = s->waits < SGT_SEND_PIECES ? s->waits : SGT_SEND_PIECES;
	if (s->sending || !n)
		return;
	s->sending = n;
	if (module->send(s->conn, s->waiting, n) != SGT_OK)
		fail("send", "refused");
}

static void pour(struct session *s)
{
	struct sgt_bytes piece = {zeros, s->left < SERVICE_PIECE ? s->left : SERVICE_PIECE};
	s->left -= piece.len;
	if (!piece.len)
		module->close(s->conn);
	else if (module->send(s->conn, &piece, 1) != SGT_OK)
		fail("send", "refused");
}

static void on_data(struct session *s, const char *data, size_t len)
{
	char before = s->mode;
	if (!before)
		s->mode = data[0];
	if (s->mode != 'E') {
		module->consume(s->conn, len);
		if (s->mode == 'O' && !before) {
			s->left = bulk;
			pour(s);
		}
		return;
	}
	if (s->waits == SPANS)
		fail("echo", "more pieces came than a request has");
	s->waiting[s->waits++] = (struct sgt_bytes){data, len};
	echo(s);
}

static void on_sent(struct session *s, size_t len)
{
	if (s->mode == 'O') {
		pour(s);
		return;
	}
	s->waits -= s->sending;
	memmove(s->waiting, s->waiting + s->sending, s->waits * sizeof *s->waiting);
	s->sending = 0;
	module->consume(s->conn, len);
	echo(s);
}

static void deliver(void *ctx, const struct sgt_event *e)
{
	struct session *s = e->user;
	(void)ctx;
	switch (e->type) {
	case SGT_EV_ACCEPTED:
		s = calloc(1, sizeof *s);
		if (!s)
			fail("accept", "no memory");
		s->conn = e->conn;
		module->set_user(e->conn, s);
		break;
	case SGT_EV_DATA:
		on_data(s, e->data, e->len);
		break;
	case SGT_EV_SENT:
		on_sent(s, e->len);
		break;
	case SGT_EV_PEER_EOF:
		if (s->mode != 'O')
			module->close(s->conn);
		break;
	case SGT_EV_ERROR:
		module->close(s->conn);
		break;
	case SGT_EV_CLOSED:
		free(s);
		break;
	case SGT_EV_DOWN:
		fail("stack", e->error->text);
	case SGT_EV_CONNECTED:
	case SGT_EV_DATAGRAM:
		break;
	}
}

/* ---- the host ---- */

static void host_log(void *ctx, enum sgt_level level, const char *text)
{
	(void)ctx;
	if (level < SGT_LOG_INFO)
		fprintf(stderr, "serve_module: %s\n", text);
}

static uint64_t host_now_ms(void *ctx)
{
	struct timespec t;
	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t host_random(void *ctx)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;
	(void)ctx;
	return state = state * 6364136223846793005u + 1442695040888963407u;
}

static void *host_alloc(void *ctx, void *old, size_t size)
{
	(void)ctx;
	if (size)
		return realloc(old, size);
	free(old);
	return NULL;
}

static const struct sgt_host host = {.size = sizeof host,
				     .deliver = deliver,
				     .log = host_log,
				     .now_ms = host_now_ms,
				     .random = host_random,
				     .alloc = host_alloc};

/* ---- from file to running stack ---- */

static void load_module(const char *path)
{
	char code[64], symbol[128];
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	snprintf(code, sizeof code, "%.*s", (int)strcspn(name, "."), name);
	snprintf(symbol, sizeof symbol, "%s_LTX_smtpgate_transport", code);
	void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	module = file ? dlsym(file, symbol) : NULL;
	if (!module)
		fail(path, dlerror());
}

static struct sgt_stack *create(char **given, const struct sgt_plan *plan)
{
	static struct conformance_setting settings[SETTINGS_MAX + 1];
	char why[CONFORMANCE_TEXT_MAX];
	struct sgt_error e;
	struct sgt_stack *stack = NULL;
	for (size_t n = 0; n < SETTINGS_MAX && given[n]; n++) {
		char *equals = strchr(given[n], '=');
		if (!equals)
			fail(given[n], "it is not KEY=VALUE");
		*equals = '\0';
		settings[n] = (struct conformance_setting){given[n], equals + 1};
	}
	struct sgt_value *values = values_make(module->keys, settings, why);
	if (!values)
		fail("settings", why);
	struct sgt_create with = {.size = sizeof with,
				  .name = module->code,
				  .values = values,
				  .plans = plan,
				  .plan_count = 1};
	if (module->create(&host, &with, &stack, &e) != SGT_OK)
		fail("create", e.text);
	values_free(module->keys, values);
	return stack;
}

int main(int argc, char **argv)
{
	struct sgt_error e;
	struct sgt_listener *listener;
	if (argc < 4)
		return fprintf(stderr, "serve_module FILE.so ADDRESS BULK [KEY=VALUE]...\n"), 64;
	load_module(argv[1]);
	struct sgt_plan plan = {.name = "bench", .address = argv[2]};
	bulk = strtoull(argv[3], NULL, 10);
	struct sgt_stack *stack = create(argv + 4, &plan);
	if (module->prepare(stack, &e) != SGT_OK || module->start(stack, &e) != SGT_OK ||
	    module->listen(stack, &plan, NULL, &listener, &e) != SGT_OK)
		fail(module->code, e.text);
	printf("%s\n", module->listener_address(listener));
	fflush(stdout);
	while (module->run(stack, 1000, &e) == SGT_OK)
		;
	fail(module->code, e.text);
}
