/* The log during the start: see runlog.h. The log itself keeps the lines (log_hold). */
#include "daemon/runlog.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* Is `auto` the journal here? Then nobody looks for a first line, and log_open knows its form. */
static bool journal(void)
{
	return getenv("JOURNAL_STREAM") != NULL;
}

static enum result open_stderr(struct runlog *r, struct err *err)
{
	r->to_stderr = true;
	return log_open("stderr", err);
}

static enum result open_auto(struct runlog *r, bool background, struct err *err)
{
	if (journal())
		return log_open("auto", err);
	if (background && log_open("syslog", NULL) == OK)
		return OK;
	return open_stderr(r, err);
}

static enum result open_one(struct runlog *r, const char *target, bool background, struct err *err)
{
	if (strcmp(target, "auto") == 0)
		return open_auto(r, background, err);
	return strcmp(target, "stderr") == 0 ? open_stderr(r, err) : log_open(target, err);
}

enum result runlog_open(struct runlog *r, const struct conf_log *log, bool background,
			struct err *err)
{
	enum result result = OK;
	*r = (struct runlog){0};
	log_hold();
	log_configure(&(struct log_settings){
		.level = log->level, .format = log->format, .addresses = log->addresses});
	for (size_t i = 0; result == OK && i < log->to.count; i++)
		result = open_one(r, log->to.items[i], background, err);
	if (!log->to.count)
		result = open_auto(r, background, err);
	if (result == OK && r->to_stderr && background)
		LOG(LOG_WARN, NULL, "log", "goes to standard error, which ends in the background",
		    F_S("remedy", "set to = syslog or to = file:/path in [log]"));
	return result;
}

void runlog_release(void)
{
	log_release();
}
