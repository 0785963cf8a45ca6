/*
 * Asking the gateway for whole messages: the lines of queue.list become one object for each message, which story.c tells or
 * --json prints.
 */
#include "daemon/story.h"

#include "base/clock.h"
#include "daemon/context.h"
#include "daemon/words.h"

struct showing {
	struct call *call;
	struct settings *settings;
	json_t *entry; /* the message whose lines are coming; owned */
	int64_t now;
	size_t count;
	bool json;
};

static void finish_entry(struct showing *w)
{
	if (!w->entry)
		return;
	if (w->json) {
		json_dumpf(w->entry, w->call->out, JSON_COMPACT);
		fputc('\n', w->call->out);
	} else {
		story_print(w->entry, w->settings, w->now, w->call->out);
	}
	json_decref(w->entry);
	w->entry = NULL;
	w->count++;
}

static void append(json_t *entry, const char *list, json_t *item)
{
	json_t *array = json_object_get(entry, list);
	if (!array) {
		array = json_array();
		json_object_set_new(entry, list, array);
	}
	json_array_append(array, item);
}

bool story_take(json_t **whole, const json_t *line)
{
	json_t *entry = json_object_get(line, "entry"),
	       *recipient = json_object_get(line, "recipient");
	json_t *attempt = json_object_get(line, "attempt");
	if (entry && *whole)
		return false;
	if (entry)
		*whole = json_incref(entry);
	else if (recipient && *whole)
		append(*whole, "recipients_list", recipient);
	else if (attempt && *whole)
		append(*whole, "attempts_list", attempt);
	return true;
}

static bool take_line(void *ctx, const json_t *line)
{
	struct showing *w = ctx;
	if (!story_take(&w->entry, line)) {
		finish_entry(w);
		story_take(&w->entry, line);
	}
	return !ferror(w->call->out);
}

enum exit_status story_show(struct call *c, json_t *filter)
{
	struct showing w = {
		.call = c, .json = call_option(c, OPT_JSON), .now = clock_wall(clock_system())};
	struct err err;
	json_object_set_new(filter, "ended", json_true());
	json_t *request = json_pack("{s:s, s:o, s:b, s:b}", "command", "queue.list", "filter",
				    filter, "recipients", 1, "attempts", 1);
	enum exit_status status = context_load(c, false, false, &w.settings);
	if (status == EXIT_DONE)
		status = context_ask(c, request, take_line, &w, NULL);
	else
		json_decref(request);
	finish_entry(&w);
	settings_unref(&w.settings);
	if (status == EXIT_DONE && !w.count) {
		err_set(&err, E_NOTFOUND, "there is no such message in the queue or the history");
		status = call_fail(c, EXIT_FAILED, &err);
	}
	return status;
}
