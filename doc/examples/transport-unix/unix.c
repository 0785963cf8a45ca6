/*
 * unix: streams of AF_UNIX as a TCP/IP for smtpgate, to show how a transport is made. A network is a folder, a host a folder in
 * it, a port a socket file: "alpha:25" is NETWORK/alpha/25, and no address is IP. Owns the files that it binds. Fails with 123
 * where the folder is absent or closed to us, 110 where a file is taken, 121 where nobody listens.
 */
#include <smtpgate/streams.h>

#include <sys/stat.h>
#include <sys/un.h>

struct sgt_stack {
	struct sgts base;
	char network[64], own[32]; /* with a port they fit into a sockaddr_un */
	unsigned port;             /* the last that nobody asked for */
};

static const struct sgt_key keys[] = {
	{"network", SGT_PATH, "/run/transport-unix", 0, 0, NULL, 0, "Folder that is the network."},
	{"address", SGT_TEXT, "gateway", 0, 0, NULL, 0, "Name of this host on it."},
	{.name = NULL},
};

static enum sgt_result u_address(struct sgt_stack *s, const char *text, unsigned port, char *out,
				 struct sgt_error *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = *text == '*' ? 1 : strspn(text, letters);
	int used = 0, given = text[n] == ':' && sscanf(text + n, ":%5u%n", &port, &used) == 1;
	(void)s;
	if (!n || n > 31 || text[n + (size_t)used] || port > 65535 || (!given && !port))
		return sgts_fail(e, SGT_BAD_ADDRESS, text, "it is not HOST:PORT or *:PORT");
	snprintf(out, SGT_ADDRESS_MAX, "%.*s:%u", (int)n, text, port);
	return SGT_OK;
}

/* The file of a canonical address; "*" is this host. */
static struct sockaddr_un file_of(const struct sgt_stack *s, const char *address, unsigned *port)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	const char *host = *address == '*' ? s->own : address;
	sscanf(strchr(address, ':'), ":%u", port);
	snprintf(at.sun_path, sizeof at.sun_path, "%s/%.*s/%u", s->network, (int)strcspn(host, ":"),
		 host, *port);
	return at;
}

/* Binds to c->own, port 0: to a free one. A file that a dead process left behind is taken over. */
static enum sgt_result take_file(struct sgts_end *c, struct sgt_error *e)
{
	unsigned asked, tries = 0;
	struct sockaddr_un at = file_of(c->stack, c->own, &asked);
	int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), bad;
	if (asked && connect(probe, (struct sockaddr *)&at, sizeof at) < 0 && errno == ECONNREFUSED)
		unlink(at.sun_path);
	close(probe);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	do {
		unsigned port = asked ? asked : 20000 + c->stack->port++ % 40000;
		sprintf(strchr(c->own, ':'), ":%u", port);
		at = file_of(c->stack, c->own, &port);
		bad = bind(c->fd, (struct sockaddr *)&at, sizeof at) < 0 ? errno : 0;
	} while (bad == EADDRINUSE && !asked && ++tries < 40000);
	c->mark = !bad; /* the file is ours */
	return !bad ? SGT_OK
		    : sgts_fail(e, bad == EADDRINUSE ? SGT_IN_USE : SGT_SOCKET, c->own,
				strerror(bad));
}

static void u_gone(struct sgts_end *c)
{
	unsigned port;
	if (c->mark)
		unlink(file_of(c->stack, c->own, &port).sun_path);
}

static enum sgt_result u_listen(struct sgts_end *l, struct sgt_error *e)
{
	enum sgt_result r = take_file(l, e);
	if (r == SGT_OK && listen(l->fd, 1024) < 0)
		return sgts_fail(e, SGT_SOCKET, l->own, strerror(errno));
	return r;
}

static int u_accept(struct sgts_end *l, struct sgts_end *c)
{
	struct sockaddr_un from = {.sun_family = AF_UNIX};
	socklen_t n = sizeof from;
	char host[32] = "unknown";
	unsigned port = 0;
	int fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0 && n > sizeof from.sun_family)
		sscanf(from.sun_path + strlen(l->stack->network), "/%31[^/]/%u", host, &port);
	snprintf(c->peer, sizeof c->peer, "%s:%u", host, port);
	snprintf(c->own, sizeof c->own, "%s%s", l->stack->own, strchr(l->own, ':'));
	return fd;
}

static enum sgt_result u_open(struct sgts_end *c, const char *source, struct sgt_error *e)
{
	snprintf(c->own, sizeof c->own, "%s:0", c->stack->own);
	if (source && strcmp(source, c->stack->own) != 0)
		return sgts_fail(e, SGT_BAD_ADDRESS, source, "it is not an address of this host");
	return take_file(c, e);
}

/* The listener's queue may be full: then it is tried again. */
static enum sgt_result u_connect(struct sgts_end *c)
{
	unsigned port;
	struct sockaddr_un to = file_of(c->stack, c->peer, &port);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0)
		return SGT_OK;
	if (errno == EAGAIN)
		return SGT_BUSY;
	return errno == ENOENT || errno == ECONNREFUSED ? SGT_REFUSED : SGT_UNREACHABLE;
}

static const struct sgts_ways ways = {.address = u_address,
				      .listen = u_listen,
				      .accept = u_accept,
				      .open = u_open,
				      .connect = u_connect,
				      .gone = u_gone};

static enum sgt_result u_create(const struct sgt_host *host, const struct sgt_create *with,
				struct sgt_stack **out, struct sgt_error *e)
{
	char ignored[SGT_ADDRESS_MAX];
	const char *network = with->values[0].texts[0], *own = with->values[1].texts[0];
	if (strlen(network) >= sizeof(*out)->network || *own == '*' || strchr(own, ':') ||
	    u_address(NULL, own, 1, ignored, e) != SGT_OK)
		return sgts_fail(e, SGT_BAD_SETTING, own,
				 "not a name, or network is longer than 63 bytes");
	struct sgt_stack *s = *out = host->alloc(host->ctx, NULL, sizeof *s);
	if (!s)
		return sgts_fail(e, SGT_NOMEM, own, "no memory");
	*s = (struct sgt_stack){.port = 0};
	sgts_init(&s->base, host, &ways);
	snprintf(s->network, sizeof s->network, "%s", network);
	snprintf(s->own, sizeof s->own, "%s", own);
	return SGT_OK;
}

static void u_detect(struct sgt_stack *s, struct sgt_report *r)
{
	snprintf(r->detail, sizeof r->detail, "unix://%s", s->network);
	r->state = access(s->network, W_OK | X_OK) == 0 ? SGT_RUNNING
		   : errno == EACCES                    ? SGT_FORBIDDEN
							: SGT_NOT_RUNNING;
	if (r->state == SGT_RUNNING)
		return;
	snprintf(r->cause, sizeof r->cause, "the folder %s: %s", s->network, strerror(errno));
	snprintf(r->remedy, sizeof r->remedy,
		 r->state == SGT_NOT_RUNNING ? "mkdir -p %s" : "chmod a+rwx %s", s->network);
}

static enum sgt_result u_start(struct sgt_stack *s, struct sgt_error *e)
{
	char folder[sizeof s->network + sizeof s->own + 1];
	snprintf(folder, sizeof folder, "%s/%s", s->network, s->own);
	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return sgts_fail(e, SGT_SOCKET, folder, strerror(errno));
	return sgts_start(s, e);
}

static void u_own_addresses(struct sgt_stack *s, void (*fn)(void *, const char *), void *ctx)
{
	fn(ctx, s->own);
}

SGT_EXPORT const struct sgt_module SGT_MODULE(unix);
const struct sgt_module SGT_MODULE(unix) = {
	SGT_MODULE_HEAD,
	.code = "unix",
	.vendor = "smtpgate's example",
	.provider = "streams of AF_UNIX",
	.version = "1",
	.caps = SGT_CAP_LISTEN | SGT_CAP_CONNECT | SGT_CAP_NAMES | SGT_CAP_INSTANCES,
	.keys = keys,
	.create = u_create,
	.detect = u_detect,
	.start = u_start,
	.address = u_address,
	.own_addresses = u_own_addresses,
	SGTS_FUNCTIONS,
};
