/*
 * lmn, or the module of SYMBOLS_OF: one symbol is visible in it, and every external name inside begins with its code.
 * SYMBOLS_ALSO: names in blanks that must be visible as well, because they stand in for a library's own.
 */
#include "support/suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SYMBOLS_OF
#define SYMBOLS_OF "lmn"
#endif
#ifndef SYMBOLS_ALSO
#define SYMBOLS_ALSO ""
#endif
#define PREFIX SYMBOLS_OF "_"
#define EXPORTED PREFIX "LTX_smtpgate_transport"

static bool is_expected(const char *name)
{
	char word[260];
	snprintf(word, sizeof word, " %s ", name);
	/* A sanitizer's own marks are not ours. */
	return strncmp(name, PREFIX, sizeof PREFIX - 1) == 0 || strstr(SYMBOLS_ALSO, word) ||
	       strncmp(name, "__odr_asan", 10) == 0;
}

static unsigned also_count(void)
{
	unsigned blanks = 0;
	for (const char *at = SYMBOLS_ALSO; *at; at++)
		blanks += *at == ' ';
	return blanks ? blanks - 1 : 0;
}

/* Names that nm prints for a file; returns how many, and the first that does not begin with the code. */
static unsigned names(const char *options, const char *file, char odd[256])
{
	char command[1024], line[512], name[256];
	unsigned n = 0;
	odd[0] = '\0';
	snprintf(command, sizeof command, "nm %s --defined-only '%s'", options, file);
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof line, f)) {
		/* the name of a member of an archive has no blank */
		if (!strchr(line, ' ') || sscanf(line, "%*x %*c %255s", name) != 1)
			continue;
		n++;
		if (!is_expected(name) && !odd[0])
			memcpy(odd, name, sizeof name);
	}
	ck_assert_int_eq(pclose(f), 0);
	return n;
}

START_TEST(names_of_the_archive)
{
	char odd[256];
	unsigned n =
		names("-g", TEST_BUILDDIR "/plugins/" SYMBOLS_OF "/.libs/lib" SYMBOLS_OF ".a", odd);
	ck_assert_uint_gt(n, 20);
	ck_assert_msg(!odd[0], "%s does not begin with " PREFIX, odd);
}
END_TEST

START_TEST(names_of_the_module)
{
	const char *file = TEST_BUILDDIR "/plugins/" SYMBOLS_OF "/.libs/" SYMBOLS_OF ".so";
	char odd[256], line[256], command[1024];
	if (access(file, R_OK) < 0)
		return; /* configured static or not at all: the archive says it all */
	snprintf(command, sizeof command, "nm -D --defined-only '%s' | grep -c ' " EXPORTED "$'",
		 file);
	FILE *f = popen(command, "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
	pclose(f);
	ck_assert_str_eq(line, "1\n");
	unsigned n = names("-D", file, odd);
	ck_assert_msg(!odd[0], "%s is visible", odd);
	const char *sanitized = getenv("TEST_SANITIZED");
	if (!sanitized || strcmp(sanitized, "yes") != 0)
		ck_assert_uint_eq(n, 1 + also_count());
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/" SYMBOLS_OF "_symbols");
	SUITE_CASE(s, "names", names_of_the_archive, names_of_the_module);
	return s;
}
SUITE_MAIN(suite)
