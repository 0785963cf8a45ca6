/* A stack of nvl from its settings to its end. Touches nothing outside the process before prepare. */
#include "nvl/nvl.h"

static enum sgt_result no_memory(struct sgt_error *error)
{
	return error_set(error, SGT_NOMEM, "memory is short for the settings of nvl");
}

static enum sgt_result take_name(struct sgt_stack *s, const char *name, struct sgt_error *error)
{
	size_t n = strlen(name) + 1;
	s->name = sock_alloc(&s->sock, NULL, n);
	if (!s->name)
		return no_memory(error);
	memcpy(s->name, name, n);
	return SGT_OK;
}

enum sgt_result nvl_create(const struct sgt_host *host, const struct sgt_create *with,
			   struct sgt_stack **stack, struct sgt_error *error)
{
	struct sgt_stack *s = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return no_memory(error);
	memset(s, 0, sizeof *s);
	s->link = -1;
	sock_init(&s->sock, host, &nvl_ways, s);
	ports_init(&s->ports, &s->sock, &nvl_port_ways, s);
	enum sgt_result r = take_name(s, with->name ? with->name : "nvl", error);
	if (r == SGT_OK)
		r = nvl_spec_read(&s->spec, s->name, with->values, error);
	if (r == SGT_OK)
		r = ports_plan(&s->ports, with->plans, with->plan_count, error);
	if (r == SGT_OK && !(s->net = nvl_net_take(s->name, &s->spec)))
		r = no_memory(error);
	if (r == SGT_OK)
		*stack = s;
	else
		nvl_destroy(s);
	return r;
}

void nvl_destroy(struct sgt_stack *s)
{
	ports_free(&s->ports);
	nvl_net_release(&s->net);
	sock_alloc(&s->sock, s->name, 0);
	sock_alloc(&s->sock, s, 0);
}
