/* auth/token_file: there and back, files that hold no tokens, and every write failing in turn. */
#include "auth/token_file.h"
#include "support/frail.h"
#include "support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char path[400];
static struct err err;
static struct tokens_kept t;

static void setup(void)
{
	snprintf(path, sizeof path, "%s/a/b/tenant", suite_scratch());
	t = (struct tokens_kept){0};
}

static void teardown(void)
{
	tokens_kept_clear(&t);
	suite_scratch_remove();
}

static enum result put(const struct file_ops *ops, const char *access, const char *refresh)
{
	struct tokens_kept kept = {.access = token_copy(access),
				   .refresh = token_copy(refresh),
				   .access_taken = 1000,
				   .access_ends = 1795638121567,
				   .refresh_taken = 3,
				   .refresh_ends = 4};
	enum result r = token_file_write(ops, path, &kept, &err);
	tokens_kept_clear(&kept);
	ck_assert_ptr_null(kept.access);
	return r;
}

START_TEST(there_and_back)
{
	struct stat st;
	ck_assert_int_eq(token_file_read(path, &t, &err), E_NOTFOUND);
	ck_assert_int_eq(put(file_system(), "acc\"ess", "refresh"), OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(token_file_read(path, &t, &err), OK);
	ck_assert_str_eq(t.access, "acc\"ess");
	ck_assert_str_eq(t.refresh, "refresh");
	ck_assert_int_eq(t.access_taken, 1000);
	ck_assert_int_eq(t.access_ends, 1795638121567);
	ck_assert_int_eq(t.refresh_taken, 3);
	ck_assert_int_eq(t.refresh_ends, 4);
	tokens_kept_clear(&t);
	ck_assert_int_eq(put(file_system(), "access", NULL), OK);
	ck_assert_int_eq(token_file_read(path, &t, &err), OK);
	ck_assert_ptr_null(t.refresh);
}
END_TEST

START_TEST(no_tokens)
{
	static const char *const texts[] = {"", "[]", "{", "7", "{\"access_token\": \"cut"};
	ck_assert_int_eq(put(file_system(), "a", "b"), OK);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_int_eq(
			file_replace(file_system(), path, texts[i], strlen(texts[i]), 0600, &err),
			OK);
		ck_assert_int_eq(token_file_read(path, &t, &err), E_CORRUPT);
		ck_assert_ptr_null(t.access);
		ck_assert_ptr_null(strstr(err.text, "cut"));
	}
	ck_assert_int_eq(file_replace(file_system(), path, "{}", 2, 0644, &err), OK);
	ck_assert_int_eq(token_file_read(path, &t, &err), E_DENIED);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(token_file_read(path, &t, &err), OK);
	ck_assert_ptr_null(t.access);
}
END_TEST

/* Whatever fails, the old tokens are there. */
START_TEST(writes_fail)
{
	unsigned failed = 0;
	ck_assert_int_eq(put(file_system(), "old", "old"), OK);
	for (unsigned i = 1;; i++) {
		frail_fail_at(i, EIO);
		enum result r = put(frail_ops(), "new", "new");
		frail_fail_at(0, 0);
		if (r == OK)
			break;
		failed++;
		ck_assert_ptr_null(strstr(err.text, "new"));
		ck_assert_int_eq(token_file_read(path, &t, &err), OK);
		ck_assert(strcmp(t.access, "old") == 0 || strcmp(t.access, "new") == 0);
		ck_assert_str_eq(t.access, t.refresh);
		tokens_kept_clear(&t);
	}
	ck_assert_uint_gt(failed, 3);
	ck_assert_int_eq(token_file_read(path, &t, &err), OK);
	ck_assert_str_eq(t.access, "new");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/token_file");
	TCase *tc = tcase_create("files");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, there_and_back);
	tcase_add_test(tc, no_tokens);
	tcase_add_test(tc, writes_fail);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
