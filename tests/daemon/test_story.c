/* story: every state of a recipient, told. */
#include "daemon/story.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW INT64_C(1700000000000)

/* What the lifetimes are read from; the real one is in conf. */
static struct conf_route route = {.name = "default", .lifetime = INT64_C(2) * 86400000};
static struct settings settings = {
	.routes = &route,
	.route_count = 1,
	.queue = {.lifetime = INT64_C(5) * 86400000, .bounce_lifetime = 86400000}};

static char *tell(const char *json)
{
	char *text = NULL;
	size_t n;
	json_t *e = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(e);
	setenv("TZ", "UTC", 1);
	tzset();
	FILE *to = open_memstream(&text, &n);
	story_print(e, &settings, NOW, to);
	fclose(to);
	json_decref(e);
	return text;
}

#define HAS(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s\nhas no: %s", text, part)

START_TEST(waiting)
{
	char *text =
		tell("{\"id\":\"m42\",\"from\":\"a@b\",\"recipients\":1,\"size\":2048,\"arrived\":"
		     "1699999940000,"
		     "\"priority\":\"normal\",\"protocol\":\"ESMTP\",\"client\":\"10.1.0.7\","
		     "\"helo\":\"scanner\","
		     "\"listener\":\"lan\",\"session\":\"s1-2\",\"hash\":\"abc\",\"recipients_"
		     "list\":[{\"address\":\"x@y\","
		     "\"state\":\"waiting\",\"attempts\":2,\"next\":1700000300000,\"rule\":\"route "
		     "default\","
		     "\"peer\":\"mx [192.0.2.1]\",\"status\":\"4.4.1\",\"reason\":\"no \\u001b[2J "
		     "answer\"}],"
		     "\"attempts_list\":[{\"at\":1699999950000,\"recipient\":0,\"state\":"
		     "\"waiting\",\"rule\":\"route "
		     "default\",\"peer\":\"mx\",\"status\":\"4.4.1\",\"reason\":\"timeout\"}]}");
	HAS(text, "m42  2.0K bytes, 1 recipient, normal\n");
	HAS(text, "from      <a@b>\n");
	HAS(text, "arrived   2023-11-14 22:12:20, 1 min ago, by ESMTP from 10.1.0.7 (scanner), at "
		  "lan, session s1-2\n");
	HAS(text, "to <x@y>: waiting\n");
	HAS(text, "why     4.4.1 no ?[2J answer (said by mx [192.0.2.1])\n");
	HAS(text, "next    attempt 3 at 2023-11-14 22:18:20, in 5 min\n");
	HAS(text, "until   2023-11-16 22:12:20; then it is returned to the sender\n");
	HAS(text, "  attempts\n  2023-11-14 22:12:30  waiting <x@y> by route default, mx: 4.4.1 "
		  "timeout\n");
	free(text);
}
END_TEST

START_TEST(held_and_active)
{
	char *text = tell("{\"id\":\"m1\",\"from\":\"a@b\",\"recipients\":1,\"arrived\":1,"
			  "\"recipients_list\":[{\"address\":"
			  "\"x@y\",\"state\":\"held\",\"reason\":\"no route\"}]}");
	HAS(text, "why     no route\n");
	HAS(text, "next    nothing, until: smtpgate queue release m1\n");
	free(text);
	text = tell("{\"id\":\"m1\",\"from\":\"a@b\",\"claimed\":true,\"recipients\":1,\"arrived\":"
		    "1,\"recipients_list\":[{"
		    "\"address\":\"x@y\",\"state\":\"waiting\"}]}");
	HAS(text, ", being worked on now\n");
	HAS(text, "it is being tried now");
	free(text);
}
END_TEST

START_TEST(reports_are_not_returned)
{
	char *text = tell("{\"id\":\"m1\",\"from\":\"\",\"recipients\":1,\"arrived\":1700000000000,"
			  "\"recipients_list\":[{"
			  "\"address\":\"x@y\",\"state\":\"waiting\",\"rule\":\"route "
			  "default\",\"next\":1}]}");
	HAS(text, "from      <> (a report: it is never returned)");
	HAS(text, "until   2023-11-15 22:13:20; then it is given up\n");
	free(text);
	/* the clock was put back by a day since it came */
	text = tell("{\"id\":\"m1\",\"from\":\"\",\"recipients\":1,\"arrived\":1700086400000,"
		    "\"skipped\":-86400000,"
		    "\"recipients_list\":[{\"address\":\"x@y\",\"state\":\"waiting\",\"rule\":"
		    "\"route default\",\"next\":1}]}");
	HAS(text, "arrived   2023-11-15 22:13:20, now");
	HAS(text, "until   2023-11-15 22:13:20; then it is given up\n");
	free(text);
}
END_TEST

START_TEST(ended)
{
	char *text = tell("{\"id\":\"m1\",\"from\":\"a@b\",\"recipients\":2,\"arrived\":1,"
			  "\"ended\":1700000000000,"
			  "\"recipients_list\":[{\"address\":\"x@y\",\"state\":\"delivered\","
			  "\"peer\":\"mx\"},{\"address\":"
			  "\"u@v\",\"state\":\"bounced\",\"status\":\"5.1.1\",\"reason\":\"no such "
			  "user\"}]}");
	ck_assert_ptr_null(strstr(text, "    as "));
	HAS(text, "ended     2023-11-14 22:13:20\n");
	HAS(text, "to <x@y>: delivered\n    at      mx\n");
	HAS(text, "to <u@v>: bounced\n    why     5.1.1 no such user\n");
	ck_assert_ptr_null(strstr(text, "next"));
	free(text);
}
END_TEST

/* What was sent by the settings of then stands with its attempt; how the next one goes, by those of now, with who waits. */
START_TEST(as_whom)
{
	static const char entry[] =
		"{\"id\":\"m1\",\"from\":\"a@b\",\"recipients\":1,\"arrived\":1,\"recipients_"
		"list\":[{"
		"\"address\":\"x@y\",\"state\":\"%s\",\"attempts\":1,\"rule\":\"route default\"}],"
		"\"attempts_list\":[{\"at\":1699999950000,\"recipient\":0,\"state\":\"%s\","
		"\"rule\":\"route default\",\"peer\":\"mx\",\"sent_sender\":\"old@acc\","
		"\"sent_from\":\"oldfrom@acc\"}]}";
	static const char *const states[] = {"waiting", "held", "delivered", "bounced", "expired"};
	route.from = "new@acc";
	route.sender_as = "newsender@acc";
	route.bounce_to = "ops@acc";
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		char json[1024];
		snprintf(json, sizeof json, entry, states[i], i < 2 ? "waiting" : states[i]);
		char *text = tell(json);
		HAS(text, "by route default, mx, as <old@acc>, From oldfrom@acc");
		ck_assert_msg(!strstr(text, "new@acc") == (i >= 2), "%s", text);
		ck_assert_msg(!strstr(text, "newsender@acc") == (i >= 2), "%s", text);
		ck_assert_msg(!strstr(text, "ops@acc") == (i >= 2), "%s", text);
		free(text);
	}
	route.from = route.sender_as = route.bounce_to = NULL;
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/story");
	SUITE_CASE(s, "states", waiting, held_and_active, reports_are_not_returned, ended, as_whom);
	return s;
}
SUITE_MAIN(suite)
