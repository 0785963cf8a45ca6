/* auth/secret: each form of reference, what is no secret, and that no text for people holds one. */
#include "auth/secret.h"
#include "base/file.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256], path[300], reference[400];
static struct err err;
static char *secret;

static void setup(void)
{
	snprintf(folder, sizeof folder, "%s", suite_scratch());
	snprintf(path, sizeof path, "%s/password", folder);
	snprintf(reference, sizeof reference, "file:%s", path);
	secret = NULL;
}

static void teardown(void)
{
	secret_free(&secret);
	ck_assert_ptr_null(secret);
	suite_scratch_remove();
}

static void put(const char *bytes, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "wb");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static enum result get(const char *from)
{
	secret_free(&secret);
	memset(&err, 0, sizeof err);
	return secret_read(from, clock_system(), &secret, &err);
}

START_TEST(files)
{
	static const struct {
		const char *bytes, *secret; /* NULL: refused */
	} rows[] = {{"abc", "abc"},
		    {"abc\n", "abc"},
		    {"abc\r\n", "abc"},
		    {" a b ", " a b "},
		    {"s\xc3\xa4\n", "s\xc3\xa4"},
		    {"", NULL},
		    {"\n", NULL},
		    {"abc\n\n", NULL},
		    {"abc\ndef\n", NULL},
		    {"a\tb", NULL}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put(rows[i].bytes, strlen(rows[i].bytes), 0600);
		ck_assert_int_eq(get(reference), rows[i].secret ? OK : E_SYNTAX);
		if (rows[i].secret)
			ck_assert_str_eq(secret, rows[i].secret);
		else
			ck_assert_ptr_null(strstr(err.text, "abc"));
	}
	put("a\0b", 3, 0600);
	ck_assert_int_eq(get(reference), E_SYNTAX);
}
END_TEST

START_TEST(files_that_others_may_read)
{
	put("abc", 3, 0640);
	ck_assert_int_eq(get(reference), OK);
	static const mode_t modes[] = {0644, 0660, 0602, 0700};
	for (size_t i = 0; i < 4; i++) {
		put("abc", 3, modes[i]);
		ck_assert_int_eq(get(reference), E_DENIED);
		ck_assert_ptr_nonnull(strstr(err.remedy, "chmod 600"));
		ck_assert_ptr_null(secret);
	}
	unlink(path);
	ck_assert_int_eq(get(reference), E_NOTFOUND);
}
END_TEST

START_TEST(files_are_bounded)
{
	char *big = malloc(SECRET_MAX + 1);
	memset(big, 'x', SECRET_MAX + 1);
	put(big, SECRET_MAX, 0600);
	ck_assert_int_eq(get(reference), OK);
	ck_assert_uint_eq(strlen(secret), SECRET_MAX);
	put(big, SECRET_MAX + 1, 0600);
	ck_assert_int_eq(get(reference), E_LIMIT);
	free(big);
}
END_TEST

START_TEST(credentials)
{
	put("from systemd\n", 13, 0400);
	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_int_eq(get("credential:password"), E_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(err.remedy, "LoadCredential=password:"));
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	ck_assert_int_eq(get("credential:password"), OK);
	ck_assert_str_eq(secret, "from systemd");
	ck_assert_int_eq(get("credential:other"), E_NOTFOUND);
}
END_TEST

START_TEST(commands)
{
	char command[400];
	ck_assert_int_eq(get("command:echo a b"), OK);
	ck_assert_str_eq(secret, "a b");
	put("#!/bin/sh\necho aloud >&2\necho quiet\n", 35, 0700);
	snprintf(command, sizeof command, "command:%s", path);
	ck_assert_int_eq(get(command), OK);
	ck_assert_str_eq(secret, "quiet");
	put("#!/bin/sh\necho locked >&2\necho quiet\nexit 3\n", 44, 0700);
	ck_assert_int_eq(get(command), E_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.text, "ended with 3: locked"));
	ck_assert_ptr_null(strstr(err.text, "quiet"));
	ck_assert_int_eq(get("command:true"), E_SYNTAX);
	ck_assert_int_eq(get("command: "), E_CONFIG);
	ck_assert_int_eq(get("command:/nonexistent/program"), E_NOTFOUND);
	ck_assert_int_eq(get("command:head -c 9000 /dev/zero"), E_LIMIT);
}
END_TEST

START_TEST(other_references)
{
	ck_assert_int_eq(get("hunter2"), E_CONFIG);
	ck_assert_ptr_null(strstr(err.text, "hunter2"));
	ck_assert_int_eq(get(""), E_CONFIG);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/secret");
	TCase *tc = tcase_create("references");
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, files);
	tcase_add_test(tc, files_that_others_may_read);
	tcase_add_test(tc, files_are_bounded);
	tcase_add_test(tc, credentials);
	tcase_add_test(tc, commands);
	tcase_add_test(tc, other_references);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
