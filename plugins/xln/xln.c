/*
 * xln: the host's TCP/IP by io_uring, request and completion rings that are shared with the kernel.
 * The module's table: settings, capabilities, functions.
 *
 * xln_ring.c owns the rings, xln_intake.c the buffers that the kernel receives into; xln_stack.c is
 * start, run and stop; xln_conn.c, xln_receive.c, xln_send.c and xln_linger.c are connections,
 * xln_listener.c and xln_dgram.c the other handles; xln_detect.c says why there is no io_uring.
 * Nothing but the module constant is visible outside.
 */
#include "xln/xln.h"
#include "support/hostprobe.h"

const struct sgt_key xln_keys[] = {
	[XLN_KEY_ENTRIES] = {.name = "entries",
			     .type = SGT_INT,
			     .standard = "4096",
			     .min = 64,
			     .max = 32768,
			     .help = "Places in the ring of requests."},
	[XLN_KEY_SQPOLL] =
		{.name = "sqpoll",
		 .type = SGT_BOOL,
		 .standard = "no",
		 .help = "A thread of the kernel collects the requests: fewer calls, one processor "
			 "more that is busy."},
	[XLN_KEY_BUFFERS] =
		{.name = "buffers",
		 .type = SGT_SIZE,
		 .standard = "8M",
		 .min = 512 * 1024,
		 .max = 1024 * 1024 * 1024,
		 .help = "Memory for what is received: half lies with the kernel, half waits to be "
			 "worked on."},
	[XLN_KEY_NAME_SERVER] =
		{.name = "name_server",
		 .type = SGT_ADDR,
		 .flags = SGT_KEY_MANY,
		 .help = "Name servers, instead of those of the host's resolv.conf."},
	{.name = NULL},
};

static enum sgt_result prepare(struct sgt_stack *stack, struct sgt_error *error)
{
	return ports_bind(&stack->ports, error);
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

static enum sgt_result connect_to(struct sgt_stack *stack, const char *to, const char *source,
				  void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	struct ipaddr a, from;
	enum sgt_result r = ipaddr_parse(to, 0, &a, error);
	if (r == SGT_OK && source)
		r = ipaddr_parse_host(source, &from, error);
	if (r != SGT_OK)
		return r;
	if (a.any || !ipaddr_port(&a))
		return error_set(error, SGT_BAD_ADDRESS, "\"%.100s\" is nothing to connect to", to);
	return xln_connect(stack, &a, source ? &from : NULL, user, conn, error);
}

static enum sgt_result dgram_open(struct sgt_stack *stack, const char *local, void *user,
				  struct sgt_dgram **dgram, struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(local, 0, &a, error);
	return r == SGT_OK ? xln_dgram_open(stack, &a, user, dgram, error) : r;
}

static void counters(struct sgt_stack *stack, struct sgt_counters *out)
{
	*out = stack->counters;
}

static void own_addresses(struct sgt_stack *stack, void (*fn)(void *ctx, const char *address),
			  void *ctx)
{
	if (!socket_own_addresses(fn, ctx))
		xln_log(stack, SGT_LOG_WARN, "the host's addresses cannot be listed");
}

static void probe(struct sgt_stack *stack, int limit_ms,
		  void (*fn)(void *ctx, const struct sgt_finding *finding), void *ctx)
{
	(void)stack;
	hostprobe("", NULL, limit_ms, fn, ctx);
}

SGT_EXPORT const struct sgt_module SGT_MODULE(xln);
const struct sgt_module SGT_MODULE(xln) = {
	SGT_MODULE_HEAD,
	.code = "xln",
	.vendor = "Excelan EXOS 205T Intelligent Ethernet Controller",
	.provider = "the host's TCP/IP, by io_uring",
	.version = "1",
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_DATAGRAMS | SGT_CAP_IPV4 |
		SGT_CAP_IPV6_LISTEN | SGT_CAP_IPV6_CONNECT | SGT_CAP_ABORT | SGT_CAP_INSTANCES |
		SGT_CAP_SHARE,
	.lend_max = XLN_LEND_MAX,
	.keys = xln_keys,
	.create = xln_create,
	.detect = xln_detect,
	.prepare = prepare,
	.start = xln_start,
	.run = xln_run,
	.wakeup = xln_wakeup,
	.stop = xln_stop,
	.destroy = xln_destroy,
	.address = address,
	.listen = xln_listen,
	.listener_address = xln_listener_address,
	.unlisten = xln_unlisten,
	.connect = connect_to,
	.set_user = xln_set_user,
	.send = xln_send,
	.consume = xln_consume,
	.shutdown = xln_shutdown,
	.close = xln_close,
	.abort = xln_abort,
	.dgram_open = dgram_open,
	.dgram_send = xln_dgram_send,
	.dgram_close = xln_dgram_close,
	.counters = counters,
	.own_addresses = own_addresses,
	.probe = probe,
};
