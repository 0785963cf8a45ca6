/* load: sections, keys, includes; each fault with file, line and the nearest known name. */
#include "conf/fake.h"
#include "base/file.h"
#include "support/suite.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(empty_file_is_valid)
{
	ck_assert_int_eq(fake_load(""), OK);
	ck_assert_str_eq(fake_faults(), "");
	const struct settings *s = fake_settings();
	ck_assert_str_eq(s->file, FAKE_FILE);
	ck_assert_str_eq(s->gateway.hostname, "host.example");
	ck_assert_str_eq(s->gateway.vendor, "lmn");
	ck_assert_str_eq(s->gateway.spool, LOCALSTATEDIR "/spool/smtpgate");
	ck_assert_ptr_null(s->gateway.user);
	ck_assert_uint_eq(s->gateway.max_size, 50u << 20);
	ck_assert_uint_eq(s->listen_count, 1);
	ck_assert_str_eq(s->listens[0].name, "default");
	ck_assert_str_eq(s->listens[0].addresses.items[0], "127.0.0.1:2525");
	ck_assert_uint_eq(s->route_count, 0);
	ck_assert_uint_eq(s->postoffice_count, 0);
	ck_assert_uint_eq(s->queue.retry.count, 6);
	ck_assert_int_eq(s->queue.lifetime, 5 * 86400000ll);
	ck_assert_uint_eq(s->vendor_count, 1);
	ck_assert(s->vendors[0].required);
	fake_free();
}
END_TEST

/* text is loaded; faults is what comes of it. */
static const struct {
	const char *text, *faults;
} faulty[] = {
	{"[gatway]\n", "/gw.ini:1: error: unknown section [gatway] (did you mean \"gateway\"?)\n"},
	{"[profil x]\nlike = y\n",
	 "/gw.ini:1: error: unknown section [profil] (did you mean \"profile\"?)\n"},
	{"\n[listen]\n", "/gw.ini:2: error: the section [listen] needs a name: [listen NAME]\n"},
	{"[queue x]\n", "/gw.ini:1: error: the section [queue] takes no name, here \"x\"\n"},
	{"[queue]\n[log]\n[queue]\n",
	 "/gw.ini:3: error: the section [queue] is given twice, first at "
	 "/gw.ini:1 (put their keys together in one)\n"},
	{"[route a]\n[route A]\n",
	 "/gw.ini:1: warning: *\n"
	 "/gw.ini:2: error: the section [route A] is given twice, first at "
	 "/gw.ini:1 (put their keys together in one)\n"},
	{"[queue]\nkeep = 1d\n[queue]\nkeep = x\nfoo = 1\n",
	 "/gw.ini:3: error: the section [queue] is given twice, *\n"
	 "/gw.ini:4: error: keep: \"x\" is not a time (30s, 5m, 2h, 5d)\n"
	 "/gw.ini:5: error: unknown key \"foo\" in [queue]\n"},
	{"[gateway]\nhostnme = a.b\n",
	 "/gw.ini:2: error: unknown key \"hostnme\" in [gateway] (did you mean \"hostname\"?)\n"},
	{"[gateway]\nHostname = a.b\n",
	 "/gw.ini:2: error: unknown key \"Hostname\" in [gateway] (did you mean \"hostname\"?)\n"},
	{"[gateway]\nsmart_host = a.b\n", "/gw.ini:2: error: unknown key \"smart_host\" in "
					  "[gateway] (it is a key of [route NAME])\n"},
	{"[gateway]\npassword = hunter2\n",
	 "/gw.ini:2: error: unknown key \"password\" in [gateway] (it is a key of [route "
	 "NAME])\n"},
	{"[gateway]\nspool = /a\n\nspool = /b\n",
	 "/gw.ini:4: error: spool is given twice, first at /gw.ini:2 (leave one of them)\n"},
	{"[gateway]\nspool =\n",
	 "/gw.ini:2: error: spool has no value (leave the line out for the default)\n"},
	{"[gateway]\nspool = ; none\n",
	 "/gw.ini:2: error: spool has no value (leave the line out for the default)\n"},
	{"k = v\n",
	 "/gw.ini:1: error: text stands before the first section (begin with [gateway])\n"},
	{"[gateway\nspool = relative\n[log]\nlevel = 7\n",
	 "/gw.ini:1: error: the section line has no ] (it is written [section] or [section NAME])\n"
	 "/gw.ini:4: error: level: \"7\" is none of error, warn, info, debug\n"},
	{"[gateway]\nvendor lmn\nspool\n",
	 "/gw.ini:2: error: \"vendor\" has no = behind it (it is written: key = value)\n"
	 "/gw.ini:3: error: \"spool\" has no = behind it (it is written: key = value)\n"},
	{"[postoffice a/b]\n", "/gw.ini:1: error: [postoffice a/b] needs the key domain\n"
			       "/gw.ini:1: error: [postoffice a/b] needs the key path\n"},
	{"[postoffice a/b]\ndomain =\npath = /p\n", "/gw.ini:2: error: domain has no value\n"},
	{"[gateway]\ninclude = x.ini\n", "/gw.ini:2: error: include: x.ini cannot be looked up\n"},
};

/* Does text match the pattern, in which * at the end of a line stands for the rest of that line? */
static bool lines_match(const char *pattern, const char *text)
{
	while (*pattern && *text) {
		if (pattern[0] == '*' && pattern[1] == '\n') {
			pattern++;
			text += strcspn(text, "\n");
		}
		if (*pattern++ != *text++)
			return false;
	}
	return !*pattern && strchr(text, '\n') == text + strlen(text) - 1; /* the count is left */
}

START_TEST(faults_have_their_line)
{
	ck_assert_int_eq(fake_load(faulty[_i].text), E_CONFIG);
	ck_assert_ptr_null(fake_settings());
	if (!lines_match(faulty[_i].faults, fake_faults()))
		ck_abort_msg("%s", fake_faults());
	fake_free();
}
END_TEST

START_TEST(file_that_is_not_there)
{
	struct settings *s;
	struct region *region;
	struct conf_fault *faults;
	ck_assert_int_eq(conf_load_by(fake_world(), "/none.ini", NULL, &s, &region, &faults),
			 E_NOTFOUND);
	ck_assert_ptr_null(s);
	ck_assert_str_eq(faults->file, "/none.ini");
	ck_assert_uint_eq(faults->line, 0);
	ck_assert_str_eq(faults->text, "/none.ini cannot be read: no such file");
	ck_assert_str_eq(faults->remedy,
			 "name another with --config; an empty file is a valid one");
	region_destroy(&region);
	ck_assert_int_eq(settings_load("/", NULL, &s, &region, &faults), E_CONFIG);
	ck_assert_ptr_nonnull(faults);
	region_destroy(&region);
}
END_TEST

START_TEST(repeated_keys_replace_the_default_and_add_up)
{
	ck_assert_int_eq(fake_load("[listen a]\naddress = *:25\naddress = [::1]:25, 10.0.0.1:26\n"
				   "[gateway]\nplugin_dir = /a,b\nplugin_dir = /c\n"),
			 OK);
	const struct conf_texts *a = &fake_settings()->listens[0].addresses;
	ck_assert_uint_eq(a->count, 3);
	ck_assert_str_eq(a->items[0], "*:25");
	ck_assert_str_eq(a->items[2], "10.0.0.1:26");
	const struct conf_texts *dirs = &fake_settings()->gateway.plugin_dirs;
	ck_assert_uint_eq(dirs->count, 2);
	ck_assert_str_eq(dirs->items[0], "/a,b");
	fake_free();
}
END_TEST

START_TEST(keys_of_a_plugin_are_kept)
{
	ck_assert_int_eq(
		fake_load("[vendor ftp]\nnetwork = vde:///run/vde.ctl\nplugin = ftp\n"
			  "name_server = 10.0.0.1\nname_server = \"10.0.0.2 ; x\"\nempty =\n"),
		OK);
	const struct conf_vendor *v = settings_vendor(fake_settings(), "ftp");
	ck_assert_uint_eq(v->pair_count, 4);
	ck_assert_str_eq(v->pairs[0].key, "network");
	ck_assert_str_eq(v->pairs[0].value, "vde:///run/vde.ctl");
	ck_assert_str_eq(v->pairs[0].file, FAKE_FILE);
	ck_assert_uint_eq(v->pairs[0].line, 2);
	ck_assert_str_eq(v->pairs[2].value, "10.0.0.2 ; x");
	ck_assert_uint_eq(v->pairs[2].line, 5);
	ck_assert_str_eq(v->pairs[3].value, "");
	fake_free();
}
END_TEST

/* ---- includes: by the real world, in a folder of the test's own ---- */

static char *path_of(const char *name)
{
	static char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", suite_scratch(), name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	struct err err;
	ck_assert_int_eq(file_replace(file_system(), path_of(name), text, strlen(text), 0600, &err),
			 OK);
}

static struct settings *loaded;
static char *told;

/* Loads main.ini of the scratch folder; faults without the folder in `told`. */
static enum result load_main(void)
{
	struct region *region;
	struct conf_fault *faults;
	size_t n, cut = strlen(suite_scratch()) + 1;
	char *text;
	settings_unref(&loaded);
	enum result r = settings_load(path_of("main.ini"), NULL, &loaded, &region, &faults);
	FILE *out = open_memstream(&text, &n);
	conf_faults_print(faults, out);
	fclose(out);
	for (char *p; (p = strstr(text, suite_scratch()));)
		memmove(p, p + cut, strlen(p + cut) + 1);
	free(told);
	told = text;
	region_destroy(&region);
	return r;
}

static void scratch_setup(void)
{
	suite_scratch();
	ck_assert_int_eq(file_make_dirs(file_system(), path_of("conf.d"), 0700, NULL), OK);
}

static void scratch_teardown(void)
{
	settings_unref(&loaded);
	free(told);
	told = NULL;
	suite_scratch_remove();
}

START_TEST(includes_are_read_in_order)
{
	write_file("main.ini",
		   "[route a]\nmatch = a.example\n[gateway]\nhostname = h.example\ninclude = "
		   "conf.d/*.ini\n"
		   "include = none/*.ini\ninclude = extra.ini\n[route b]\nmatch = b.example\n");
	write_file("conf.d/20.ini", "[route d]\nmatch = d.example\n");
	write_file("conf.d/10.ini", "\xef\xbb\xbf[route c]\nmatch = c.example");
	write_file("conf.d/30.txt", "junk\n");
	write_file("extra.ini", "[route e]\nmatch = e.example\n[queue]\nkeep = 1d\n");
	ck_assert_int_eq(load_main(), OK);
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(loaded->route_count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(loaded->routes[i].name[0], "abcde"[i]);
	ck_assert_int_eq(loaded->queue.keep, 86400000);
}
END_TEST

START_TEST(faults_of_includes)
{
	write_file("main.ini",
		   "[gateway]\nhostname = h.example\ninclude = conf.d/*.ini\ninclude = gone.ini\n"
		   "[queue]\nkeep = x\n");
	write_file("conf.d/10.ini", "\nk = v\n[queue]\n");
	write_file("conf.d/20.ini", "[gateway]\ninclude = more.ini\n");
	ck_assert_int_eq(load_main(), E_CONFIG);
	ck_assert_str_eq(
		told,
		"main.ini:3: error: gone.ini cannot be read: No such file or directory\n"
		"main.ini:6: error: keep: \"x\" is not a time (30s, 5m, 2h, 5d)\n"
		"conf.d/10.ini:2: error: text stands before the first section (begin with "
		"[gateway])\n"
		"conf.d/10.ini:3: error: the section [queue] is given twice, first at main.ini:5 "
		"(put their keys together in one)\n"
		"conf.d/20.ini:1: error: the section [gateway] is given twice, first at main.ini:1 "
		"(put their keys together in one)\n5 errors, 0 warnings\n");
}
END_TEST

START_TEST(a_file_that_includes_itself)
{
	write_file("main.ini", "[gateway]\nhostname = h.example\ninclude = *.ini\n");
	ck_assert_int_eq(load_main(), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(told, "[gateway] is given twice, first at main.ini:1"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/load");
	SUITE_CASE(s, "settings", empty_file_is_valid, repeated_keys_replace_the_default_and_add_up,
		   keys_of_a_plugin_are_kept, file_that_is_not_there);
	TCase *loops = tcase_create("faults");
	tcase_add_loop_test(loops, faults_have_their_line, 0, sizeof faulty / sizeof *faulty);
	suite_add_tcase(s, loops);
	TCase *files = tcase_create("includes");
	tcase_add_checked_fixture(files, scratch_setup, scratch_teardown);
	tcase_add_test(files, includes_are_read_in_order);
	tcase_add_test(files, faults_of_includes);
	tcase_add_test(files, a_file_that_includes_itself);
	suite_add_tcase(s, files);
	return s;
}
SUITE_MAIN(suite)
