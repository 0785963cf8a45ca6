/* pickup_scan: which files count, what has rested, and why the others have not. */
#include "deliver/pickup_scan.h"

#include "deliver/pickup_yard.h"
#include "spool/spool.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void scan(int64_t now)
{
	ck_assert_msg(pickup_scan(&yard.pickup, &yard.list, now, &yard.err) == OK, "%s",
		      yard.err.text);
}

START_TEST(which_names)
{
	static const char *const names[] = {"a.eml", "B.TMP",     "c.Part", ".hidden",
					    "d.bad", "d.bad.txt", "E.EML",  "f.pdf"};
	static const char *patterns[] = {"*.eml", "*.tmp"};
	char folder[400];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		yard_puts(names[i], "x");
	yard.conf.files = (struct conf_texts){patterns, 2};
	snprintf(folder, sizeof folder, "%s/archive", yard.folder);
	mkdir(folder, 0700);
	yard.conf.archive = folder;
	scan(0);
	ck_assert_uint_eq(yard.list.count, 5); /* not ours */
	yard.conf.archive = NULL;
	scan(0);
	ck_assert_str_eq(yard_reason("archive"),
			 "it is a folder: only what lies in the pickup folder itself is taken");
	snprintf(folder, sizeof folder, "%s/old.bad", yard.folder);
	mkdir(folder, 0700);
	snprintf(folder, sizeof folder, "%s/link.eml", yard.folder);
	ck_assert_int_eq(symlink("a.eml", folder), 0);
	scan(0);
	scan(2000);
	ck_assert_uint_eq(yard.list.count, 8);
	ck_assert_uint_eq(yard.list.bad, 1);
	ck_assert_str_eq(yard_reason("old.bad"), yard_reason("archive"));
	ck_assert_str_eq(yard_reason("a.eml"), "");
	ck_assert_str_eq(yard_reason("E.EML"), "");
	ck_assert_str_eq(yard_reason("f.pdf"), "its name is none of `files`");
	ck_assert_str_eq(yard_reason("link.eml"), "it is a symbolic link");
	ck_assert_str_eq(yard_reason("B.TMP"),
			 "names that end in .tmp or .part are left to who writes them");
	ck_assert_str_eq(yard_reason("c.Part"), yard_reason("B.TMP"));
}
END_TEST

START_TEST(rest)
{
	yard_puts("a", "x");
	scan(100);
	ck_assert_str_eq(yard_reason("a"), "its size and time have not rested yet");
	scan(2099);
	ck_assert_str_ne(yard_reason("a"), "");
	scan(2100);
	ck_assert_str_eq(yard_reason("a"), "");
	yard_puts("a", "xy"); /* it grew */
	scan(2200);
	ck_assert_str_ne(yard_reason("a"), "");
	scan(4200);
	ck_assert_str_eq(yard_reason("a"), "");
	yard_puts("a", ""); /* and is begun again */
	scan(4300);
	scan(9000);
	ck_assert_str_eq(yard_reason("a"), "it is empty");
	yard_puts("b", "x"); /* another file under the same name */
	scan(9100);
	char from[400], to[400];
	snprintf(from, sizeof from, "%s/b", yard.folder);
	snprintf(to, sizeof to, "%s/a", yard.folder);
	ck_assert_int_eq(rename(from, to), 0);
	scan(11200);
	ck_assert_str_eq(yard_reason("a"), "its size and time have not rested yet");
}
END_TEST

START_TEST(taken_names)
{
	char id[SPOOL_MAILDROP_NAME], made[SPOOL_MAILDROP_NAME], name[100];
	spool_maildrop_name(made);
	snprintf(name, sizeof name, ".%s.a.b", made);
	ck_assert_str_eq(pickup_taken_name(name, id), "a.b");
	ck_assert_str_eq(id, made);
	ck_assert_ptr_null(pickup_taken_name("a.b", id));
	ck_assert_ptr_null(pickup_taken_name(".drop-1", id));
	ck_assert_ptr_null(pickup_taken_name(".drop-1.", id));
	ck_assert_ptr_null(pickup_taken_name(".nfs-1.a", id));
	ck_assert_ptr_null(pickup_taken_name(
		".drop-01234567890123456789012345678901234567890123456789.a", id));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/pickup_scan");
	TCase *t = tcase_create("scan");
	tcase_add_checked_fixture(t, yard_open, yard_close);
	tcase_add_test(t, which_names);
	tcase_add_test(t, rest);
	tcase_add_test(t, taken_names);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
