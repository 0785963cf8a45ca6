/* content: ranges of memory and of a file, read at every place and piecewise; a file that became shorter. */
#include "translate/content.h"

#include "support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char bytes[] = "0123456789abcdef";

static int scratch_file(void)
{
	char path[300];
	snprintf(path, sizeof path, "%s/bytes", suite_scratch());
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, 16), 16);
	return fd;
}

static void read_all(const struct content *c, const char *want)
{
	char got[32];
	size_t n, len = 0;
	do {
		ck_assert_int_eq(content_read(c, len, got + len, sizeof got - len, &n), OK);
		ck_assert(!c->most || n <= c->most);
		len += n;
	} while (n);
	ck_assert_uint_eq(len, strlen(want));
	ck_assert_mem_eq(got, want, len);
}

START_TEST(every_range)
{
	int fd = scratch_file();
	for (int kind = 0; kind < 2; kind++)
		for (size_t most = 0; most < 4; most++)
			for (size_t from = 0; from <= 16; from++)
				for (size_t n = 0; from + n <= 16; n++) {
					char want[17];
					struct content whole = kind ? content_file(fd, 0, 16)
								    : content_memory(bytes, 16);
					whole.most = most;
					struct content c = content_part(&whole, from, n);
					snprintf(want, sizeof want, "%.*s", (int)n, bytes + from);
					read_all(&c, want);
				}
	close(fd);
	suite_scratch_remove();
}
END_TEST

START_TEST(failures)
{
	char got[8];
	size_t n;
	int fd = scratch_file();
	struct content c = content_file(fd, 10, 10);
	ck_assert_int_eq(content_read(&c, 0, got, sizeof got, &n), OK);
	ck_assert_uint_eq(n, 6);
	ck_assert_int_eq(content_read(&c, 6, got, sizeof got, &n), E_CORRUPT);
	close(fd);
	ck_assert_int_ne(content_read(&c, 0, got, sizeof got, &n), OK);
	c = content_memory(NULL, 0);
	ck_assert_int_eq(content_read(&c, 0, got, sizeof got, &n), OK);
	ck_assert_uint_eq(n, 0);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/content");
	SUITE_CASE(s, "ranges", every_range, failures);
	return s;
}
SUITE_MAIN(suite)
