/* rights: names, dropping for good, folders for the user. What needs root is tested as root; else that it is refused. */
#include "daemon/rights.h"

#include "support/suite.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;

START_TEST(names)
{
	struct rights r;
	ck_assert_int_eq(rights_find(&r, NULL, NULL, &err), OK);
	ck_assert(!r.change);
	ck_assert_int_eq(rights_find(&r, "root", NULL, &err), OK);
	ck_assert_int_eq((int)r.uid, 0);
	ck_assert_int_eq(rights_find(&r, "no-such-user", NULL, &err), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "there is no such user"));
	ck_assert_int_eq(rights_find(&r, NULL, "no-such-group", &err), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "there is no such group"));
}
END_TEST

/* In a child, because it cannot come back: 0 when everything was as it should be. */
static int drop_in_child(const struct rights *r)
{
	pid_t child = fork();
	int status;
	if (child == 0) {
		if (rights_drop(r, &err) != OK)
			_exit(1);
		if (geteuid() != r->uid || getegid() != r->gid || setuid(0) == 0)
			_exit(2);
		if (access("/proc/1/environ", R_OK) == 0)
			_exit(3);
		_exit(rights_drop(r, &err) == OK ? 0 : 4);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

START_TEST(dropped_for_good)
{
	struct rights r;
	ck_assert_int_eq(rights_find(&r, "nobody", NULL, &err), OK);
	if (geteuid() == 0) {
		ck_assert_int_eq(drop_in_child(&r), 0);
	} else {
		ck_assert_int_eq(rights_drop(&r, &err), E_DENIED);
		ck_assert_ptr_nonnull(strstr(err.remedy, "start it as root"));
	}
}
END_TEST

START_TEST(already_there)
{
	struct rights r;
	const struct passwd *p = getpwuid(geteuid());
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(rights_find(&r, p->pw_name, NULL, &err), OK);
	ck_assert_int_eq(rights_drop(&r, &err), OK);
}
END_TEST

START_TEST(folders_belong_to_the_user)
{
	struct rights r;
	struct stat st;
	char path[300], file[300];
	ck_assert_int_eq(rights_find(&r, geteuid() == 0 ? "nobody" : NULL, NULL, &err), OK);
	snprintf(path, sizeof path, "%s/a/b", suite_scratch());
	ck_assert_int_eq(rights_make_folder(&r, path, 0750, &err), OK);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq((int)st.st_uid, (int)r.uid);
	ck_assert_int_eq(rights_make_folder(&r, path, 0750, &err), OK);
	snprintf(file, sizeof file, "%s/file", suite_scratch());
	fclose(fopen(file, "w"));
	ck_assert_int_eq(rights_make_folder(&r, file, 0750, &err), E_EXISTS);
	suite_scratch_remove();
}
END_TEST

START_TEST(folders_that_were_there_stay)
{
	struct rights r;
	struct stat st;
	ck_assert_int_eq(rights_find(&r, geteuid() == 0 ? "nobody" : NULL, NULL, &err), OK);
	ck_assert_int_eq(rights_make_folder(&r, suite_scratch(), 0750, &err), OK);
	ck_assert_int_eq(stat(suite_scratch(), &st), 0);
	ck_assert_int_eq((int)st.st_uid, (int)geteuid());
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/rights");
	SUITE_CASE(s, "names", names);
	SUITE_CASE(s, "drop", dropped_for_good, already_there);
	SUITE_CASE(s, "folders", folders_belong_to_the_user, folders_that_were_there_stay);
	return s;
}
SUITE_MAIN(suite)
