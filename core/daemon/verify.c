/* `history verify`: see verify.h. */
#include "daemon/verify.h"

#include "daemon/context.h"
#include "daemon/table.h"
#include "daemon/words.h"

#include <stdlib.h>
#include <string.h>

/* "17:HASH" as the two members of the request; false: it is not of that form. */
static bool add_known(json_t *request, const char *text)
{
	char *end;
	long long seq = strtoll(text, &end, 10);
	if (seq <= 0 || *end != ':' || strlen(end + 1) != 64 ||
	    strspn(end + 1, "0123456789abcdef") != 64)
		return false;
	json_object_set_new(request, "known", json_integer(seq));
	json_object_set_new(request, "hash", json_string(end + 1));
	return true;
}

static void print(const json_t *found, FILE *to)
{
	const json_t *texts = json_object_get(found, "texts");
	json_int_t faults = words_number(found, "faults"), last = words_number(found, "last");
	for (size_t i = 0; i < json_array_size(texts); i++)
		table_put(to, "", json_string_value(json_array_get(texts, i)), "\n");
	if (faults > (json_int_t)json_array_size(texts))
		fprintf(to, "and %lld more\n",
			(long long)(faults - (json_int_t)json_array_size(texts)));
	if (!last)
		fputs("the history has no link yet\n", to);
	else
		fprintf(to, "links %lld to %lld, %lld messages: %s\nnewest link: %lld:%s\n",
			(long long)words_number(found, "first"), (long long)last,
			(long long)words_number(found, "messages"),
			faults ? "does not fit" : "all fit", (long long)last,
			words_text(found, "head"));
}

enum exit_status verify_history(struct call *c)
{
	json_t *found = NULL, *request = json_pack("{s:s}", "command", "history.verify");
	const char *known = c->options.arg_count > 1 ? c->options.args[1] : NULL;
	if (known && !add_known(request, known)) {
		json_decref(request);
		return call_usage(
			c, "history verify %s: a link is written 17:HASH, as verify prints it",
			known);
	}
	enum exit_status status = context_ask(c, request, NULL, NULL, &found);
	if (status == EXIT_DONE && words_number(found, "faults"))
		status = EXIT_FAILED;
	if (found && call_option(c, OPT_JSON)) {
		json_object_del(found, "ok");
		json_dumpf(found, c->out, JSON_COMPACT);
		fputc('\n', c->out);
	} else if (found && json_object_get(found, "faults")) {
		print(found, c->out);
	}
	json_decref(found);
	return status;
}
