/* parcel: what was written in pieces of any size comes back; nothing is there before it is published, nor after a call that failed. */
#include "deliver/parcel.h"

#include "spool/dropped.h"
#include "support/frail.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static struct region *region;
static struct mail_envelope envelope;
static struct parcel parcel;
static struct err err;

static void setup(void)
{
	region = region_new(0);
	mail_envelope_init(&envelope, region);
	ck_assert_int_eq(mail_envelope_add(&envelope, "a@example.net"), OK);
	memset(&parcel, 0, sizeof parcel);
}

static void teardown(void)
{
	region_destroy(&region);
	suite_scratch_remove();
}

/* Files in the maildrop, whole or not. */
static size_t files(void)
{
	char path[PATH_MAX];
	size_t n = 0;
	snprintf(path, sizeof path, "%s/maildrop", suite_scratch());
	DIR *dir = opendir(path);
	for (struct dirent *d; dir && (d = readdir(dir));)
		n += d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

/* The one message that is there, read and taken away. */
static char *take(struct mail_envelope *e, size_t *n)
{
	char **names, *data;
	size_t count;
	ck_assert_int_eq(spool_maildrop_list(suite_scratch(), &names, &count, &err), OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_msg(dropped_read(suite_scratch(), names[0], 1 << 20, region, e, &data, n, &err) ==
			      OK,
		      "%s", err.text);
	ck_assert_int_eq(spool_maildrop_taken(suite_scratch(), names[0], &err), OK);
	free(names[0]);
	free(names);
	return data;
}

/* n bytes in pieces; the last one is above 127 when `eight`. */
static enum result write_pieces(const struct file_ops *ops, size_t n, size_t piece, bool eight)
{
	static char bytes[3 * sizeof parcel.to.block];
	enum result r = parcel_begin(&parcel, ops, suite_scratch(), NULL, &envelope, &err);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)('a' + i % 26);
	if (eight && n)
		bytes[n - 1] = (char)0xe4;
	for (size_t at = 0, k; r == OK && at < n; at += k) {
		k = n - at < piece ? n - at : piece;
		r = sink_write(&parcel.to, bytes + at, k);
	}
	return r == OK ? parcel_finish(&parcel, &err) : r;
}

START_TEST(comes_back)
{
	static const size_t sizes[] = {0,
				       1,
				       sizeof parcel.to.block - 1,
				       sizeof parcel.to.block,
				       sizeof parcel.to.block + 1,
				       3 * sizeof parcel.to.block};
	static const size_t pieces[] = {3, 4096, sizeof parcel.to.block,
					2 * sizeof parcel.to.block};
	struct mail_envelope e;
	for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++)
		for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
			size_t n = sizes[i / 2], got;
			bool eight = i % 2 && n;
			ck_assert_int_eq(write_pieces(file_system(), n, pieces[k], eight), OK);
			ck_assert_int_eq(parcel_publish(&parcel, &err), OK);
			parcel_end(&parcel);
			char *data = take(&e, &got);
			ck_assert_uint_eq(got, n);
			for (size_t j = 0; j + eight < n; j++)
				ck_assert_int_eq(data[j], (char)('a' + j % 26));
			ck_assert_int_eq(e.eight_bit, eight);
			ck_assert_str_eq(e.recipients[0], "a@example.net");
			free(data);
		}
}
END_TEST

START_TEST(nothing_before_it_is_published)
{
	char **names;
	size_t count;
	ck_assert_int_eq(write_pieces(file_system(), 100, 7, false), OK);
	ck_assert_int_eq(spool_maildrop_list(suite_scratch(), &names, &count, &err), OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(files(), 1);
	parcel_end(&parcel);
	ck_assert_uint_eq(files(), 0);
	parcel_end(&parcel); /* nor twice */
	struct parcel never = {0};
	parcel_end(&never);
}
END_TEST

static unsigned calls(void)
{
	unsigned n = 0;
	for (const char *p = frail_calls(); *p; p++)
		n += *p != ' ' && (p[1] == ' ' || !p[1]);
	return n;
}

START_TEST(every_call_fails)
{
	const size_t size = sizeof parcel.to.block + 100;
	bool struck = true;
	unsigned failed = 0;
	for (unsigned n = 1; struck; n++) {
		struct mail_envelope e;
		size_t got;
		frail_fail_at(n, ENOSPC);
		enum result r = write_pieces(frail_ops(), size, 1000, false);
		if (r == OK)
			r = parcel_publish(&parcel, &err);
		struck = calls() >= n;
		frail_fail_at(0, 0);
		parcel_end(&parcel);
		failed += r != OK;
		if (r == OK) { /* it was one that does not matter, or none */
			free(take(&e, &got));
			ck_assert_uint_eq(got, size);
		}
		ck_assert(r == OK || r == E_FULL);
		ck_assert_uint_eq(files(), 0);
		ck_assert_uint_lt(n, 200);
	}
	ck_assert_uint_gt(failed, 8);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/parcel");
	TCase *t = tcase_create("parcel");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, comes_back);
	tcase_add_test(t, nothing_before_it_is_published);
	tcase_add_test(t, every_call_fails);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
