/* vendors: the five of the original and every other module, each with its state on this machine. */
#include "daemon/context.h"
#include "daemon/look.h"
#include "daemon/table.h"
#include "daemon/words.h"
#include "transport/loader.h"
#include "transport/registry.h"

#include <stdlib.h>
#include <string.h>

/* One row; texts are static or of the scan. */
struct vendor_row {
	const char *code, *vendor, *provider, *file, *note;
	const char *state;                            /* word */
	char detail[sizeof(struct transport_report)]; /* what runs, or why not and what to do */
};

static void describe_trouble(struct vendor_row *row, const char *cause, const char *remedy)
{
	snprintf(row->detail, sizeof row->detail, "%s%s%s", cause, *remedy ? "; " : "", remedy);
}

/* With the settings of its section. */
static void describe_section(struct vendor_row *row, const struct settings *s,
			     const struct conf_vendor *v)
{
	struct look l;
	enum result r = look_open(&l, s, v, NULL);
	row->state = l.layer == LOOK_PROVIDER ? look_state_word(l.report.state) : "bad settings";
	if (r == OK)
		snprintf(row->detail, sizeof row->detail, "%s", l.report.detail);
	else
		describe_trouble(row, l.trouble.cause, l.trouble.remedy);
	look_close(&l);
}

/* With the defaults of its keys. */
static void describe_module(struct vendor_row *row, const struct sgt_module *module)
{
	struct sgt_report report;
	registry_detect(module, &report);
	row->state = look_state_word(report.state);
	if (report.state == SGT_RUNNING)
		snprintf(row->detail, sizeof row->detail, "%s", report.detail);
	else
		describe_trouble(row, report.cause, report.remedy);
}

/* The first section that sets something for this module; NULL: none does. */
static const struct conf_vendor *section_of(const struct settings *s, const char *code)
{
	for (size_t i = 0; i < s->vendor_count; i++)
		if (s->vendors[i].pair_count && strcmp(s->vendors[i].plugin, code) == 0)
			return &s->vendors[i];
	return NULL;
}

static void describe(struct vendor_row *row, const struct settings *s,
		     const struct transport_found *f)
{
	const struct conf_vendor *v = section_of(s, f->code);
	row->file = f->file ? f->file : "built in";
	if (!f->module) {
		row->state = "refused";
		snprintf(row->detail, sizeof row->detail, "%s", f->err.text);
		return;
	}
	row->vendor = row->vendor ? row->vendor : f->module->vendor;
	row->provider = f->module->provider;
	if (v)
		describe_section(row, s, v);
	else
		describe_module(row, f->module);
}

static const struct transport_found *find(const struct transport_list *list, const char *code)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->found[i].code, code) == 0)
			return &list->found[i];
	return NULL;
}

typedef void row_fn(void *ctx, const struct vendor_row *row);

static void each_row(const struct settings *s, const struct transport_list *list, row_fn *fn,
		     void *ctx)
{
	for (const struct registry_vendor *v = registry_vendors(); v->code; v++) {
		const struct transport_found *f = find(list, v->code);
		struct vendor_row row = {.code = v->code,
					 .vendor = v->vendor,
					 .provider = v->provider,
					 .note = v->note,
					 .state = "not here",
					 .file = "",
					 .detail = "its module is not installed"};
		if (f)
			describe(&row, s, f);
		fn(ctx, &row);
	}
	for (size_t i = 0; i < list->count; i++) {
		struct vendor_row row = {.code = list->found[i].code, .provider = ""};
		if (registry_vendor(row.code))
			continue;
		describe(&row, s, &list->found[i]);
		fn(ctx, &row);
	}
}

static void add_to_table(void *ctx, const struct vendor_row *r)
{
	const char *cells[] = {r->code, r->vendor, r->provider, r->state, r->file, r->detail};
	table_add(ctx, cells);
}

/* Each note once, with all vendors that it is about. */
static void print_notes(FILE *to)
{
	const struct registry_vendor *all = registry_vendors();
	fputc('\n', to);
	for (const struct registry_vendor *v = all; v->code; v++) {
		bool told = !v->note;
		for (const struct registry_vendor *w = all; w < v && !told; w++)
			told = w->note && strcmp(w->note, v->note) == 0;
		if (told)
			continue;
		fputs(v->code, to);
		for (const struct registry_vendor *w = v + 1; w->code; w++)
			if (w->note && strcmp(w->note, v->note) == 0)
				fprintf(to, ", %s", w->code);
		fprintf(to, ": %s\n", v->note);
	}
}

static enum exit_status print_table(const struct settings *s, const struct transport_list *list,
				    FILE *to)
{
	static const char *const heads[] = {"CODE", "VENDOR", "PROVIDER", "STATE",
					    "FILE", "DETAIL", NULL};
	struct table t;
	table_init(&t, heads);
	each_row(s, list, add_to_table, &t);
	table_print(&t, 0, to);
	enum exit_status status = t.failed ? EXIT_TEMPORARY : EXIT_DONE;
	table_free(&t);
	print_notes(to);
	return status;
}

static void add_to_json(void *ctx, const struct vendor_row *r)
{
	json_array_append_new(ctx, json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "code",
					     words_json(r->code), "vendor", words_json(r->vendor),
					     "provider", words_json(r->provider), "state", r->state,
					     "file", words_json(r->file), "detail",
					     words_json(r->detail), "note", words_json(r->note)));
}

static enum exit_status print_json(const struct settings *s, const struct transport_list *list,
				   FILE *to)
{
	json_t *rows = json_array();
	each_row(s, list, add_to_json, rows);
	int failed = json_dumpf(rows, to, JSON_INDENT(2));
	fputc('\n', to);
	json_decref(rows);
	return failed ? EXIT_FAILED : EXIT_DONE;
}

enum exit_status cmd_vendors(struct call *c)
{
	struct settings *s = NULL;
	struct transport_list list = {0};
	struct err err;
	enum exit_status status = context_load(c, false, false, &s);
	if (status != EXIT_DONE)
		return status;
	const char *const *dirs = look_dirs(s);
	if (!dirs || transport_scan(dirs, &list) != OK) {
		err_set(&err, E_NOMEM, "no memory for the list of modules");
		status = call_fail(c, EXIT_TEMPORARY, &err);
	} else if (call_option(c, OPT_JSON)) {
		status = print_json(s, &list, c->out);
	} else {
		status = print_table(s, &list, c->out);
	}
	transport_list_free(&list);
	free((void *)dirs);
	settings_unref(&s);
	return status;
}
