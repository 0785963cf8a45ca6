/* The block of `socket error (123)`: see report.h. Pure but for report_others, which opens modules. */
#include "transport/report.h"
#include "base/text.h"
#include "transport/error.h"
#include "transport/registry.h"

#include <stdio.h>
#include <string.h>

const char *report_word(enum report_kind kind)
{
	static const char *const words[] = {
#define WORD(name, word) word,
		REPORT_LIST(WORD)
#undef WORD
	};
	return (unsigned)kind < REPORT_KIND_COUNT ? words[kind] : "unknown";
}

static void begin(struct transport_report *r, enum report_kind kind, const char *name,
		  const char *code)
{
	*r = (struct transport_report){.kind = kind, .number = transport_error_number(SGT_SOCKET)};
	text_copy(r->name, sizeof r->name, name);
	text_copy(r->code, sizeof r->code, code);
	const struct registry_vendor *v = registry_vendor(code);
	if (!v)
		return;
	text_copy(r->vendor, sizeof r->vendor, v->vendor);
	text_copy(r->provider, sizeof r->provider, v->provider);
}

static void begin_module(struct transport_report *r, enum report_kind kind, const char *name,
			 const struct sgt_module *m, const char *detail)
{
	begin(r, kind, name, m->code);
	text_copy(r->vendor, sizeof r->vendor, m->vendor);
	if (detail && strstr(detail, "://"))
		snprintf(r->provider, sizeof r->provider, "%.250s over %.250s", m->provider,
			 detail);
	else
		text_copy(r->provider, sizeof r->provider, m->provider);
}

/* "PREFIX: words", words alone when there is no prefix. */
static void set_cause(struct transport_report *r, const char *prefix, const char *words)
{
	snprintf(r->cause, sizeof r->cause, "%s%s%s", prefix, *prefix && *words ? ": " : "", words);
}

/* A module knows its settings by value alone; where each stands is known here. */
static void set_remedy(struct transport_report *r, const char *words, bool settings)
{
	if (*words || !settings)
		text_copy(r->remedy, sizeof r->remedy, words);
	else
		snprintf(r->remedy, sizeof r->remedy,
			 "smtpgate config vendor %s    # each key, its value and where it stands",
			 r->name);
}

void report_load(struct transport_report *r, const char *name, const char *code,
		 enum load_result result, const struct err *err)
{
	begin(r, REPORT_PLUGIN, name, code);
	set_cause(r, result == LOAD_NOT_FOUND ? "the plugin is missing" : "the plugin was refused",
		  err->text);
	text_copy(r->remedy, sizeof r->remedy, err->remedy);
}

void report_settings(struct transport_report *r, const char *name, const struct sgt_module *module,
		     const struct err *err)
{
	begin_module(r, REPORT_SETTINGS, name, module, NULL);
	set_cause(r, "bad settings", err->text);
	set_remedy(r, err->remedy, true);
}

void report_detect(struct transport_report *r, const char *name, const struct sgt_module *module,
		   const struct sgt_report *found)
{
	static const struct {
		enum report_kind kind;
		const char *prefix;
	} rows[] = {
		[SGT_RUNNING] = {REPORT_INIT, "TCP/IP cannot be started"},
		[SGT_NOT_RUNNING] = {REPORT_NOT_RUNNING, "TCP/IP is not running"},
		[SGT_FORBIDDEN] = {REPORT_FORBIDDEN, "TCP/IP is running, but rights keep us out"},
		[SGT_ABSENT] = {REPORT_ABSENT, "TCP/IP is not on this machine"},
	};
	enum sgt_state state = (unsigned)found->state <= SGT_ABSENT ? found->state : SGT_ABSENT;
	begin_module(r, rows[state].kind, name, module, found->detail);
	set_cause(r, rows[state].prefix, found->cause);
	text_copy(r->remedy, sizeof r->remedy, found->remedy);
}

void report_error(struct transport_report *r, const char *name, const struct sgt_module *module,
		  const struct sgt_report *found, const struct sgt_error *error)
{
	bool settings = error->result == SGT_BAD_SETTING || error->result == SGT_BAD_ADDRESS;
	begin_module(r, settings ? REPORT_SETTINGS : REPORT_INIT, name, module,
		     found ? found->detail : NULL);
	if (error->number)
		r->number = error->number;
	set_cause(r, settings ? "bad settings" : "TCP/IP cannot be started", error->text);
	set_remedy(r, error->remedy, settings);
}

void report_lost(struct transport_report *r, const char *name, const struct sgt_module *module,
		 const struct sgt_report *found, const struct sgt_error *error)
{
	begin_module(r, REPORT_NOT_RUNNING, name, module, found->detail);
	set_cause(r, "TCP/IP was lost", error->text);
	text_copy(r->remedy, sizeof r->remedy, error->remedy);
}

void report_others(struct transport_report *r, const char *const *dirs,
		   const struct registry_section *sections, size_t count)
{
	struct buf codes;
	buf_init(&codes, sizeof r->or_line / 2);
	const char *first = registry_running(dirs, sections, count, r->name, &codes);
	const char *all = first ? buf_string(&codes) : NULL;
	if (all)
		snprintf(r->or_line, sizeof r->or_line, "vendor = %s (running here: %s)", first,
			 all);
	buf_free(&codes);
}

static enum result line(struct buf *out, const char *label, const char *text)
{
	return *text ? buf_printf(out, "  %-8s%s\n", label, text) : OK;
}

enum result report_format(const struct transport_report *r, struct buf *out)
{
	char vendor[1024];
	int n = snprintf(vendor, sizeof vendor, "%s", r->code);
	if (strcmp(r->name, r->code) != 0)
		n = snprintf(vendor, sizeof vendor, "%s (plugin %s)", r->name, r->code);
	size_t at = (size_t)n;
	if (*r->vendor)
		at += (size_t)snprintf(vendor + at, sizeof vendor - at, ", %s", r->vendor);
	if (*r->provider)
		snprintf(vendor + at, sizeof vendor - at, " (%s)", r->provider);
	enum result e = buf_puts(out, "socket error (123)\n");
	if (e == OK)
		e = line(out, "vendor:", vendor);
	if (e == OK)
		e = line(out, "cause:", r->cause);
	if (e == OK)
		e = line(out, "remedy:", r->remedy);
	return e == OK ? line(out, "or:", r->or_line) : e;
}
