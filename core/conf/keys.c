/* The kinds of sections, and their tables but for those of mail's way (keys_route.c). Data, and finding in it. */
#include "conf/table.h"

#include <string.h>

#define AT(member) offsetof(SECTION, member)
#define K (1024ull)
#define M (1024ull * K)
#define SECOND (1000ull)
#define DAY (86400ull * SECOND)

static const char *const none[] = {"none", NULL};

#define SECTION struct conf_gateway
const struct conf_key conf_keys_gateway[] = {
	{.name = "hostname",
	 .type = &conf_type_domain,
	 .offset = AT(hostname),
	 .derived = "the host's full name",
	 .flags = KEY_RELOAD,
	 .help = "Name of this gateway in greetings, EHLO, Received and Message-ID."},
	{.name = "origin",
	 .type = &conf_type_domain,
	 .offset = AT(origin),
	 .derived = "hostname",
	 .flags = KEY_RELOAD,
	 .help = "Domain that is appended to addresses without one."},
	{.name = "vendor",
	 .type = &conf_type_name,
	 .offset = AT(vendor),
	 .standard = "lmn",
	 .help = "TCP/IP for listeners and routes that name none."},
	{.name = "spool",
	 .type = &conf_type_path,
	 .offset = AT(spool),
	 .standard = LOCALSTATEDIR "/spool/smtpgate",
	 .help = "Folder of the queue."},
	{.name = "user",
	 .type = &conf_type_user,
	 .offset = AT(user),
	 .standard = "none",
	 .words = none,
	 .help = "Identity after the listeners are bound; none keeps the rights."},
	{.name = "group",
	 .type = &conf_type_group,
	 .offset = AT(group),
	 .standard = "none",
	 .words = none,
	 .help = "Group after the listeners are bound; none takes the user's own."},
	{.name = "control",
	 .type = &conf_type_path,
	 .offset = AT(control),
	 .derived = "/run/smtpgate/control as a service, else control in the spool",
	 .help = "Socket by which queue, status, reload and stop find the gateway."},
	{.name = "control_group",
	 .type = &conf_type_group,
	 .offset = AT(control_group),
	 .standard = "smtpgate",
	 .words = none,
	 .help = "Group whose members may use the control socket."},
	{.name = "plugin_dir",
	 .type = &conf_type_paths,
	 .offset = AT(plugin_dirs),
	 .standard = PKGLIBDIR "/transports",
	 .flags = KEY_MANY,
	 .help = "Folder of transport modules."},
	{.name = "include",
	 .type = &conf_type_globs,
	 .offset = AT(includes),
	 .standard = "none",
	 .words = none,
	 .flags = KEY_MANY | KEY_RELOAD | KEY_MERGED,
	 .help = "Further files to read."},
	{.name = "admin",
	 .type = &conf_type_address,
	 .offset = AT(admin),
	 .derived = "postmaster@origin",
	 .flags = KEY_RELOAD,
	 .help = "Who gets trouble reports, double bounces and mail for Postmaster."},
	{.name = "max_size",
	 .type = &conf_type_size,
	 .offset = AT(max_size),
	 .standard = "50M",
	 .min = K,
	 .max = K * K * M,
	 .flags = KEY_RELOAD,
	 .help = "Largest message that is taken."},
	{.name = "stop_wait",
	 .type = &conf_type_time,
	 .offset = AT(stop_wait),
	 .standard = "30s",
	 .max = DAY,
	 .flags = KEY_RELOAD,
	 .help = "Grace for sessions when the gateway stops."},
	{.name = NULL},
};
#undef SECTION

#define SECTION struct conf_log
static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const shown[] = {"full", "hashed", "domain", NULL};
const struct conf_key conf_keys_log[] = {
	{.name = "to",
	 .type = &conf_type_targets,
	 .offset = AT(to),
	 .standard = "auto",
	 .flags = KEY_MANY,
	 .help = "Where events are written."},
	{.name = "level",
	 .type = &conf_type_word,
	 .offset = AT(level),
	 .standard = "info",
	 .words = levels,
	 .flags = KEY_RELOAD,
	 .help = "Least weight of what is written."},
	{.name = "format",
	 .type = &conf_type_word,
	 .offset = AT(format),
	 .standard = "text",
	 .words = formats,
	 .flags = KEY_RELOAD,
	 .help = "Lines for people or JSON."},
	{.name = "addresses",
	 .type = &conf_type_word,
	 .offset = AT(addresses),
	 .standard = "full",
	 .words = shown,
	 .flags = KEY_RELOAD,
	 .help = "How mail addresses are written."},
	{.name = "protocol",
	 .type = &conf_type_nets,
	 .offset = AT(protocol),
	 .standard = "none",
	 .flags = KEY_RELOAD,
	 .help = "Peers whose SMTP dialogue is logged."},
	{.name = NULL},
};
#undef SECTION

#define SECTION struct conf_listen
static const char *const newlines[] = {"reject", "normalise", "note", NULL};
static const char *const priorities[] = {"urgent", "normal", "bulk", NULL};
static const char *const unlimited[] = {"unlimited", NULL};
static const char *const auths[] = {"off", "offered", "required", NULL};
static const char *const tls_in[] = {"off", "offered", "required", "implicit", NULL};
const struct conf_key conf_keys_listen[] = {
	{.name = "address",
	 .type = &conf_type_addresses,
	 .offset = AT(addresses),
	 .standard = "127.0.0.1:2525",
	 .flags = KEY_MANY,
	 .help = "Where to listen."},
	{.name = "vendor",
	 .type = &conf_type_name,
	 .offset = AT(vendor),
	 .derived = "[gateway] vendor",
	 .help = "TCP/IP to listen by."},
	{.name = "relay_from",
	 .type = &conf_type_nets,
	 .offset = AT(relay_from),
	 .standard = "127.0.0.0/8, ::1",
	 .flags = KEY_RELOAD,
	 .help = "Clients that may send to anywhere."},
	{.name = "accept_from",
	 .type = &conf_type_nets,
	 .offset = AT(accept_from),
	 .standard = "all",
	 .flags = KEY_RELOAD,
	 .help = "Clients that may send to local domains."},
	{.name = "max_size",
	 .type = &conf_type_size,
	 .offset = AT(max_size),
	 .derived = "[gateway] max_size",
	 .min = K,
	 .max = K * K * M,
	 .flags = KEY_RELOAD,
	 .help = "Largest message that is taken here."},
	{.name = "max_recipients",
	 .type = &conf_type_int,
	 .offset = AT(max_recipients),
	 .standard = "10000",
	 .min = 1,
	 .max = 1000000,
	 .flags = KEY_RELOAD,
	 .help = "Most recipients of one message."},
	{.name = "max_connections",
	 .type = &conf_type_int,
	 .offset = AT(max_connections),
	 .standard = "1000",
	 .min = 1,
	 .max = 1000000,
	 .help = "Most connections at a time."},
	{.name = "max_connections_client",
	 .type = &conf_type_int,
	 .offset = AT(max_connections_client),
	 .standard = "50",
	 .min = 1,
	 .max = 1000000,
	 .help = "Most connections of one client at a time."},
	{.name = "rate",
	 .type = &conf_type_rate,
	 .offset = AT(rate),
	 .standard = "unlimited",
	 .words = unlimited,
	 .flags = KEY_RELOAD,
	 .help = "Most messages of one client in a time."},
	{.name = "tls",
	 .type = &conf_type_word,
	 .offset = AT(tls),
	 .derived = "offered when certificate is set, else off",
	 .words = tls_in,
	 .flags = KEY_RELOAD,
	 .help = "Whether clients may or must speak TLS."},
	{.name = "certificate",
	 .type = &conf_type_certificate,
	 .offset = AT(certificate),
	 .standard = "none",
	 .words = none,
	 .flags = KEY_RELOAD,
	 .help = "Certificate and its chain, a PEM file; auto makes a self-signed one."},
	{.name = "key",
	 .type = &conf_type_path,
	 .offset = AT(key),
	 .derived = "certificate",
	 .words = none,
	 .flags = KEY_RELOAD,
	 .help = "Private key of the certificate, a PEM file."},
	{.name = "bare_newline",
	 .type = &conf_type_word,
	 .offset = AT(bare_newline),
	 .standard = "reject",
	 .words = newlines,
	 .flags = KEY_RELOAD,
	 .help = "What a CR or LF of its own in a message means."},
	{.name = "priority",
	 .type = &conf_type_word,
	 .offset = AT(priority),
	 .standard = "normal",
	 .words = priorities,
	 .flags = KEY_RELOAD,
	 .help = "Priority of what comes in here."},
	{.name = "auth",
	 .type = &conf_type_word,
	 .offset = AT(auth),
	 .standard = "off",
	 .words = auths,
	 .flags = KEY_RELOAD,
	 .help = "Whether clients may or must log in."},
	{.name = "users",
	 .type = &conf_type_path,
	 .offset = AT(users),
	 .standard = SYSCONFDIR "/smtpgate/users",
	 .flags = KEY_RELOAD,
	 .help = "File of those who may log in here."},
	{.name = "threads",
	 .type = &conf_type_int,
	 .offset = AT(threads),
	 .standard = "1",
	 .min = 1,
	 .max = 64,
	 .help = "Threads that serve this listener, where the vendor can."},
	{.name = NULL},
};
#undef SECTION

#define SECTION struct conf_queue
const struct conf_key conf_keys_queue[] = {
	{.name = "keep",
	 .type = &conf_type_time,
	 .offset = AT(keep),
	 .standard = "30d",
	 .max = 36500 * DAY,
	 .help = "How long the history keeps what has left."},
	{.name = "disk_min",
	 .type = &conf_type_size,
	 .offset = AT(disk_min),
	 .standard = "512M",
	 .max = K * K * M,
	 .flags = KEY_RELOAD,
	 .help = "Free space below which bulk and normal mail waits outside."},
	{.name = "disk_min_urgent",
	 .type = &conf_type_size,
	 .offset = AT(disk_min_urgent),
	 .standard = "64M",
	 .max = K * K * M,
	 .flags = KEY_RELOAD,
	 .help = "Free space below which nothing is taken."},
	{.name = "bounce_lifetime",
	 .type = &conf_type_time,
	 .offset = AT(bounce_lifetime),
	 .standard = "1d",
	 .min = SECOND,
	 .max = 365 * DAY,
	 .flags = KEY_RELOAD,
	 .help = "How long delivery of a report is tried."},
	{.name = "max_messages",
	 .type = &conf_type_count,
	 .offset = AT(max_messages),
	 .standard = "0",
	 .max = 1000000000000ull,
	 .flags = KEY_RELOAD,
	 .help = "Most messages in the queue; 0 is no limit."},
	{.name = "max_active",
	 .type = &conf_type_int,
	 .offset = AT(max_active),
	 .standard = "10000",
	 .min = 1,
	 .max = 1000000,
	 .flags = KEY_RELOAD,
	 .help = "Most messages in memory at a time."},
	{.name = "restart_hold",
	 .type = &conf_type_bool,
	 .offset = AT(restart_hold),
	 .standard = "no",
	 .help = "Everything that waits comes up held at start."},
	{.name = "retry",
	 .type = &conf_type_times,
	 .offset = AT(retry),
	 .standard = "1m, 5m, 10m, 20m, 40m, 1h",
	 .min = SECOND,
	 .max = 30 * DAY,
	 .flags = KEY_MANY | KEY_RELOAD,
	 .help = "Waits between attempts, for routes that have no list."},
	{.name = "lifetime",
	 .type = &conf_type_time,
	 .offset = AT(lifetime),
	 .standard = "5d",
	 .min = SECOND,
	 .max = 365 * DAY,
	 .flags = KEY_RELOAD,
	 .help = "How long delivery is tried, for routes that do not say."},
	{.name = "warn_after",
	 .type = &conf_type_time,
	 .offset = AT(warn_after),
	 .standard = "4h",
	 .min = SECOND,
	 .max = 365 * DAY,
	 .flags = KEY_RELOAD,
	 .help = "When the sender is told of the delay, for routes that do not say."},
	{.name = NULL},
};
#undef SECTION

#define SECTION struct conf_vendor
static const char *const resolvers[] = {"own", "host", NULL};
const struct conf_key conf_keys_vendor[] = {
	{.name = "plugin",
	 .type = &conf_type_name,
	 .offset = AT(plugin),
	 .derived = "NAME",
	 .help = "Code of the transport module."},
	{.name = "required",
	 .type = &conf_type_bool,
	 .offset = AT(required),
	 .derived = "yes for the vendor of [gateway], else no",
	 .help = "Whether the gateway refuses to start without it."},
	{.name = "start_wait",
	 .type = &conf_type_time,
	 .offset = AT(start_wait),
	 .standard = "0",
	 .max = DAY,
	 .help = "How long starting it is tried before socket error (123)."},
	{.name = "restart",
	 .type = &conf_type_time,
	 .offset = AT(restart),
	 .standard = "5s",
	 .min = SECOND,
	 .max = DAY,
	 .help = "First wait before it is started again; doubles up to 5m."},
	{.name = "resolver",
	 .type = &conf_type_switch,
	 .offset = AT(resolver_host),
	 .standard = "own",
	 .words = resolvers,
	 .help = "Who looks up names: the transport's own network or the host."},
	{.name = NULL},
};
#undef SECTION

const struct conf_kind conf_kinds[] = {
	{CONF_KIND_GATEWAY, "gateway", NULL, conf_keys_gateway, sizeof(struct conf_gateway), true,
	 false, "The gateway as a whole."},
	{CONF_KIND_LOG, "log", NULL, conf_keys_log, sizeof(struct conf_log), true, false,
	 "Where events are written, and how."},
	{CONF_KIND_LISTEN, "listen", "NAME", conf_keys_listen, sizeof(struct conf_listen), false,
	 false, "A place where mail is taken by SMTP."},
	{CONF_KIND_ROUTE, "route", "NAME", conf_keys_route, sizeof(struct conf_route), true, false,
	 "A way out for mail that is not local."},
	{CONF_KIND_POSTOFFICE, "postoffice", "NETWORK/POSTOFFICE", conf_keys_postoffice,
	 sizeof(struct conf_postoffice), false, false, "Local domains and their mailboxes."},
	{CONF_KIND_QUEUE, "queue", NULL, conf_keys_queue, sizeof(struct conf_queue), true, false,
	 "The spool and its times."},
	{CONF_KIND_VENDOR, "vendor", "NAME", conf_keys_vendor, sizeof(struct conf_vendor), false,
	 true, "One started transport."},
};

const struct conf_kind *conf_kind_find(const char *word)
{
	for (size_t i = 0; i < CONF_KINDS; i++)
		if (strcmp(conf_kinds[i].word, word) == 0)
			return &conf_kinds[i];
	return NULL;
}

const struct conf_key *conf_key_find(const struct conf_kind *kind, const char *name)
{
	for (const struct conf_key *k = kind->keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

size_t conf_key_count(const struct conf_kind *kind)
{
	size_t n = 0;
	while (kind->keys[n].name)
		n++;
	return n;
}

void conf_key_format(const struct conf_key *k, const void *section, struct conf_out *out)
{
	for (size_t i = 0;; i++) {
		size_t len = out->text.len;
		if (i)
			conf_out_puts(out, "\n");
		if (!k->type->format(k, section, i, out)) {
			out->text.len = len;
			return;
		}
	}
}
