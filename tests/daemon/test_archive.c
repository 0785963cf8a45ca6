/* archive: what goes in comes out; cut anywhere, or with any byte changed that means something, it is refused; sizes above 8 GiB. */
#include "daemon/archive.h"

#include "base/file.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 512
#define MADE "2026-11-26"

static char path[300], from[300], to[300];

static void setup(void)
{
	snprintf(path, sizeof path, "%s/a.tar", suite_scratch());
	snprintf(from, sizeof from, "%s/from", suite_scratch());
	snprintf(to, sizeof to, "%s/to", suite_scratch());
}

static void put(const char *name, const void *bytes, size_t n)
{
	FILE *f = fopen(name, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static char *get(const char *name, size_t *n)
{
	char *bytes;
	struct err err;
	ck_assert_msg(file_read(name, 1 << 20, &bytes, n, &err) == OK, "%s", err.text);
	return bytes;
}

/* Members of these sizes, filled with letters. */
static void make(const size_t *sizes, size_t count)
{
	struct archive a;
	struct err err;
	char name[8], bytes[2000];
	ck_assert_int_eq(archive_create(&a, path, &err), OK);
	for (size_t i = 0; i < count; i++) {
		memset(bytes, 'a' + (int)i, sizes[i]);
		put(from, bytes, sizes[i]);
		snprintf(name, sizeof name, "m%zu", i);
		ck_assert_msg(archive_add(&a, name, from, &err) == OK, "%s", err.text);
	}
	ck_assert_msg(archive_finish(&a, MADE, &err) == OK, "%s", err.text);
	archive_close(&a);
}

/* Reads all of it as restore does; how many members it had. */
static enum result read_all(size_t *count, struct err *err)
{
	struct archive a;
	char name[ARCHIVE_NAME], made[64];
	uint64_t size;
	*count = 0;
	enum result r = archive_open(&a, path, err);
	while (r == OK) {
		r = archive_next(&a, name, &size, err);
		if (r != OK || strcmp(name, ARCHIVE_MANIFEST) == 0)
			break;
		unlink(to);
		r = archive_extract(&a, name, size, to, err);
		++*count;
	}
	if (r == OK)
		r = archive_check(&a, size, made, sizeof made, err);
	if (r == OK)
		ck_assert_str_eq(made, MADE);
	archive_close(&a);
	return r;
}

START_TEST(there_and_back)
{
	static const size_t sizes[] = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2000};
	struct err err;
	size_t count, n;
	make(sizes, sizeof sizes / sizeof *sizes);
	ck_assert_msg(read_all(&count, &err) == OK, "%s", err.text);
	ck_assert_uint_eq(count, sizeof sizes / sizeof *sizes);
	char *last = get(to, &n);
	ck_assert_uint_eq(n, 2000);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(last[i], 'a' + 5);
	free(last);
	make(NULL, 0);
	ck_assert_int_eq(read_all(&count, &err), OK);
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* Behind the manifest come the two empty blocks of tar, which nobody needs. */
START_TEST(cut_short)
{
	static const size_t sizes[] = {700, 3};
	struct err err;
	size_t count, n;
	make(sizes, 2);
	char *whole = get(path, &n);
	for (size_t cut = 0; cut < n - 3 * BLOCK; cut++) {
		put(path, whole, cut);
		enum result r = read_all(&count, &err);
		ck_assert_msg(r == E_CORRUPT, "%zu of %zu: %d", cut, n, (int)r);
		ck_assert_ptr_nonnull(strstr(err.text, path));
	}
	free(whole);
}
END_TEST

/* Each byte that is changed is found, but those that fill a block up or end a header's sum, and those of the line for people. */
START_TEST(changed)
{
	static const size_t sizes[] = {700};
	struct err err;
	size_t count, n;
	make(sizes, 1);
	char *whole = get(path, &n);
	const char *manifest = strstr(whole + 3 * BLOCK + BLOCK, "smtpgate backup");
	ck_assert_ptr_nonnull(manifest);
	const size_t content = BLOCK, end = content + sizes[0];
	const size_t lines = (size_t)(strchr(manifest, '\n') + 1 - whole);
	const size_t last = (size_t)(strrchr(whole + lines, '\n') + 1 - whole);
	for (size_t i = 0; i < last; i++) {
		bool fills = i >= end && i < 3 * BLOCK;
		bool told = i + 1 < lines && i >= lines - 1 - strlen(MADE);
		bool ends_sum = (i < BLOCK || i >= 3 * BLOCK) && i % BLOCK / 2 == 154 / 2;
		if (fills || told || ends_sum)
			continue;
		whole[i] ^= 1;
		put(path, whole, n);
		whole[i] ^= 1;
		enum result r = read_all(&count, &err);
		ck_assert_msg(r != OK, "byte %zu of %zu", i, last);
	}
	free(whole);
}
END_TEST

/* GNU tar's form: a byte 0x80, then the number itself. */
START_TEST(above_8_gib)
{
	struct err err;
	struct archive a;
	char name[ARCHIVE_NAME];
	uint64_t size;
	size_t n;
	static const size_t sizes[] = {1};
	make(sizes, 1);
	char *whole = get(path, &n);
	unsigned char *head = (unsigned char *)whole;
	const uint64_t large = UINT64_C(0x123456789abcdef0);
	unsigned sum = 0;
	memset(head + 124, 0, 12);
	head[124] = 0x80;
	for (int i = 0; i < 8; i++)
		head[135 - i] = (unsigned char)(large >> 8 * i);
	for (int i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : head[i];
	snprintf(whole + 148, 8, "%06o", sum);
	put(path, whole, n);
	free(whole);
	ck_assert_int_eq(archive_open(&a, path, &err), OK);
	ck_assert_msg(archive_next(&a, name, &size, &err) == OK, "%s", err.text);
	ck_assert_uint_eq(size, large);
	archive_close(&a);
}
END_TEST

START_TEST(places_that_do_not_take_it)
{
	struct archive a;
	struct err err;
	ck_assert_int_ne(archive_create(&a, "/nowhere/at/all.tar", &err), OK);
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all.tar"));
	archive_close(&a);
	ck_assert_int_eq(archive_create(&a, "/dev/full", &err), OK);
	ck_assert_int_eq(archive_finish(&a, MADE, &err), E_FULL);
	archive_close(&a);
	ck_assert_int_eq(archive_create(&a, path, &err), OK);
	ck_assert_int_ne(archive_add(&a, "x", "/nowhere/at/all", &err), OK);
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere/at/all"));
	archive_close(&a);
	static const size_t sizes[] = {5};
	make(sizes, 1);
	put(to, "x", 1); /* what is there is never replaced */
	char name[ARCHIVE_NAME];
	uint64_t size;
	ck_assert_int_eq(archive_open(&a, path, &err), OK);
	ck_assert_int_eq(archive_next(&a, name, &size, &err), OK);
	ck_assert_int_eq(archive_extract(&a, name, size, to, &err), E_EXISTS);
	archive_close(&a);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/archive");
	TCase *t = tcase_create("archive");
	tcase_add_checked_fixture(t, setup, suite_scratch_remove);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, cut_short);
	tcase_add_test(t, changed);
	tcase_add_test(t, above_8_gib);
	tcase_add_test(t, places_that_do_not_take_it);
	tcase_set_timeout(t, 120);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
