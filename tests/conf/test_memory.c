/* Loading and printing with every allocation failing in turn: told as E_NOMEM, never half done. */
#include "conf/fake.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <string.h>

static const char text[] =
	"[gateway]\nspool = /s\nadmin = root\n[listen a]\naddress = *:1, *:2, *:3\n"
	"relay_from = 10.0.0.0/8, ::1, 192.0.2.1\n[route r]\nmatch = a.b, !c.d, file:/list\n"
	"do = reject no\n[route s]\nsmart_host = h, i\nretry = 1m, 2m, 3m\n[postoffice p/q]\n"
	"domain = d.e, f.g\npath = /p\n[vendor ftp]\nnetwork = n\nmac = m\nmtu = 7\n"
	"[profile old]\nlike = legacy\nfrom = a\nsender = b\nclients = 192.0.2.7\n"
	"[profile older]\nlike = old\n[oauth o]\nprovider = google\nclient_id = c\nuser = u@v.w\n"
	"[route t]\noauth = o\nbounce_to = p\n[route u]\ndo = lmtp\nsmart_host = unix:/run/x\n"
	"[pickup p]\npath = /d\nsender = s\nrecipient = r\n[notify]\non = queue_old\nto = n\n"
	"[postoffice m/n]\ndomain = l.m\nformat = lmtp\nlmtp = 127.0.0.1:24\n";
static const char faulty[] =
	"[gateway]\nspol = /s\n[listen a]\nvendor = a b\nrate = x\n[listen a]\n[rout r]\n";

/* What is loaded lies in blocks of 2 KiB, and only one that is full asks for memory: which string cannot be had depends
 * on the lengths of all before it, the first of them the file's name. Names of each length move the ends of the blocks
 * over each string. */
#define STEP 16
#define SHIFTS (2048 / STEP)
#define PARTS 16 /* each a test of its own, with its own time limit */
static char path[SHIFTS * STEP + 1];

static void set_path(size_t shift)
{
	memset(path, 'd', sizeof path);
	path[0] = '/';
	path[(shift + 1) * STEP - 1] = '\0';
}

static enum result load(const char *bytes, struct settings **s, struct region **r,
			struct conf_fault **f)
{
	fake_file(path, bytes, strlen(bytes));
	fake_file("/list", "x.y\nz.z\n", 8);
	return conf_load_by(fake_world(), path, NULL, s, r, f);
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
	set_path(0);
	while (load_short(bytes, n) == E_NOMEM)
		n++;
	ck_assert_uint_gt(n, 10);
	for (unsigned i = n; i < n + BEYOND; i++)
		ck_assert_msg(load_short(bytes, i) == files[_i].expected, "allocation %u or %u", n,
			      i);
}
END_TEST

START_TEST(wherever_blocks_end)
{
	const char *bytes = _i < PARTS ? text : faulty;
	for (size_t shift = (size_t)_i % PARTS; shift < SHIFTS; shift += PARTS) {
		unsigned n = 1;
		set_path(shift);
		while (load_short(bytes, n) == E_NOMEM)
			n++;
		ck_assert_uint_gt(n, 10);
	}
}
END_TEST

START_TEST(printing)
{
	struct settings *s;
	struct region *region;
	struct conf_fault *faults;
	set_path(0);
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

/* What cannot be compared has not changed: nobody is told to restart for it. */
START_TEST(comparing)
{
	struct settings *s, *other;
	struct region *region, *others;
	struct conf_fault *faults;
	const char *key = NULL;
	enum result r = E_NOMEM;
	unsigned n = 0;
	set_path(0);
	ck_assert_int_eq(load(text, &s, &region, &faults), OK);
	ck_assert_int_eq(load(text, &other, &others, &faults), OK);
	while (r == E_NOMEM && !key) {
		scarce_fail_at(++n);
		r = settings_needs_restart(s, other, NULL, &key);
		scarce_end();
	}
	ck_assert_ptr_null(key);
	ck_assert_int_eq(r, OK);
	ck_assert_uint_gt(n, 10);
	settings_unref(&s);
	settings_unref(&other);
	region_destroy(&region);
	region_destroy(&others);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/memory");
	TCase *loading_tc = tcase_create("loading");
	tcase_add_loop_test(loading_tc, loading, 0, 2);
	tcase_add_loop_test(loading_tc, wherever_blocks_end, 0, 2 * PARTS);
	tcase_set_timeout(loading_tc, 120);
	suite_add_tcase(s, loading_tc);
	SUITE_CASE(s, "printing", printing, comparing);
	return s;
}
SUITE_MAIN(suite)
