/* Conversations in the form of 1993: see transcript.h. Owns the text that is gathered. */
#include "gateway/transcript.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define GATHERED 32768u           /* bytes above which it goes to the log */
#define BOUND (2u * GATHERED)     /* a line has at most LINE_MOST bytes */
#define LINE_MOST 1000            /* bytes of a line shown */
#define LINE_ROOM (4 * LINE_MOST) /* with every byte escaped */

void transcript_begin(struct transcript *t, struct classic_log *log, const char *office)
{
	*t = (struct transcript){.level = classic_log_level(log), .office = office};
	if (t->level != CLASSIC_LOG_OFF)
		t->log = log;
	buf_init(&t->text, BOUND);
}

bool transcript_on(const struct transcript *t)
{
	return t->log && t->level > CLASSIC_LOG_ERRORS;
}

/* One line with what it begins with; a peer's control characters make no second one. */
static void add(struct transcript *t, const char *head, const char *line, size_t n)
{
	char shown[LINE_ROOM + 8];
	size_t len = 0;
	for (size_t i = 0; i < n && i < LINE_MOST; i++) {
		unsigned char c = (unsigned char)line[i];
		if (c >= ' ' && c != 0x7f)
			shown[len++] = (char)c;
		else
			len += (size_t)snprintf(shown + len, 5, "\\x%02x", c);
	}
	buf_printf(&t->text, "%s%.*s%s\n", head, (int)len, shown, n > LINE_MOST ? "..." : "");
	if (t->text.len > GATHERED)
		transcript_flush(t);
}

static void say(struct transcript *t, const char *format, va_list ap)
{
	char line[LINE_MOST + 2], head[32];
	time_t now = (time_t)(clock_wall(classic_log_clock(t->log)) / 1000);
	struct tm tm;
	localtime_r(&now, &tm);
	snprintf(head, sizeof head, "%02d:%02d:%02d - ", tm.tm_hour, tm.tm_min, tm.tm_sec);
	int n = vsnprintf(line, sizeof line, format, ap);
	add(t, head, line, n < 0 ? 0 : (size_t)n > LINE_MOST ? LINE_MOST + 1 : (size_t)n);
}

void transcript_say(struct transcript *t, const char *format, ...)
{
	va_list ap;
	if (!transcript_on(t))
		return;
	va_start(ap, format);
	say(t, format, ap);
	va_end(ap);
}

void transcript_error(struct transcript *t, const char *format, ...)
{
	va_list ap;
	if (!t->log)
		return;
	va_start(ap, format);
	say(t, format, ap);
	va_end(ap);
}

void transcript_line(struct transcript *t, bool out, const char *line, size_t n)
{
	if (!transcript_on(t))
		return;
	add(t, out ? " [tx] " : " [rx] ", line, n);
	if (n >= 3 && memcmp(line, "354", 3) == 0)
		buf_puts(&t->text,
			 out ? " [rx] ...message body...\n" : " [tx] ...message body...\n");
}

/* The lines that were looked at until one had the domain: those of the map, or what the section says. */
static void compare(struct transcript *t, const struct conf_postoffice *p, const char *domain)
{
	const struct mail_map_entry *found = mail_map_office(&p->native, domain);
	if (t->level != CLASSIC_LOG_DEBUG)
		return;
	for (size_t i = 0; i < p->native.count; i++) {
		const struct mail_map_entry *e = &p->native.entries[i];
		transcript_say(t, "Comparing: %s to %s", e->domain, domain);
		if (e == found)
			break;
	}
	for (size_t i = 0; !p->native.count && i < p->domains.count; i++) {
		transcript_say(t, "Comparing: %s to %s", p->domains.items[i], domain);
		if (text_same(p->domains.items[i], domain))
			break;
	}
}

void transcript_address(struct transcript *t, const struct conf_postoffice *p, const char *address,
			const char *mailbox)
{
	const char *at = strrchr(address, '@'), *domain = at ? at + 1 : "";
	if (!transcript_on(t))
		return;
	transcript_say(t, "Translating remote address: \"%s\"", address);
	if (p)
		compare(t, p, domain);
	if (!p) {
		transcript_say(t, "Non-local address left unmapped");
		return;
	}
	const struct mail_map_entry *e = mail_map_office(&p->native, domain);
	const char *office = e ? e->office : p->name;
	transcript_say(t, "Mapped %s to %s", domain, office);
	if (*mailbox)
		transcript_say(t, "Mapped to \"CSI:%s/%s\"", office, mailbox);
	else
		transcript_say(t, "Addressee unknown: \"%s\"", address);
}

static void tell_local(struct transcript *t, const struct conf_postoffice *p)
{
	const struct mail_local_cfg *c = &p->here;
	if (!p->local_file)
		return;
	transcript_say(t, "Reading local configuration from %s", p->local_file);
	if (c->domain)
		transcript_say(t, "  Local Domain = \"%s\"", c->domain);
	if (c->gateway)
		transcript_say(t, "  SMTP Gateway Host Name = \"%s\"", c->gateway);
	if (c->router)
		transcript_say(t, "  SMTP Smart-Host IP = \"%s\"", c->router);
	for (size_t i = 0; i < c->office_count; i++)
		transcript_say(t, "  Local Post-Office: \"%s\"", c->offices[i]);
}

void transcript_settings(struct transcript *t, const struct settings *s,
			 const struct conf_postoffice *p)
{
	if (!transcript_on(t))
		return;
	transcript_say(t, "Running from %s", p->path);
	tell_local(t, p);
	if (!p->local_file) {
		transcript_say(t, "  SMTP Gateway Host Name = \"%s\"", s->gateway.hostname);
		transcript_say(t, "  Local Post-Office: \"%s\"", p->name);
	}
	if (p->map_file)
		transcript_say(t, "Reading address map from %s", p->map_file);
	for (size_t i = 0; i < p->native.count; i++)
		transcript_say(t, "  Mapping \"%s\" to \"%s\"", p->native.entries[i].office,
			       p->native.entries[i].domain);
	for (size_t i = 0; !p->native.count && i < p->domains.count; i++)
		transcript_say(t, "  Mapping \"%s\" to \"%s\"", p->name, p->domains.items[i]);
	transcript_say(t, "Gateway initialized");
}

void transcript_flush(struct transcript *t)
{
	if (t->log)
		classic_log_post(t->log, t->office, &t->text);
}
