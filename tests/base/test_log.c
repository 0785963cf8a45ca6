/* log: one line an event whatever the words in it, as text and as JSON; levels, hidden addresses, cut lines. */
#include "base/log.h"
#include "base/text.h"
#include "support/suite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char line[8192];
static unsigned lines;

static void tap(const char *text, void *ctx)
{
	ck_assert_ptr_eq(ctx, &lines);
	ck_assert(text_copy(line, sizeof line, text));
	lines++;
}

static void configure(enum log_format format, enum log_addresses addresses)
{
	log_configure(&(struct log_settings){LOG_DEBUG, format, addresses});
}

static void setup(void)
{
	ck_assert_int_eq(log_open("file:/dev/null", NULL), OK);
	log_tap(tap, &lines);
	configure(LOG_TEXT, LOG_ADDR_FULL);
}

static void teardown(void)
{
	log_tap(NULL, NULL);
	log_close();
}

START_TEST(a_line_of_text)
{
	LOG(LOG_INFO, "s5f3c-1", "message", "accepted", F_A("from", "a@b"), F_N("size", -12),
	    F_S("x", "y=z"));
	ck_assert_str_eq(line, "s5f3c-1 message accepted from=<a@b> size=-12 x=y=z");
	LOG(LOG_INFO, NULL, "gateway", "started", F_S("none", NULL), F_A("nobody", NULL),
	    F_S("e", ""), F_A("null", ""));
	ck_assert_str_eq(line, "- gateway started e=\"\" null=<>");
	LOG(LOG_INFO, "a b\n", "n", "v", F_N("min", INT64_MIN));
	ck_assert_str_eq(line, "\"a b\\n\" n v min=-9223372036854775808");
}
END_TEST

static const struct {
	const char *value, *text, *json;
} values[] = {
	{"plain", "plain", "plain"},
	{"two words", "\"two words\"", "two words"},
	{"a\"b", "\"a\\\"b\"", "a\"b"},
	{"a\\b", "\"a\\\\b\"", "a\\b"},
	{"a\r\n- message accepted", "\"a\\x0d\\n- message accepted\"", "a\r\n- message accepted"},
	{"\t\x1b[2J\x7f", "\"\\x09\\x1b[2J\\x7f\"", "\t\x1b[2J\x7f"},
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	{"gr\xfc\xdf", "\"gr\\xfc\\xdf\"", "gr\\xfc\\xdf"}, /* Latin-1: no UTF-8 */
	{"\xc2\x9b"
	 "2J",
	 "\"\\xc2\\x9b2J\"",
	 "\\xc2\\x9b"
	 "2J"},                                                     /* CSI of C1 */
	{"\xe2\x82", "\"\\xe2\\x82\"", "\\xe2\\x82"},               /* cut */
	{"\xed\xa0\x80", "\"\\xed\\xa0\\x80\"", "\\xed\\xa0\\x80"}, /* half a surrogate pair */
};

/* Parses the line strictly and returns a member as text; static. */
static const char *member(const char *key)
{
	static char out[8192];
	json_error_t e;
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &e);
	ck_assert_msg(object != NULL, "%s: %s", e.text, line);
	json_t *value = json_object_get(object, key);
	ck_assert_msg(value != NULL, "no %s: %s", key, line);
	if (json_is_string(value))
		text_copy(out, sizeof out, json_string_value(value));
	else
		snprintf(out, sizeof out, "%lld", (long long)json_integer_value(value));
	json_decref(object);
	return out;
}

START_TEST(foreign_words_stay_in_their_quotes)
{
	char wanted[256];
	LOG(LOG_INFO, "1", "peer", "said", F_S("reply", values[_i].value));
	snprintf(wanted, sizeof wanted, "1 peer said reply=%s", values[_i].text);
	ck_assert_str_eq(line, wanted);
	ck_assert_ptr_null(strpbrk(line, "\r\n\x1b"));
	configure(LOG_JSON, LOG_ADDR_FULL);
	LOG(LOG_WARN, values[_i].value, "peer", "said", F_S("reply", values[_i].value),
	    F_N("code", 250));
	ck_assert_ptr_null(strpbrk(line, "\r\n\x1b"));
	ck_assert_str_eq(member("reply"), values[_i].json);
	ck_assert_str_eq(member("id"), values[_i].json);
	ck_assert_str_eq(member("code"), "250");
	ck_assert_str_eq(member("level"), "warn");
	ck_assert_str_eq(member("event"), "peer said");
	ck_assert_uint_eq(strlen(member("time")), strlen("2026-11-23T10:00:00Z"));
}
END_TEST

START_TEST(any_bytes_at_all)
{
	uint64_t dice = (uint64_t)_i + 1;
	for (int round = 0; round < 2000; round++) {
		char value[64];
		size_t n = (size_t)round % (sizeof value - 1);
		for (size_t k = 0; k < n; k++) {
			dice = dice * 6364136223846793005u + 1442695040888963407u;
			value[k] = (char)((dice >> 33) % 255 + 1);
		}
		value[n] = '\0';
		configure(LOG_JSON, LOG_ADDR_FULL);
		LOG(LOG_INFO, "1", "n", "v", F_S("text", value), F_A("address", value));
		member("text");
		configure(LOG_TEXT, LOG_ADDR_FULL);
		LOG(LOG_INFO, "1", "n", "v", F_S("text", value), F_A("address", value));
		ck_assert_ptr_null(strpbrk(line, "\r\n\x1b\x7f"));
	}
}
END_TEST

START_TEST(addresses_are_hidden)
{
	char hashed[64];
	configure(LOG_TEXT, LOG_ADDR_DOMAIN);
	LOG(LOG_INFO, "1", "n", "v", F_A("a", "\"x@y\"@example.org"), F_A("b", "root"),
	    F_A("c", ""));
	ck_assert_str_eq(line, "1 n v a=<@example.org> b=<-> c=<>");
	configure(LOG_TEXT, LOG_ADDR_HASHED);
	LOG(LOG_INFO, "1", "n", "v", F_A("a", "jdoe@example.org"), F_S("b", "jdoe@example.org"));
	snprintf(hashed, sizeof hashed, "1 n v a=<#%016llx> b=jdoe@example.org",
		 (unsigned long long)text_hash("jdoe@example.org", 16, 0));
	ck_assert_str_eq(line, hashed);
	configure(LOG_JSON, LOG_ADDR_DOMAIN);
	LOG(LOG_INFO, "1", "n", "v", F_A("a", "jdoe@example.org"));
	ck_assert_str_eq(member("a"), "@example.org");
	ck_assert_ptr_null(strstr(line, "jdoe"));
}
END_TEST

START_TEST(long_lines_are_cut_and_say_so)
{
	static char value[10000], id[500];
	memset(id, 'i', sizeof id - 1);
	for (size_t size = 3800; size < 4200;
	     size++) { /* every place at which the line may be full */
		for (size_t k = 0; k < size; k++)
			value[k] = "\n\xc3\xbc\""[(k + (size_t)_i) % 4];
		value[size] = '\0';
		configure(LOG_TEXT, LOG_ADDR_FULL);
		LOG(LOG_INFO, "1", "n", "v", F_N("first", 1), F_S("long", value), F_N("last", 2));
		ck_assert_uint_lt(strlen(line), 4096);
		ck_assert_str_eq(line + strlen(line) - 3, "...");
		ck_assert_uint_lt((unsigned char)line[strlen(line) - 4], 0x80);
		configure(LOG_JSON, LOG_ADDR_FULL);
		LOG(LOG_INFO, id, "n", "v", F_N("first", 1), F_S("long", value), F_N("last", 2));
		ck_assert_str_eq(member("first"), "1");
		ck_assert_str_eq(member("+"), "1");
		ck_assert_uint_eq(strlen(member("id")), 127);
		ck_assert_ptr_null(strstr(line, "last"));
	}
	for (size_t size = 3000; size < 4200; size++) { /* plain text, up to the end and beyond */
		memset(value, 'p', size);
		value[size] = '\0';
		LOG(LOG_INFO, "1", "n", "v", F_S("long", value));
		member("event");
	}
}
END_TEST

START_TEST(levels_are_kept)
{
	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
		log_configure(&(struct log_settings){.level = (enum log_level)level});
		for (int event = LOG_ERROR; event <= LOG_DEBUG; event++) {
			unsigned before = lines;
			LOG((enum log_level)event, "1", "n", "v", F_N("x", 1));
			ck_assert_int_eq(lines - before, event <= level);
			ck_assert_int_eq(log_wants((enum log_level)event), event <= level);
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/log");
	TCase *tc = tcase_create("lines");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_line_of_text);
	tcase_add_loop_test(tc, foreign_words_stay_in_their_quotes, 0,
			    (int)(sizeof values / sizeof *values));
	tcase_add_loop_test(tc, any_bytes_at_all, 0, 4);
	tcase_add_test(tc, addresses_are_hidden);
	tcase_add_loop_test(tc, long_lines_are_cut_and_say_so, 0, 4);
	tcase_add_test(tc, levels_are_kept);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
