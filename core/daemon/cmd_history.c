/* history: what was taken and what became of it, from the running gateway's spool. */
#include "daemon/context.h"
#include "daemon/query.h"
#include "daemon/story.h"
#include "daemon/table.h"
#include "daemon/verify.h"
#include "daemon/words.h"

#include <string.h>

struct history {
	struct call *call;
	struct table table;
	json_t *entry; /* --csv: the message whose recipients are coming; owned */
	bool json, csv;
};

/* "delivered", or "2 delivered, 1 bounced". */
static const char *outcome(const json_t *entry, char *out, size_t n)
{
	json_t *states = json_object_get(entry, "states");
	const char *state;
	json_t *count;
	size_t at = 0;
	out[0] = '\0';
	json_object_foreach(states, state, count)
	{
		if (json_object_size(states) == 1)
			snprintf(out, n, "%s", state);
		else if (at < n)
			at += (size_t)snprintf(out + at, n - at, "%s%lld %s", at ? ", " : "",
					       (long long)json_integer_value(count), state);
	}
	return out;
}

static void add_row(struct history *h, const json_t *e)
{
	const json_t *first = json_object_get(e, "first");
	char arrived[32], size[24], what[160], from[400], to[400];
	json_int_t more = words_number(e, "recipients") - 1;
	snprintf(to, sizeof to, more > 0 ? "%s +%lld" : "%s", words_text(first, "address"),
		 (long long)more);
	const char *cells[] = {words_text(e, "id"),
			       query_moment(words_number(e, "arrived"), arrived, sizeof arrived),
			       query_size(words_number(e, "size"), size, sizeof size),
			       query_path(words_text(e, "from"), from, sizeof from),
			       to,
			       outcome(e, what, sizeof what),
			       words_text(first, "peer"),
			       words_text(first, "reason")};
	table_add(&h->table, cells);
}

/* RFC 4180: quoted where it must be; control characters are made harmless, as everywhere on a screen. */
static void put_csv(FILE *to, const char *text, const char *after)
{
	if (!text[strcspn(text, "\",\r\n")]) {
		table_put(to, "", text, "");
		fputs(after, to);
		return;
	}
	fputc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, to);
	}
	fprintf(to, "\"%s", after);
}

static void print_csv(const struct history *h, const json_t *r)
{
	FILE *to = h->call->out;
	char arrived[32], ended[32];
	put_csv(to, words_text(h->entry, "id"), ",");
	put_csv(to, query_moment(words_number(h->entry, "arrived"), arrived, sizeof arrived), ",");
	put_csv(to, words_text(h->entry, "client"), ",");
	put_csv(to, words_text(h->entry, "from"), ",");
	put_csv(to, words_text(r, "address"), ",");
	fprintf(to, "%lld,", (long long)words_number(h->entry, "size"));
	put_csv(to, words_text(r, "state"), ",");
	fprintf(to, "%lld,", (long long)words_number(r, "attempts"));
	put_csv(to, words_text(r, "rule"), ",");
	put_csv(to, words_text(r, "peer"), ",");
	put_csv(to, words_text(r, "status"), ",");
	put_csv(to, words_text(r, "reason"), ",");
	put_csv(to, query_moment(words_number(h->entry, "ended"), ended, sizeof ended), "\r\n");
}

static bool take_line(void *ctx, const json_t *line)
{
	struct history *h = ctx;
	json_t *entry = json_object_get(line, "entry"),
	       *recipient = json_object_get(line, "recipient");
	if (entry && h->json) {
		json_dumpf(entry, h->call->out, JSON_COMPACT);
		fputc('\n', h->call->out);
	} else if (entry && h->csv) {
		json_decref(h->entry);
		h->entry = json_incref(entry);
	} else if (entry) {
		add_row(h, entry);
	} else if (recipient && h->entry) {
		print_csv(h, recipient);
	}
	return !h->table.failed && !ferror(h->call->out);
}

static enum exit_status list(struct call *c, json_t *filter)
{
	static const char *const heads[] = {"ID",      "ARRIVED", ">SIZE",  "FROM", "TO",
					    "OUTCOME", "PEER",    "REASON", NULL};
	struct history h = {
		.call = c, .json = call_option(c, OPT_JSON), .csv = call_option(c, OPT_CSV)};
	table_init(&h.table, heads);
	if (h.csv)
		fputs("id,arrived,client,from,to,size,state,attempts,rule,peer,status,reason,"
		      "ended\r\n",
		      c->out);
	json_t *request = json_pack("{s:s, s:o, s:b}", "command", "queue.list", "filter", filter,
				    "recipients", h.csv);
	enum exit_status status = context_ask(c, request, take_line, &h, NULL);
	if (status == EXIT_DONE && !h.json && !h.csv)
		table_print(&h.table, table_width(c->out), c->out);
	if (h.table.failed)
		status = EXIT_TEMPORARY;
	json_decref(h.entry);
	table_free(&h.table);
	return status;
}

enum exit_status cmd_history(struct call *c)
{
	struct err err;
	if (call_option(c, OPT_JSON) && call_option(c, OPT_CSV))
		return call_usage(c, "history: --json or --csv, not both");
	if (c->options.arg_count && strcmp(c->options.args[0], "verify") == 0)
		return verify_history(c);
	if (c->options.arg_count > 1)
		return call_usage(c, "history: one ID, or verify");
	json_t *filter = query_filter(c, 0, NULL, &err);
	if (!filter)
		return call_usage(c, "%s", err.text);
	if (c->options.arg_count && !call_option(c, OPT_CSV))
		return story_show(c, filter);
	json_object_set_new(filter, "ended", json_true());
	return list(c, filter);
}
