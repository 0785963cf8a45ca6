/* users, written: added, changed and removed, other lines untouched; the old file or the new one whatever fails. */
#include "auth/users.h"
#include "support/frail.h"
#include "support/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[512];

static void setup(void)
{
	snprintf(path, sizeof path, "%s/users", suite_scratch());
	unlink(path);
}

static bool put(const char *name, const char *password)
{
	bool added = false;
	struct err e;
	ck_assert_msg(users_put(file_system(), clock_system(), path, name, password, &added, &e) ==
			      OK,
		      "%s", e.text);
	return added;
}

static bool fits(const char *name, const char *password)
{
	struct users *u;
	struct err e;
	ck_assert_msg(users_read(path, &u, &e) == OK, "%s", e.text);
	bool right = user_verify(users_find(u, name), password);
	users_destroy(&u);
	return right;
}

START_TEST(a_user_is_added_and_changed)
{
	struct stat st;
	ck_assert(put("anna", "one"));
	ck_assert(put("b@x.org", "tw\xc3\xb6"));
	ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	ck_assert(fits("anna", "one") && fits("B@X.org", "tw\xc3\xb6") &&
		  !fits("anna", "tw\xc3\xb6"));
	ck_assert(!put("ANNA", "three"));
	ck_assert(fits("anna", "three") && !fits("anna", "one") && fits("b@x.org", "tw\xc3\xb6"));
}
END_TEST

START_TEST(other_lines_and_the_mode_stay)
{
	static const char comment[] = "# our people, 2026";
	char *bytes;
	size_t n;
	struct stat st;
	put("anna", "one");
	ck_assert_int_eq(file_read(path, 1 << 20, &bytes, &n, NULL), OK);
	char *with = malloc(n + sizeof comment);
	int fd = open(path, O_WRONLY | O_TRUNC);
	memcpy(with, bytes, n);
	memcpy(with + n, comment, sizeof comment - 1); /* no newline at its end */
	ck_assert_int_eq(write(fd, with, n + sizeof comment - 1),
			 (ssize_t)(n + sizeof comment - 1));
	ck_assert_int_eq(fchmod(fd, 0640), 0);
	close(fd);
	free(bytes);
	free(with);
	put("berta", "two");
	ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
	ck_assert_int_eq(users_remove(file_system(), path, "anna", NULL), OK);
	ck_assert_int_eq(file_read(path, 1 << 20, &bytes, &n, NULL), OK);
	ck_assert(strncmp(bytes, "# our people, 2026\nberta:$y$", 28) == 0);
	free(bytes);
	struct err e;
	ck_assert_int_eq(users_remove(file_system(), path, "anna", &e), E_NOTFOUND);
	ck_assert(strstr(e.text, "no user anna"));
}
END_TEST

START_TEST(names_and_passwords_that_cannot_be)
{
	static const char *const names[] = {"", "a:b", "a\nb", "#a", "\xff", "a\x7f"};
	char longest[USERS_NAME_MAX + 2];
	bool added;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_int_eq(
			users_put(file_system(), clock_system(), path, names[i], "x", &added, NULL),
			E_SYNTAX);
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	ck_assert_int_eq(users_put(file_system(), clock_system(), path, longest, "x", &added, NULL),
			 E_SYNTAX);
	ck_assert_int_eq(users_put(file_system(), clock_system(), path, "anna", "", &added, NULL),
			 E_SYNTAX);
	ck_assert_int_eq(
		users_put(file_system(), clock_system(), path, "anna", longest, &added, NULL),
		E_SYNTAX);
}
END_TEST

START_TEST(the_old_file_or_the_new_one)
{
	unsigned failed = 0;
	bool added;
	put("anna", "old");
	for (unsigned i = 1;; i++) {
		frail_fail_at(i, EIO);
		enum result r =
			users_put(frail_ops(), clock_system(), path, "anna", "new", &added, NULL);
		frail_fail_at(0, 0);
		if (r == OK)
			break;
		failed++;
		ck_assert(fits("anna", "old") || fits("anna", "new"));
	}
	ck_assert_uint_ge(failed, 5);
	ck_assert(fits("anna", "new"));
}
END_TEST

static void *add_ten(void *number)
{
	bool added;
	char name[32];
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof name, "u%d-%d", *(const int *)number, i);
		if (users_put(file_system(), clock_system(), path, name, "x", &added, NULL) != OK)
			return NULL;
	}
	return number;
}

START_TEST(two_at_a_time_lose_nobody)
{
	pthread_t threads[2];
	int numbers[2] = {1, 2};
	struct users *u;
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_ten, &numbers[i]), 0);
	for (int i = 0; i < 2; i++) {
		void *done;
		pthread_join(threads[i], &done);
		ck_assert_ptr_nonnull(done);
	}
	ck_assert_int_eq(users_read(path, &u, NULL), OK);
	ck_assert_uint_eq(users_count(u), 10);
	users_destroy(&u);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("users_write");
	TCase *tc = tcase_create("all");
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_user_is_added_and_changed);
	tcase_add_test(tc, other_lines_and_the_mode_stay);
	tcase_add_test(tc, names_and_passwords_that_cannot_be);
	tcase_add_test(tc, the_old_file_or_the_new_one);
	tcase_add_test(tc, two_at_a_time_lose_nobody);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(suite)
