/* check and config: the configuration as it was read. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/spawn.h"
#include "daemon/context.h"
#include "daemon/look.h"
#include "gateway/reach.h"
#include "gateway/secure.h"
#include "transport/loader.h"

#include <stdlib.h>
#include <string.h>

#define SECTION_MAX 128 /* bytes of "word name", the longest of which has 60 */

static bool is_given(const struct conf_vendor *v, const char *key)
{
	for (size_t i = 0; i < v->pair_count; i++)
		if (strcmp(v->pairs[i].key, key) == 0)
			return true;
	return false;
}

/* The keys of the module that the section leaves to it; those without a default as comments. */
static enum result print_module_keys(void *ctx, const struct conf_vendor *v, struct buf *out)
{
	const struct sgt_module *m;
	const char *const *dirs = look_dirs(ctx);
	enum result r = dirs ? OK : E_NOMEM;
	if (r == OK && transport_load(dirs, v->plugin, &m, NULL) != LOAD_OK)
		r = buf_printf(out, "; its module cannot be read here: smtpgate probe %s\n",
			       v->name);
	else if (r == OK)
		for (const struct sgt_key *k = m->keys; r == OK && k->name; k++)
			if (!is_given(v, k->name))
				r = buf_printf(out, "%s%s =%s%s ; %s: %s\n", k->standard ? "" : ";",
					       k->name, k->standard ? " " : "",
					       k->standard ? k->standard : "",
					       k->standard ? "default" : "not set", k->help);
	free((void *)dirs);
	return r;
}

/* "listen lan" as one word or as two; NULL: all. E_LIMIT. */
static enum result find_section(const struct call *c, char out[static SECTION_MAX],
				const char **section)
{
	const struct options *o = &c->options;
	int n = snprintf(out, SECTION_MAX, "%s%s%s", o->arg_count ? o->args[0] : "",
			 o->arg_count > 1 ? " " : "", o->arg_count > 1 ? o->args[1] : "");
	*section = o->arg_count ? out : NULL;
	return n < SECTION_MAX ? OK : E_NOTFOUND;
}

enum exit_status cmd_config(struct call *c)
{
	char name[SECTION_MAX];
	const char *section;
	struct settings *s = NULL;
	struct buf out;
	struct err err;
	enum exit_status status = context_load(c, false, false, &s);
	if (status != EXIT_DONE)
		return status;
	buf_init(&out, 0);
	struct settings_more more = {print_module_keys, s};
	enum result r = find_section(c, name, &section);
	if (r == OK)
		r = settings_print(s, section, call_option(c, OPT_CHANGED) != NULL, &more, &out);
	if (r == OK) {
		fwrite(buf_head(&out), 1, out.len, c->out);
	} else {
		if (r == E_NOTFOUND)
			err_set(&err, r, "there is no section [%s] in %s", section, s->file);
		else
			err_set(&err, r, "the configuration cannot be printed: %s",
				result_sentence(r));
		status = call_fail(c, r == E_NOTFOUND ? EXIT_FAILED : exit_of_result(r), &err);
	}
	buf_free(&out);
	settings_unref(&s);
	return status;
}

/* One required transport: its settings are part of the configuration, its state on this machine is only said. */
static bool check_vendor(struct call *c, const struct settings *s, const struct conf_vendor *v,
			 struct look *l)
{
	bool good = look_open(l, s, v, c->err) != E_CONFIG;
	if (l->layer == LOOK_PROVIDER && l->report.state == SGT_RUNNING)
		fprintf(c->out, "vendor %s can be started here%s%s\n", v->name,
			*l->report.detail ? ": " : "", l->report.detail);
	else if (l->layer != LOOK_SETTINGS) /* whose faults are printed */
		look_print_failure(l, good ? c->out : c->err);
	return good;
}

/* All are there at a time, as in a gateway: what they want of each other's is seen. */
static bool check_vendors(struct call *c, const struct settings *s)
{
	struct look *looks = calloc(s->vendor_count + 1, sizeof *looks);
	bool good = looks != NULL;
	for (size_t i = 0; looks && i < s->vendor_count; i++)
		if (s->vendors[i].required && !check_vendor(c, s, &s->vendors[i], &looks[i]))
			good = false;
	for (size_t i = 0; looks && i < s->vendor_count; i++)
		look_close(&looks[i]);
	free(looks);
	return good;
}

static void check_program(const struct call *c, const char *command, const char *key,
			  const char *section)
{
	struct err err;
	if (command && spawn_look(command, &err) != OK)
		fprintf(c->err, "warning: %s of [%s]: %s\n", key, section, err.text);
}

/* What the gateway runs for postoffices and for trouble: it starts without, and finds out too late. */
static void check_programs(const struct call *c, const struct settings *s)
{
	for (size_t i = 0; i < s->postoffice_count; i++) {
		const struct conf_postoffice *p = &s->postoffices[i];
		char section[SECTION_MAX];
		snprintf(section, sizeof section, "postoffice %s", p->name);
		check_program(c, p->get, "get", section);
		check_program(c, p->format == CONF_OFFICE_MMFF ? p->put : NULL, "put", section);
	}
	check_program(c, s->notify.command, "command", "notify");
}

static void print_unreached(void *ctx, const struct err *err)
{
	const struct call *c = ctx;
	fprintf(c->err, "warning: trouble cannot be told by mail: %s (%s)\n", err->text,
		err->remedy);
}

enum exit_status cmd_check(struct call *c)
{
	struct settings *s = NULL;
	struct err err;
	enum exit_status status = context_load(c, false, true, &s);
	if (status != EXIT_DONE)
		return status;
	if (!check_vendors(c, s))
		status = EXIT_CONFIG;
	if (secure_new(s, clock_wall(clock_system()), &err) != OK)
		status = call_fail(c, EXIT_CONFIG, &err);
	reach_look(s, print_unreached, c);
	check_programs(c, s);
	if (status == EXIT_DONE)
		fprintf(c->out, "%s: no faults\n", s->file);
	settings_unref(&s);
	return status;
}
