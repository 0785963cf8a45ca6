/* lmn's settings and plans, and the sockets that follow from them. Touches nothing outside the
 * process. */
#include "lmn/lmn.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int lmn_open(void *ctx, int family, int type)
{
	const struct sgt_stack *stack = ctx;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), e = 0;
	if (fd < 0)
		return -errno;
	if (stack->has_mark &&
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &stack->mark, sizeof stack->mark) < 0)
		e = errno;
	if (!e && stack->device[0] &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, stack->device,
		       (socklen_t)strlen(stack->device)) < 0)
		e = errno;
	if (!e)
		return fd;
	close(fd);
	return -e;
}

static char *copy(struct sgt_stack *stack, const char *text)
{
	size_t n = strlen(text) + 1;
	char *c = sock_alloc(&stack->sock, NULL, n);
	return c ? memcpy(c, text, n) : NULL;
}

static enum sgt_result read_device(struct sgt_stack *stack, const struct sgt_value *v,
				   struct sgt_error *error)
{
	if (!v->count)
		return SGT_OK;
	size_t n = strlen(v->texts[0]);
	if (!n || n >= sizeof stack->device)
		return error_set(error, SGT_BAD_SETTING,
				 "device = %.100s: not the name of a network device", v->texts[0]);
	memcpy(stack->device, v->texts[0], n + 1);
	return SGT_OK;
}

static enum sgt_result read_values(struct sgt_stack *stack, const struct sgt_value *v,
				   struct sgt_error *error)
{
	if (v[LMN_KEY_SOCKETS].count)
		stack->sockets = (enum lmn_sockets)v[LMN_KEY_SOCKETS].number;
	stack->has_source = v[LMN_KEY_SOURCE].count > 0;
	if (stack->has_source &&
	    ipaddr_parse_host(v[LMN_KEY_SOURCE].texts[0], &stack->source, error) != SGT_OK)
		return error_set(error, SGT_BAD_SETTING,
				 "source = %.100s: not an IP address without port",
				 v[LMN_KEY_SOURCE].texts[0]);
	stack->has_mark = v[LMN_KEY_MARK].count > 0;
	stack->mark = (int)(uint32_t)v[LMN_KEY_MARK].number; /* 32 bits to the kernel, no sign */
	enum sgt_result r = read_device(stack, &v[LMN_KEY_DEVICE], error);
	return r == SGT_OK ? ipaddr_name_servers(&v[LMN_KEY_NAME_SERVER], error) : r;
}

static enum sgt_result no_memory(struct sgt_error *error)
{
	return error_set(error, SGT_NOMEM, "memory is short for the settings of lmn");
}

enum sgt_result lmn_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error)
{
	static const struct sock_ways ways = {.open = lmn_open, .ended = lmn_ended};
	struct sgt_stack *s = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return no_memory(error);
	memset(s, 0, sizeof *s);
	sock_init(&s->sock, host, &ways, s);
	ports_init(&s->ports, &s->sock, &lmn_port_ways, s);
	s->handed = with->handed;
	s->handed_count = with->handed_count;
	s->name = copy(s, with->name ? with->name : "lmn");
	enum sgt_result r = s->name ? read_values(s, with->values, error) : no_memory(error);
	if (r == SGT_OK)
		r = ports_plan(&s->ports, with->plans, with->plan_count, error);
	if (r == SGT_OK)
		*stack = s;
	else
		lmn_destroy(s);
	return r;
}

void lmn_destroy(struct sgt_stack *stack)
{
	ports_free(&stack->ports);
	sock_alloc(&stack->sock, stack->name, 0);
	sock_alloc(&stack->sock, stack, 0);
}
