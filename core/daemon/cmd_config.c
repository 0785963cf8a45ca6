/* check and config: the configuration as it was read. */
#include "base/buf.h"
#include "daemon/context.h"
#include "daemon/look.h"

enum exit_status cmd_config(struct call *c)
{
	const char *section = c->options.arg_count ? c->options.args[0] : NULL;
	struct settings *s = NULL;
	struct buf out;
	struct err err;
	enum exit_status status = context_load(c, false, false, &s);
	if (status != EXIT_DONE)
		return status;
	buf_init(&out, 0);
	enum result r = settings_print(s, section, call_option(c, OPT_CHANGED) != NULL, &out);
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
static bool check_vendor(struct call *c, const struct settings *s, const struct conf_vendor *v)
{
	struct look l;
	bool good = look_open(&l, s, v, c->err) == OK || l.layer != LOOK_SETTINGS;
	if (l.layer == LOOK_PROVIDER && l.report.state == SGT_RUNNING)
		fprintf(c->out, "vendor %s can be started here%s%s\n", v->name,
			*l.report.detail ? ": " : "", l.report.detail);
	else if (good)
		look_print_failure(&l, c->out);
	look_close(&l);
	return good;
}

enum exit_status cmd_check(struct call *c)
{
	struct settings *s = NULL;
	enum exit_status status = context_load(c, false, true, &s);
	if (status != EXIT_DONE)
		return status;
	for (size_t i = 0; i < s->vendor_count; i++)
		if (s->vendors[i].required && !check_vendor(c, s, &s->vendors[i]))
			status = EXIT_CONFIG;
	if (status == EXIT_DONE)
		fprintf(c->out, "%s: no faults\n", s->file);
	settings_unref(&s);
	return status;
}
