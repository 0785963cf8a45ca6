/*
 * The installed example: it loads as it is, each line that is a comment of a setting loads when its ; is taken away, and
 * all of them together do. A commented section goes with the keys that it needs.
 */
#include "conf/fake.h"
#include "base/file.h"
#include "base/text.h"
#include "support/suite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 600

static char *bytes, *lines[LINES_MAX];
static size_t count;

static void setup(void)
{
	size_t n;
	struct err err;
	ck_assert_int_eq(file_read(TEST_SRCDIR "/../etc/smtpgate.ini", 1 << 20, &bytes, &n, &err),
			 OK);
	count = 0;
	for (char *p = bytes, *end; (end = strchr(p, '\n')); p = end + 1) {
		*end = '\0';
		ck_assert_uint_lt(count, LINES_MAX);
		lines[count++] = p;
	}
}

static void teardown(void)
{
	free(bytes);
	fake_free();
}

static bool commented_section(const char *line)
{
	return line[0] == ';' && line[1] == '[';
}

static bool commented_key(const char *line)
{
	return line[0] == ';' && islower((unsigned char)line[1]);
}

static bool is_section(const char *line)
{
	return *line == '[' || commented_section(line);
}

/* The section line above line i, or i itself. */
static size_t section_of(size_t i)
{
	while (!is_section(lines[i]))
		i--;
	return i;
}

/* Does a commented section need this key beside others: no default, one that another listener has, one that is
 * warned of, or one that others go with? */
static bool needed(size_t i)
{
	static const char *const keys[] = {
		";domain =",        ";path =",     ";address =",    ";match =",  ";certificate =",
		";user =",          ";password =", ";smart_host =", ";sender =", ";client_id =",
		";client_secret =", ";tenant =",   ";format ="};
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
		if (text_starts(lines[i], keys[k]))
			return true;
	return false;
}

/* Loads the example with the lines uncommented for which fn says so. */
static void load_with(bool (*wanted)(size_t line, size_t chosen), size_t chosen)
{
	struct buf b;
	buf_init(&b, 0);
	for (size_t i = 0; i < count; i++)
		buf_printf(&b, "%s\n", lines[i] + wanted(i, chosen));
	char *text = strdup(buf_string(&b));
	buf_free(&b);
	/* The include is looked up by the real glob, in a folder that has none; what else is asked is the fake's. */
	struct conf_world world = *fake_world();
	world.expand = conf_world_host()->expand;
	struct settings *s;
	struct region *region;
	struct conf_fault *faults;
	static const char map[] = "COMPANY/OLD OLD.company.com\n";
	fake_file("/nowhere/gw.ini", text, strlen(text));
	fake_file("/srv/oldmail/smtp/ADDR_MAP.CFG", map, sizeof map - 1);
	fake_file("/srv/oldmail/smtp/LOCAL.CFG", "", 0);
	enum result r = conf_load_by(&world, "/nowhere/gw.ini", NULL, &s, &region, &faults);
	if (r != OK || faults)
		conf_faults_print(faults, stderr);
	ck_assert_msg(r == OK && !faults, "with line %zu: %s", chosen + 1,
		      chosen < count ? lines[chosen] : "");
	settings_unref(&s);
	region_destroy(&region);
	free(text);
}

static bool none_wanted(size_t line, size_t chosen)
{
	(void)line;
	(void)chosen;
	return false;
}

static bool all_wanted(size_t line, size_t chosen)
{
	(void)chosen;
	return commented_section(lines[line]) || commented_key(lines[line]);
}

/* A line that names an [oauth] goes with that section. */
static bool is_named(size_t line, size_t chosen)
{
	size_t section =
		is_section(lines[line]) || commented_key(lines[line]) ? section_of(line) : 0;
	return text_starts(lines[chosen], ";oauth =") && text_starts(lines[section], ";[oauth ") &&
	       (line == section || needed(line));
}

static bool one_wanted(size_t line, size_t chosen)
{
	if (line == chosen || is_named(line, chosen))
		return true;
	size_t section = section_of(chosen);
	if (!commented_section(lines[section]) || line < section || is_section(lines[line]))
		return line == section && commented_section(lines[section]);
	return commented_key(lines[line]) && section_of(line) == section && needed(line);
}

START_TEST(as_installed)
{
	load_with(none_wanted, count);
}
END_TEST

START_TEST(each_line_works)
{
	size_t tried = 0;
	for (size_t i = 0; i < count; i++) {
		if (!commented_section(lines[i]) && !commented_key(lines[i]))
			continue;
		load_with(one_wanted, i);
		tried++;
	}
	ck_assert_uint_gt(tried, 60);
}
END_TEST

START_TEST(all_lines_work)
{
	load_with(all_wanted, count);
}
END_TEST

/* Two styles of comment: `;key` and `;[` are settings, prose is `# `. */
START_TEST(comments_have_their_style)
{
	for (size_t i = 0; i < count; i++) {
		const char *p = lines[i];
		if (*p == '#')
			ck_assert_msg(p[1] == ' ' || !p[1], "line %zu: %s", i + 1, p);
		if (*p == ';')
			ck_assert_msg(commented_section(p) ||
					      (commented_key(p) && strstr(p, " = ")),
				      "line %zu: %s", i + 1, p);
		ck_assert_msg(strlen(p) <= 120, "line %zu is long", i + 1);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/example");
	TCase *tc = tcase_create("example");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, as_installed);
	tcase_add_test(tc, each_line_works);
	tcase_add_test(tc, all_lines_work);
	tcase_add_test(tc, comments_have_their_style);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
