/* instance and values: every type, defaults, ranges, lists, and that each fault is told. */
#include "transport/instance.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static const char *const speeds[] = {"slow", "fast", "warp", NULL};
enum { TEXT, INT, SIZE, TIME, BOOL, ENUM, ADDR, NET, PATH, SECRET, BARE };
static const struct sgt_key keys[] = {
	[TEXT] = {.name = "label", .type = SGT_TEXT},
	[INT] = {.name = "entries", .type = SGT_INT, .standard = "4096", .min = 1, .max = 65536},
	[SIZE] = {.name = "buffers", .type = SGT_SIZE, .standard = "8M"},
	[TIME] =
		{.name = "patience", .type = SGT_TIME, .standard = "5s", .min = 1000, .max = 60000},
	[BOOL] = {.name = "sqpoll", .type = SGT_BOOL, .standard = "no"},
	[ENUM] = {.name = "speed", .type = SGT_ENUM, .standard = "fast", .words = speeds},
	[ADDR] = {.name = "name_server", .type = SGT_ADDR, .flags = SGT_KEY_MANY},
	[NET] = {.name = "address", .type = SGT_NET, .flags = SGT_KEY_MANY},
	[PATH] = {.name = "socket", .type = SGT_PATH},
	[SECRET] = {.name = "password", .type = SGT_SECRET},
	[BARE] = {.name = "free", .type = SGT_INT},
	{.name = NULL},
};
static const struct sgt_module module = {.code = "toy", .keys = keys};

struct told {
	unsigned faults, warnings;
	char text[2048];
};

static void on_fault(void *ctx, const struct instance_setting *at, bool fatal,
		     const struct err *err)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);
	if (fatal)
		t->faults++;
	else
		t->warnings++;
	snprintf(t->text + n, sizeof t->text - n, "%u: %s [%s]\n", at ? at->line : 0, err->text,
		 err->remedy);
}

static enum result read_secret(void *ctx, const char *source, struct buf *out, struct err *err)
{
	(void)ctx;
	if (strcmp(source, "file:/pw") == 0)
		return buf_puts(out, "hush");
	err_set(err, E_DENIED, "%s is not to be read", source);
	err_remedy(err, "chmod 600 it");
	return E_DENIED;
}

/* Settings as "key", "text" pairs; line numbers count from 1. */
static enum result make(struct instance **i, const char *const *pairs, struct told *told,
			struct err *err)
{
	struct instance_setting list[16];
	struct instance_config c = {.name = "TOY",
				    .settings = list,
				    .secret = read_secret,
				    .fault = on_fault,
				    .fault_ctx = told};
	for (; pairs && *pairs; pairs += 2) {
		list[c.count] = (struct instance_setting){pairs[0], pairs[1], "a.ini",
							  (unsigned)c.count + 1};
		c.count++;
	}
	memset(told, 0, sizeof *told);
	*i = NULL;
	return instance_new(i, &module, &c, err);
}
#define MAKE(i, told, err, ...) \
	make(&(i), (const char *const[]){__VA_ARGS__, NULL}, &(told), &(err))

START_TEST(defaults)
{
	struct instance *i;
	struct told told;
	struct err err;
	ck_assert_int_eq(make(&i, NULL, &told, &err), OK);
	ck_assert_uint_eq(instance_value(i, TEXT)->count, 0);
	ck_assert_int_eq(instance_value(i, INT)->number, 4096);
	ck_assert_str_eq(instance_value(i, INT)->texts[0], "4096");
	ck_assert_int_eq(instance_value(i, SIZE)->number, 8 << 20);
	ck_assert_int_eq(instance_value(i, TIME)->number, 5000);
	ck_assert_int_eq(instance_value(i, BOOL)->number, 0);
	ck_assert_uint_eq(instance_value(i, BOOL)->count, 1);
	ck_assert_int_eq(instance_value(i, ENUM)->number, 1);
	ck_assert_uint_eq(instance_value(i, ADDR)->count, 0);
	ck_assert_str_eq(instance_name(i), "TOY");
	ck_assert_ptr_eq(instance_module(i), &module);
	instance_destroy(&i);
	ck_assert_ptr_null(i);
	instance_destroy(&i);
}
END_TEST

START_TEST(given)
{
	struct instance *i;
	struct told told;
	struct err err;
	ck_assert_int_eq(MAKE(i, told, err, "label", "two, words", "entries", "65536", "buffers",
			      "1K", "patience", "1m", "sqpoll", "on", "speed", "WARP",
			      "name_server", "10.0.0.1:53 , b", "name_server", "c", "address",
			      "10.1.0.0/16, ::/0", "socket", "/run/x", "password", "file:/pw",
			      "free", "-12"),
			 OK);
	ck_assert_uint_eq(told.faults + told.warnings, 0);
	ck_assert_str_eq(instance_value(i, TEXT)->texts[0], "two, words");
	ck_assert_uint_eq(instance_value(i, TEXT)->count, 1);
	ck_assert_int_eq(instance_value(i, INT)->number, 65536);
	ck_assert_int_eq(instance_value(i, SIZE)->number, 1024);
	ck_assert_int_eq(instance_value(i, TIME)->number, 60000);
	ck_assert_int_eq(instance_value(i, BOOL)->number, 1);
	ck_assert_int_eq(instance_value(i, ENUM)->number, 2);
	ck_assert_str_eq(instance_value(i, ENUM)->texts[0], "warp");
	const struct sgt_value *ns = instance_value(i, ADDR);
	ck_assert_uint_eq(ns->count, 3);
	ck_assert_str_eq(ns->texts[0], "10.0.0.1:53");
	ck_assert_str_eq(ns->texts[1], "b");
	ck_assert_str_eq(ns->texts[2], "c");
	ck_assert_uint_eq(instance_value(i, NET)->count, 2);
	ck_assert_str_eq(instance_value(i, SECRET)->texts[0], "hush");
	ck_assert_int_eq(instance_value(i, BARE)->number, -12);
	struct sgt_create with;
	instance_create_args(i, &with);
	ck_assert_str_eq(with.name, "TOY");
	ck_assert_ptr_eq(with.values, instance_value(i, 0));
	instance_destroy(&i);
}
END_TEST

START_TEST(faults)
{
	static const struct {
		const char *key, *text, *words;
	} rows[] = {
		{"entries", "0", "entries = 0: it may be 1 to 65536"},
		{"entries", "65537", "it may be 1 to 65536"},
		{"entries", "many", "it takes a number"},
		{"free", "9223372036854775808", "the number is too large"},
		{"buffers", "1T", "it takes a size"},
		{"patience", "500ms", "it may be 1 s to 1 min"},
		{"patience", "soon", "it takes a time"},
		{"sqpoll", "maybe", "it takes yes or no"},
		{"speed", "wrap", "it takes slow, fast, warp [speed = warp]"},
		{"address", "10.1.0.1/16", "address = 10.1.0.1/16: "},
		{"socket", "run/x", "it takes an absolute path"},
		{"password", "geheim", "password: geheim is not to be read [chmod 600 it]"},
		{"entires", "5",
		 "entires: unknown key in [vendor TOY] (toy) [did you mean entries?]"},
		{"zzzzzzzz", "5", "zzzzzzzz: unknown key in [vendor TOY] (toy) []"},
	};
	for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
		struct instance *i;
		struct told told;
		struct err err;
		ck_assert_int_eq(MAKE(i, told, err, rows[n].key, rows[n].text), E_CONFIG);
		ck_assert_ptr_null(i);
		ck_assert_uint_eq(told.faults, 1);
		ck_assert_msg(strstr(told.text, rows[n].words) != NULL, "%s", told.text);
		ck_assert_msg(strncmp(err.text, "a.ini:1: ", 9) == 0, "%s", err.text);
	}
}
END_TEST

START_TEST(all_faults_are_told)
{
	struct instance *i;
	struct told told;
	struct err err;
	ck_assert_int_eq(MAKE(i, told, err, "entries", "x", "speed", "y", "entries", "5", "bad",
			      "z", "address", "1, 2"),
			 E_CONFIG);
	ck_assert_uint_eq(told.faults, 6);
	ck_assert_ptr_nonnull(strstr(told.text, "3: entries: given twice, first in line 1"));
	ck_assert_ptr_nonnull(strstr(told.text, "address = 2: "));
	ck_assert_str_eq(err.text, "a.ini:3: entries: given twice, first in line 1");
}
END_TEST

START_TEST(bare_time_warns)
{
	struct instance *i;
	struct told told;
	struct err err;
	ck_assert_int_eq(MAKE(i, told, err, "patience", "30"), OK);
	ck_assert_uint_eq(told.warnings, 1);
	ck_assert_str_eq(told.text, "1: patience = 30: taken as seconds [patience = 30s]\n");
	ck_assert_int_eq(instance_value(i, TIME)->number, 30000);
	instance_destroy(&i);
}
END_TEST

START_TEST(no_secrets_here)
{
	const struct instance_setting at = {"password", "file:/pw", NULL, 0};
	const struct instance_config c = {.name = "TOY", .settings = &at, .count = 1};
	struct instance *i;
	struct err err;
	ck_assert_int_eq(instance_new(&i, &module, &c, &err), E_CONFIG);
	ck_assert_str_eq(err.text, "password: secrets cannot be read here");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/instance");
	SUITE_CASE(s, "values", defaults, given, bare_time_warns);
	SUITE_CASE(s, "faults", faults, all_faults_are_told, no_secrets_here);
	return s;
}
SUITE_MAIN(suite)
