/* Types of single values: see table.h. Each reads text into one member and writes it back. */
#include "conf/load.h"
#include "conf/number.h"
#include "base/text.h"
#include "mail/address.h"
#include "base/value.h"

#include <inttypes.h>
#include <string.h>

static void *member(const struct conf_key *k, void *section)
{
	return (char *)section + k->offset;
}

static const void *member_of(const struct conf_key *k, const void *section)
{
	return (const char *)section + k->offset;
}

bool conf_text_is_domain(const char *text)
{
	size_t label = 0, n = strlen(text);
	if (n > 253)
		return false;
	for (const char *p = text; *p; p++) {
		bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			      (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';
		if (*p == '.' ? !label : !letter || label == 63)
			return false;
		label = *p == '.' ? 0 : label + 1;
	}
	return label > 0;
}

/* ---- texts ---- */

static void put_text(struct conf_load *l, const struct conf_key *k, void *section, const char *text)
{
	const char **at = member(k, section);
	*at = k->words && strcmp(text, k->words[0]) == 0 ? NULL : conf_load_strdup(l, text);
}

static bool format_text(const struct conf_key *k, const void *section, size_t i,
			struct conf_out *out)
{
	const char *const *at = member_of(k, section);
	const char *text = *at ? *at : k->words ? k->words[0] : NULL;
	if (i || !text)
		return false;
	conf_out_puts(out, text);
	return true;
}

/* Adds the fault of a value that is not of its type. */
static void not_a(struct conf_load *l, const struct conf_key *k, const char *text, const char *what)
{
	char shown[68];
	const char *remedy =
		strchr(text, '#') ? "a comment behind a value begins with a blank and ;" : NULL;
	conf_load_error(l, remedy, "%s: \"%s\" is not %s", k->name,
			k->flags & KEY_SECRET ? "***" : conf_fault_shown(text, shown), what);
}

static bool name_like(const char *text, size_t max)
{
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/");
	return n && n <= max && !text[n];
}

static void read_name(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (name_like(text, 40))
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "a name (letters, digits and .-_/, at most 40)");
}

char *conf_text_narrow(char *text, char *out, size_t n)
{
	char ascii[MAIL_DOMAIN_MAX + 1];
	char *at = strrchr(text, '@'), *domain = at ? at + 1 : text + (*text == '.');
	if (mail_address_is_ascii(domain) ||
	    mail_domain_normalise(domain, ascii, sizeof ascii) != OK)
		return text;
	int len = snprintf(out, n, "%.*s%s", (int)(domain - text), text, ascii);
	return len > 0 && (size_t)len < n ? out : text;
}

static void read_domain(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (strlen(text) > 253)
		conf_load_error(l, NULL, "%s: a name has at most 253 characters, this one %zu",
				k->name, strlen(text));
	else if (conf_text_is_domain(text))
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "a domain name");
}

/* Users and groups must be known, but for the default, which is the same written or not. */
static void read_user(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (!name_like(text, 64))
		not_a(l, k, text, "the name of a user");
	else if (l->file && strcmp(text, "none") != 0 && !l->world->has_user(text))
		conf_load_error(l, NULL, "%s: this machine has no user \"%s\"", k->name, text);
	else
		put_text(l, k, section, text);
}

static void read_group(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (!name_like(text, 64))
		not_a(l, k, text, "the name of a group");
	else if (l->file && strcmp(text, "none") != 0 && strcmp(text, k->standard) != 0 &&
		 !l->world->has_group(text))
		conf_load_error(l, NULL, "%s: this machine has no group \"%s\"", k->name, text);
	else
		put_text(l, k, section, text);
}

static void read_path(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (*text == '/' || (k->words && strcmp(text, k->words[0]) == 0))
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "an absolute path");
}

static void read_pin(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (strcmp(text, "none") == 0 ||
	    (strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64))
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "a SHA-256 as 64 hexadecimal digits");
}

static void read_certificate(struct conf_load *l, const struct conf_key *k, void *section,
			     char *text)
{
	if (strcmp(text, "auto") == 0)
		put_text(l, k, section, text);
	else
		read_path(l, k, section, text);
}

bool conf_text_is_graphic(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

static void read_address(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	const char *at = strrchr(text, '@');
	size_t local = at ? (size_t)(at - text) : strlen(text);
	if (local && local <= 64 && conf_text_is_graphic(text) && !strpbrk(text, "<>,;") &&
	    (!at || conf_text_is_domain(at + 1)))
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "an address (user@domain)");
}

static void read_mailbox(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (*text != '.' && !strchr(text, '/') && strlen(text) <= 64)
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "the name of a mailbox (no /, no dot in front, at most 64)");
}

static void read_source(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (conf_text_is_graphic(text) && strlen(text) <= 253)
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "an address");
}

static void read_account(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	if (conf_text_is_graphic(text) && strlen(text) <= 253)
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "the name of an account");
}

static void read_url(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	bool none = k->words && strcmp(text, k->words[0]) == 0;
	bool https = text_starts(text, "https://") && text[8];
	bool http = text_starts(text, "http://") && text[7] && strcmp(k->name, "proxy") == 0;
	if (strchr(text, '@'))
		conf_load_error(l, NULL, "%s: no name and password stand in a URL here", k->name);
	else if ((none || https || http) && conf_text_is_graphic(text) && strlen(text) <= 1000)
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "a URL that begins with https://");
}

static void read_words(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ') {
			not_a(l, k, text, "a text of words");
			return;
		}
	if (strlen(text) <= 1000)
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "a text of at most 1000 characters");
}

/* Where a secret is; what was written is never repeated: it may be the secret itself. */
static void read_secret(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	bool none = k->words && strcmp(text, k->words[0]) == 0;
	bool good = none || text_starts(text, "file:/") ||
		    (text_starts(text, "credential:") && name_like(text + 11, 255) &&
		     !strchr(text, '/')) ||
		    (text_starts(text, "command:") && text[8] && strlen(text) <= 1000);
	if (good)
		put_text(l, k, section, text);
	else
		conf_load_error(l, "write file:/PATH, credential:NAME or command:PROGRAM",
				"%s: a secret does not stand in this file, only where it is",
				k->name);
}

/* Without quoting: a program that needs more is a script. */
static void read_command(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ') {
			not_a(l, k, text, "a command: it has a control character");
			return;
		}
	if (*text && strlen(text) <= 1000)
		put_text(l, k, section, text);
	else
		not_a(l, k, text, "a command");
}

const struct conf_type conf_type_name = {"name", read_name, format_text};
const struct conf_type conf_type_domain = {"domain", read_domain, format_text};
const struct conf_type conf_type_user = {"user", read_user, format_text};
const struct conf_type conf_type_group = {"group", read_group, format_text};
const struct conf_type conf_type_path = {"path", read_path, format_text};
const struct conf_type conf_type_certificate = {"path or auto", read_certificate, format_text};
const struct conf_type conf_type_pin = {"sha256", read_pin, format_text};
const struct conf_type conf_type_address = {"address", read_address, format_text};
const struct conf_type conf_type_mailbox = {"mailbox", read_mailbox, format_text};
const struct conf_type conf_type_command = {"command", read_command, format_text};
const struct conf_type conf_type_account = {"text", read_account, format_text};
const struct conf_type conf_type_secret = {"secret", read_secret, format_text};
const struct conf_type conf_type_url = {"URL", read_url, format_text};
const struct conf_type conf_type_words = {"words", read_words, format_text};
const struct conf_type conf_type_source = {"source", read_source, format_text};

/* ---- numbers ---- */

static void format_size_value(uint64_t n, struct conf_out *out)
{
	static const char units[] = "GMK";
	for (size_t i = 0; n && i < 3; i++) {
		uint64_t unit = 1ull << (30 - 10 * i);
		if (n % unit == 0) {
			conf_out_printf(out, "%" PRIu64 "%c", n / unit, units[i]);
			return;
		}
	}
	conf_out_printf(out, "%" PRIu64, n);
}

void conf_time_format(int64_t ms, struct conf_out *out)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
	if (!ms)
		conf_out_puts(out, "0");
	for (size_t i = 0; ms && i < sizeof units / sizeof *units; i++) {
		if (ms % units[i].ms == 0) {
			conf_out_printf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
			return;
		}
	}
}

void conf_number_format(const struct conf_key *k, uint64_t n, struct conf_out *out)
{
	if (k->type == &conf_type_size)
		format_size_value(n, out);
	else if (k->type == &conf_type_time || k->type == &conf_type_times)
		conf_time_format((int64_t)n, out);
	else
		conf_out_printf(out, "%" PRIu64, n);
}

/* Is n within the key's bounds? Adds the fault when not. */
static bool in_range(struct conf_load *l, const struct conf_key *k, const char *text, int64_t n)
{
	if ((!k->min && !k->max) || (n >= (int64_t)k->min && n <= (int64_t)k->max))
		return true;
	struct conf_out out;
	char shown[68];
	conf_out_init(&out);
	conf_number_format(k, k->min, &out);
	conf_out_puts(&out, " to ");
	conf_number_format(k, k->max, &out);
	const char *range = conf_out_string(&out);
	conf_load_error(l, NULL, "%s: %s is out of range (%s)", k->name,
			conf_fault_shown(text, shown), range ? range : "");
	conf_out_free(&out);
	return false;
}

static const char range_words[] = "a number that this machine can hold";

bool conf_number_read(struct conf_load *l, const struct conf_key *k, const char *text, int64_t *n)
{
	bool bare = false;
	const char *what;
	enum result r;
	if (k->type == &conf_type_size) {
		r = value_size(text, n);
		what = "a size (512, 64K, 50M, 2G)";
	} else if (k->type == &conf_type_time || k->type == &conf_type_times) {
		r = value_time(text, n, &bare);
		what = "a time (30s, 5m, 2h, 5d)";
	} else {
		r = value_int(text, 0, INT64_MAX, n);
		what = *text == '-' && r == E_RANGE ? "0 or above" : "a whole number";
	}
	if (r != OK) {
		not_a(l, k, text, r == E_RANGE && *text != '-' ? range_words : what);
		return false;
	}
	if (bare)
		conf_load_warn(l, "write the unit: s, m, h or d", "%s: %s is taken as seconds",
			       k->name, text);
	return in_range(l, k, text, *n);
}

static void read_uint64(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	int64_t n;
	if (conf_number_read(l, k, text, &n))
		*(uint64_t *)member(k, section) = (uint64_t)n;
}

static bool format_uint64(const struct conf_key *k, const void *section, size_t i,
			  struct conf_out *out)
{
	if (!i)
		conf_number_format(k, *(const uint64_t *)member_of(k, section), out);
	return !i;
}

static void read_time(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	int64_t n;
	if (conf_number_read(l, k, text, &n))
		*(int64_t *)member(k, section) = n;
}

static bool format_time(const struct conf_key *k, const void *section, size_t i,
			struct conf_out *out)
{
	if (!i)
		conf_time_format(*(const int64_t *)member_of(k, section), out);
	return !i;
}

static void read_int(struct conf_load *l, const struct conf_key *k, void *section, char *text)
{
	int64_t n;
	if (conf_number_read(l, k, text, &n))
		*(unsigned *)member(k, section) = (unsigned)n;
}

static bool format_int(const struct conf_key *k, const void *section, size_t i,
		       struct conf_out *out)
{
	if (!i)
		conf_out_printf(out, "%u", *(const unsigned *)member_of(k, section));
	return !i;
}

const struct conf_type conf_type_size = {"size", read_uint64, format_uint64};
const struct conf_type conf_type_count = {"int", read_uint64, format_uint64};
const struct conf_type conf_type_time = {"time", read_time, format_time};
const struct conf_type conf_type_int = {"int", read_int, format_int};
