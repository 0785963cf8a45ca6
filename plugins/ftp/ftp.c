/*
 * ftp: lwIP inside the process over a packet driver, libvdeplug: the gateway is a host of its own on that Ethernet, as it was
 * with the PC/TCP Kernel. The module's table; ftp.h says how the rest hangs together.
 */
#include "ftp/ftp.h"

#include <stdarg.h>
#include <stdio.h>

const struct sgt_key ftp_keys[] = {
	[FTP_KEY_NETWORK] = {.name = "network",
			     .type = SGT_TEXT,
			     .standard = "vde:///run/vde.ctl",
			     .help = "The Ethernet to be on: vde://FOLDER of a switch, "
				     "tap://DEVICE, udp://PORT->ADDRESS:PORT or switch://FOLDER."},
	[FTP_KEY_ADDRESS] =
		{.name = "address",
		 .type = SGT_TEXT, /* SGT_NET would refuse the bits of the host */
		 .flags = SGT_KEY_MANY,
		 .help = "Own addresses there with their networks: one IPv4, IPv6 of /64."},
	[FTP_KEY_GATEWAY] = {.name = "gateway",
			     .type = SGT_ADDR,
			     .help = "IPv4 router to what is not on this network."},
	[FTP_KEY_NAME_SERVER] = {.name = "name_server",
				 .type = SGT_ADDR,
				 .flags = SGT_KEY_MANY,
				 .help = "Name servers, asked over this network."},
	[FTP_KEY_MAC] =
		{.name = "mac",
		 .type = SGT_TEXT,
		 .help = "Own Ethernet address; unset, it follows from network and address."},
	[FTP_KEY_MTU] = {.name = "mtu",
			 .type = SGT_INT,
			 .standard = "1500",
			 .min = 576,
			 .max = 1500,
			 .help = "Bytes of a packet at most."},
	[FTP_KEY_HOSTNAME] = {.name = "hostname",
			      .type = SGT_TEXT,
			      .standard = "smtpgate",
			      .help = "What the switch calls our port."},
	{.name = NULL},
};

void *ftp_alloc(const struct sgt_stack *s, void *old, size_t size)
{
	return s->host->alloc(s->host->ctx, old, size);
}

void ftp_log(const struct sgt_stack *s, enum sgt_level level, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	s->host->log(s->host->ctx, level, text);
}

void ftp_deliver(struct sgt_stack *s, const struct sgt_event *event)
{
	ftp_unlock();
	s->host->deliver(s->host->ctx, event);
	ftp_lock(s);
}

static void detect(struct sgt_stack *s, struct sgt_report *report)
{
	pthread_mutex_lock(&s->face->door);
	ftp_lock(s);
	struct wire now = s->face->wire;
	ftp_unlock();
	wire_detect(&now, report);
	pthread_mutex_unlock(&s->face->door);
}

static enum sgt_result address(struct sgt_stack *s, const char *text, unsigned default_port,
			       char out[SGT_ADDRESS_MAX], struct sgt_error *error)
{
	struct ipaddr a;
	enum sgt_result r = ipaddr_parse(text, default_port, &a, error);
	(void)s;
	if (r == SGT_OK)
		ipaddr_format(&a, out);
	return r;
}

static void counters(struct sgt_stack *s, struct sgt_counters *out)
{
	ftp_lock(s);
	*out = s->counters;
	ftp_unlock();
}

static void own_addresses(struct sgt_stack *s, void (*fn)(void *ctx, const char *address),
			  void *ctx)
{
	struct ipaddr a;
	char text[SGT_ADDRESS_MAX], whole[SGT_ADDRESS_MAX];
	ip_addr_t ip;
	if (s->face->set.has_ip4) {
		ip_addr_copy_from_ip4(ip, s->face->set.ip4);
		ftp_ip_to(&a, &ip, 0);
		fn(ctx, ipaddr_format_host(&a, text));
	}
	for (size_t i = 0; i < s->face->set.ip6_count; i++) {
		ip_addr_copy_from_ip6(ip, s->face->set.ip6[i]);
		ftp_ip_to(&a, &ip, 0);
		ipaddr_format_host(&a, text);
		snprintf(whole, sizeof whole, "[%.100s]", text);
		fn(ctx, whole);
	}
}

static void claim(struct sgt_claim *c, const ip_addr_t *ip,
		  void (*fn)(void *ctx, const struct sgt_claim *claim), void *ctx)
{
	struct ipaddr a;
	char text[SGT_ADDRESS_MAX];
	ftp_ip_to(&a, ip, 0);
	if (IP_IS_V6(ip))
		a.u.in6.sin6_scope_id = 0; /* a zone is a word of this module alone */
	c->address = ipaddr_format_host(&a, text);
	fn(ctx, c);
}

static void claims(struct sgt_stack *s, void (*fn)(void *ctx, const struct sgt_claim *claim),
		   void *ctx)
{
	const struct ftp_settings *set = &s->face->set;
	struct sgt_claim c = {
		.size = sizeof c, .network = set->url, .key = "address", .host = s->face};
	ip_addr_t ip;
	char mac[18];
	if (set->has_ip4) {
		ip_addr_copy_from_ip4(ip, set->ip4);
		claim(&c, &ip, fn, ctx);
	}
	for (size_t i = 0; i < set->ip6_count; i++) {
		ip_addr_copy_from_ip6(ip, set->ip6[i]);
		claim(&c, &ip, fn, ctx);
	}
	ftp_mac_format(set->mac, mac);
	c.key = "mac";
	c.address = mac;
	fn(ctx, &c);
}

static enum sgt_result prepare(struct sgt_stack *s, struct sgt_error *error)
{
	return ftp_face_prepare(s->face, error);
}

/* ---- what touches lwIP, under its lock ---- */

static enum sgt_result locked_listen(struct sgt_stack *s, const struct sgt_plan *plan, void *user,
				     struct sgt_listener **listener, struct sgt_error *error)
{
	ftp_lock(s);
	enum sgt_result r = ftp_listen(s, plan, user, listener, error);
	ftp_unlock();
	return r;
}

static void locked_unlisten(struct sgt_listener *l)
{
	struct sgt_stack *s = l->stack;
	ftp_lock(s);
	ftp_unlisten(l);
	ftp_unlock();
}

static enum sgt_result locked_connect(struct sgt_stack *s, const char *to, const char *source,
				      void *user, struct sgt_conn **conn, struct sgt_error *error)
{
	ftp_lock(s);
	enum sgt_result r = ftp_connect(s, to, source, user, conn, error);
	ftp_unlock();
	return r;
}

static void locked_set_user(struct sgt_conn *c, void *user)
{
	struct sgt_stack *s = c->stack;
	ftp_lock(s);
	ftp_set_user(c, user);
	ftp_unlock();
}

static enum sgt_result locked_send(struct sgt_conn *c, const struct sgt_bytes *pieces, size_t count)
{
	struct sgt_stack *s = c->stack;
	ftp_lock(s);
	enum sgt_result r = ftp_send(c, pieces, count);
	ftp_unlock();
	return r;
}

static void locked_consume(struct sgt_conn *c, size_t n)
{
	struct sgt_stack *s = c->stack;
	ftp_lock(s);
	ftp_consume(c, n);
	ftp_unlock();
}

static enum sgt_result locked_shutdown(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	ftp_lock(s);
	enum sgt_result r = ftp_shutdown(c);
	ftp_unlock();
	return r;
}

static void locked_close(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	ftp_lock(s);
	ftp_close(c);
	ftp_unlock();
}

static void locked_abort(struct sgt_conn *c)
{
	struct sgt_stack *s = c->stack;
	ftp_lock(s);
	ftp_abort(c);
	ftp_unlock();
}

static enum sgt_result locked_dgram_open(struct sgt_stack *s, const char *local, void *user,
					 struct sgt_dgram **dgram, struct sgt_error *error)
{
	ftp_lock(s);
	enum sgt_result r = ftp_dgram_open(s, local, user, dgram, error);
	ftp_unlock();
	return r;
}

static enum sgt_result locked_dgram_send(struct sgt_dgram *d, const char *to, const void *data,
					 size_t len)
{
	struct sgt_stack *s = ftp_dgram_stack(d);
	ftp_lock(s);
	enum sgt_result r = ftp_dgram_send(d, to, data, len);
	ftp_unlock();
	return r;
}

static void locked_dgram_close(struct sgt_dgram *d)
{
	struct sgt_stack *s = ftp_dgram_stack(d);
	ftp_lock(s);
	ftp_dgram_close(d);
	ftp_unlock();
}

SGT_EXPORT const struct sgt_module SGT_MODULE(ftp);
const struct sgt_module SGT_MODULE(ftp) = {
	SGT_MODULE_HEAD,
	.code = "ftp",
	.vendor = "PC/TCP Kernel, FTP Software, Inc.",
	.provider = "lwIP",
	.version = "1, lwIP " LWIP_VERSION_STRING,
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_DATAGRAMS | SGT_CAP_IPV4 |
		SGT_CAP_IPV6_LISTEN | SGT_CAP_IPV6_CONNECT | SGT_CAP_ABORT | SGT_CAP_INSTANCES |
		SGT_CAP_SHARE,
	.lend_max = FTP_LEND_MAX,
	.keys = ftp_keys,
	.create = ftp_create,
	.detect = detect,
	.prepare = prepare,
	.start = ftp_start,
	.run = ftp_run,
	.wakeup = ftp_wakeup,
	.stop = ftp_stop,
	.destroy = ftp_destroy,
	.address = address,
	.listen = locked_listen,
	.listener_address = ftp_listener_address,
	.unlisten = locked_unlisten,
	.connect = locked_connect,
	.set_user = locked_set_user,
	.send = locked_send,
	.consume = locked_consume,
	.shutdown = locked_shutdown,
	.close = locked_close,
	.abort = locked_abort,
	.dgram_open = locked_dgram_open,
	.dgram_send = locked_dgram_send,
	.dgram_close = locked_dgram_close,
	.counters = counters,
	.own_addresses = own_addresses,
	.probe = ftp_probe,
	.claims = claims,
};
