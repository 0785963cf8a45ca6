/* file: who may own and write a file before it is used, the folders and links on the way to it, secrets. */
#include "base/file.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static char root
	[512]; /* a folder of ours alone below the scratch folder, which is below a sticky one */

static const char *at(const char *name)
{
	static char paths[4][600];
	static unsigned next;
	char *p = paths[next++ % 4];
	snprintf(p, sizeof paths[0], "%s/%s", root, name);
	return p;
}

static void setup(void)
{
	umask(022);
	snprintf(root, sizeof root, "%s/root", suite_scratch());
	ck_assert_int_eq(mkdir(root, 0755), 0);
	ck_assert_int_eq(mkdir(at("lib"), 0755), 0);
	ck_assert_int_eq(file_replace(file_system(), at("lib/x.so"), "x", 1, 0644, NULL), OK);
	struct err e;
	ck_assert_msg(file_check_owner(at("lib/x.so"), true, &e) == OK, "%s", e.text);
}

/* The check refuses, names the culprit and says why. */
static void refused(const char *name, const char *culprit, const char *why)
{
	struct err e = {0};
	ck_assert_msg(file_check_owner(at(name), true, &e) == E_DENIED, "%s: %s", name, e.text);
	ck_assert_msg(strncmp(e.text, at(culprit), strlen(at(culprit))) == 0, "%s: %s", culprit,
		      e.text);
	ck_assert_msg(strstr(e.text, why) != NULL, "%s", e.text);
}

START_TEST(writable_by_others)
{
	ck_assert_int_eq(chmod(at("lib/x.so"), 0646), 0);
	refused("lib/x.so", "lib/x.so", "writable by others (mode 0646)");
	ck_assert_int_eq(chmod(at("lib/x.so"), 0644), 0);
	ck_assert_int_eq(chmod(at("lib"), 0757), 0);
	refused("lib/x.so", "lib", "writable by others (mode 0757)");
}
END_TEST

START_TEST(writable_by_a_group)
{
	if (geteuid() != 0)
		return; /* needs root to give files away */
	ck_assert_int_eq(chown(at("lib"), 0, NOBODY), 0);
	ck_assert_int_eq(chmod(at("lib"), 0775), 0);
	refused("lib/x.so", "lib", "writable by others (mode 0775)");
	ck_assert_int_eq(chown(at("lib"), 0, 0), 0); /* the group root is root's own */
	ck_assert_int_eq(file_check_owner(at("lib/x.so"), true, NULL), OK);
}
END_TEST

START_TEST(owned_by_another)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(at("lib/x.so"), NOBODY, 0), 0);
	refused("lib/x.so", "lib/x.so", "owned by user 65534");
	ck_assert_int_eq(chown(at("lib/x.so"), 0, 0), 0);
	ck_assert_int_eq(chown(at("lib"), NOBODY, 0), 0);
	refused("lib/x.so", "lib", "owned by user 65534");
}
END_TEST

START_TEST(sticky_folders_pass_when_asked)
{
	ck_assert_int_eq(chmod(root, 01777), 0);
	ck_assert_int_eq(file_check_owner(at("lib/x.so"), true, NULL), OK);
	struct err e;
	ck_assert_int_eq(file_check_owner(at("lib/x.so"), false, &e), E_DENIED);
	ck_assert_int_eq(chmod(root, 0755), 0);
}
END_TEST

START_TEST(links_are_followed_and_checked)
{
	ck_assert_int_eq(symlink("lib", at("relative")), 0);
	ck_assert_int_eq(symlink(at("lib/x.so"), at("absolute")), 0);
	ck_assert_int_eq(symlink("../relative/x.so", at("lib/back")), 0);
	ck_assert_int_eq(file_check_owner(at("relative/x.so"), true, NULL), OK);
	ck_assert_int_eq(file_check_owner(at("absolute"), true, NULL), OK);
	ck_assert_int_eq(file_check_owner(at("lib/back"), true, NULL), OK);
	ck_assert_int_eq(file_check_owner(at("lib/../relative/../lib/x.so"), true, NULL), OK);
	/* a link in a folder of others could be turned elsewhere after the check, wherever it leads now */
	ck_assert_int_eq(mkdir(at("open"), 0755), 0);
	ck_assert_int_eq(symlink("../lib", at("open/link")), 0);
	ck_assert_int_eq(symlink("open/link/x.so", at("twice")), 0);
	ck_assert_int_eq(chmod(at("open"), 0757), 0);
	refused("open/link/x.so", "open", "writable by others");
	refused("twice", "open", "writable by others");
	ck_assert_int_eq(chmod(at("open"), 0755), 0);
	ck_assert_int_eq(file_check_owner(at("twice"), true, NULL), OK);
	ck_assert_int_eq(chmod(at("lib"), 0757), 0); /* and what the link leads to counts */
	refused("twice", "open/../lib", "writable by others");
}
END_TEST

START_TEST(links_in_a_ring_and_nothing_at_all)
{
	struct err e;
	ck_assert_int_eq(symlink("b", at("a")), 0);
	ck_assert_int_eq(symlink("a", at("b")), 0);
	ck_assert_int_eq(file_check_owner(at("a"), true, &e), E_LIMIT);
	ck_assert_int_eq(symlink("nowhere", at("dangling")), 0);
	ck_assert_int_eq(file_check_owner(at("dangling"), true, &e), E_NOTFOUND);
	ck_assert_int_eq(file_check_owner(at("lib/absent"), true, &e), E_NOTFOUND);
	ck_assert_int_ne(file_check_owner(at("lib/x.so/y"), true, &e), OK);
	ck_assert_int_eq(file_check_owner("/", true, &e), OK);
	ck_assert_int_eq(chdir(root), 0);
	ck_assert_int_eq(file_check_owner("lib/x.so", true, &e), OK);
	ck_assert_int_eq(file_check_owner("", true, &e), OK); /* the folder we are in */
}
END_TEST

START_TEST(secrets_are_closed)
{
	static const struct {
		mode_t mode;
		enum result result;
	} rows[] = {
		{0600, OK},       {0400, OK},       {0640, OK},       {0440, OK},
		{0000, OK},       {0644, E_DENIED}, {0604, E_DENIED}, {0660, E_DENIED},
		{0602, E_DENIED}, {0601, E_DENIED}, {0700, E_DENIED}, {0610, E_DENIED},
	};
	struct err e;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(chmod(at("lib/x.so"), rows[i].mode), 0);
		ck_assert_msg(file_check_secret(at("lib/x.so"), &e) == rows[i].result, "%04o",
			      (unsigned)rows[i].mode);
	}
	ck_assert_ptr_nonnull(strstr(e.remedy, "chmod 600 "));
	ck_assert_int_eq(file_check_secret(at("lib"), &e), E_DENIED);
	ck_assert_int_eq(file_check_secret(at("absent"), &e), E_NOTFOUND);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(at("lib/x.so"), 0600), 0);
	ck_assert_int_eq(chown(at("lib/x.so"), NOBODY, 0), 0);
	ck_assert_int_eq(file_check_secret(at("lib/x.so"), &e), E_DENIED);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/file (owners)");
	TCase *tc = tcase_create("owners");
	tcase_add_checked_fixture(tc, setup, suite_scratch_remove);
	tcase_add_test(tc, writable_by_others);
	tcase_add_test(tc, writable_by_a_group);
	tcase_add_test(tc, owned_by_another);
	tcase_add_test(tc, sticky_folders_pass_when_asked);
	tcase_add_test(tc, links_are_followed_and_checked);
	tcase_add_test(tc, links_in_a_ring_and_nothing_at_all);
	tcase_add_test(tc, secrets_are_closed);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
