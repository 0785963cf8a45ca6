/*
 * Types of lists: see table.h. Values of a repeated key add up. Items are separated by commas, but for paths, which
 * may hold commas and stand one a line.
 */
#include "conf/load.h"
#include "conf/number.h"
#include "base/net.h"
#include "base/text.h"
#include "mail/domain.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES \
	800u /* a list is printed over several lines of about this length, where its key may be repeated */

void *conf_list_grow(struct conf_load *l, void *items, size_t count, size_t size)
{
	if (count && (count & (count - 1))) /* room doubles at powers of two */
		return items;
	void *more = conf_load_alloc(l, (count ? 2 * count : 1) * size);
	if (more && count)
		memcpy(more, items, count * size);
	return more;
}

char *conf_list_next(char **rest)
{
	if (!*rest)
		return NULL;
	char *item = *rest, *comma = strchr(item, ',');
	if (comma)
		*comma++ = '\0';
	*rest = comma;
	return text_trim(item);
}

void conf_texts_add(struct conf_load *l, struct conf_texts *t, const char *item)
{
	const char **items = conf_list_grow(l, t->items, t->count, sizeof *items);
	char *copy = conf_load_strdup(l, item);
	if (!items || !copy)
		return;
	items[t->count++] = copy;
	t->items = items;
}

static struct conf_texts *texts(struct conf_load *l, const struct conf_key *k, void *section)
{
	struct conf_texts *t = (struct conf_texts *)(void *)((char *)section + k->offset);
	if (l->fresh)
		memset(t, 0, sizeof *t);
	return t;
}

static void bad_item(struct conf_load *l, const struct conf_key *k, const char *item,
		     const char *what)
{
	char shown[68];
	if (*item)
		conf_load_error(l, NULL, "%s: \"%s\" is not %s", k->name,
				conf_fault_shown(item, shown), what);
	else
		conf_load_error(l, NULL, "%s: the list has an empty item", k->name);
}

/* Appends the items of line `line` of a list with commas; item(ctx, n, out) appends the n-th. */
static bool format_list(const struct conf_key *k, size_t count, size_t line, struct conf_out *out,
			void (*item)(const void *ctx, size_t n, struct conf_out *out),
			const void *ctx)
{
	size_t at = 0, start = out->text.len;
	for (size_t n = 0; n < count; n++) {
		if (k->flags & KEY_MANY && out->text.len - start > LINE_BYTES) {
			if (at++ == line)
				return true;
			out->text.len = start;
		}
		if (out->text.len > start)
			conf_out_puts(out, ", ");
		item(ctx, n, out);
	}
	if (count && at == line)
		return true;
	out->text.len = start;
	if (count || line || !k->words)
		return false;
	conf_out_puts(out, k->words[0]);
	return true;
}

static void text_item(const void *ctx, size_t n, struct conf_out *out)
{
	conf_out_puts(out, ((const struct conf_texts *)ctx)->items[n]);
}

bool conf_texts_format(const struct conf_key *k, const struct conf_texts *t, size_t line,
		       struct conf_out *out)
{
	return format_list(k, t->count, line, out, text_item, t);
}

static bool format_texts(const struct conf_key *k, const void *section, size_t i,
			 struct conf_out *out)
{
	const void *t = (const char *)section + k->offset;
	return conf_texts_format(k, t, i, out);
}

/* ---- paths: one a line ---- */

static bool format_paths(const struct conf_key *k, const void *section, size_t i,
			 struct conf_out *out)
{
	const void *at = (const char *)section + k->offset;
	const struct conf_texts *t = at;
	if (i >= t->count && (i || !k->words))
		return false;
	conf_out_puts(out, i < t->count ? t->items[i] : k->words[0]);
	return true;
}

static void read_paths(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_texts *t = texts(l, k, section);
	if (*text == '/')
		conf_texts_add(l, t, text);
	else
		bad_item(l, k, text, "an absolute path");
}

static void read_globs(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_texts *t = texts(l, k, section);
	if (strcmp(text, k->words[0]) != 0)
		conf_texts_add(l, t, text);
}

static bool is_target(const char *text, const char *const *words)
{
	if (text_starts(text, "file:/"))
		return true;
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static void read_targets(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	static const char *const words[] = {"auto", "stderr", "journal", "syslog", NULL};
	struct conf_texts *t = texts(l, k, section);
	char shown[68];
	if (is_target(text, words))
		conf_texts_add(l, t, text);
	else
		conf_load_error(l, conf_fault_meant(&l->faults, text, words),
				"%s: \"%s\" is none of auto, stderr, journal, syslog, file:/path",
				k->name, conf_fault_shown(text, shown));
}

/* ---- addresses to listen on ---- */

static bool address_like(const char *text)
{
	return *text && strlen(text) <= 253 && conf_text_is_graphic(text);
}

/* What is wrong with an address, as far as that can be said without its vendor; or NULL. */
static const char *address_fault(const char *text)
{
	char host[256];
	unsigned port;
	struct net_ip ip;
	if (!address_like(text))
		return "an address (HOST:PORT, [v6]:PORT, *:PORT)";
	enum result r = net_hostport(text, host, sizeof host, &port, true);
	bool known = strcmp(host, "*") == 0 || net_ip_parse(host, &ip) == OK;
	if (r == E_RANGE && known)
		return "an address: the port is a number from 1 to 65535";
	if (r == OK && !port && known)
		return "an address: it has no port (HOST:PORT, [v6]:PORT)";
	return NULL;
}

static void read_addresses(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_texts *t = texts(l, k, section);
	for (char *item; (item = conf_list_next(&text));) {
		const char *fault = address_fault(item);
		if (fault)
			bad_item(l, k, item, fault);
		else
			conf_texts_add(l, t, item);
	}
}

/* ---- smart hosts ---- */

#define FILE_MAX 107 /* bytes of a socket's path: sun_path with its NUL */

/* "unix:/path" is taken as it is; false after an error was told. */
static bool socket_file(struct conf_load *l, const struct conf_key *k, const char *text)
{
	if (address_like(text) && strlen(strchr(text, '/')) <= FILE_MAX)
		return true;
	bad_item(l, k, text, "a socket whose path has at most 107 bytes");
	return false;
}

/* "host", "host:port", "[host]:port", v6 with or without brackets -> "host:port", "[v6]:port". */
static bool smart_host(const char *text, char *out, size_t n)
{
	char host[256];
	unsigned port;
	struct net_ip ip;
	if (!address_like(text) || net_hostport(text, host, sizeof host, &port, true) != OK)
		return false;
	bool number = net_ip_parse(host, &ip) == OK;
	if (*host == '[' || (!number && !conf_text_is_domain(host)))
		return false;
	snprintf(out, n, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port ? port : 25);
	return true;
}

static void read_hosts(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_texts *t = texts(l, k, section);
	bool *mx = (bool *)((char *)section + k->also);
	char host[300];
	if (l->fresh)
		*mx = false;
	for (char *item; (item = conf_list_next(&text));) {
		bool word = text_same(item, "mx"), file = net_is_file(item);
		if (file && !socket_file(l, k, item))
			continue;
		if (!word && !file && !smart_host(item, host, sizeof host))
			bad_item(l, k, item, "a server (host, host:port, [v6]:port) or mx");
		else if (*mx || (word && t->count))
			conf_load_error(l, NULL, "%s: mx stands alone, not beside servers",
					k->name);
		else if (word)
			*mx = true;
		else
			conf_texts_add(l, t, file ? item : host);
	}
}

static bool format_hosts(const struct conf_key *k, const void *section, size_t i,
			 struct conf_out *out)
{
	if (!*(const bool *)((const char *)section + k->also))
		return format_texts(k, section, i, out);
	if (!i)
		conf_out_puts(out, "mx");
	return !i;
}

/* One server, with its port: LMTP has none of its own (RFC 2033 section 5). Or the file of its socket. */
static void read_lmtp(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	char host[300];
	const char **at = (const char **)(void *)((char *)section + k->offset);
	bool file = net_is_file(text);
	if (file && !socket_file(l, k, text))
		return;
	if (!file && (!smart_host(text, host, sizeof host) || !text_ends(text, strrchr(host, ':'))))
		bad_item(l, k, text, "a server with its port (127.0.0.1:24), or unix:/path");
	else
		*at = conf_load_strdup(l, file ? text : host);
}

static bool format_lmtp(const struct conf_key *k, const void *section, size_t i,
			struct conf_out *out)
{
	const char *text = *(const char *const *)(const void *)((const char *)section + k->offset);
	if (i || !text)
		return false;
	conf_out_puts(out, text);
	return true;
}

/* ---- domains of a postoffice ---- */

static void read_domains(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_texts *t = texts(l, k, section);
	char ascii[MAIL_DOMAIN_MAX + 2];
	for (char *item; (item = conf_list_next(&text));) {
		item = conf_text_narrow(text_lower_all(item), ascii, sizeof ascii);
		if (!conf_text_is_domain(*item == '.' ? item + 1 : item))
			bad_item(l, k, item, "a domain or .suffix");
		else if (*item == '.' && !t->count)
			conf_load_error(
				l, "put a whole domain before it",
				"%s: %s is a suffix; the first domain is written on outgoing mail",
				k->name, item);
		else
			conf_texts_add(l, t, item);
	}
}

/* ---- names of files ---- */

static void read_files(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_texts *t = texts(l, k, section);
	for (char *item; (item = conf_list_next(&text));) {
		if (*item && *item != '.' && !strchr(item, '/'))
			conf_texts_add(l, t, item);
		else
			bad_item(l, k, item,
				 "a pattern of names (*.eml): no folder, no dot in front");
	}
}

/* ---- networks ---- */

static void read_nets(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_nets *nets = (struct conf_nets *)(void *)((char *)section + k->offset);
	memset(nets, 0, sizeof *nets);
	if (text_same(text, "none"))
		return;
	for (char *item; (item = conf_list_next(&text));) {
		struct net_block block;
		struct err err;
		if (!*item || text_same(item, "none")) {
			bad_item(l, k, item, "to be mixed with networks: it stands alone");
			continue;
		}
		if (net_block_parse(text_lower_all(item), &block, &err) != OK) {
			conf_load_error(l, NULL, "%s: %s", k->name, err.text);
			continue;
		}
		struct net_block *more = conf_list_grow(l, nets->blocks, nets->count, sizeof *more);
		if (!more)
			return;
		more[nets->count++] = block;
		nets->blocks = more;
	}
}

static void net_item(const void *ctx, size_t n, struct conf_out *out)
{
	const struct net_block *b = &((const struct conf_nets *)ctx)->blocks[n];
	char ip[64];
	bool v4 = net_ip_is_v4(&b->ip) && b->bits >= 96;
	conf_out_puts(out, b->bits ? net_ip_format(&b->ip, ip, sizeof ip) : "all");
	if (b->bits && b->bits < 128)
		conf_out_printf(out, "/%u", v4 ? b->bits - 96 : b->bits);
}

static bool format_nets(const struct conf_key *k, const void *section, size_t i,
			struct conf_out *out)
{
	const void *nets = (const char *)section + k->offset;
	size_t count = ((const struct conf_nets *)nets)->count;
	if (!count && !i)
		conf_out_puts(out, "none");
	return count ? format_list(k, count, i, out, net_item, nets) : !i;
}

/* ---- times ---- */

static void read_times(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_times *t = (struct conf_times *)(void *)((char *)section + k->offset);
	if (l->fresh)
		memset(t, 0, sizeof *t);
	for (char *item; (item = conf_list_next(&text));) {
		int64_t ms;
		if (!conf_number_read(l, k, item, &ms))
			continue;
		int64_t *more = conf_list_grow(l, t->ms, t->count, sizeof *more);
		if (!more)
			return;
		more[t->count++] = ms;
		t->ms = more;
	}
}

static void time_item(const void *ctx, size_t n, struct conf_out *out)
{
	conf_time_format(((const struct conf_times *)ctx)->ms[n], out);
}

static bool format_times(const struct conf_key *k, const void *section, size_t i,
			 struct conf_out *out)
{
	const void *t = (const char *)section + k->offset;
	return format_list(k, ((const struct conf_times *)t)->count, i, out, time_item, t);
}

const struct conf_type conf_type_paths = {"path", read_paths, format_paths};
const struct conf_type conf_type_globs = {"glob", read_globs, format_paths};
const struct conf_type conf_type_targets = {"target", read_targets, format_paths};
const struct conf_type conf_type_addresses = {"addr list", read_addresses, format_texts};
const struct conf_type conf_type_hosts = {"addr list", read_hosts, format_hosts};
/* ---- people ---- */

static void read_people(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	struct conf_texts *t = texts(l, k, section);
	if (strcmp(text, k->words[0]) == 0)
		return;
	for (char *item; (item = conf_list_next(&text));) {
		const char *at = strrchr(item, '@');
		if (at && at > item && at - item <= 64 && conf_text_is_graphic(item) &&
		    !strpbrk(item, "<>;") && conf_text_is_domain(at + 1))
			conf_texts_add(l, t, item);
		else
			bad_item(l, k, item, "an address (user@domain)");
	}
}

/* ---- events ---- */

static void read_events(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	unsigned on = 0;
	bool all = true;
	if (strcmp(text, k->words[0]) == 0)
		text = NULL;
	for (char *item; (item = conf_list_next(&text));) {
		size_t i = 0;
		char shown[68];
		while (conf_events[i] && !text_same(conf_events[i], item))
			i++;
		all = all && conf_events[i];
		if (conf_events[i])
			on |= 1u << i;
		else
			conf_load_error(l, conf_fault_meant(&l->faults, item, conf_events),
					"%s: there is no event \"%s\"", k->name,
					conf_fault_shown(item, shown));
	}
	if (all)
		memcpy((char *)section + k->offset, &on, sizeof on);
}

static bool format_events(const struct conf_key *k, const void *section, size_t i,
			  struct conf_out *out)
{
	unsigned on;
	const char *between = "";
	memcpy(&on, (const char *)section + k->offset, sizeof on);
	if (i)
		return false;
	for (size_t e = 0; e < CONF_EVENTS; e++) {
		if (!(on >> e & 1))
			continue;
		conf_out_printf(out, "%s%s", between, conf_events[e]);
		between = ", ";
	}
	if (!on)
		conf_out_puts(out, k->words[0]);
	return true;
}

const struct conf_type conf_type_events = {"event list", read_events, format_events};
const struct conf_type conf_type_people = {"address list", read_people, format_texts};
const struct conf_type conf_type_lmtp = {"addr", read_lmtp, format_lmtp};
const struct conf_type conf_type_domains = {"domain list", read_domains, format_texts};
const struct conf_type conf_type_files = {"pattern list", read_files, format_texts};
const struct conf_type conf_type_nets = {"net list", read_nets, format_nets};
const struct conf_type conf_type_times = {"time list", read_times, format_times};
