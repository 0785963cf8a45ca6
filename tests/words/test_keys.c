/* The tables of keys against the manual smtpgate.ini(5) and the example: the same keys, with the same words on them. */
#include "words/keys_text.h"
#include "base/file.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *manual, *example;

static char *read_text(const char *path)
{
	char *text;
	size_t n;
	struct err err;
	ck_assert_msg(file_read(path, 1 << 20, &text, &n, &err) == OK, "%s", err.text);
	return text;
}

static void setup(void)
{
	manual = read_text(TEST_SRCDIR "/../doc/smtpgate.ini.5");
	example = read_text(TEST_SRCDIR "/../etc/smtpgate.ini");
}

static void teardown(void)
{
	free(manual);
	free(example);
}

/* The part of the manual about a kind of section: from its heading to the next. malloc'd. */
static char *part_of(const struct conf_kind *kind)
{
	struct conf_out heading;
	conf_out_init(&heading);
	conf_out_puts(&heading, "\n.Ss ");
	keys_text_kind(kind, &heading);
	conf_out_puts(&heading, "\n");
	const char *at = strstr(manual, conf_out_string(&heading));
	ck_assert_msg(at, "the manual has no part%s", conf_out_string(&heading));
	const char *next = strstr(at + 1, "\n.Ss "), *last = strstr(at + 1, "\n.Sh ");
	conf_out_free(&heading);
	return strndup(at, (size_t)((next && next < last ? next : last) - at) + 1);
}

/* In its part of the manual stands `.It Ic KEY`, some text, and what is said of it, before the next key. */
static void check_manual(const char *part, const struct conf_key *k)
{
	struct conf_out item, words;
	conf_out_init(&item);
	conf_out_init(&words);
	conf_out_printf(&item, "\n.It Ic %s\n", k->name);
	conf_out_puts(&words, "\n.br\n");
	keys_text_key(k, &words);
	conf_out_puts(&words, "\n");
	const char *at = strstr(part, conf_out_string(&item));
	ck_assert_msg(at, "the manual lacks the key %s", k->name);
	const char *next = strstr(at + 1, "\n.It "), *end = strstr(at + 1, "\n.El");
	const char *said = strstr(at, conf_out_string(&words));
	ck_assert_msg(said && said < (next ? next : end), "the manual should say of %s: %s",
		      k->name, conf_out_string(&words) + 5);
	conf_out_free(&item);
	conf_out_free(&words);
}

START_TEST(manual_has_every_key)
{
	for (size_t i = 0; i < CONF_KINDS; i++) {
		char *part = part_of(&conf_kinds[i]);
		size_t keys = 0;
		for (const struct conf_key *k = conf_kinds[i].keys; k->name; k++)
			check_manual(part, k);
		for (const char *p = part; (p = strstr(p, "\n.It Ic ")); p++)
			keys++;
		ck_assert_msg(keys == conf_key_count(&conf_kinds[i]),
			      "the manual has keys of [%s] that are none", conf_kinds[i].word);
		free(part);
	}
	size_t parts = 0;
	for (const char *p = manual; (p = strstr(p, "\n.Ss [")); p++)
		parts++;
	ck_assert_uint_eq(parts, CONF_KINDS);
}
END_TEST

/* Marks the keys of a kind that stand in the example below a section of that kind, in force or not. */
static void mark_keys(const struct conf_kind *kind, bool *seen)
{
	char section[64];
	bool here = false;
	snprintf(section, sizeof section, "[%s%s", kind->word, kind->named ? " " : "]");
	for (const char *p = example; *p; p = strchr(p, '\n') + 1) {
		const char *at = p + (*p == ';');
		if (*at == '[')
			here = strncmp(at, section, strlen(section)) == 0;
		if (!here || *at == '#')
			continue;
		for (const struct conf_key *k = kind->keys; k->name; k++) {
			size_t n = strlen(k->name);
			if (strncmp(at, k->name, n) == 0 && strncmp(at + n, " = ", 3) == 0)
				seen[k - kind->keys] = true;
		}
	}
}

START_TEST(example_has_every_key)
{
	for (size_t i = 0; i < CONF_KINDS; i++) {
		bool seen[64] = {false};
		ck_assert_uint_lt(conf_key_count(&conf_kinds[i]), 64);
		mark_keys(&conf_kinds[i], seen);
		for (const struct conf_key *k = conf_kinds[i].keys; k->name; k++)
			ck_assert_msg(seen[k - conf_kinds[i].keys], "the example lacks %s in [%s]",
				      k->name, conf_kinds[i].word);
	}
}
END_TEST

/* mandoc, where it is there, finds nothing to say about the manual. */
START_TEST(manual_is_clean)
{
	if (system("command -v mandoc >/dev/null 2>&1") != 0)
		return;
	ck_assert_int_eq(
		system("mandoc -T lint -W warning '" TEST_SRCDIR "/../doc/smtpgate.ini.5' >&2"), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("words/keys");
	TCase *tc = tcase_create("keys");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, manual_has_every_key);
	tcase_add_test(tc, example_has_every_key);
	tcase_add_test(tc, manual_is_clean);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
