/* Transports that do not run: see trouble.h. */
#include "gateway/trouble.h"

#include "base/inbox.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_MAX 2048

const char *const *trouble_dirs(const struct settings *s, struct region *r)
{
	const struct conf_texts *t = &s->gateway.plugin_dirs;
	const char **dirs = region_alloc(r, (t->count + 1) * sizeof *dirs);
	if (dirs && t->count)
		memcpy(dirs, t->items, t->count * sizeof *dirs);
	return dirs;
}

const struct instance_setting *trouble_settings(const struct conf_vendor *v, struct region *r)
{
	struct instance_setting *list = region_alloc(r, v->pair_count * sizeof *list + 1);
	for (size_t i = 0; list && i < v->pair_count; i++)
		list[i] = (struct instance_setting){v->pairs[i].key, v->pairs[i].value,
						    v->pairs[i].file, v->pairs[i].line};
	return list;
}

static size_t sections_of(const struct settings *s, struct region *r,
			  const struct registry_section **sections)
{
	struct registry_section *list = region_alloc(r, s->vendor_count * sizeof *list + 1);
	size_t n = 0;
	for (size_t i = 0; list && i < s->vendor_count; i++) {
		const struct conf_vendor *v = &s->vendors[i];
		const struct instance_setting *settings = trouble_settings(v, r);
		if (settings)
			list[n++] = (struct registry_section){v->name, v->plugin, settings,
							      v->pair_count};
	}
	*sections = list;
	return n;
}

void trouble_block(struct transport_report *report, const struct settings *s, char *block,
		   size_t size)
{
	struct region *r = region_new(0);
	const struct registry_section *sections = NULL;
	struct buf text;
	buf_init(&text, size - 1);
	size_t count = r ? sections_of(s, r, &sections) : 0;
	if (r)
		report_others(report, trouble_dirs(s, r), sections, count);
	*block = '\0';
	if (report_format(report, &text) == OK && buf_string(&text))
		text_copy(block, size, buf_string(&text));
	buf_free(&text);
	region_destroy(&r);
}

void trouble_log(const struct transport_report *report, bool required)
{
	enum log_level level = required ? LOG_ERROR : LOG_WARN;
	if (report->number == 123) {
		LOG(level, NULL, "ERROR", "socket: (123) network error",
		    F_S("vendor", report->name));
		LOG(level, NULL, "SMTP_listen:", "system error", F_S("vendor", report->name));
	}
	LOG(level, NULL, "vendor", "down", F_S("name", report->name), F_S("cause", report->cause),
	    F_S("remedy", *report->remedy ? report->remedy : NULL),
	    F_S("or", *report->or_line ? report->or_line : NULL));
}

void trouble_tell(struct transport_report *report, const struct settings *s, bool required)
{
	char block[BLOCK_MAX];
	trouble_block(report, s, block, sizeof block);
	fputs(block, stderr);
	trouble_log(report, required);
}

/* Has all that it needs: the gateway may be gone when it runs. */
struct lost {
	struct task task;
	struct settings *settings;
	const struct conf_vendor *conf;
	const struct sgt_module *module;
	struct sgt_report found;
	struct sgt_error error;
};

static void tell_lost(struct task *t)
{
	struct lost *l = (struct lost *)t;
	struct transport_report report;
	report_lost(&report, l->conf->name, l->module, &l->found, &l->error);
	trouble_tell(&report, l->settings, l->conf->required);
	settings_unref(&l->settings);
	free(l);
}

void trouble_lost(const struct trouble_loss *loss)
{
	struct lost *l = calloc(1, sizeof *l);
	if (!l) {
		LOG(LOG_ERROR, NULL, "vendor", "down", F_S("name", loss->conf->name),
		    F_S("error", loss->error->text));
		return;
	}
	l->task.run = tell_lost;
	l->settings = settings_ref(loss->settings);
	l->conf = loss->conf;
	l->module = loss->module;
	l->error = *loss->error;
	text_copy(l->found.detail, sizeof l->found.detail, loss->detail);
	inbox_post(loss->main, &l->task);
}
