/* query: filters from options, times and sizes as people write them. */
#include "daemon/query.h"

#include "daemon/words.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW INT64_C(1700000000000) /* 2023-11-14T22:13:20Z */

static struct call c;
static struct err err;

static void in_utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	memset(&c, 0, sizeof c);
}

START_TEST(times)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"now", NOW},
		{"2h", NOW - 7200000},
		{"5d", NOW - 5 * INT64_C(86400000)},
		{"today", 1699920000000},
		{"yesterday", 1699833600000},
		{"2023-11-13", 1699833600000},
		{"2023-11-13T10:00", 1699869600000},
		{"2023-11-13 10:00:30", 1699869630000},
	};
	static const char *const bad[] = {
		"", "never", "-2h", "2023-13-40x", "2023-11-13T", "10:00", "99999999999d"};
	int64_t ms;
	in_utc();
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_msg(query_time(good[i].text, NOW, &ms) == OK, "%s", good[i].text);
		ck_assert_msg(ms == good[i].ms, "%s gives %lld", good[i].text, (long long)ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(query_time(bad[i], NOW, &ms) == E_SYNTAX, "%s", bad[i]);
}
END_TEST

START_TEST(filter_of_options)
{
	static char id1[] = "m42", id2[] = "7";
	char *args[] = {id1, id1, id2};
	bool chosen;
	in_utc();
	c.options.value[OPT_FROM] = "@x.y";
	c.options.value[OPT_ROUTE] = "default";
	c.options.value[OPT_ALL] = "";
	c.options.value[OPT_SINCE] = "2023-11-13";
	c.options.args = args;
	c.options.arg_count = 3;
	json_t *f = query_filter(&c, 1, &chosen, &err);
	ck_assert(chosen);
	char *text = json_dumps(f, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_str_eq(text,
			 "{\"all\":true,\"from\":\"@x.y\",\"numbers\":[42,7],\"rule\":\"default\","
			 "\"since\":1699833600000}");
	free(text);
	json_decref(f);
}
END_TEST

START_TEST(nothing_is_chosen)
{
	bool chosen = true;
	in_utc();
	json_t *f = query_filter(&c, 0, &chosen, &err);
	ck_assert_ptr_nonnull(f);
	ck_assert(!chosen);
	json_decref(f);
}
END_TEST

START_TEST(wrong_words)
{
	static char id[] = "mail";
	char *args[] = {id};
	in_utc();
	c.options.args = args;
	c.options.arg_count = 1;
	ck_assert_ptr_null(query_filter(&c, 0, NULL, &err));
	ck_assert_str_eq(err.text, "mail is no ID of a message: they look like m42");
	c.options.arg_count = 0;
	c.options.value[OPT_UNTIL] = "soon";
	ck_assert_ptr_null(query_filter(&c, 0, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "--until soon is no time"));
}
END_TEST

START_TEST(for_people)
{
	char out[64];
	in_utc();
	ck_assert_str_eq(query_moment(NOW, out, sizeof out), "2023-11-14 22:13:20");
	ck_assert_str_eq(query_moment(0, out, sizeof out), "-");
	ck_assert_str_eq(query_distance(NOW + 300000, NOW, out, sizeof out), "in 5 min");
	ck_assert_str_eq(query_distance(NOW - 7200000, NOW, out, sizeof out), "2 h ago");
	ck_assert_str_eq(query_distance(NOW + 999, NOW, out, sizeof out), "now");
	ck_assert_str_eq(query_size(1023, out, sizeof out), "1023");
	ck_assert_str_eq(query_size(1024, out, sizeof out), "1.0K");
	ck_assert_str_eq(query_size(25 << 20, out, sizeof out), "25.0M");
	ck_assert_str_eq(query_size((1 << 20) - 1, out, sizeof out), "1.0M");
	ck_assert_str_eq(query_size(INT64_MAX, out, sizeof out), "8.0E");
	ck_assert_str_eq(query_path("", out, sizeof out), "<>");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/query");
	SUITE_CASE(s, "times", times, for_people);
	SUITE_CASE(s, "filter", filter_of_options, nothing_is_chosen, wrong_words);
	return s;
}
SUITE_MAIN(suite)
