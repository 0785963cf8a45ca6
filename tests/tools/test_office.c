/* office: addresses as mail writes them, by the map and without it; what has none is told apart from memory that is short. */
#include "tools/office.h"

#include "support/scarce.h"
#include "support/suite.h"

#include <string.h>

static struct region *region;
static struct office office;

static void setup(void)
{
	static const char map[] = "A/B hq.example\n";
	region = region_new(0);
	memset(&office, 0, sizeof office);
	strcpy(office.host, "host.example");
	ck_assert_int_eq(mail_map_parse(map, strlen(map), region, &office.map, NULL), OK);
}

static void teardown(void)
{
	region_destroy(&region);
}

static const struct {
	const char *type, *text, *want; /* NULL: it has none */
} rows[] = {
	{"CSI", "A/B/ann", "ann@hq.example"},
	{"CSI", "ann", "ann@hq.example"},
	{"CSI", "N/P/ann", "ann@P.N.invalid"},
	{"CSI", "N/ann", NULL},
	{"CSI", "N/POSTOFFICE-WITH-A-NAME-THAT-IS-FAR-TOO-LONG/ann", NULL},
	{"SMTP", "joe@far.test", "joe@far.test"},
	{"SMTP", "joe@@", NULL},
	{"FAX", "123", NULL},
};

static void check(size_t i, enum result r, const char *got)
{
	ck_assert_msg(r == (rows[i].want ? OK : E_NOTFOUND), "%s: %d", rows[i].text, (int)r);
	if (rows[i].want)
		ck_assert_str_eq(got, rows[i].want);
}

START_TEST(addresses)
{
	const char *got;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct neutral_address a = {rows[i].type, rows[i].text};
		got = NULL;
		enum result r = office_address(&office, &a, region, &got);
		check(i, r, got);
	}
	ck_assert_int_eq(office_address(&office, NULL, region, &got), OK);
	ck_assert_str_eq(got, "Postmaster@host.example");
	office.local.gateway = "gw.example";
	ck_assert_int_eq(office_address(&office, NULL, region, &got), OK);
	ck_assert_str_eq(got, "Postmaster@gw.example");
}
END_TEST

/* Each in a region of its own, whose first allocation fails: where an address needs none, it needs none. */
START_TEST(memory_short)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (unsigned at = 1; at < 4; at++) {
			const struct neutral_address a = {rows[i].type, rows[i].text};
			struct region *own = region_new(0);
			const char *got = NULL;
			scarce_fail_at(at);
			enum result r = office_address(&office, &a, own, &got);
			scarce_end();
			if (r != E_NOMEM)
				check(i, r, got);
			if (at == 1 && rows[i].want && got != a.text)
				ck_assert_int_eq(r, E_NOMEM);
			region_destroy(&own);
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tools/office");
	TCase *tc = tcase_create("addresses");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, addresses);
	tcase_add_test(tc, memory_short);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
