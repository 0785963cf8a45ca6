/* table: the last 256 bytes of a file in any case of names; what would break lines is left; files that are none. */
#include "translate/table.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static unsigned char file[TABLE_FILE_SIZE];

static void fill(void)
{
	memset(file, 0xee, 8);
	for (int i = 0; i < 256; i++)
		file[8 + i] = (unsigned char)i;
	file[8 + 0x84] = '{';
	file[8 + 'a'] = '\n';
	file[8 + '\n'] = 'x';
	file[8 + 'b'] = 0x7f;
}

static void put(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

START_TEST(read)
{
	struct table t;
	bool odd;
	char text[] = "ab\x84\xe1\n";
	fill();
	ck_assert_int_eq(table_read(file, sizeof file, &t, &odd), OK);
	ck_assert(!odd);
	table_apply(&t, text, strlen(text));
	ck_assert_str_eq(text, "ab{\xe1\n");
	ck_assert_int_eq(table_read(file + 8, 256, &t, &odd), OK);
	ck_assert(odd);
	ck_assert_int_eq(t.to[0x84], '{');
	ck_assert_int_eq(table_read(file, 255, &t, &odd), E_SYNTAX);
}
END_TEST

START_TEST(opened)
{
	struct table t;
	struct err err;
	bool odd;
	char path[256];
	const char *folder = suite_scratch();
	fill();
	ck_assert_int_eq(table_open(folder, "SMTPOUT.TBL", &t, &odd, &err), E_NOTFOUND);
	snprintf(path, sizeof path, "%s/SMTP", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(table_open(folder, "SMTPOUT.TBL", &t, &odd, &err), E_NOTFOUND);
	snprintf(path, sizeof path, "%s/smtp", folder); /* the gateway makes this one */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/SMTP/SmtpOut.tbl", folder);
	put(path, file, sizeof file);
	ck_assert_int_eq(table_open(folder, "SMTPOUT.TBL", &t, &odd, &err), OK);
	ck_assert_int_eq(t.to[0x84], '{');
	t.to[0x84] = 0;
	ck_assert_int_eq(table_open_in(folder, "SMTPOUT.TBL", &t, &odd, &err), E_NOTFOUND);
	char inner[256];
	snprintf(inner, sizeof inner, "%s/SMTP", folder);
	ck_assert_int_eq(table_open_in(inner, "SMTPOUT.TBL", &t, &odd, &err), OK);
	ck_assert_int_eq(t.to[0x84], '{');
	put(path, file, 100);
	ck_assert_int_eq(table_open_in(inner, "SMTPOUT.TBL", &t, &odd, &err), E_SYNTAX);
	ck_assert_int_eq(table_open(folder, "SMTPOUT.TBL", &t, &odd, &err), E_SYNTAX);
	ck_assert_ptr_nonnull(strstr(err.text, "SmtpOut.tbl has 100 bytes and is no table"));
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("translate/table");
	SUITE_CASE(s, "table", read, opened);
	return s;
}
SUITE_MAIN(suite)
