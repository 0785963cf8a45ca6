/* status: the gateway at this moment, for people, for programs and for monitoring. */
#include "base/text.h"
#include "daemon/context.h"
#include "daemon/query.h"
#include "daemon/table.h"
#include "daemon/words.h"

#include <stdlib.h>
#include <string.h>

static bool take_line(void *ctx, const json_t *line)
{
	json_t **status = ctx;
	if (!*status)
		*status = json_incref(json_object_get(line, "status"));
	return true;
}

static void print_head(const json_t *s, FILE *to)
{
	const json_t *health = json_object_get(s, "health");
	char age[32], size[24], started[32];
	int64_t now = words_number(s, "now"), begun = words_number(s, "started");
	json_int_t disk = words_number(s, "disk_free");
	fprintf(to, "smtpgate %s on %s: %s", words_text(s, "version"), words_text(s, "hostname"),
		words_text(health, "word"));
	table_put(to, ": ", words_text(health, "why"), "");
	fputc('\n', to);
	fprintf(to, "  process %lld since %s (%s)%s\n", (long long)words_number(s, "pid"),
		query_moment(begun, started, sizeof started),
		text_duration(now - begun, age, sizeof age),
		json_is_true(json_object_get(s, "stopping")) ? ", stopping" : "");
	fprintf(to, "  configuration %s, free disk %s\n", words_text(s, "file"),
		disk < 0 ? "unknown" : query_size(disk, size, sizeof size));
	const json_t *memory = json_object_get(s, "memory");
	fprintf(to, "  memory for senders: %s of ",
		query_size(words_number(memory, "used"), size, sizeof size));
	fprintf(to, "%s, at most %s so far",
		query_size(words_number(memory, "most"), size, sizeof size),
		query_size(words_number(memory, "peak"), age, sizeof age));
	fprintf(to, ", %lld times too little\n", (long long)words_number(memory, "refused"));
	table_put(to, "  trouble cannot be told by mail: ", words_text(s, "unreached"), "\n");
}

static void print_spool(const json_t *status, FILE *to)
{
	const json_t *s = json_object_get(status, "spool"), *states = json_object_get(s, "states");
	char size[24], age[40];
	fprintf(to, "  queue: %lld waiting, %lld held, %lld active, %s bytes",
		(long long)words_number(s, "messages_waiting"),
		(long long)words_number(s, "messages_held"),
		(long long)words_number(status, "active_messages"),
		query_size(words_number(s, "bytes"), size, sizeof size));
	if (words_number(s, "oldest"))
		fprintf(to, ", oldest %s",
			query_distance(words_number(s, "oldest"), words_number(status, "now"), age,
				       sizeof age));
	fprintf(to, "\n  recipients: %lld accepted = ", (long long)words_number(s, "accepted"));
	const char *state;
	json_t *count;
	bool first = true;
	json_object_foreach((json_t *)states, state, count)
	{
		fprintf(to, "%s%lld %s", first ? "" : " + ", (long long)json_integer_value(count),
			state);
		first = false;
	}
	fputc('\n', to);
}

static void number(char *out, size_t n, const json_t *o, const char *key)
{
	snprintf(out, n, "%lld", (long long)words_number(o, key));
}

static void print_stacks(const json_t *list, FILE *to)
{
	static const char *const heads[] = {"VENDOR", "CODE",     "STATE", ">OPEN", ">IN",
					    ">OUT",   "PROVIDER", "ERROR", NULL};
	struct table t;
	table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);
		char open[24], in[24], out[24];
		number(open, sizeof open, s, "open");
		const char *cells[] = {words_text(s, "name"),
				       words_text(s, "code"),
				       words_text(s, "state"),
				       open,
				       query_size(words_number(s, "bytes_in"), in, sizeof in),
				       query_size(words_number(s, "bytes_out"), out, sizeof out),
				       words_text(s, "provider"),
				       words_text(s, "error")};
		table_add(&t, cells);
	}
	fputc('\n', to);
	table_print(&t, table_width(to), to);
	table_free(&t);
}

static void print_listeners(const json_t *list, FILE *to)
{
	static const char *const heads[] = {"LISTENER", "VENDOR", "ADDRESS",  "STATE", ">SESSIONS",
					    ">ALL",     ">TAKEN", ">REFUSED", NULL};
	struct table t;
	table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *l = json_array_get(list, i);
		char sessions[24], total[24], taken[24], refused[24];
		number(sessions, sizeof sessions, l, "sessions");
		number(total, sizeof total, l, "sessions_total");
		number(taken, sizeof taken, l, "accepted");
		number(refused, sizeof refused, l, "refused");
		const char *cells[] = {words_text(l, "name"),
				       words_text(l, "vendor"),
				       words_text(l, "address"),
				       words_text(l, "state"),
				       sessions,
				       total,
				       taken,
				       refused};
		table_add(&t, cells);
	}
	fputc('\n', to);
	table_print(&t, table_width(to), to);
	table_free(&t);
}

static void print_destinations(const json_t *list, int64_t now, FILE *to)
{
	static const char *const heads[] = {"DESTINATION", ">ACTIVE",      ">WAITING",
					    "NEXT",        "LAST FAILURE", NULL};
	struct table t;
	if (!json_array_size(list))
		return;
	table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *d = json_array_get(list, i);
		char active[24], waiting[24], next[40] = "-";
		int64_t until = words_number(d, "wait_until");
		number(active, sizeof active, d, "active");
		number(waiting, sizeof waiting, d, "waiting");
		if (until > now)
			query_distance(until, now, next, sizeof next);
		const char *cells[] = {words_text(d, "id"), active, waiting, next,
				       words_text(d, "last")};
		table_add(&t, cells);
	}
	fputc('\n', to);
	table_print(&t, table_width(to), to);
	table_free(&t);
}

/* The files of all folders that are not taken. */
static void print_files(const json_t *pickups, int64_t now, FILE *to)
{
	static const char *const heads[] = {"PICKUP", "FILE", "AGE", "NOT TAKEN BECAUSE", NULL};
	struct table t;
	bool any = false;
	table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(pickups); i++) {
		const json_t *p = json_array_get(pickups, i), *files = json_object_get(p, "files");
		for (size_t k = 0; k < json_array_size(files); k++) {
			const json_t *f = json_array_get(files, k);
			int64_t age = now - words_number(f, "since");
			char text[32];
			const char *cells[] = {words_text(p, "name"), words_text(f, "name"),
					       text_duration(age > 0 ? age : 0, text, sizeof text),
					       words_text(f, "reason")};
			table_add(&t, cells);
			any = true;
		}
	}
	if (any) {
		fputc('\n', to);
		table_print(&t, table_width(to), to);
	}
	table_free(&t);
}

static void print_pickups(const json_t *list, int64_t now, FILE *to)
{
	static const char *const heads[] = {"PICKUP", "PATH",  ">TAKEN", ">WAITING",
					    ">BAD",   "ERROR", NULL};
	struct table t;
	if (!json_array_size(list))
		return;
	table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		char taken[24], waiting[24], bad[24];
		number(taken, sizeof taken, p, "taken");
		number(waiting, sizeof waiting, p, "waiting");
		number(bad, sizeof bad, p, "bad");
		const char *cells[] = {
			words_text(p, "name"), words_text(p, "path"), taken, waiting, bad,
			words_text(p, "error")};
		table_add(&t, cells);
	}
	fputc('\n', to);
	table_print(&t, table_width(to), to);
	table_free(&t);
	print_files(list, now, to);
}

/* The way out of postoffices. */
static void print_mailbags(const json_t *list, FILE *to)
{
	static const char *const heads[] = {"MAILBAG", "PATH", ">TAKEN", "ERROR", NULL};
	struct table t;
	if (!json_array_size(list))
		return;
	table_init(&t, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *m = json_array_get(list, i);
		char taken[24];
		number(taken, sizeof taken, m, "taken");
		const char *cells[] = {words_text(m, "postoffice"), words_text(m, "path"), taken,
				       words_text(m, "error")};
		table_add(&t, cells);
	}
	fputc('\n', to);
	table_print(&t, table_width(to), to);
	table_free(&t);
}

/* One a line, with a blank of four before it. Whole: half a list of networks is another list. */
static void print_lines(const char *lines, FILE *to)
{
	char *copy = strdup(lines), *rest = copy;
	for (char *line; copy && (line = strsep(&rest, "\n"));)
		if (*line)
			table_put(to, "    ", line, "\n");
	if (!copy)
		fputs("    (no memory to show it)\n", to);
	free(copy);
}

/* Clients refused lately, each with what to have in the ini to admit it. */
static void print_refused(const json_t *list, int64_t now, FILE *to)
{
	if (json_array_size(list))
		fputs("\nREFUSED LATELY\n", to);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);
		char since[32], last[40];
		table_put(to, "  ", words_text(r, "client"), "");
		table_put(to, " at ", words_text(r, "listener"), "");
		fprintf(to, ": %lld time%s since %s, the last %s",
			(long long)words_number(r, "count"),
			words_number(r, "count") == 1 ? "" : "s",
			query_moment(words_number(r, "since"), since, sizeof since),
			query_distance(words_number(r, "last"), now, last, sizeof last));
		table_put(to, ": ", words_text(r, "reason"), "");
		table_put(to, "\n    [", words_text(r, "section"), "]");
		fputc('\n', to);
		if (json_is_true(json_object_get(r, "settled")))
			fputs("    settled: the settings were changed since\n", to);
		print_lines(words_text(r, "lines"), to);
	}
}

static void print_all(const json_t *s, FILE *to)
{
	print_head(s, to);
	print_spool(s, to);
	print_stacks(json_object_get(s, "stacks"), to);
	print_listeners(json_object_get(s, "listeners"), to);
	print_destinations(json_object_get(s, "destinations"), words_number(s, "now"), to);
	print_pickups(json_object_get(s, "pickups"), words_number(s, "now"), to);
	print_mailbags(json_object_get(s, "mailbags"), to);
	print_refused(json_object_get(s, "refused"), words_number(s, "now"), to);
}

/* One line and 0, 1 or 2, as monitoring plugins do it. */
static enum exit_status check(struct call *c, const json_t *s)
{
	const json_t *health = json_object_get(s, "health");
	fprintf(c->out, "smtpgate %s", words_text(health, "word"));
	table_put(c->out, ": ", words_text(health, "why"), "");
	fputc('\n', c->out);
	return (enum exit_status)words_number(health, "level");
}

enum exit_status cmd_status(struct call *c)
{
	json_t *s = NULL;
	struct err err;
	enum exit_status status =
		context_ask(c, json_pack("{s:s}", "command", "status"), take_line, &s, NULL);
	if (status == EXIT_DONE && !s) {
		err_set(&err, E_CORRUPT, "the gateway's answer has no status");
		status = call_fail(c, EXIT_FAILED, &err);
	}
	if (status != EXIT_DONE && call_option(c, OPT_CHECK)) {
		fputs("smtpgate critical: no answer\n", c->out);
		status = (enum exit_status)2;
	} else if (status == EXIT_DONE && call_option(c, OPT_CHECK)) {
		status = check(c, s);
	} else if (status == EXIT_DONE && call_option(c, OPT_JSON)) {
		json_dumpf(s, c->out, JSON_INDENT(2));
		fputc('\n', c->out);
	} else if (status == EXIT_DONE) {
		print_all(s, c->out);
	}
	json_decref(s);
	return status;
}
