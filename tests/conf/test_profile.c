/* profile: what is built in, what `like` gives, circles, and what listeners take from their profile. */
#include "conf/fake.h"
#include "support/suite.h"

#include <string.h>

static void load(const char *text)
{
	enum result r = fake_load(text);
	ck_assert_msg(r == OK, "%s", fake_faults());
}

static void shows(const char *section, const char *line)
{
	const char *printed = fake_print(section, false);
	if (!printed || !strstr(printed, line))
		ck_abort_msg("no %s in\n%s", line, printed);
}

static void fails(const char *text, const char *fault)
{
	ck_assert_int_eq(fake_load(text), E_CONFIG);
	if (strcmp(fake_faults(), fault) != 0)
		ck_abort_msg("not\n%s but\n%s", fault, fake_faults());
}

START_TEST(two_are_built_in)
{
	load("");
	const struct settings *s = fake_settings();
	const struct conf_profile *modern = settings_profile(s, "modern");
	const struct conf_profile *old = settings_profile(s, "Legacy");
	ck_assert_uint_eq(s->profile_count, 2);
	ck_assert(modern->tls_min == CONF_TLS_1_2 && modern->tls_offer && !modern->auth_clear);
	ck_assert(!modern->helo_any && !modern->brackets_optional);
	ck_assert_int_eq(modern->bare_newline, CONF_NEWLINE_REJECT);
	ck_assert(old->tls_min == CONF_TLS_1_0 && !old->tls_offer && old->auth_clear);
	ck_assert(old->helo_any && old->brackets_optional);
	ck_assert_int_eq(old->bare_newline, CONF_NEWLINE_NORMALISE);
	ck_assert(!old->clients.count && !modern->clients.count && !old->max_size);
	ck_assert_ptr_null(settings_profile(s, "other"));
	ck_assert_str_eq(s->listens[0].profile, "modern");
	shows("profile legacy", "tls_min = 1.0 ; built in\n");
	ck_assert_str_eq(fake_print(NULL, true), "");
	fake_free();
}
END_TEST

START_TEST(built_in_ones_may_be_changed)
{
	load("[profile legacy]\ntls_min = 1.1\nclients = 10.0.0.0/8\n[profile a]\nlike = legacy\n");
	shows("profile legacy", "tls_min = 1.1 ; /gw.ini:2\n");
	shows("profile legacy", "helo = any ; built in\n");
	shows("profile a", "tls_min = 1.1 ; [profile legacy]\n");
	shows("profile a", "clients = none ; default\n"); /* whom it is for is its own */
	fake_free();
}
END_TEST

/* Each step of a chain adds its own; the order in the file does not matter. */
START_TEST(likeness_goes_on)
{
	load("[profile a]\nlike = b\nhelo = valid\n[profile b]\nlike = c\ntls_min = 1.3\nclients = "
	     "::1\n"
	     "[profile c]\nlike = legacy\nauth_prompt = User Name, Password\nmax_size = 1M\n");
	const struct conf_profile *a = settings_profile(fake_settings(), "a");
	ck_assert(!a->helo_any && a->tls_min == CONF_TLS_1_3 && a->auth_clear);
	ck_assert_str_eq(a->prompt_user, "User Name");
	ck_assert_str_eq(a->prompt_password, "Password");
	ck_assert_uint_eq(a->max_size, 1 << 20);
	ck_assert_uint_eq(a->clients.count, 0);
	shows("profile a", "auth_prompt = User Name, Password ; [profile b]\n");
	fake_free();
}
END_TEST

/* A profile knows no account: "account" is no mailbox at the origin. */
START_TEST(an_account_is_of_a_route)
{
	fails("[profile a]\nfrom = account\nsender = Account\n",
	      "/gw.ini:2: error: from: a profile has no account (write the address, or set it in "
	      "the "
	      "[route] that logs in: from = account, sender_as = account)\n"
	      "/gw.ini:3: error: sender: a profile has no account (write the address, or set it in "
	      "the [route] that logs in: from = account, sender_as = account)\n"
	      "2 errors, 0 warnings\n");
	load("[profile a]\nfrom = account@company.com\n");
	fake_free();
}
END_TEST

START_TEST(of_pickup_folders)
{
	fails("[pickup a]\npath = /in\nprofile = moderm\n",
	      "/gw.ini:3: error: profile: there is no [profile moderm] (did you mean \"modern\"?)\n"
	      "1 error, 0 warnings\n");
	load("[pickup a]\npath = /in\n[pickup b]\npath = /on\nprofile = p\n[profile p]\nrepair = "
	     "none\n");
	shows("pickup a", "profile = legacy ; default\n");
	shows("pickup b", "profile = p ; /gw.ini:5\n");
	fake_free();
}
END_TEST

START_TEST(likeness_ends_somewhere)
{
	fails("[profile a]\nlike = b\n",
	      "/gw.ini:2: error: like: there is no [profile b]\n1 error, 0 warnings\n");
	fails("[profile a]\nlike = modren\n",
	      "/gw.ini:2: error: like: there is no [profile modren] (did you mean \"modern\"?)\n"
	      "1 error, 0 warnings\n");
	fails("[profile a]\nlike = a\n",
	      "/gw.ini:2: error: like: from [profile a] it goes in a circle, or over more than 8 "
	      "profiles (let one of them be like modern or legacy)\n1 error, 0 warnings\n");
	fails("[profile modern]\nlike = legacy\n",
	      "/gw.ini:2: error: like: [profile modern] is built in, it cannot be like another "
	      "(give "
	      "a profile of your own another name)\n1 error, 0 warnings\n");
	fake_free();
}
END_TEST

START_TEST(repairs_are_words)
{
	load("[gateway]\norigin = o.test\n[profile a]\nrepair = mime, date\nrepair = from\nfrom = "
	     "scan\n[profile b]\nrepair = none\nsender = a@b.test\n[profile c]\nlike = a\n");
	shows("profile a", "repair = date, from, mime ; /gw.ini:4\n");
	shows("profile b", "repair = none ; /gw.ini:8\n");
	shows("profile c", "repair = date, from, mime ; [profile a]\n");
	const struct settings *s = fake_settings();
	ck_assert_uint_eq(settings_profile(s, "modern")->repair, 2);
	ck_assert_uint_eq(settings_profile(s, "legacy")->repair, 31);
	ck_assert_str_eq(settings_profile(s, "c")->from, "scan@o.test");
	ck_assert_str_eq(settings_profile(s, "b")->sender, "a@b.test");
	ck_assert_ptr_null(settings_profile(s, "a")->sender);
	fails("[profile a]\nrepair = dat\n",
	      "/gw.ini:2: error: repair: \"dat\" is none of date, message-id, from, charset, mime "
	      "(did you mean \"date\"?)\n1 error, 0 warnings\n");
	fake_free();
}
END_TEST

START_TEST(prompts_are_two)
{
	load("[profile a]\nauth_prompt = Standard\n[profile b]\nauth_prompt = A , B, C\n");
	ck_assert_ptr_null(settings_profile(fake_settings(), "a")->prompt_user);
	shows("profile a", "auth_prompt = standard ; /gw.ini:2\n");
	shows("profile b", "auth_prompt = A, B, C ; /gw.ini:4\n");
	static const char *const bad[] = {"User Name", ",", "a,", ",b", "\xc3\xa4,b", NULL};
	for (size_t i = 0; bad[i]; i++) {
		char text[100];
		snprintf(text, sizeof text, "[profile a]\nauth_prompt = %s\n", bad[i]);
		ck_assert_msg(fake_load(text) == E_CONFIG, "%s", bad[i]);
		ck_assert_msg(strstr(fake_faults(), "is not two prompts (it is written: User Name"),
			      "%s", fake_faults());
	}
	fake_free();
}
END_TEST

START_TEST(listeners_take_its_newline)
{
	load("[profile a]\nbare_newline = note\n[listen a]\naddress = *:1\nprofile = a\n"
	     "[listen b]\naddress = *:2\nprofile = legacy\n[listen c]\naddress = *:3\nprofile = a\n"
	     "bare_newline = reject\n");
	shows("listen a", "bare_newline = note ; [profile a]\n");
	shows("listen b", "bare_newline = normalise ; [profile legacy]\n");
	shows("listen c", "bare_newline = reject ; /gw.ini:12\n");
	fake_free();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/profile");
	TCase *tc = tcase_create("profile");
	tcase_add_test(tc, two_are_built_in);
	tcase_add_test(tc, built_in_ones_may_be_changed);
	tcase_add_test(tc, likeness_goes_on);
	tcase_add_test(tc, likeness_ends_somewhere);
	tcase_add_test(tc, an_account_is_of_a_route);
	tcase_add_test(tc, of_pickup_folders);
	tcase_add_test(tc, prompts_are_two);
	tcase_add_test(tc, repairs_are_words);
	tcase_add_test(tc, listeners_take_its_newline);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
