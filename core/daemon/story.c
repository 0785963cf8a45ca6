/* The story of a message, made from the lines of queue.list: see story.h. */
#include "daemon/story.h"

#include "base/text.h"
#include "daemon/query.h"
#include "daemon/table.h"
#include "daemon/words.h"

#include <string.h>

int64_t story_came(const json_t *entry)
{
	return words_number(entry, "arrived") + words_number(entry, "skipped");
}

static void print_origin(const json_t *e, int64_t now, FILE *to)
{
	char moment[32], distance[40];
	int64_t arrived = words_number(e, "arrived");
	fprintf(to, "  arrived   %s, %s", query_moment(arrived, moment, sizeof moment),
		query_distance(story_came(e), now, distance, sizeof distance));
	table_put(to, ", by ", words_text(e, "protocol"), "");
	table_put(to, " from ", words_text(e, "client"), "");
	table_put(to, " (", words_text(e, "helo"), ")");
	table_put(to, ", at ", words_text(e, "listener"), "");
	table_put(to, ", session ", words_text(e, "session"), "");
	fputc('\n', to);
}

static void print_head(const json_t *e, FILE *to)
{
	char size[24], moment[32];
	fprintf(to, "%s  %s bytes, %lld recipient%s, %s%s\n", words_text(e, "id"),
		query_size(words_number(e, "size"), size, sizeof size),
		(long long)words_number(e, "recipients"),
		words_number(e, "recipients") == 1 ? "" : "s", words_text(e, "priority"),
		json_is_true(json_object_get(e, "claimed")) ? ", being worked on now" : "");
	table_put(to, "  from      <", words_text(e, "from"), ">\n");
	if (!*words_text(e, "from"))
		fputs("  from      <> (a report: it is never returned)\n", to);
	table_put(to, "  repaired  ", words_text(e, "repaired"), "\n");
	table_put(to, "  asked     ", words_text(e, "asks"), "\n");
	table_put(to, "  sha256    ", words_text(e, "hash"), "\n");
	if (words_number(e, "ended"))
		fprintf(to, "  ended     %s\n",
			query_moment(words_number(e, "ended"), moment, sizeof moment));
}

/* How long it is tried: the route's lifetime, or that of reports. */
static int64_t lifetime_of(const json_t *e, const char *rule, const struct settings *s)
{
	const struct conf_route *r =
		text_starts(rule, "route ") ? settings_route(s, rule + 6) : NULL;
	if (!*words_text(e, "from"))
		return s->queue.bounce_lifetime;
	return r ? r->lifetime : s->queue.lifetime;
}

static void print_waiting(const json_t *e, const json_t *r, const struct settings *s, int64_t now,
			  FILE *to)
{
	char moment[32], distance[40], end[32];
	int64_t next = words_number(r, "next");
	if (json_is_true(json_object_get(e, "claimed")))
		fputs("    next    it is being tried now, or waits for a free connection\n", to);
	else
		fprintf(to, "    next    attempt %lld at %s, %s\n",
			(long long)words_number(r, "attempts") + 1,
			query_moment(next, moment, sizeof moment),
			query_distance(next, now, distance, sizeof distance));
	if (s) {
		int64_t until = story_came(e) + lifetime_of(e, words_text(r, "rule"), s);
		fprintf(to, "    until   %s; then %s\n", query_moment(until, end, sizeof end),
			*words_text(e, "from") ? "it is returned to the sender" : "it is given up");
	}
}

/* Enhanced status code and words of an answer; the words of a server mostly have the code in them already. */
static void put_answer(const char *before, const json_t *o, FILE *to)
{
	const char *status = words_text(o, "status"), *reason = words_text(o, "reason");
	bool twice = *status && strstr(reason, status);
	table_put(to, before, twice ? "" : status, "");
	table_put(to, *status && !twice ? " " : before, reason, "");
}

/* As whom the route will send it, by the settings of now. A report keeps its null sender. */
static void print_as(const json_t *e, const json_t *r, const struct settings *s, FILE *to)
{
	const char *rule = words_text(r, "rule");
	const struct conf_route *route =
		s && text_starts(rule, "route ") ? settings_route(s, rule + 6) : NULL;
	const char *from = route ? conf_route_as(route, route->from) : NULL;
	const char *sender = route ? conf_route_as(route, route->sender_as) : NULL;
	if (from)
		table_put(to, "    as      From ", from, "; Reply-To keeps the old one\n");
	if (sender && *words_text(e, "from"))
		table_put(to, "    as      the envelope's sender ", sender, "\n");
	if (route && route->bounce_to)
		table_put(to, "    reports to ", route->bounce_to, "\n");
}

/* Where no rule took it a release alone would hold it again. */
static void print_held(const json_t *e, const json_t *r, FILE *to)
{
	const char *first = strcmp(words_text(r, "rule"), "no route") == 0
				    ? "a [route] that takes it, smtpgate reload, and "
				    : "";
	fprintf(to, "    next    nothing, until: %ssmtpgate queue release %s\n", first,
		words_text(e, "id"));
}

static void print_recipient(const json_t *e, const json_t *r, const struct settings *s, int64_t now,
			    FILE *to)
{
	const char *state = words_text(r, "state");
	table_put(to, "  to <", words_text(r, "address"), ">: ");
	fputs(state, to);
	if (json_is_true(json_object_get(r, "warned")))
		fputs(", the sender was told of the delay", to);
	fputc('\n', to);
	table_put(to, "    rule    ", words_text(r, "rule"), "\n");
	if (strcmp(state, "waiting") == 0 || strcmp(state, "held") == 0)
		print_as(e, r, s, to); /* how it was sent stands with each attempt */
	table_put(to, "    asked   ", words_text(r, "asks"), "\n");
	if (*words_text(r, "reason") || *words_text(r, "status")) {
		fputs(strcmp(state, "delivered") == 0 ? "    said   " : "    why    ", to);
		put_answer(" ", r, to);
		table_put(to, " (said by ", words_text(r, "peer"), ")");
		fputc('\n', to);
	} else if (strcmp(state, "delivered") == 0) {
		table_put(to, "    at      ", words_text(r, "peer"), "\n");
	}
	if (strcmp(state, "waiting") == 0)
		print_waiting(e, r, s, now, to);
	else if (strcmp(state, "held") == 0)
		print_held(e, r, to);
}

static void print_attempt(const json_t *a, const json_t *recipients, FILE *to)
{
	char moment[32];
	const json_t *r = json_array_get(recipients, (size_t)words_number(a, "recipient"));
	fprintf(to, "  %s  %s", query_moment(words_number(a, "at"), moment, sizeof moment),
		words_text(a, "state"));
	table_put(to, " <", words_text(r, "address"), ">");
	table_put(to, " by ", words_text(a, "rule"), "");
	table_put(to, ", ", words_text(a, "peer"), "");
	table_put(to, ", as <", words_text(a, "sent_sender"), ">");
	table_put(to, ", From ", words_text(a, "sent_from"), "");
	put_answer(": ", a, to);
	table_put(to, ", sent sha256 ", words_text(a, "sent_hash"), "");
	fputc('\n', to);
}

void story_print(const json_t *e, const struct settings *s, int64_t now, FILE *to)
{
	const json_t *recipients = json_object_get(e, "recipients_list");
	const json_t *attempts = json_object_get(e, "attempts_list");
	print_head(e, to);
	print_origin(e, now, to);
	for (size_t i = 0; i < json_array_size(recipients); i++)
		print_recipient(e, json_array_get(recipients, i), s, now, to);
	if (json_array_size(attempts))
		fputs("  attempts\n", to);
	for (size_t i = 0; i < json_array_size(attempts); i++)
		print_attempt(json_array_get(attempts, i), recipients, to);
}
