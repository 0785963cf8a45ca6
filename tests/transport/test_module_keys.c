/* The keys in each built module's own table, against its part of smtpgate.ini(5), the example and the module's README: the
 * same keys everywhere, and in the manual what may stand there. */
#include "base/file.h"
#include "support/suite.h"
#include "transport/loader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const codes[] = {"lmn", "ftp", "nvl", "win", "xln"};
#define CODES (int)(sizeof codes / sizeof *codes)

static char *read_text(const char *path)
{
	char whole[1024], *text;
	size_t n;
	struct err err;
	snprintf(whole, sizeof whole, "%s/../%s", TEST_SRCDIR, path);
	ck_assert_msg(file_read(whole, 1 << 20, &text, &n, &err) == OK, "%s", err.text);
	return text;
}

/* NULL: this build has it inside its programs, or not at all. */
static const struct sgt_module *module_of(const char *code)
{
	char folder[1024], name[64];
	const char *dirs[] = {folder, NULL};
	const struct sgt_module *m = NULL;
	struct err err;
	snprintf(name, sizeof name, "plugins/%s/%s.la", code, code);
	if (!strstr(SHARED_TRANSPORTS, name))
		return NULL;
	snprintf(folder, sizeof folder, "%s/plugins/%s/.libs", TEST_BUILDDIR, code);
	ck_assert_msg(transport_load(dirs, code, &m, &err) == LOAD_OK, "%s", err.text);
	return m;
}

/* ---- the manual ---- */

/* From the heading about a vendor to the next heading. malloc'd. */
static char *part_of(const char *manual, const char *code)
{
	char heading[64];
	snprintf(heading, sizeof heading, "\n.Ss Keys of the vendor %s\n", code);
	const char *at = strstr(manual, heading);
	ck_assert_msg(at, "smtpgate.ini(5) has no part%s", heading);
	const char *next = strstr(at + 1, "\n.Ss "), *last = strstr(at + 1, "\n.Sh ");
	return strndup(at, (size_t)((next && next < last ? next : last) - at) + 1);
}

static void put_number(const struct sgt_key *k, int64_t n, char *out, size_t size)
{
	static const char units[] = "KMG";
	int unit = -1;
	while (k->type == SGT_SIZE && n && n % 1024 == 0 && unit < 2) {
		n /= 1024;
		unit++;
	}
	snprintf(out, size, "%" PRId64 "%.*s", n, unit < 0 ? 0 : 1, unit < 0 ? "" : units + unit);
}

static void put_type(const struct sgt_key *k, char *out, size_t size)
{
	static const char *const words[] = {
		[SGT_TEXT] = "text",    [SGT_INT] = "int",     [SGT_SIZE] = "size",
		[SGT_TIME] = "time",    [SGT_BOOL] = "bool",   [SGT_ENUM] = "",
		[SGT_ADDR] = "address", [SGT_NET] = "network", [SGT_PATH] = "path",
		[SGT_SECRET] = "secret"};
	int n = snprintf(out, size, "%s", words[k->type]);
	for (size_t i = 0; k->type == SGT_ENUM && k->words[i]; i++)
		n += snprintf(out + n, size - (size_t)n, "%s%s", i ? "|" : "", k->words[i]);
}

/* "(int, 576 to 1500; default: 1500)". Of a key without a default the words end at "; ": why it may be left out, or not,
 * is the manual's to say. */
static void put_said(const struct sgt_key *k, char out[512])
{
	char type[128], least[32], most[32], range[80] = "";
	put_type(k, type, sizeof type);
	put_number(k, k->min, least, sizeof least);
	put_number(k, k->max, most, sizeof most);
	if (k->min || k->max)
		snprintf(range, sizeof range, ", %s to %s", least, most);
	snprintf(out, 512, "\n.br\n(%s%s%s; %s%s%s", type, range,
		 k->flags & SGT_KEY_MANY ? ", may be repeated" : "", k->standard ? "default: " : "",
		 k->standard ? k->standard : "", k->standard ? ")\n" : "");
}

static void check_manual(const char *part, const char *code, const struct sgt_key *k)
{
	char item[64], said[512];
	snprintf(item, sizeof item, "\n.It Ic %s\n", k->name);
	put_said(k, said);
	const char *at = strstr(part, item);
	ck_assert_msg(at, "smtpgate.ini(5) lacks %s of the vendor %s", k->name, code);
	const char *next = strstr(at + 1, "\n.It "), *end = strstr(at + 1, "\n.El");
	const char *found = strstr(at, said);
	ck_assert_msg(found && found < (next ? next : end),
		      "smtpgate.ini(5) should say of %s of the vendor %s: %s", k->name, code,
		      said + 5);
}

/* ---- places that name a key at the beginning of a line ---- */

static size_t count(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

static void check_readme(const struct sgt_module *m)
{
	char path[64], row[64];
	snprintf(path, sizeof path, "plugins/%s/README.md", m->code);
	char *text = read_text(path);
	for (const struct sgt_key *k = m->keys; k->name; k++) {
		snprintf(row, sizeof row, "\n| %s | ", k->name);
		ck_assert_msg(strstr(text, row), "%s lacks the key %s", path, k->name);
	}
	free(text);
}

/* Below a section of that vendor, in force or not. */
static void check_example(const struct sgt_module *m)
{
	char *text = read_text("etc/smtpgate.ini"), section[64], line[64];
	snprintf(section, sizeof section, "\n;[vendor %s]\n", m->code);
	char *at = strstr(text, section);
	ck_assert_msg(at, "etc/smtpgate.ini lacks [vendor %s]", m->code);
	char *next = strstr(at + 1, "\n;[");
	if (next)
		next[1] = '\0';
	for (const struct sgt_key *k = m->keys; k->name; k++) {
		snprintf(line, sizeof line, "\n;%s = ", k->name);
		ck_assert_msg(strstr(at, line), "etc/smtpgate.ini lacks %s in [vendor %s]", k->name,
			      m->code);
	}
	free(text);
}

START_TEST(keys)
{
	const struct sgt_module *m = module_of(codes[_i]);
	char *manual = read_text("doc/smtpgate.ini.5"), *part = part_of(manual, codes[_i]);
	size_t n = 0;
	for (const struct sgt_key *k = m ? m->keys : NULL; k && k->name; k++, n++)
		check_manual(part, codes[_i], k);
	if (m) {
		ck_assert_msg(count(part, "\n.It Ic ") == n,
			      "smtpgate.ini(5) has keys of the vendor %s that are none", codes[_i]);
		check_readme(m);
		check_example(m);
	}
	free(part);
	free(manual);
}
END_TEST

/* The manual speaks of no other vendor's keys. */
START_TEST(no_other)
{
	char *manual = read_text("doc/smtpgate.ini.5");
	ck_assert_uint_eq(count(manual, "\n.Ss Keys of the vendor "), CODES);
	free(manual);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/module_keys");
	TCase *tc = tcase_create("keys");
	tcase_add_loop_test(tc, keys, 0, CODES);
	tcase_add_test(tc, no_other);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
