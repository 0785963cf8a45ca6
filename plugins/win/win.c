/*
 * win: the 4.4BSD TCP of libslirp on a virtual Ethernet. The module's table: settings, capabilities,
 * functions. How it works stands in win.h. Nothing but the module constant is visible outside.
 */
#include "win/win.h"

const struct sgt_key win_keys[] = {
	[WIN_KEY_NETWORK] =
		{.name = "network",
		 .type = SGT_TEXT,
		 .help = "The virtual Ethernet: vde://DIR, tap://NAME, udp://PORT->HOST:PORT or "
			 "switch://DIR."},
	[WIN_KEY_ADDRESS] = {.name = "address",
			     .type = SGT_TEXT, /* SGT_NET would refuse the bits of the host */
			     .help = "Own address that listeners have, with the length of its "
				     "network: 10.1.0.25/16."},
	[WIN_KEY_SOURCE] = {.name = "source",
			    .type = SGT_ADDR,
			    .help = "Own address that connections come from: another one of that "
				    "network."},
	[WIN_KEY_GATEWAY] = {.name = "gateway",
			     .type = SGT_ADDR,
			     .help = "Router of that network; without one only its hosts are "
				     "reached."},
	[WIN_KEY_SOURCE6] = {.name = "source6",
			     .type = SGT_TEXT,
			     .help = "Own IPv6 address that connections come from, with the length "
				     "of its network: fd77::26/64."},
	[WIN_KEY_GATEWAY6] = {.name = "gateway6",
			      .type = SGT_ADDR,
			      .help = "Router of that network for IPv6."},
	[WIN_KEY_NAME_SERVER] = {.name = "name_server",
				 .type = SGT_ADDR,
				 .flags = SGT_KEY_MANY,
				 .help = "Name servers; they are asked by TCP."},
	{.name = NULL},
};

static enum sgt_result prepare(struct sgt_stack *stack, struct sgt_error *error)
{
	return win_cable_prepare(stack->cable, error);
}

static void wakeup(struct sgt_stack *stack)
{
	sock_wakeup(&stack->sock);
}

static enum sgt_result address(struct sgt_stack *stack, const char *text, unsigned default_port,
			       char out[SGT_ADDRESS_MAX], struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(text, default_port, &a, error);
	(void)stack;
	if (r == SGT_OK)
		ipaddr_format(&a, out);
	return r;
}

static void counters(struct sgt_stack *stack, struct sgt_counters *out)
{
	*out = stack->sock.counters;
}

static void own_addresses(struct sgt_stack *stack, void (*fn)(void *ctx, const char *address),
			  void *ctx)
{
	char text[SGT_ADDRESS_MAX];
	fn(ctx, win_print(stack->address, text));
	fn(ctx, win_print(stack->source, text));
	if (stack->six.set)
		fn(ctx, win_six_print(stack->six.source, text));
}

static void claims(struct sgt_stack *stack, void (*fn)(void *ctx, const struct sgt_claim *claim),
		   void *ctx)
{
	char text[SGT_ADDRESS_MAX];
	struct sgt_claim c = {
		.size = sizeof c, .network = stack->cable->place.url, .host = stack->cable};
	c.key = "address";
	c.address = win_print(stack->address, text);
	fn(ctx, &c);
	c.key = "source";
	c.address = win_print(stack->source, text);
	fn(ctx, &c);
	c.key = "source6";
	c.address = win_six_print(stack->six.source, text);
	if (stack->six.set)
		fn(ctx, &c);
}

SGT_EXPORT const struct sgt_module SGT_MODULE(win);
const struct sgt_module SGT_MODULE(win) = {
	SGT_MODULE_HEAD,
	.code = "win",
	.vendor = "WIN/TCP for DOS RunTime 4.1, The Wollongong Group, Inc.",
	.provider = "the 4.4BSD TCP of libslirp",
	.version = "1 (libslirp " SLIRP_VERSION_STRING ")",
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_IPV4 | SGT_CAP_IPV6_CONNECT |
		SGT_CAP_ABORT | SGT_CAP_INSTANCES | SGT_CAP_SHARE,
	.lend_max = SOCK_LEND_MAX,
	.keys = win_keys,
	.create = win_create,
	.detect = win_detect,
	.prepare = prepare,
	.start = win_start,
	.run = win_run,
	.wakeup = wakeup,
	.stop = win_stop,
	.destroy = win_destroy,
	.address = address,
	.listen = win_listen,
	.listener_address = sock_listener_address,
	.unlisten = sock_unlisten,
	.connect = win_connect,
	.set_user = sock_set_user,
	.send = sock_send,
	.consume = sock_consume,
	.shutdown = sock_shutdown,
	.close = sock_close,
	.abort = sock_abort,
	.counters = counters,
	.own_addresses = own_addresses,
	.probe = win_probe,
	.claims = claims,
};
