/*
 * nvl: a Linux stack of its own in a network namespace of its own, on a virtual Ethernet. The module's table: settings,
 * capabilities, functions.
 *
 * The namespace, its TAP device and the cable to the Ethernet belong to a helper program (nvl_helper.c; the talk with it is
 * nvl_talk.h). It hands over sockets of that network; plugins/support drives them as it drives the host's. What is this
 * module's own stands in nvl_spec.c (settings), nvl_net.c (who shares a network), nvl_process.c and nvl_path.c (the
 * helper) and nvl_life.c. Nothing but the module constant is visible outside.
 */
#include "nvl/nvl.h"

const struct sgt_key nvl_keys[] = {
	[NVL_KEY_NETWORK] =
		{.name = "network",
		 .type = SGT_TEXT,
		 .standard = "vde:///run/vde.ctl",
		 .help = "The virtual Ethernet, vde://DIR, tap://DEVICE, "
			 "udp://PORT->HOST:PORT or switch://DIR; or loopback, for tests."},
	[NVL_KEY_ADDRESS] = {.name = "address",
			     .type = SGT_ADDR,
			     .flags = SGT_KEY_MANY,
			     .help = "Own addresses there, each with the bits of its network."},
	[NVL_KEY_GATEWAY] = {.name = "gateway",
			     .type = SGT_ADDR,
			     .flags = SGT_KEY_MANY,
			     .help = "Who takes what is for other networks; one for IPv4, one for "
				     "IPv6."},
	[NVL_KEY_NAME_SERVER] = {.name = "name_server",
				 .type = SGT_ADDR,
				 .flags = SGT_KEY_MANY,
				 .help = "Name servers that are reached over this network."},
	[NVL_KEY_MTU] = {.name = "mtu",
			 .type = SGT_INT,
			 .standard = "1500",
			 .min = 576,
			 .max = NVL_MTU_MAX,
			 .help = "Largest packet in bytes."},
	{.name = NULL},
};

static void wakeup(struct sgt_stack *stack)
{
	sock_wakeup(&stack->sock);
}

static enum sgt_result address(struct sgt_stack *stack, const char *text, unsigned default_port,
			       char out[SGT_ADDRESS_MAX], struct sgt_error *error)
{
	(void)stack;
	return sock_address(text, default_port, out, error);
}

static enum sgt_result listen_at(struct sgt_stack *stack, const struct sgt_plan *plan, void *user,
				 struct sgt_listener **listener, struct sgt_error *error)
{
	return ports_listen(&stack->ports, plan, user, listener, error);
}

static enum sgt_result connect_to(struct sgt_stack *stack, const char *to, const char *source,
				  void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	return sock_connect_to(&stack->sock, to, source, NULL, user, conn, error);
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
	char text[SGT_ADDRESS_MAX];
	fn(ctx, "127.0.0.1");
	fn(ctx, "::1");
	for (uint32_t i = 0; i < stack->spec.address_count; i++)
		fn(ctx, nvl_spec_print(&stack->spec.addresses[i], text));
}

/* Nobody else is on a loopback. */
static void claims(struct sgt_stack *stack, void (*fn)(void *ctx, const struct sgt_claim *claim),
		   void *ctx)
{
	char text[SGT_ADDRESS_MAX];
	struct sgt_claim c = {.size = sizeof c,
			      .network = stack->spec.network,
			      .key = "address",
			      .host = stack->net};
	if (strcmp(c.network, NVL_LOOPBACK) == 0)
		return;
	for (uint32_t i = 0; i < stack->spec.address_count; i++) {
		c.address = nvl_spec_print(&stack->spec.addresses[i], text);
		fn(ctx, &c);
	}
}

SGT_EXPORT const struct sgt_module SGT_MODULE(nvl);
const struct sgt_module SGT_MODULE(nvl) = {
	SGT_MODULE_HEAD,
	.code = "nvl",
	.vendor = "Novell LAN WorkPlace for DOS 4.0",
	.provider = "a private Linux stack in its own network namespace",
	.version = "1",
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_DATAGRAMS | SGT_CAP_IPV4 |
		SGT_CAP_IPV6_LISTEN | SGT_CAP_IPV6_CONNECT | SGT_CAP_ABORT | SGT_CAP_INSTANCES |
		SGT_CAP_SHARE,
	.lend_max = SOCK_LEND_MAX,
	.keys = nvl_keys,
	.create = nvl_create,
	.detect = nvl_detect,
	.prepare = nvl_prepare,
	.start = nvl_start,
	.run = nvl_run,
	.wakeup = wakeup,
	.stop = nvl_stop,
	.destroy = nvl_destroy,
	.address = address,
	.listen = listen_at,
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
	.probe = nvl_probe,
	.claims = claims,
};
