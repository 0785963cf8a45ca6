/*
 * lmn: the host's own TCP/IP, by kernel sockets and epoll. The module's table: settings,
 * capabilities, functions.
 *
 * The work is done in plugins/support (sockets.h); what is particular to this module stands in
 * lmn_create.c (settings), lmn_detect.c, lmn_listen.c (prepare, listeners), lmn_handed.c
 * (descriptors of the service manager) and lmn_local.c (sockets that have a file).
 * Nothing but the module constant is visible outside.
 */
#include "lmn/lmn.h"
#include "support/hostprobe.h"

static const char *const sockets_words[] = {"auto", "required", "off", NULL};

const struct sgt_key lmn_keys[] = {
	[LMN_KEY_SOCKETS] =
		{.name = "sockets",
		 .type = SGT_ENUM,
		 .standard = "auto",
		 .words = sockets_words,
		 .help = "Listening sockets of the service manager: used when handed over, "
			 "required, or not looked at."},
	[LMN_KEY_SOURCE] = {.name = "source",
			    .type = SGT_ADDR,
			    .help = "Own address that outgoing connections come from."},
	[LMN_KEY_MARK] = {.name = "mark",
			  .type = SGT_INT,
			  .min = 0,
			  .max = UINT32_MAX,
			  .help = "Mark of all packets, for routing and firewall rules (SO_MARK)."},
	[LMN_KEY_DEVICE] =
		{.name = "device",
		 .type = SGT_TEXT,
		 .help = "Network device that everything goes through (SO_BINDTODEVICE)."},
	[LMN_KEY_NAME_SERVER] =
		{.name = "name_server",
		 .type = SGT_ADDR,
		 .flags = SGT_KEY_MANY,
		 .help = "Name servers, instead of those of the host's resolv.conf."},
	{.name = NULL},
};

static enum sgt_result start(struct sgt_stack *stack, struct sgt_error *error)
{
	return sock_start(&stack->sock, error);
}

static enum sgt_result run(struct sgt_stack *stack, int timeout_ms, struct sgt_error *error)
{
	return sock_run(&stack->sock, timeout_ms, error);
}

static void wakeup(struct sgt_stack *stack)
{
	sock_wakeup(&stack->sock);
}

static void stop(struct sgt_stack *stack)
{
	sock_stop(&stack->sock);
}

static enum sgt_result address(struct sgt_stack *stack, const char *text, unsigned default_port,
			       char out[SGT_ADDRESS_MAX], struct sgt_error *error)
{
	(void)stack;
	return lmn_is_local(text) ? lmn_local_address(text, out, error)
				  : sock_address(text, default_port, out, error);
}

static enum sgt_result connect_to(struct sgt_stack *stack, const char *to, const char *source,
				  void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	const struct ipaddr *standard = stack->has_source ? &stack->source : NULL;
	if (lmn_is_local(to))
		return lmn_local_connect(stack, to, user, conn, error);
	return sock_connect_to(&stack->sock, to, source, standard, user, conn, error);
}

static enum sgt_result dgram_open(struct sgt_stack *stack, const char *local, void *user,
				  struct sgt_dgram **dgram, struct sgt_error *error)
{
	return sock_dgram_at(&stack->sock, local, user, dgram, error);
}

static void counters(struct sgt_stack *stack, struct sgt_counters *out)
{
	*out = stack->sock.counters;
}

static void own_addresses(struct sgt_stack *stack, void (*fn)(void *ctx, const char *address),
			  void *ctx)
{
	if (!socket_own_addresses(fn, ctx))
		sock_log(&stack->sock, SGT_LOG_WARN, "the host's addresses cannot be listed");
}

static void probe(struct sgt_stack *stack, int limit_ms,
		  void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	hostprobe(stack->device, stack->has_source ? &stack->source : NULL, limit_ms, fn, ctx);
}

SGT_EXPORT const struct sgt_module SGT_MODULE(lmn);
const struct sgt_module SGT_MODULE(lmn) = {
	SGT_MODULE_HEAD,
	.code = "lmn",
	.vendor = "Microsoft LAN Manager for MS-DOS",
	.provider = "the host's TCP/IP, by epoll",
	.version = "1",
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_DATAGRAMS | SGT_CAP_IPV4 |
		SGT_CAP_IPV6_LISTEN | SGT_CAP_IPV6_CONNECT | SGT_CAP_ABORT | SGT_CAP_INSTANCES |
		SGT_CAP_SHARE | SGT_CAP_HANDED,
	.lend_max = SOCK_LEND_MAX,
	.keys = lmn_keys,
	.create = lmn_create,
	.detect = lmn_detect,
	.prepare = lmn_prepare,
	.start = start,
	.run = run,
	.wakeup = wakeup,
	.stop = stop,
	.destroy = lmn_destroy,
	.address = address,
	.listen = lmn_listen,
	.listener_address = sock_listener_address,
	.unlisten = sock_unlisten,
	.connect = connect_to,
	.set_user = sock_set_user,
	.send = sock_send,
	.consume = sock_consume,
	.shutdown = sock_shutdown,
	.close = sock_close,
	.abort = sock_abort,
	.dgram_open = dgram_open,
	.dgram_send = sock_dgram_send,
	.dgram_close = sock_dgram_close,
	.counters = counters,
	.own_addresses = own_addresses,
	.probe = probe,
};
