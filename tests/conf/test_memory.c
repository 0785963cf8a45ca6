/* Loading and printing with every allocation failing in turn: told as E_NOMEM, never half done. */
#include "conf/fake.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <string.h>

static const char text[] =
	"[gateway]\nspool = /s\nadmin = root\n[listen a]\naddress = *:1, *:2, *:3\n"
	"relay_from = 10.0.0.0/8, ::1, 192.0.2.1\n[route r]\nmatch = a.b, !c.d, file:/list\n"
	"do = reject no\n[route s]\nsmart_host = h, i\nretry = 1m, 2m, 3m\n[postoffice p/q]\n"
	"domain = d.e, f.g\npath = /p\n[vendor ftp]\nnetwork = n\nmac = m\nmtu = 7\n";
static const char faulty[] =
	"[gateway]\nspol = /s\n[listen a]\nvendor = a b\nrate = x\n[listen a]\n[rout r]\n";

static enum result load(const char *bytes, struct settings **s, struct region **r,
			struct conf_fault **f)
{
	fake_file(FAKE_FILE, bytes, strlen(bytes));
	fake_file("/list", "x.y\nz.z\n", 8);
	return conf_load_by(fake_world(), FAKE_FILE, NULL, s, r, f);
}

/* What comes of loading when allocation n fails. Whatever it is, nothing stays behind. */
static enum result load_short(const char *bytes, unsigned n)
{
	struct settings *s;
	struct region *region;
	struct conf_fault *faults;
	scarce_fail_at(n);
	enum result r = load(bytes, &s, &region, &faults);
	scarce_end();
	ck_assert((s != NULL) == (r == OK));
	settings_unref(&s);
	region_destroy(&region);
	return r;
}

static enum result print_short(const struct settings *s, unsigned n)
{
	struct buf out;
	buf_init(&out, 0);
	scarce_fail_at(n);
	enum result r = settings_print(s, NULL, false, NULL, &out);
	scarce_end();
	ck_assert((out.len == 0) == (r != OK));
	buf_free(&out);
	return r;
}

#define BEYOND \
	300 /* so many more are tried: a failure that was not told is seen by the next one that is */

START_TEST(loading)
{
	static const struct {
		const char *bytes;
		enum result expected;
	} files[] = {{text, OK}, {faulty, E_CONFIG}};
	const char *bytes = files[_i].bytes;
	unsigned n = 1;
	while (load_short(bytes, n) == E_NOMEM)
		n++;
	ck_assert_uint_gt(n, 10);
	for (unsigned i = n; i < n + BEYOND; i++)
		ck_assert_msg(load_short(bytes, i) == files[_i].expected, "allocation %u or %u", n,
			      i);
}
END_TEST

START_TEST(printing)
{
	struct settings *s;
	struct region *region;
	struct conf_fault *faults;
	ck_assert_int_eq(load(text, &s, &region, &faults), OK);
	unsigned n = 1;
	while (print_short(s, n) == E_NOMEM)
		n++;
	ck_assert_uint_gt(n, 10);
	for (unsigned i = n; i < n + BEYOND; i++)
		ck_assert_msg(print_short(s, i) == OK, "allocation %u or %u", n, i);
	settings_unref(&s);
	region_destroy(&region);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/memory");
	TCase *loading_tc = tcase_create("loading");
	tcase_add_loop_test(loading_tc, loading, 0, 2);
	tcase_set_timeout(loading_tc, 60);
	suite_add_tcase(s, loading_tc);
	SUITE_CASE(s, "printing", printing);
	return s;
}
SUITE_MAIN(suite)
