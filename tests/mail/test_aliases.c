/* aliases: what a file of every form says, and what of it is refused. */
#include "mail/aliases.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static char faults[2000];
static struct mail_aliases *a;

static void tell(void *ctx, unsigned line, const char *fault)
{
	size_t n = strlen(faults);
	(void)ctx;
	snprintf(faults + n, sizeof faults - n, "%u: %s\n", line, fault);
}

static void load(const char *text)
{
	struct err err;
	faults[0] = '\0';
	mail_aliases_unref(&a);
	ck_assert_int_eq(mail_aliases_read(text, strlen(text), tell, NULL, &a, &err), OK);
}

static void stands_for(const char *name, const char *want)
{
	char got[500] = "";
	size_t count, n = 0;
	const char *const *targets = mail_aliases_find(a, name, &count);
	for (size_t i = 0; i < count; i++)
		n += (size_t)snprintf(got + n, sizeof got - n, "%s%s", i ? " " : "", targets[i]);
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s", name, got);
}

START_TEST(entries)
{
	load("# of Debian\nmailer-daemon: postmaster\nPostmaster:root\r\n\n  \nroot: "
	     "jane@company.com,\n"
	     "\t\\root ,\n# in between\n \"a, b\"@company.com\n\"First Last\": "
	     "fl@company.com\nlast: x");
	ck_assert_str_eq(faults, "");
	ck_assert_uint_eq(mail_aliases_count(a), 5);
	stands_for("MAILER-DAEMON", "postmaster");
	stands_for("postmaster", "root");
	stands_for("root", "jane@company.com \\root \"a, b\"@company.com");
	stands_for("first last", "fl@company.com");
	stands_for("last", "x");
	stands_for("nobody", "");
	mail_aliases_unref(&a);
}
END_TEST

START_TEST(refused)
{
	load("list: |/usr/bin/list run, \"|x y\", a@b\nnobody: /dev/null\nall: :include:/etc/all\n"
	     "no colon here\nbad: a b c\n: x\nroot: one\nROOT: two\n");
	stands_for("list", "a@b");
	stands_for("nobody", "");
	stands_for("all", "");
	stands_for("root", "one");
	ck_assert_uint_eq(mail_aliases_count(a), 2);
	ck_assert_str_eq(faults,
			 "1: |/usr/bin/list run is not followed: mail runs no programs here\n"
			 "1: \"|x y\" is not followed: mail runs no programs here\n"
			 "2: /dev/null is not followed: mail is not written to files here\n"
			 "3: :include:/etc/all is not followed: write the addresses here\n"
			 "4: \"no colon here\": there is no colon behind the name\n"
			 "5: \"a b c\" is no address\n"
			 "6: \"\" is no name\n"
			 "0: ROOT stands there twice: the first one counts\n");
	mail_aliases_unref(&a);
}
END_TEST

/* Whatever a file holds, it is read or told. */
START_TEST(any_bytes)
{
	static const char text[] = "a: b\0c, \"d\n\\\n: :\n\"\n#\n\t\n,,,:,\n\xff: \xfe\na:\\\n";
	struct err err;
	for (size_t n = 0; n < sizeof text; n++) {
		ck_assert_int_eq(mail_aliases_read(text, n, NULL, NULL, &a, &err), OK);
		mail_aliases_unref(&a);
	}
	load("");
	ck_assert_uint_eq(mail_aliases_count(a), 0);
	mail_aliases_unref(&a);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("aliases");
	SUITE_CASE(s, "file", entries, refused, any_bytes);
	return s;
}
SUITE_MAIN(suite)
