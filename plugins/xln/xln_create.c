/* xln's settings and plans, and the sockets it uses. Touches nothing outside the process. */
#include "xln/xln.h"
#include "support/holder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* A killed process' requests keep its sockets for about 0.1 s. */
#define PATIENCE_MS 300

void *xln_alloc(struct sgt_stack *s, void *old, size_t size)
{
	return s->host->alloc(s->host->ctx, old, size);
}

void xln_log(struct sgt_stack *s, enum sgt_level level, const char *format, ...)
{
	char text[2 * SGT_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	s->host->log(s->host->ctx, level, text);
}

/* Blocking ones: io_uring takes O_NONBLOCK as the wish not to wait at all. */
static int open_socket(void *ctx, int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	(void)ctx;
	return fd < 0 ? -errno : fd;
}

static enum sgt_result no_memory(struct sgt_error *error)
{
	return error_set(error, SGT_NOMEM, "memory is short for the settings of xln");
}

static enum sgt_result read_values(struct sgt_stack *s, const struct sgt_create *with,
				   struct sgt_error *error)
{
	const struct sgt_value *v = with->values;
	const char *name = with->name ? with->name : "xln";
	size_t n = strlen(name) + 1;
	s->name = xln_alloc(s, NULL, n);
	if (!s->name)
		return no_memory(error);
	memcpy(s->name, name, n);
	s->entries = (unsigned)v[XLN_KEY_ENTRIES].number;
	s->sqpoll = v[XLN_KEY_SQPOLL].number != 0;
	s->buffers = (size_t)v[XLN_KEY_BUFFERS].number;
	return ipaddr_name_servers(&v[XLN_KEY_NAME_SERVER], error);
}

enum sgt_result xln_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error)
{
	static const struct sock_port_ways ways = {.explain = holder_explain};
	struct sgt_stack *s = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return no_memory(error);
	memset(s, 0, sizeof *s);
	s->host = host;
	s->wake_fd = -1;
	s->maker.open = open_socket;
	LIST_INIT(&s->conns);
	LIST_INIT(&s->listeners);
	LIST_INIT(&s->dgrams);
	STAILQ_INIT(&s->ready);
	TAILQ_INIT(&s->lingering);
	ports_make(&s->ports, host, &s->maker, &ways, s);
	s->ports.patience_ms = PATIENCE_MS;
	enum sgt_result r = read_values(s, with, error);
	if (r == SGT_OK)
		r = ports_plan(&s->ports, with->plans, with->plan_count, error);
	if (r == SGT_OK)
		*stack = s;
	else
		xln_destroy(s);
	return r;
}

void xln_destroy(struct sgt_stack *s)
{
	ports_free(&s->ports);
	xln_alloc(s, s->name, 0);
	xln_alloc(s, s, 0);
}
