/* print: what is in force with its origin; what -n prints gives the same settings again; what needs a restart. */
#include "conf/fake.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static const char rich[] =
	"[gateway]\nhostname = gw.company.com\nadmin = root\nmax_size = 20M\nplugin_dir = "
	"/a\nplugin_dir = \"/b ;c\"\n"
	"[log]\nto = stderr\nto = file:/l\nprotocol = 10.0.0.0/8, ::1\n"
	"[listen lan]\naddress = *:25, [::1]:25\nvendor = lmn\nmax_size = 10M\nrate = 60/90s\n"
	"[listen all-defaults]\n"
	"[route in]\nmatch = !a@b.example, .example\ndo = \"reject say \\\"no\\\" ; please \"\n"
	"[route out]\nsmart_host = [mx.example]:587, 2001:db8::1\nretry = 1m, 2m\nlistener = "
	"lan\nlifetime = 2d\n"
	"[postoffice A/B]\ndomain = X.example\ndomain = .y.example\npath = /p\nmailboxes = any\n"
	"[queue]\nkeep = 1d\nrestart_hold = yes\nretry = 3m\n"
	"[vendor ftp]\nplugin = lmn\nnetwork = \"a ; b\"\nkey = \\x\\ y\n"
	"quoted = \"\\\"x\\\"\"\n";

START_TEST(all_of_a_section)
{
	ck_assert_int_eq(fake_load("[log]\nlevel = debug ; loud\nto = syslog\nto = stderr\n"), OK);
	ck_assert_str_eq(fake_print("log", false),
			 "[log]\nto = syslog ; /gw.ini:3\nto = stderr ; /gw.ini:3\n"
			 "level = debug ; /gw.ini:2\nformat = text ; default\n"
			 "addresses = full ; default\nprotocol = none ; default\n");
	ck_assert_str_eq(fake_print("log", true),
			 "[log]\nto = syslog ; /gw.ini:3\nto = stderr ; /gw.ini:3\n"
			 "level = debug ; /gw.ini:2\n");
	fake_free();
}
END_TEST

START_TEST(sections_by_name)
{
	ck_assert_int_eq(fake_load("[listen a]\naddress = *:1\n[listen b]\naddress = *:2\n"), OK);
	ck_assert_str_eq(fake_print("listen a", true), "[listen a]\naddress = *:1 ; /gw.ini:2\n");
	ck_assert_str_eq(fake_print("listen A", true), "[listen a]\naddress = *:1 ; /gw.ini:2\n");
	ck_assert_str_eq(fake_print("listen", true), "[listen a]\naddress = *:1 ; /gw.ini:2\n\n"
						     "[listen b]\naddress = *:2 ; /gw.ini:4\n");
	ck_assert_ptr_null(fake_print("listen c", false));
	ck_assert_ptr_null(fake_print("liste", false));
	ck_assert_ptr_null(fake_print("listening", false));
	ck_assert_ptr_null(fake_print("route", false));
	ck_assert_ptr_nonnull(fake_print("vendor lmn", false));
	fake_free();
}
END_TEST

START_TEST(nothing_differs)
{
	ck_assert_int_eq(fake_load(""), OK);
	ck_assert_str_eq(fake_print(NULL, true), "");
	ck_assert_int_eq(fake_load("[gateway]\nmax_size = 51200K\nvendor = lmn\n[queue]\nretry = "
				   "60s, 5m, 600s, 20m, 40m, 60m\n"),
			 OK);
	ck_assert_str_eq(fake_print(NULL, true), "[gateway]\n\n[queue]\n");
	fake_free();
}
END_TEST

START_TEST(secrets_are_not_shown)
{
	ck_assert_int_eq(fake_load("[vendor x]\npassword = hunter2\napi_token = hunter2\nmy_secret "
				   "= hunter2\n"),
			 OK);
	ck_assert_ptr_null(strstr(fake_print(NULL, false), "hunter2"));
	ck_assert_ptr_nonnull(strstr(fake_print("vendor x", true),
				     "\n;password = *** ; /gw.ini:2\n;api_token = ***"));
	fake_free();
}
END_TEST

/* Without the origins, which differ. */
static char *without_origins(const char *printed)
{
	char *text = strdup(printed), *to = text;
	for (const char *p = printed; *p;) {
		const char *end = strchr(p, '\n') + 1, *origin = NULL;
		for (const char *at = p; at + 3 < end; at++)
			if (strncmp(at, " ; ", 3) == 0)
				origin = at; /* the last one */
		size_t n = (size_t)((origin ? origin : end) - p);
		memcpy(to, p, n);
		to += n;
		if (origin)
			*to++ = '\n';
		p = end;
	}
	*to = '\0';
	return text;
}

static const char *const texts[] = {
	"",
	rich,
	"[gateway]\nvendor = ftp\n[listen a]\nvendor = lmn\n",
	"[gateway]\nhostname = host.example\nspool = /s\ncontrol = /s/control\n",
	"[queue]\nlifetime = 1d\n[route r]\nmatch = *\nlifetime = 5d\nretry = 1m, 5m, 10m, 20m, "
	"40m, 1h\n",
};

/* What -n prints is a file that gives the same settings; so does what is printed without -n. */
START_TEST(printed_settings_are_the_same)
{
	for (int changed_only = 0; changed_only < 2; changed_only++) {
		ck_assert_msg(fake_load(texts[_i]) == OK, "%s", fake_faults());
		char *before = without_origins(fake_print(NULL, false));
		char *file = strdup(fake_print(NULL, changed_only));
		ck_assert_msg(fake_load(file) == OK, "%s\n%s", fake_faults(), file);
		char *after = without_origins(fake_print(NULL, false));
		ck_assert_str_eq(before, after);
		free(before);
		free(file);
		free(after);
	}
	fake_free();
}
END_TEST

/* ---- restart ---- */

static const struct {
	const char *from, *to, *key;
} changes[] = {
	{"", "", NULL},
	{rich, rich, NULL},
	{"", "[gateway]\nmax_size = 1M\nhostname = x.y\n[log]\nlevel = debug\n", NULL},
	{"[gateway]\nspool = /a\ncontrol = /c\n", "[gateway]\nspool = /b\ncontrol = /c\n",
	 "gateway: spool"},
	{"", "[gateway]\nvendor = ftp\n", "gateway: vendor"},
	{"", "[log]\nto = syslog\n", "log: to"},
	{"[listen lan]\n", "[listen lan]\naddress = *:25\n", "listen lan: address"},
	{"[listen lan]\n", "[listen LAN]\nrelay_from = none\nrate = 5/1m\n", NULL},
	{"[listen lan]\naddress = *:25, *:26\n", "[listen lan]\naddress = *:25\naddress = *:26\n",
	 NULL},
	{"[listen lan]\n", "[listen lan]\n[listen retro]\naddress = *:25\n", "listen retro"},
	{"[listen lan]\n", "", "listen lan"},
	{"", "[route r]\nmatch = a.b\n", NULL},
	{"[route r]\nmatch = a.b\n", "[route s]\nmatch = a.b\n", NULL},
	{"", "[route r]\nmatch = a.b\nvendor = ftp\n", "vendor ftp"},
	{"[queue]\nkeep = 1d\n", "[queue]\nkeep = 2d\n", "queue: keep"},
	{"", "[queue]\nretry = 1m\nlifetime = 1d\n", NULL},
	{"", "[postoffice a/b]\ndomain = a.b\npath = /p\n", "postoffice a/b"},
	{"[postoffice a/b]\ndomain = a.b\npath = /p\n",
	 "[postoffice a/b]\ndomain = c.d\npath = /p\n", NULL},
	{"[postoffice a/b]\ndomain = a.b\npath = /p\n",
	 "[postoffice a/b]\ndomain = a.b\npath = /q\n", "postoffice a/b: path"},
	{"[vendor lmn]\nx = 1\n", "[vendor lmn]\nx = 2\n", "vendor lmn: x"},
	{"[vendor lmn]\nx = 1\n", "[vendor lmn]\n", "vendor lmn: x"},
	{"[vendor lmn]\n", "[vendor lmn]\nx = 1\n", "vendor lmn: x"},
	{"", "[vendor lmn]\nplugin = lmn\nrestart = 5s\n", NULL},
	{"", "[vendor lmn]\nrequired = no\n", "vendor lmn: required"},
};

START_TEST(restart_is_told)
{
	struct region *region = region_new(0);
	ck_assert_int_eq(fake_load(changes[_i].from), OK);
	struct settings *from = settings_ref(fake_settings());
	ck_assert_int_eq(fake_load(changes[_i].to), OK);
	const char *key;
	ck_assert_int_eq(settings_needs_restart(from, fake_settings(), region, &key), OK);
	if (changes[_i].key)
		ck_assert_str_eq(key, changes[_i].key);
	else
		ck_assert_ptr_null(key);
	settings_unref(&from);
	region_destroy(&region);
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/print");
	SUITE_CASE(s, "print", all_of_a_section, sections_by_name, nothing_differs,
		   secrets_are_not_shown);
	TCase *loops = tcase_create("loops");
	tcase_add_loop_test(loops, printed_settings_are_the_same, 0, sizeof texts / sizeof *texts);
	tcase_add_loop_test(loops, restart_is_told, 0, sizeof changes / sizeof *changes);
	suite_add_tcase(s, loops);
	return s;
}
SUITE_MAIN(suite)
