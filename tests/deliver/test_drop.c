/* drop: what a file holds, one file for all recipients, replaced by the same name, every call failed in turn. */
#include "deliver/drop.h"

#include "spool/desk.h"
#include "spool/faulty.h"
#include "support/suite.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stage st;
static char folder[PATH_MAX];
static const char *const both[] = {"a@drop.test", "b@drop.test"};
static struct drop drop;

static void setup(void)
{
	stage_open(&st, SPOOL_MEMORY);
	snprintf(folder, sizeof folder, "%s/drop", suite_scratch());
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	faulty_arm(0, 0, 0);
	drop = (struct drop){.files = faulty_files(),
			     .folder = folder,
			     .name = "m1-0",
			     .recipients = both,
			     .count = 2,
			     .head = "Received: x\r\n"};
}

static void teardown(void)
{
	stage_close(&st);
}

static struct spool_message *message(const char *data, size_t n)
{
	struct spool_message *m;
	ck_assert_int_eq(desk_submit(&st.desk, data, n, NULL, &m), OK);
	return m;
}

/* Files in the folder, those with a dot in front as well. */
static size_t files(void)
{
	size_t n = 0;
	DIR *dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static void expect(const char *want)
{
	char path[PATH_MAX + 16], *got;
	size_t n;
	struct err err;
	ck_assert_uint_eq(files(), 1);
	snprintf(path, sizeof path, "%s/m1-0.eml", folder);
	ck_assert_int_eq(file_read(path, 1 << 20, &got, &n, &err), OK);
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(n, strlen(want));
	free(got);
}

#define HEAD \
	"x-sender: s@x\r\nx-receiver: a@drop.test\r\nx-receiver: b@drop.test\r\nReceived: x\r\n"

START_TEST(content)
{
	struct err err;
	char sent[DIGEST_HEX];
	st.desk.envelope.reverse_path = "s@x";
	struct spool_message *m = message("a: b\r\n\r\nx\r\n", 11);
	ck_assert_int_eq(drop_deliver(&drop, m, sent, &err), OK);
	expect(HEAD "a: b\r\n\r\nx\r\n");
	ck_assert_uint_eq(strlen(sent), DIGEST_HEX - 1);
	spool_message_unref(&m);
	m = message("c", 1); /* an attempt after a crash replaces the file */
	ck_assert_int_eq(drop_deliver(&drop, m, NULL, &err), OK);
	expect(HEAD "c");
	spool_message_unref(&m);
}
END_TEST

START_TEST(null_sender)
{
	struct err err;
	st.desk.envelope.reverse_path = "";
	drop.count = 1;
	struct spool_message *m = message("c", 1);
	ck_assert_int_eq(drop_deliver(&drop, m, NULL, &err), OK);
	expect("x-sender: \r\nx-receiver: a@drop.test\r\nReceived: x\r\nc");
	spool_message_unref(&m);
}
END_TEST

START_TEST(refused)
{
	struct err err;
	char name[NAME_MAX + 1];
	struct spool_message *m = message("c", 1);
	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	drop.name = name;
	ck_assert_int_eq(drop_deliver(&drop, m, NULL, &err), E_LIMIT);
	drop.name = "m1-0";
	drop.folder = "/nonexistent";
	ck_assert_int_eq(drop_deliver(&drop, m, NULL, &err), E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "the folder /nonexistent cannot be opened"));
	spool_message_unref(&m);
}
END_TEST

static void remove_file(void)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof path, "%s/m1-0.eml", folder);
	ck_assert_int_eq(unlink(path), 0);
}

START_TEST(every_call_fails)
{
	static const struct {
		int errnum;
		enum result want;
	} causes[] = {{ENOSPC, E_FULL}, {EACCES, E_DENIED}, {EIO, E_IO}};
	st.desk.envelope.reverse_path = "s@x";
	for (size_t c = 0; c < sizeof causes / sizeof *causes; c++)
		for (unsigned n = 1;; n++) {
			struct err err = {.code = OK};
			struct spool_message *m = message("c", 1);
			faulty_arm(n, causes[c].errnum, 0);
			enum result r = drop_deliver(&drop, m, NULL, &err);
			bool struck = faulty_struck();
			faulty_arm(0, 0, 0);
			spool_message_unref(&m);
			if (r != OK) {
				ck_assert_int_eq(r, causes[c].want);
				ck_assert_int_eq(err.code, r);
				ck_assert_uint_eq(files(), 0);
				continue;
			}
			expect(HEAD "c");
			remove_file();
			if (!struck) {
				ck_assert_uint_gt(n, 5);
				break;
			}
		}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/drop");
	TCase *tc = tcase_create("files");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, content);
	tcase_add_test(tc, null_sender);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, every_call_fails);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
