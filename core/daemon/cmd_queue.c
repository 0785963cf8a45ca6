/* queue: the operator's hand on what waits. Lists and acts through the running gateway; `show` is in story.c. */
#include "base/clock.h"
#include "base/text.h"
#include "daemon/context.h"
#include "daemon/query.h"
#include "daemon/story.h"
#include "daemon/table.h"
#include "daemon/words.h"

#include <string.h>

struct listing {
	struct call *call;
	struct table table;
	int64_t now, bytes;
	size_t count;
	bool json;
};

/* "a@b", or "a@b +3" for more recipients. */
static const char *recipients(const json_t *entry, char *out, size_t n)
{
	const json_t *first = json_object_get(entry, "first");
	json_int_t more = words_number(entry, "recipients") - 1;
	if (more > 0)
		snprintf(out, n, "%s +%lld", words_text(first, "address"), (long long)more);
	else
		snprintf(out, n, "%s", words_text(first, "address"));
	return out;
}

static void add_row(struct listing *l, const json_t *e)
{
	const json_t *first = json_object_get(e, "first");
	char size[24], age[32], to[400], next[40] = "-", from[400];
	bool claimed = json_is_true(json_object_get(e, "claimed"));
	if (words_number(first, "next") && !claimed)
		query_distance(words_number(first, "next"), l->now, next, sizeof next);
	const char *cells[] = {words_text(e, "id"),
			       query_size(words_number(e, "size"), size, sizeof size),
			       text_duration(l->now - story_came(e), age, sizeof age),
			       query_path(words_text(e, "from"), from, sizeof from),
			       recipients(e, to, sizeof to),
			       claimed ? "active" : words_text(first, "state"),
			       next,
			       words_text(first, "reason")};
	table_add(&l->table, cells);
	l->bytes += words_number(e, "size");
	l->count++;
}

static bool take_line(void *ctx, const json_t *line)
{
	struct listing *l = ctx;
	const json_t *entry = json_object_get(line, "entry");
	if (entry && l->json) {
		json_dumpf(entry, l->call->out, JSON_COMPACT);
		fputc('\n', l->call->out);
	} else if (entry) {
		add_row(l, entry);
	}
	return !l->table.failed && !ferror(l->call->out);
}

static void print_listing(struct listing *l)
{
	char size[24];
	if (!l->count) {
		fputs("the queue is empty\n", l->call->out);
		return;
	}
	table_print(&l->table, table_width(l->call->out), l->call->out);
	fprintf(l->call->out, "-- %zu message%s, %s bytes\n", l->count, l->count == 1 ? "" : "s",
		query_size(l->bytes, size, sizeof size));
}

static enum exit_status list(struct call *c, json_t *filter)
{
	static const char *const heads[] = {"ID",    ">SIZE", ">AGE",   "FROM", "TO",
					    "STATE", "NEXT",  "REASON", NULL};
	struct listing l = {
		.call = c, .json = call_option(c, OPT_JSON), .now = clock_wall(clock_system())};
	table_init(&l.table, heads);
	json_t *request = json_pack("{s:s, s:o}", "command", "queue.list", "filter", filter);
	enum exit_status status = context_ask(c, request, take_line, &l, NULL);
	if (status == EXIT_DONE && !l.json)
		print_listing(&l);
	if (l.table.failed)
		status = EXIT_TEMPORARY;
	table_free(&l.table);
	return status;
}

/* An action takes only what is in a state for it: what was named and not acted on is said. */
static void explain(struct call *c, const char *action, size_t named, json_int_t matched)
{
	static const struct {
		const char *action, *words;
	} why[] = {
		{"hold", "hold takes what waits"},
		{"release", "release takes what is held"},
		{"retry", "retry takes what waits; what is held goes by: smtpgate queue release"},
		{"remove", "remove takes what waits or is held"},
		{"flush", "flush takes what waits; what is held goes by: smtpgate queue release"},
	};
	if (matched && (json_int_t)named <= matched)
		return;
	for (size_t i = 0; i < sizeof why / sizeof *why; i++)
		if (strcmp(why[i].action, action) == 0)
			fprintf(c->err, "smtpgate: %s (smtpgate queue list shows the states)\n",
				why[i].words);
}

static enum exit_status act(struct call *c, const char *action, json_t *filter)
{
	json_t *last = NULL, *request;
	bool flush = strcmp(action, "flush") == 0;
	if (flush)
		request = json_pack("{s:s, s:o}", "command", "queue.flush", "filter", filter);
	else
		request = json_pack("{s:s, s:s, s:o}", "command", "queue.act", "action", action,
				    "filter", filter);
	enum exit_status status = context_ask(c, request, NULL, NULL, &last);
	json_int_t matched = words_number(last, "matched");
	if (status == EXIT_DONE && call_option(c, OPT_JSON))
		fprintf(c->out, "{\"matched\":%lld}\n", (long long)matched);
	else if (status == EXIT_DONE)
		fprintf(c->out, "%s: %lld message%s\n", action, (long long)matched,
			matched == 1 ? "" : "s");
	json_decref(last);
	if (status == EXIT_DONE && (!flush || c->options.arg_count > 1))
		explain(c, action, (size_t)c->options.arg_count - 1, matched);
	/* IDs were named and none was there to act on: that is no success. */
	if (status == EXIT_DONE && !matched && c->options.arg_count > 1)
		status = EXIT_FAILED;
	return status;
}

enum exit_status cmd_queue(struct call *c)
{
	static const char *const actions[] = {"list",   "show",  "hold",  "release",
					      "remove", "retry", "flush", NULL};
	const char *action = c->options.args[0], *near = text_nearest(action, actions);
	bool chosen, known = false;
	struct err err;
	for (size_t i = 0; actions[i]; i++)
		known |= strcmp(actions[i], action) == 0;
	if (!known)
		return call_usage(c, "queue has no %s%s%s%s", action, near ? ": did you mean " : "",
				  near ? near : "", near ? "?" : "");
	json_t *filter = query_filter(c, 1, &chosen, &err);
	if (!filter)
		return call_usage(c, "%s", err.text);
	if (strcmp(action, "list") == 0)
		return list(c, filter);
	if (!chosen && strcmp(action, "flush") != 0) {
		json_decref(filter);
		return call_usage(c, "queue %s: name IDs, a filter, or --all", action);
	}
	return strcmp(action, "show") == 0 ? story_show(c, filter) : act(c, action, filter);
}
