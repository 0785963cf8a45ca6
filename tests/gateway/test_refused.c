/* refused: counts by client and listener, the bound, age, and what a TLS client lacks. */
#include "gateway/refused.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct region *region;
static struct refused_client *list;
static size_t count;

static void look(struct refused *r, int64_t now)
{
	region_destroy(&region);
	region = region_new(0);
	ck_assert_int_eq(refused_list(r, now, region, &list, &count), OK);
}

START_TEST(counts)
{
	struct refused *r = refused_new();
	refused_note(r, "192.0.2.1", "lan", REFUSED_RELAY, "relaying denied", 1000);
	refused_note(r, "192.0.2.2", "lan", REFUSED_HELO, "bad name", 2000);
	refused_note(r, "192.0.2.1", "lan", REFUSED_SIZE, "too big", 3000);
	refused_note(r, "192.0.2.1", "wan", REFUSED_RELAY, "relaying denied", 2500);
	look(r, 4000);
	ck_assert_uint_eq(count, 3);
	ck_assert_str_eq(list[0].client, "192.0.2.1");
	ck_assert_str_eq(list[0].reason, "too big");
	ck_assert_int_eq(list[0].rule, REFUSED_SIZE);
	ck_assert_uint_eq(list[0].count, 2);
	ck_assert_int_eq(list[0].first, 1000);
	ck_assert_int_eq(list[0].last, 3000);
	ck_assert_str_eq(list[1].listener, "wan");
	ck_assert_uint_eq(list[1].count, 1);
	ck_assert_str_eq(list[2].client, "192.0.2.2");
	refused_destroy(&r);
	ck_assert_ptr_null(r);
	region_destroy(&region);
}
END_TEST

/* Of more than the table holds those refused longest ago go; a client that comes again stays. */
START_TEST(bound)
{
	struct refused *r = refused_new();
	char name[32];
	refused_note(r, "stays", "lan", REFUSED_RELAY, "no", 1);
	for (int i = 1; i <= 10 * REFUSED_MAX; i++) {
		snprintf(name, sizeof name, "client %d", i);
		refused_note(r, name, "lan", REFUSED_RELAY, "no", 2 * i);
		refused_note(r, "stays", "lan", REFUSED_RELAY, "no", 2 * i + 1);
	}
	look(r, 10000);
	ck_assert_uint_eq(count, REFUSED_MAX);
	ck_assert_str_eq(list[0].client, "stays");
	ck_assert_uint_eq(list[0].count, 10 * REFUSED_MAX + 1);
	ck_assert_str_eq(list[1].client, "client 640");
	ck_assert_str_eq(list[REFUSED_MAX - 1].client, "client 578");
	refused_destroy(&r);
	region_destroy(&region);
}
END_TEST

START_TEST(age)
{
	struct refused *r = refused_new();
	refused_note(r, "192.0.2.1", "lan", REFUSED_RELAY, "no", 1000);
	look(r, 1000 + REFUSED_KEEP - 1);
	ck_assert_uint_eq(count, 1);
	look(r, 1000 + REFUSED_KEEP);
	ck_assert_uint_eq(count, 0);
	refused_note(r, "192.0.2.1", "lan", REFUSED_RELAY, "no", 1000 + REFUSED_KEEP);
	look(r, 1000 + REFUSED_KEEP);
	ck_assert_uint_eq(list[0].count, 1); /* counted anew */
	refused_destroy(&r);
	region_destroy(&region);
}
END_TEST

/* What comes from outside is kept within its bound, and found again when it was cut. */
START_TEST(long_texts)
{
	struct refused *r = refused_new();
	char text[1000];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	refused_note(r, text, text, REFUSED_RELAY, text, 1);
	refused_note(r, text, text, REFUSED_RELAY, text, 2);
	look(r, 3);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(list[0].count, 2);
	ck_assert_uint_eq(strlen(list[0].reason), REFUSED_REASON_MAX);
	refused_destroy(&r);
	region_destroy(&region);
}
END_TEST

START_TEST(tls)
{
	const char *none = "no TLS version in common";
	ck_assert_int_eq(refused_tls_rule(none, "versions up to TLSv1.0; suites AES128-SHA"),
			 REFUSED_TLS_1_0);
	ck_assert_int_eq(refused_tls_rule(none, "versions TLSv1.1 TLSv1.0; suites X"),
			 REFUSED_TLS_1_1);
	ck_assert_int_eq(refused_tls_rule(none, "versions up to SSLv3; suites TLSv1.0"),
			 REFUSED_TLS);
	ck_assert_int_eq(refused_tls_rule("no cipher suite in common", "versions TLSv1.1; suites"),
			 REFUSED_TLS);
	ck_assert_int_eq(refused_tls_rule(none, ""), REFUSED_TLS);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/refused");
	SUITE_CASE(s, "table", counts, bound, age, long_texts);
	SUITE_CASE(s, "tls", tls);
	return s;
}
SUITE_MAIN(suite)
