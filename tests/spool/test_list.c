/* list, filters and totals, over both engines; a long random life whose sums have to close at every
 * step. */
#include "spool/filter.h"
#include "spool/desk.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static void people(struct stage *st)
{
	static const struct {
		const char *from, *to, *client;
		int64_t arrived;
	} rows[] = {
		{"ann@Example.com", "bob@example.net", "192.0.2.1", 1000},
		{"", "ann@example.com", "", 2000},
		{"carl@sub.example.com", "dora@example.org", "2001:db8::1", 3000},
		{"ann@example.com", "bob@EXAMPLE.net", "192.0.2.10", 4000},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mail_envelope *e = &st->desk.envelope;
		e->count = 0;
		ck_assert_int_eq(mail_envelope_add(e, rows[i].to), OK);
		e->reverse_path = rows[i].from;
		e->client = rows[i].client;
		e->arrived = rows[i].arrived;
		stage_message(st);
	}
	ck_assert_int_eq(
		desk_report(&st->desk, 1, 0, SPOOL_WAITING, 1, "Connection REFUSED by peer"), OK);
	ck_assert_int_eq(desk_report(&st->desk, 3, 0, SPOOL_DELIVERED, 1, "taken"), OK);
}

/* A filter, and the numbers that it has to find: bit n-1 for number n. */
static void expect(struct stage *st, struct spool_filter f, unsigned bits)
{
	struct spool_list l = {.filter = f, .limit = 100};
	unsigned got = 0;
	ck_assert_int_eq(desk_list(&st->desk, &l), OK);
	for (size_t i = 0; i < l.count; i++)
		got |= 1u << (l.entries[i].number - 1);
	ck_assert_msg(got == bits, "%x, not %x: from %s to %s", got, bits, f.from ? f.from : "any",
		      f.to ? f.to : "any");
	region_destroy(&l.region);
}

START_TEST(filters)
{
	struct stage st;
	static const uint64_t numbers[] = {4, 1, 4, 99, UINT64_MAX, 0};
	stage_open(&st, (enum spool_engine)_i);
	people(&st);
	expect(&st, (struct spool_filter){.ended = true}, 15);
	expect(&st, (struct spool_filter){0}, 11);
	expect(&st, (struct spool_filter){.from = "ANN@example.com"}, 9);
	expect(&st, (struct spool_filter){.from = "@example.COM", .ended = true}, 9);
	expect(&st, (struct spool_filter){.from = "example.com"}, 9);
	expect(&st, (struct spool_filter){.from = "<>"}, 2);
	expect(&st, (struct spool_filter){.from = ""}, 2);
	expect(&st, (struct spool_filter){.from = "sub.example.com", .ended = true}, 4);
	expect(&st, (struct spool_filter){.to = "example.net"}, 9);
	expect(&st, (struct spool_filter){.to = "@example.net", .from = "<>"}, 0);
	expect(&st, (struct spool_filter){.client = "192.0.2.1"}, 1);
	expect(&st, (struct spool_filter){.client = "192.0.2.0/28"}, 9);
	expect(&st, (struct spool_filter){.client = "2001:db8::/32", .ended = true}, 4);
	expect(&st, (struct spool_filter){.client = "all"}, 9);
	expect(&st, (struct spool_filter){.since = 2000}, 10);
	expect(&st, (struct spool_filter){.until = 2000}, 3);
	expect(&st, (struct spool_filter){.since = 2000, .until = 3999}, 2);
	expect(&st, (struct spool_filter){.error = "refused"}, 1);
	expect(&st, (struct spool_filter){.error = "refused by peer and more"}, 0);
	expect(&st, (struct spool_filter){.rule = "default"}, 1);
	expect(&st, (struct spool_filter){.numbers = numbers, .number_count = 6}, 9);
	expect(&st, (struct spool_filter){.numbers = numbers, .number_count = 0}, 0);
	stage_close(&st);
}
END_TEST

/* Sections are named as in the ini, or as the rule is printed. */
START_TEST(rules)
{
	static const struct {
		const char *rule, *wanted;
		bool fits;
	} rows[] = {
		{"route out", "out", true},
		{"route out", "OUT", true},
		{"route out", "route out", true},
		{"route out", "ou", false},
		{"route out", "route", false},
		{"postoffice COMPANY/HQ", "company/hq", true},
		{"postoffice COMPANY/HQ", "HQ", false},
		{"route a, fallback b", "a", true},
		{"route a, fallback b", "b", true},
		{"route a, fallback b", "route a, fallback b", true},
		{"route a, fallback b", "c", false},
		{"no route", "no route", true},
		{"no route", "route", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct spool_rcpt r = {.rule = rows[i].rule};
		const struct spool_filter f = {.rule = rows[i].wanted};
		ck_assert_msg(filter_rcpt(&f, &r) == rows[i].fits, "%s: %s", rows[i].rule,
			      rows[i].wanted);
	}
}
END_TEST

/* More than a bite of messages, page by page. */
START_TEST(pages)
{
	struct stage st;
	uint64_t after = 0;
	size_t seen = 0;
	stage_open(&st, (enum spool_engine)_i);
	for (int i = 0; i < 300; i++)
		stage_message(&st);
	for (;;) {
		struct spool_list l = {.limit = 70, .after = after};
		ck_assert_int_eq(desk_list(&st.desk, &l), OK);
		for (size_t i = 0; i < l.count; i++)
			ck_assert_uint_eq(l.entries[i].number, ++seen);
		size_t count = l.count;
		after = seen;
		region_destroy(&l.region);
		if (!count)
			break;
		ck_assert_uint_le(count, 70);
	}
	ck_assert_uint_eq(seen, 300);
	struct spool_list none = {.limit = 0};
	ck_assert_int_eq(desk_list(&st.desk, &none), OK);
	ck_assert_uint_eq(none.count, 0);
	region_destroy(&none.region);
	struct spool_list beyond = {.limit = 5, .after = UINT64_MAX};
	ck_assert_int_eq(desk_list(&st.desk, &beyond), OK);
	ck_assert_uint_eq(beyond.count, 0);
	region_destroy(&beyond.region);
	struct spool_filter all = {.all = true};
	size_t matched;
	ck_assert_int_eq(desk_act(&st.desk, SPOOL_HOLD, &all, STAGE_NOW, &matched), OK);
	ck_assert_uint_eq(matched, 300);
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

START_TEST(claimed_is_shown)
{
	struct stage st;
	struct spool_message *m;
	struct spool_list l;
	stage_open(&st, (enum spool_engine)_i);
	stage_message(&st);
	ck_assert_int_eq(desk_submit(&st.desk, "x", 1, NULL, &m), OK);
	stage_list(&st, &l);
	ck_assert(!l.entries[0].claimed);
	ck_assert(l.entries[1].claimed);
	ck_assert_str_eq(l.entries[1].hash, m->hash);
	ck_assert_uint_eq(l.entries[1].size, 1);
	region_destroy(&l.region);
	spool_message_unref(&m);
	stage_close(&st);
}
END_TEST

static unsigned dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed / 65536 % sides;
}

/* One random request; refusals are welcome, they must not disturb. */
static void live(struct stage *st, unsigned *seed, uint64_t last)
{
	uint64_t n = 1 + dice(seed, (unsigned)last + 2);
	struct spool_filter f = {.numbers = &n, .number_count = 1};
	struct spool_filter to = {.to = dice(seed, 2) ? "example.net" : "example.org"};
	switch (dice(seed, 8)) {
	case 0:
		stage_message(st);
		break;
	case 1:
		desk_act(&st->desk, (enum spool_action)dice(seed, 4), &f, STAGE_NOW, NULL);
		break;
	case 2:
		if (dice(seed, 5) == 0)
			desk_act(&st->desk, (enum spool_action)dice(seed, 2), &to, STAGE_NOW, NULL);
		break;
	default:
		desk_report(&st->desk, n, dice(seed, 3),
			    (enum spool_state)dice(seed, SPOOL_STATE_COUNT),
			    STAGE_NOW + dice(seed, 1000), "reported");
		break;
	}
	stage_advance(st, dice(seed, 3));
}

START_TEST(sums_close_at_every_step)
{
	struct stage st;
	struct spool_totals t;
	unsigned seed = 7;
	stage_open(&st, (enum spool_engine)_i);
	st.o.keep = INT64_MAX / 4;
	ck_assert_int_eq(mail_envelope_add(&st.desk.envelope, "second@example.org"), OK);
	stage_message(&st);
	for (int i = 0; i < 400; i++) {
		ck_assert_int_eq(desk_totals(&st.desk, &t), OK);
		live(&st, &seed, t.messages_accepted);
		ck_assert_msg(stage_sums(&st), "step %d", i);
		if (_i == SPOOL_SQLITE && i % 100 == 99) {
			stage_reopen(&st);
			ck_assert_msg(stage_sums(&st), "step %d, opened again", i);
		}
	}
	stage_close(&st);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/list");
	STAGE_CASE(s, "filter", filters);
	SUITE_CASE(s, "rules", rules);
	STAGE_CASE(s, "list", pages, claimed_is_shown);
	STAGE_CASE(s, "totals", sums_close_at_every_step);
	return s;
}
SUITE_MAIN(suite)
