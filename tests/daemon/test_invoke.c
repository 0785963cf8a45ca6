/* invoke: names of the program, commands, wrong usage. The table of commands here is the test's own. */
#include "daemon/invoke.h"

#include "daemon/commands.h"
#include "support/suite.h"
#include "transport/registry.h"

#include <stdlib.h>
#include <string.h>

static struct call seen;
static char seen_args[256];

static enum exit_status note(struct call *c)
{
	seen = *c;
	seen_args[0] = '\0';
	for (int i = 0; i < c->options.arg_count; i++) {
		strcat(seen_args, i ? "," : "");
		strcat(seen_args, c->options.args[i]);
	}
	return EXIT_TEMPORARY;
}

static const unsigned char send_options[] = {OPT_HEADERS, OPT_IGNORE_DOT, OPT_SENDER, OPT_OLD,
					     OPTION_END};
static const unsigned char queue_options[] = {OPT_JSON, OPTION_END};
const struct command commands[] = {
	{"queue", "list|show", "look", "Long help of queue.\n", queue_options, 1, 2, true, note},
	{"send", "[ADDRESS...]", "submit", "", send_options, 0, -1, false, note},
	{"status", "", "show", "", queue_options, 0, 0, true, note},
	{0},
};

const char *registry_vendor_of_program(const char *argv0)
{
	return strcmp(argv0, "smtpftp") == 0 ? "ftp" : NULL;
}

static char *out_text, *err_text;

#define INVOKE(...) call((const char *[]){__VA_ARGS__, NULL})

static int call(const char **words)
{
	static char *argv[16];
	size_t n;
	int argc = 0;
	memset(&seen, 0, sizeof seen);
	free(out_text);
	free(err_text);
	out_text = err_text = NULL;
	FILE *out = open_memstream(&out_text, &n), *err = open_memstream(&err_text, &n);
	for (; words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	argv[argc] = NULL;
	int status = (int)invoke(argc, argv, stdin, out, err);
	fclose(out);
	fclose(err);
	return status;
}

START_TEST(commands_are_found)
{
	ck_assert_int_eq(INVOKE("/usr/bin/smtpgate", "--config", "f", "queue", "list", "--json"),
			 EXIT_TEMPORARY);
	ck_assert_str_eq(seen.command->name, "queue");
	ck_assert_str_eq(seen_args, "list");
	ck_assert_str_eq(seen.options.value[OPT_CONFIG], "f");
	ck_assert_ptr_nonnull(seen.options.value[OPT_JSON]);
	ck_assert_ptr_null(seen.vendor);
}
END_TEST

START_TEST(names_of_the_program)
{
	INVOKE("/opt/smtpftp", "status");
	ck_assert_str_eq(seen.vendor, "ftp");
	INVOKE("/usr/sbin/sendmail", "-t", "-oi", "-f", "a@b", "c@d", "e@f");
	ck_assert_str_eq(seen.command->name, "send");
	ck_assert_str_eq(seen_args, "c@d,e@f");
	ck_assert_str_eq(seen.options.value[OPT_OLD], "i");
	ck_assert_str_eq(seen.options.value[OPT_SENDER], "a@b");
	INVOKE("mailq");
	ck_assert_str_eq(seen.command->name, "queue");
	ck_assert_int_eq(seen.options.arg_count, 1);
	INVOKE("lt-smtpgate", "status");
	ck_assert_str_eq(seen.command->name, "status");
	setenv("SMTPGATE_CONFIG", "/nowhere/smtpgate.ini", 1);
	ck_assert_int_eq(INVOKE("newaliases"), EXIT_CONFIG); /* it reads where the aliases are */
	ck_assert_ptr_nonnull(strstr(err_text, "/nowhere/smtpgate.ini"));
}
END_TEST

START_TEST(wrong_usage_is_64)
{
	ck_assert_int_eq(INVOKE("smtpgate"), EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(err_text, "usage: smtpgate COMMAND"));
	ck_assert_int_eq(INVOKE("smtpgate", "quene"), EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(err_text, "there is no command quene: did you mean queue?"));
	ck_assert_int_eq(INVOKE("smtpgate", "queue"), EXIT_USAGE);
	ck_assert_int_eq(INVOKE("smtpgate", "queue", "a", "b", "c"), EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(err_text, "one argument too many: c"));
	ck_assert_int_eq(INVOKE("smtpgate", "status", "--jsn"), EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(err_text, "did you mean --json?"));
	ck_assert_ptr_null(seen.command);
}
END_TEST

START_TEST(help_and_version_everywhere)
{
	ck_assert_int_eq(INVOKE("smtpgate", "--version"), 0);
	ck_assert_int_eq(strncmp(out_text, "smtpgate ", 9), 0);
	ck_assert_int_eq(INVOKE("smtpgate", "queue", "--version"), 0);
	ck_assert_int_eq(INVOKE("smtpgate", "--help"), 0);
	ck_assert_ptr_nonnull(strstr(out_text, "  status    show"));
	ck_assert_int_eq(INVOKE("smtpgate", "queue", "--help"), 0);
	ck_assert_ptr_nonnull(strstr(out_text, "Long help of queue."));
	ck_assert_ptr_nonnull(strstr(out_text, "--instance NAME"));
	ck_assert_ptr_null(seen.command);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/invoke");
	SUITE_CASE(s, "dispatch", commands_are_found, names_of_the_program);
	SUITE_CASE(s, "usage", wrong_usage_is_64, help_and_version_everywhere);
	return s;
}
SUITE_MAIN(suite)
