/* Filters, times and sizes of the client commands: see query.h. */
#include "daemon/query.h"

#include "base/clock.h"
#include "base/net.h"
#include "base/text.h"
#include "base/value.h"
#include "daemon/words.h"
#include "spool/spool.h"

#include <string.h>
#include <time.h>

#define DAY_MS (INT64_C(86400) * 1000)

static int64_t midnight(int64_t now)
{
	time_t t = (time_t)(now / 1000);
	struct tm tm;
	localtime_r(&t, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

static bool calendar(const char *text, int64_t *ms)
{
	static const char *const forms[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
					    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"};
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		time_t t = mktime(&tm);
		*ms = (int64_t)t * 1000;
		return t != (time_t)-1;
	}
	return false;
}

enum result query_time(const char *text, int64_t now, int64_t *ms)
{
	int64_t ago;
	if (strcmp(text, "now") == 0)
		*ms = now;
	else if (strcmp(text, "today") == 0)
		*ms = midnight(now);
	else if (strcmp(text, "yesterday") == 0)
		*ms = midnight(midnight(now) - DAY_MS / 2);
	else if (!calendar(text, ms)) {
		if (value_time(text, &ago, NULL) != OK || ago > now)
			return E_SYNTAX;
		*ms = now - ago;
	}
	return OK;
}

static const struct {
	enum option_id option;
	const char *member;
} texts[] = {{OPT_FROM, "from"},
	     {OPT_TO, "to"},
	     {OPT_ROUTE, "rule"},
	     {OPT_ERROR, "error"},
	     {OPT_CLIENT, "client"}},
  times[] = {{OPT_SINCE, "since"}, {OPT_UNTIL, "until"}};

static enum result add_times(const struct call *c, json_t *filter, struct err *err)
{
	int64_t now = clock_wall(clock_system()), ms;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		const char *text = call_option(c, times[i].option);
		if (!text)
			continue;
		if (query_time(text, now, &ms) != OK)
			return err_set(
				err, E_SYNTAX,
				"--%s %s is no time: take 2h, 5d, 2026-11-23 or 2026-11-23T10:00",
				times[i].member, text);
		json_object_set_new(filter, times[i].member, json_integer(ms));
	}
	return OK;
}

static enum result add_ids(const struct call *c, int first, json_t *filter, struct err *err)
{
	json_t *numbers = first < c->options.arg_count ? json_array() : NULL;
	for (int i = first; i < c->options.arg_count; i++) {
		uint64_t number;
		if (spool_id_parse(c->options.args[i], &number) != OK || number > INT64_MAX) {
			json_decref(numbers);
			return err_set(err, E_SYNTAX,
				       "%s is no ID of a message: they look like m42",
				       c->options.args[i]);
		}
		json_array_append_new(numbers, json_integer((json_int_t)number));
	}
	if (numbers)
		json_object_set_new(filter, "numbers", numbers);
	return OK;
}

/* What is written as a network has to be one; a client that is no IP address goes by its name. */
static enum result check_client(const struct call *c, struct err *err)
{
	const char *text = call_option(c, OPT_CLIENT);
	char host[64];
	struct net_ip ip;
	struct net_block block;
	struct err why;
	size_t n = text ? strcspn(text, "/") : 0;
	if (!n || !text[n] || n >= sizeof host)
		return OK;
	text_copy(host, n + 1, text);
	if (net_ip_parse(host, &ip) != OK || net_block_parse(text, &block, &why) == OK)
		return OK;
	return err_set(err, E_SYNTAX, "--client: %s", why.text);
}

json_t *query_filter(const struct call *c, int first, bool *chosen, struct err *err)
{
	json_t *filter = json_object();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (call_option(c, texts[i].option))
			json_object_set_new(filter, texts[i].member,
					    words_json(call_option(c, texts[i].option)));
	if (call_option(c, OPT_ALL))
		json_object_set_new(filter, "all", json_true());
	if (!filter || check_client(c, err) != OK || add_times(c, filter, err) != OK ||
	    add_ids(c, first, filter, err) != OK) {
		if (!filter)
			err_set(err, E_NOMEM, "no memory for the request");
		json_decref(filter);
		return NULL;
	}
	if (chosen)
		*chosen = json_object_size(filter) > 0;
	return filter;
}

const char *query_moment(int64_t ms, char *out, size_t n)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	if (!ms || !localtime_r(&t, &tm) || !strftime(out, n, "%Y-%m-%d %H:%M:%S", &tm))
		text_copy(out, n, "-");
	return out;
}

const char *query_distance(int64_t ms, int64_t now, char *out, size_t n)
{
	char length[32];
	if (ms - now < 1000 && now - ms < 1000)
		text_copy(out, n, "now");
	else if (ms > now)
		snprintf(out, n, "in %s", text_duration(ms - now, length, sizeof length));
	else
		snprintf(out, n, "%s ago", text_duration(now - ms, length, sizeof length));
	return out;
}

const char *query_size(int64_t bytes, char *out, size_t n)
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes / 1024;
	size_t unit = 0;
	if (bytes < 1024) {
		snprintf(out, n, "%lld", (long long)bytes);
		return out;
	}
	for (; value >= 1023.95 && units[unit + 1]; unit++)
		value /= 1024;
	snprintf(out, n, "%.1f%c", value, units[unit]);
	return out;
}

const char *query_path(const char *address, char *out, size_t n)
{
	snprintf(out, n, "<%s>", address);
	return out;
}
