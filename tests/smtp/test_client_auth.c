/* smtp/client_auth: what is said when logging in, with an initial response and without, what ends it, what the log shows. */
#include "smtp/dialogue.h"
#include "smtp/peer.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define LOGIN .config.login = true
#define HELLO "S 220 hi\nC EHLO me\nS 250-srv\nS 250 AUTH PLAIN LOGIN\n"
#define MAIL                                                                                     \
	"C MAIL FROM:<a@b>\nS 250 ok\nC RCPT TO:<c@d>\nS 250 ok\nC DATA\nS 354 go\nC x\nC .\nS " \
	"250 taken\n"
#define MESSAGE .messages = {{.from = "a@b", .to = {"c@d"}, .content = "x\r\n"}}

START_TEST(logged_in)
{
	static const struct dialogue rows[] = {
		{.name = "initial response",
		 LOGIN,
		 .login = "PLAIN abc",
		 .offered = "PLAIN LOGIN",
		 .script = HELLO "C AUTH PLAIN YWJj\nS 235 2.7.0 welcome\n" MAIL,
		 MESSAGE,
		 .results = "login 235\nc@d: 250 taken\n"},
		{.name = "empty initial response",
		 LOGIN,
		 .login = "EXTERNAL ",
		 .script = HELLO "C AUTH EXTERNAL =\nS 235 ok\n",
		 .results = "login 235\n"},
		{.name = "challenges",
		 LOGIN,
		 .login = "LOGIN",
		 .answers = "Username:=me Password:=you",
		 .script = HELLO "C AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC bWU=\nS 334 UGFzc3dvcmQ6\nC "
				 "eW91\nS 235 ok\n",
		 .results = "login 235\n"},
		{.name = "empty challenge and answer",
		 LOGIN,
		 .login = "X",
		 .answers = "=",
		 .script = HELLO "C AUTH X\nS 334 \nC \nS 334\nC \nS 235 ok\n",
		 .results = "login 235\n"},
		{.name = "offered twice, and by the equals sign of old",
		 LOGIN,
		 .login = "PLAIN abc",
		 .offered = "PLAIN X PLAIN X Y",
		 .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250-auth PLAIN X\nS 250 AUTH=PLAIN X "
			   "Y\n"
			   "C AUTH PLAIN YWJj\nS 235 ok\n",
		 .results = "login 235\n"},
		{.name = "only within TLS",
		 .config = {.login = true, .tls = SMTP_TLS_NEEDED},
		 .login = "PLAIN abc",
		 .offered = "PLAIN",
		 .script = "S 220 hi\nC EHLO me\nS 250-srv\nS 250-AUTH LOGIN\nS 250 STARTTLS\nC "
			   "STARTTLS\n"
			   "S 220 go\n! secured\nC EHLO me\nS 250-srv\nS 250 AUTH PLAIN\n"
			   "C AUTH PLAIN YWJj\nS 235 ok\n",
		 .results = "starttls\nlogin 235\n"},
	};
	DIALOGUES(rows);
}
END_TEST

START_TEST(not_logged_in)
{
	static const struct dialogue rows[] = {
		{.name = "refused",
		 LOGIN,
		 .login = "PLAIN abc",
		 .script = HELLO "C AUTH PLAIN YWJj\nS 535-5.7.8 no\nS 535 5.7.8 never\n",
		 .results = "login 535\n",
		 .end = "535 5.7.8 no never"},
		{.name = "later",
		 LOGIN,
		 .login = "PLAIN abc",
		 .script = HELLO "C AUTH PLAIN YWJj\nS 454 4.7.0 later\n",
		 .results = "login 454\n",
		 .end = "454 4.7.0 later"},
		{.name = "nothing fits",
		 LOGIN,
		 .login = "-",
		 .offered = "",
		 .script = "S 220 hi\nC EHLO me\nS 250 srv\n",
		 .end = "nothing fits"},
		{.name = "a challenge that has no answer",
		 LOGIN,
		 .login = "X",
		 .script = HELLO "C AUTH X\nS 334 YWJj\nC *\nS 501 called off\n",
		 .end = "the server did not prove that it knows the password, or speaks the "
			"mechanism "
			"wrongly: nothing was sent"},
		{.name = "a challenge that is no Base64",
		 LOGIN,
		 .login = "X",
		 .answers = "abc=def",
		 .script = HELLO "C AUTH X\nS 334 a!\nC *\nS 501 called off\n",
		 .end = "the server did not prove that it knows the password, or speaks the "
			"mechanism "
			"wrongly: nothing was sent"},
		{.name = "goes on after *",
		 LOGIN,
		 .login = "X",
		 .script = HELLO "C AUTH X\nS 334 YWJj\nC *\nS 334 YWJj\n",
		 .end = "the server goes on with AUTH although it was called off"},
		{.name = "believes *",
		 LOGIN,
		 .login = "X",
		 .script = HELLO "C AUTH X\nS 334 YWJj\nC *\nS 235 welcome\n",
		 .end = "the server says that we are logged in without having proved that it knows "
			"the "
			"password"},
		{.name = "without proof",
		 LOGIN,
		 .login = "X abc",
		 .disbelieve = true,
		 .script = HELLO "C AUTH X YWJj\nS 235 welcome\n",
		 .results = "login 235\n",
		 .end = "the server says that we are logged in without having proved that it knows "
			"the "
			"password"},
		{.name = "another 2xx",
		 LOGIN,
		 .login = "X abc",
		 .script = HELLO "C AUTH X YWJj\nS 250 ok\n",
		 .end = "the server answered out of place (to AUTH): 250 ok"},
		{.name = "silence",
		 LOGIN,
		 .login = "X abc",
		 .script = HELLO "C AUTH X YWJj\n! timeout\n",
		 .end = "the server did not answer within 5 min: AUTH"},
		{.name = "gone",
		 LOGIN,
		 .login = "X abc",
		 .script = HELLO "C AUTH X YWJj\n! lost the peer closed\n",
		 .end = "the peer closed"},
		{.name = "421",
		 LOGIN,
		 .login = "X abc",
		 .script = HELLO "C AUTH X YWJj\nS 421 4.3.2 bye\n",
		 .end = "421 4.3.2 bye"},
	};
	DIALOGUES(rows);
}
END_TEST

/* RFC 4954 section 4: an initial response that makes the command too long waits for the empty challenge. */
START_TEST(long_initial_responses_wait)
{
	static char login[400], script[1600], coded[600];
	for (size_t n = 360; n <= 390; n++) {
		struct dialogue d = {
			.name = "long", LOGIN, .login = login, .results = "login 235\n"};
		memset(login, 0, sizeof login);
		strcpy(login, "XOAUTH2 ");
		memset(login + 8, 'a', n);
		memset(coded, 0, sizeof coded);
		for (size_t i = 0; i < n / 3; i++)
			strcat(coded, "YWFh");
		strcat(coded, n % 3 == 0 ? "" : n % 3 == 1 ? "YQ==" : "YWE=");
		bool fits = strlen("AUTH XOAUTH2 ") + strlen(coded) <= 510;
		snprintf(script, sizeof script, HELLO "C AUTH XOAUTH2%s%s\n%s%s%sS 235 ok\n",
			 fits ? " " : "", fits ? coded : "", fits ? "" : "S 334 go on\nC ",
			 fits ? "" : coded, fits ? "" : "\n");
		d.script = script;
		peer_check(&d);
	}
}
END_TEST

/* Nothing that stands for a secret is in the log, nor what it was asked for by. */
START_TEST(the_log_is_masked)
{
	static const struct dialogue d = {
		.name = "masked",
		LOGIN,
		.login = "LOGIN first",
		.answers = "Password:=you",
		.script =
			HELLO "C AUTH LOGIN Zmlyc3Q=\nS 334 UGFzc3dvcmQ6\nC eW91\nS 235 2.7.0 ok\n",
		.results = "login 235\n"};
	struct buf log;
	buf_init(&log, 0);
	peer_log(&d, &log);
	ck_assert_str_eq(
		buf_string(&log),
		"< 220 hi\n> EHLO me\n< 250-srv\n< 250 AUTH PLAIN LOGIN\n> AUTH LOGIN ***\n"
		"< 334 ***\n> ***\n< 235 2.7.0 ok\n");
	buf_free(&log);
}
END_TEST

static bool none(void *ctx, const char *offered, struct smtp_client_login *login)
{
	(void)ctx;
	(void)offered;
	snprintf(login->why, sizeof login->why, "none");
	return false;
}

START_TEST(the_owner_knows_what_failed)
{
	static const struct smtp_client_ops ops = {.auth_begin = none};
	static const struct smtp_client_config config = {.helo = "me", .login = true};
	struct smtp_client *c;
	ck_assert_int_eq(smtp_client_new(&c, &config, &ops, NULL), OK);
	smtp_client_feed(c, "220 x\r\n", 7);
	ck_assert(!smtp_client_login_failed(c));
	smtp_client_feed(c, "250 x\r\n", 7);
	ck_assert(smtp_client_ended(c));
	ck_assert(smtp_client_login_failed(c));
	smtp_client_destroy(&c);
	ck_assert_int_eq(smtp_client_new(&c, &config, &ops, NULL), OK);
	smtp_client_feed(c, "554 no\r\n", 8);
	ck_assert(smtp_client_ended(c));
	ck_assert(!smtp_client_login_failed(c));
	smtp_client_destroy(&c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("smtp/client_auth");
	SUITE_CASE(s, "dialogues", logged_in, not_logged_in, long_initial_responses_wait);
	SUITE_CASE(s, "owner", the_log_is_masked, the_owner_knows_what_failed);
	return s;
}
SUITE_MAIN(suite)
