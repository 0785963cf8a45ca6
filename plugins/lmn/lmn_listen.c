/* lmn's listening ports. They live in support/ports.h; descriptors of the service manager are found
 * by lmn_handed.c. */
#include "lmn/lmn.h"
#include "support/holder.h"

#include <string.h>

/* During prepare each descriptor is given once; a listener of a reload may find that of an ended one. */
static enum sgt_result borrow(void *ctx, const struct sock_port *port, int *fd,
			      struct sgt_error *error)
{
	struct sgt_stack *stack = ctx;
	int index;
	enum sgt_result r = lmn_handed_find(stack, port, stack->taken, &index, error);
	if (r != SGT_OK || index < 0)
		return r;
	if (stack->taken)
		stack->taken[index] = true;
	sock_log(&stack->sock, SGT_LOG_INFO, "%s: listener %s (%s) uses the socket handed over",
		 stack->name, port->name, port->text);
	*fd = stack->handed[index].fd;
	return SGT_OK;
}

static bool is_borrowed(void *ctx, int fd)
{
	const struct sgt_stack *stack = ctx;
	for (size_t i = 0; i < stack->handed_count; i++)
		if (stack->handed[i].fd == fd)
			return true;
	return false;
}

const struct sock_port_ways lmn_port_ways = {
	.borrow = borrow, .is_borrowed = is_borrowed, .explain = holder_explain};

static void tell_unmatched(struct sgt_stack *stack)
{
	char what[SGT_TEXT_MAX];
	if (stack->sockets == LMN_SOCKETS_OFF)
		return;
	for (size_t i = 0; i < stack->handed_count; i++) {
		if (stack->taken[i])
			continue;
		const struct sgt_handed *h = &stack->handed[i];
		lmn_handed_describe(h->fd, what);
		sock_log(&stack->sock, SGT_LOG_WARN,
			 "%s: descriptor %d \"%.60s\" was handed over (%s), but no listener wants "
			 "it",
			 stack->name, h->fd, h->name, what);
	}
}

enum sgt_result lmn_prepare(struct sgt_stack *stack, struct sgt_error *error)
{
	stack->taken = sock_alloc(&stack->sock, NULL, stack->handed_count + 1);
	if (!stack->taken)
		return error_set(error, SGT_NOMEM, "memory is short for the listeners");
	memset(stack->taken, 0, stack->handed_count + 1);
	enum sgt_result r = ports_bind(&stack->ports, error);
	if (r == SGT_OK)
		tell_unmatched(stack);
	stack->taken = sock_alloc(&stack->sock, stack->taken, 0);
	return r;
}

enum sgt_result lmn_listen(struct sgt_stack *stack, const struct sgt_plan *plan, void *user,
			   struct sgt_listener **listener, struct sgt_error *error)
{
	return ports_listen(&stack->ports, plan, user, listener, error);
}

void lmn_ended(void *ctx, int fd)
{
	ports_ended(&((struct sgt_stack *)ctx)->ports, fd);
}
