/* entry: messages as lines, filters as they come. */
#include "daemon/entry.h"

#include "daemon/fake_spool.h"
#include "daemon/words.h"
#include "support/suite.h"

#include <string.h>

static struct err err;
static struct spool_filter f;
static struct region *region;

static enum result read_filter(const char *text)
{
	json_t *o = json_loads(text, JSON_DECODE_ANY, NULL);
	ck_assert_ptr_nonnull(o);
	region_destroy(&region);
	region = region_new(0);
	enum result r = filter_read(o, region, &f, &err);
	json_decref(o);
	return r;
}

START_TEST(filters)
{
	ck_assert_int_eq(filter_read(NULL, region, &f, &err), OK);
	ck_assert(!filter_chooses(&f));
	ck_assert_int_eq(read_filter("{\"from\":\"a\",\"to\":\"b\",\"rule\":\"c\",\"error\":\"d\","
				     "\"client\":\"e\","
				     "\"since\":1,\"until\":2,\"ended\":true,\"numbers\":[3,4]}"),
			 OK);
	ck_assert_str_eq(f.from, "a");
	ck_assert_str_eq(f.client, "e");
	ck_assert(f.since == 1 && f.until == 2 && f.ended && !f.all);
	ck_assert(f.number_count == 2 && f.numbers[1] == 4);
	ck_assert(filter_chooses(&f));
	/* To look into the history is no choice: an action would take everything. */
	ck_assert_int_eq(read_filter("{\"ended\":true}"), OK);
	ck_assert(!filter_chooses(&f));
	ck_assert_int_eq(read_filter("{\"all\":true}"), OK);
	ck_assert(filter_chooses(&f));
	region_destroy(&region);
}
END_TEST

START_TEST(faulty_filters)
{
	static const char *const texts[] = {
		"[]",
		"7",
		"{\"form\":\"a\"}",
		"{\"from\":1}",
		"{\"all\":\"yes\"}",
		"{\"since\":\"2h\"}",
		"{\"numbers\":7}",
		"{\"numbers\":[0]}",
		"{\"since\":1.5}",
		"{\"numbers\":[\"m1\"]}",
		"{\"numbers\":[1,-1]}",
		"{\"from\":null}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_msg(read_filter(texts[i]) == E_SYNTAX, "%s", texts[i]);
	region_destroy(&region);
}
END_TEST

static struct spool_rcpt rcpt(const char *address, enum spool_state state, int64_t next)
{
	return (struct spool_rcpt){.address = address,
				   .state = state,
				   .next_at = next,
				   .rule = "r",
				   .peer = "p \xff",
				   .status = "4.0.0",
				   .reason = "w"};
}

START_TEST(who_speaks_for_the_message)
{
	struct spool_rcpt rcpts[] = {rcpt("delivered", SPOOL_DELIVERED, 0),
				     rcpt("held", SPOOL_HELD, 0), rcpt("later", SPOOL_WAITING, 9),
				     rcpt("sooner", SPOOL_WAITING, 5)};
	struct spool_entry e = {.number = 42, .rcpts = rcpts, .rcpt_count = 4};
	static const char *const expected[] = {"delivered", "held", "later", "sooner"};
	for (size_t n = 1; n <= 4; n++) {
		e.rcpt_count = n;
		json_t *o = entry_json(&e), *entry = json_object_get(o, "entry");
		ck_assert_str_eq(words_text(entry, "id"), "m42");
		ck_assert_str_eq(words_text(json_object_get(entry, "first"), "address"),
				 expected[n - 1]);
		json_decref(o);
	}
	json_t *o = entry_json(&e),
	       *states = json_object_get(json_object_get(o, "entry"), "states");
	ck_assert_int_eq(words_number(states, "waiting"), 2);
	ck_assert_uint_eq(json_object_size(states), 3);
	json_decref(o);
	e.rcpt_count = 0;
	o = entry_json(&e);
	ck_assert_ptr_nonnull(o);
	json_decref(o);
}
END_TEST

START_TEST(recipients_and_attempts)
{
	struct spool_rcpt rcpts[] = {rcpt("x@y", SPOOL_WAITING, 5), rcpt("u@v", SPOOL_HELD, 5)};
	struct spool_attempt attempts[] = {{.at = 7,
					    .rcpt = 1,
					    .state = SPOOL_DELIVERED,
					    .rule = "r",
					    .peer = "",
					    .status = "",
					    .reason = "",
					    .sent_sender = "s@x",
					    .sent_from = "f@x"}};
	struct spool_entry e = {.number = 1,
				.rcpts = rcpts,
				.rcpt_count = 2,
				.attempts = attempts,
				.attempt_count = 1};
	json_t *o = entry_recipient_json(&e, 0), *r = json_object_get(o, "recipient");
	ck_assert_str_eq(words_text(r, "peer"), "p \xef\xbf\xbd");
	ck_assert_int_eq(words_number(r, "next"), 5);
	json_decref(o);
	o = entry_recipient_json(&e, 1);
	ck_assert_int_eq(words_number(json_object_get(o, "recipient"), "next"),
			 0); /* held: there is none */
	ck_assert_int_eq(words_number(json_object_get(o, "recipient"), "index"), 1);
	json_decref(o);
	o = entry_attempt_json(&e, 0);
	ck_assert_int_eq(words_number(json_object_get(o, "attempt"), "recipient"), 1);
	ck_assert_str_eq(words_text(json_object_get(o, "attempt"), "sent_hash"), "");
	ck_assert_str_eq(words_text(json_object_get(o, "attempt"), "sent_sender"), "s@x");
	ck_assert_str_eq(words_text(json_object_get(o, "attempt"), "sent_from"), "f@x");
	json_decref(o);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/entry");
	SUITE_CASE(s, "filters", filters, faulty_filters);
	SUITE_CASE(s, "entries", who_speaks_for_the_message, recipients_and_attempts);
	return s;
}
SUITE_MAIN(suite)
