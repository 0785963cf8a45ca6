/* A look at one transport, layer by layer: see look.h. */
#include "daemon/look.h"

#include "transport/loader.h"

#include <stdlib.h>
#include <string.h>

const char *look_state_word(enum sgt_state state)
{
	static const char *const words[] = {"running", "not running", "forbidden", "absent"};
	return words[state];
}

const char *const *look_dirs(const struct settings *s)
{
	const struct conf_texts *dirs = &s->gateway.plugin_dirs;
	const char **list = calloc(dirs->count + 1, sizeof *list);
	for (size_t i = 0; list && i < dirs->count; i++)
		list[i] = dirs->items[i];
	return list;
}

static void print_fault(void *ctx, const struct instance_setting *setting, bool fatal,
			const struct err *err)
{
	FILE *to = ctx;
	if (!to)
		return;
	if (setting && setting->file)
		fprintf(to, "%s:%u: ", setting->file, setting->line);
	fprintf(to, "%s: %s\n", fatal ? "error" : "warning", err->text);
	if (*err->remedy)
		fprintf(to, "  %s\n", err->remedy);
}

static enum result make_instance(struct look *l, FILE *faults, struct err *err)
{
	const struct conf_vendor *v = l->vendor;
	struct instance_setting *settings = calloc(v->pair_count + 1, sizeof *settings);
	if (!settings)
		return err_set(err, E_NOMEM, "no memory for the settings of %s", v->name);
	for (size_t i = 0; i < v->pair_count; i++)
		settings[i] = (struct instance_setting){.key = v->pairs[i].key,
							.text = v->pairs[i].value,
							.file = v->pairs[i].file,
							.line = v->pairs[i].line};
	struct instance_config config = {.name = v->name,
					 .settings = settings,
					 .count = v->pair_count,
					 .fault = print_fault,
					 .fault_ctx = faults};
	enum result r = instance_new(&l->instance, l->module, &config, err);
	free(settings);
	return r;
}

enum result look_open(struct look *l, const struct settings *s, const struct conf_vendor *v,
		      FILE *faults)
{
	struct err err = {0};
	struct sgt_error error = {0};
	memset(l, 0, sizeof *l);
	l->vendor = v;
	l->dirs = look_dirs(s);
	l->layer = LOOK_MODULE;
	enum load_result loaded = transport_load(l->dirs, v->plugin, &l->module, &err);
	if (loaded != LOAD_OK) {
		report_load(&l->trouble, v->name, v->plugin, loaded, &err);
		return E_NOTFOUND;
	}
	l->layer = LOOK_SETTINGS;
	if (make_instance(l, faults, &err) != OK) {
		report_settings(&l->trouble, v->name, l->module, &err);
		return E_CONFIG;
	}
	l->layer = LOOK_CREATE;
	static const struct stack_ops nothing_to_open = {NULL, NULL};
	struct stack_config config = {.ops = &nothing_to_open};
	if (stack_create(&l->stack, l->instance, &config, &error) != SGT_OK) {
		report_error(&l->trouble, v->name, l->module, NULL, &error);
		return E_CONFIG;
	}
	l->layer = LOOK_PROVIDER;
	stack_detect(l->stack, &l->report);
	if (l->report.state == SGT_RUNNING)
		return OK;
	report_detect(&l->trouble, v->name, l->module, &l->report);
	return E_STATE;
}

void look_close(struct look *l)
{
	stack_destroy(&l->stack);
	instance_destroy(&l->instance);
	free((void *)l->dirs);
	l->dirs = NULL;
}

void look_print_failure(const struct look *l, FILE *to)
{
	fprintf(to, "vendor %s: %s\n", l->vendor->name, l->trouble.cause);
	if (*l->trouble.remedy)
		fprintf(to, "  %s\n", l->trouble.remedy);
}
