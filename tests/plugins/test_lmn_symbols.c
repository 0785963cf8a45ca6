/* lmn, or the module of SYMBOLS_OF: one symbol is visible in it, and every external name inside begins with its code. */
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SYMBOLS_OF
#define SYMBOLS_OF "lmn"
#endif
#define PREFIX SYMBOLS_OF "_"
#define EXPORTED PREFIX "LTX_smtpgate_transport"

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
		if (sscanf(line, "%*x %*c %255s", name) != 1)
			continue;
		n++;
		/* A sanitizer's own marks are not ours. */
		if (strncmp(name, PREFIX, sizeof PREFIX - 1) != 0 &&
		    strncmp(name, "__odr_asan", 10) != 0 && !odd[0])
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
		ck_assert_uint_eq(n, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/" SYMBOLS_OF "_symbols");
	SUITE_CASE(s, "names", names_of_the_archive, names_of_the_module);
	return s;
}
SUITE_MAIN(suite)
