/* requests: every command over a real control socket, with a fake gateway and spool. */
#include "daemon/requests.h"

#include "daemon/fake_gateway.h"
#include "daemon/fake_spool.h"
#include "daemon/harness.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct harness h;
static struct requests_host host;
static int fd, reloads, stops;
static enum result reload_result;

static enum result reload(void *ctx, struct err *err)
{
	(void)ctx;
	reloads++;
	return reload_result == OK ? OK : err_set(err, reload_result, "line 7 is faulty");
}

static void stop(void *ctx)
{
	(void)ctx;
	stops++;
}

static void setup(void)
{
	memset(&fake_spool, 0, sizeof fake_spool);
	memset(&fake_gateway, 0, sizeof fake_gateway);
	fake_gateway.spool = fake_spool_handle();
	fake_gateway.settings.gateway.hostname = "gw.example.net";
	fake_gateway.settings.gateway.stop_wait = 30000;
	fake_gateway.settings.file = "/etc/x.ini";
	reloads = stops = 0;
	reload_result = OK;
	harness_open(&h, requests_serve, &host);
	host = (struct requests_host){.loop = h.loop,
				      .gateway = fake_gateway_handle(),
				      .version = "9.9",
				      .reload = reload,
				      .stop = stop};
	fd = harness_connect(&h);
}

static void teardown(void)
{
	close(fd);
	harness_settle(&h);
	harness_close(&h);
}

static const char *ask(const char *line)
{
	harness_send(fd, line);
	harness_send(fd, "\n");
	return harness_read(&h, fd, NULL);
}

#define HAS(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s has no %s", text, part)

START_TEST(unknown_command)
{
	setup();
	const char *got = ask("{\"command\":\"top\"}");
	HAS(got, "does not know the command \\\"top\\\"");
	HAS(got, "9.9");
	teardown();
}
END_TEST

START_TEST(status)
{
	setup();
	const char *got = ask("{\"command\":\"status\"}");
	HAS(got, "\"version\":\"9.9\"");
	HAS(got, "\"hostname\":\"gw.example.net\"");
	HAS(got, "\"error\":\"broken \xef\xbf\xbd cable\"");
	HAS(got, "\"delivered\":10");
	HAS(got, "\"level\":2");
	HAS(got, "\n{\"ok\":true}\n");
	fake_spool.result = E_IO;
	HAS(ask("{\"command\":\"status\"}"), "the spool says no");
	fake_gateway.spool = NULL;
	HAS(ask("{\"command\":\"status\"}"), "the gateway is stopping");
	teardown();
}
END_TEST

static struct spool_rcpt rcpts[] = {
	{.address = "c@d",
	 .state = SPOOL_DELIVERED,
	 .rule = "",
	 .peer = "",
	 .status = "",
	 .reason = ""},
	{.address = "e@f",
	 .state = SPOOL_WAITING,
	 .next_at = 5,
	 .rule = "route x",
	 .peer = "",
	 .status = "4.4.1",
	 .reason = "no"},
};
static struct spool_attempt attempts[] = {{.at = 1,
					   .rcpt = 1,
					   .state = SPOOL_WAITING,
					   .rule = "route x",
					   .peer = "p",
					   .status = "4.4.1",
					   .reason = "no"}};

static struct spool_entry *many(size_t n)
{
	struct spool_entry *e = calloc(n, sizeof *e);
	for (size_t i = 0; i < n; i++) {
		e[i].number = i + 1;
		e[i].envelope = (struct mail_envelope){.reverse_path = "a@b",
						       .session = "",
						       .listener = "",
						       .protocol = "",
						       .client = "",
						       .helo = "",
						       .priority = MAIL_NORMAL};
		e[i].rcpts = rcpts;
		e[i].rcpt_count = 2;
		e[i].attempts = attempts;
		e[i].attempt_count = 1;
	}
	fake_spool.entries = e;
	fake_spool.count = n;
	return e;
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;
	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

START_TEST(list_in_pages)
{
	setup();
	struct spool_entry *e = many(2 * REQUESTS_PAGE + 50);
	const char *got = ask("{\"command\":\"queue.list\",\"filter\":{\"from\":\"a@b\"}}");
	ck_assert_uint_eq(count_of(got, "{\"entry\":"), 2 * REQUESTS_PAGE + 50);
	ck_assert_uint_eq(count_of(got, "{\"recipient\":"), 0);
	HAS(got, "\"count\":250");
	ck_assert_uint_eq(fake_spool.lists, 3);
	ck_assert_str_eq(fake_spool.from, "a@b");
	free(e);
	/* A last page that is full needs one more look. */
	e = many(REQUESTS_PAGE);
	fake_spool.lists = 0;
	ck_assert_uint_eq(count_of(ask("{\"command\":\"queue.list\"}"), "{\"entry\":"),
			  REQUESTS_PAGE);
	ck_assert_uint_eq(fake_spool.lists, 2);
	free(e);
	teardown();
}
END_TEST

START_TEST(list_with_everything)
{
	setup();
	struct spool_entry *e = many(2);
	const char *got = ask("{\"command\":\"queue.list\",\"filter\":{\"numbers\":[1,2],\"ended\":"
			      "true},\"recipients\":true,\"attempts\":true}");
	ck_assert_uint_eq(count_of(got, "{\"recipient\":"), 4);
	ck_assert_uint_eq(count_of(got, "{\"attempt\":"), 2);
	ck_assert_uint_eq(fake_spool.filter.number_count, 2);
	ck_assert(fake_spool.filter.ended);
	/* Of the two recipients the waiting one speaks. */
	HAS(got, "\"first\":{\"address\":\"e@f\"");
	free(e);
	teardown();
}
END_TEST

START_TEST(faulty_filters)
{
	setup();
	HAS(ask("{\"command\":\"queue.list\",\"filter\":{\"form\":\"a\"}}"), "there is no form");
	HAS(ask("{\"command\":\"queue.act\",\"action\":\"remove\",\"filter\":{\"all\":1}}"),
	    "wrong type");
	HAS(ask("{\"command\":\"queue.act\",\"action\":\"remove\",\"filter\":{\"numbers\":[-1]}}"),
	    "positive");
	HAS(ask("{\"command\":\"queue.act\",\"action\":\"remove\"}"), "no message is chosen");
	HAS(ask("{\"command\":\"queue.act\",\"action\":\"remove\",\"filter\":{\"numbers\":[]}}"),
	    "no message is chosen");
	HAS(ask("{\"command\":\"queue.act\",\"action\":\"burn\",\"filter\":{\"all\":true}}"),
	    "no action");
	ck_assert_uint_eq(fake_spool.acts, 0);
	teardown();
}
END_TEST

START_TEST(actions)
{
	setup();
	fake_spool.count = 3;
	HAS(ask("{\"command\":\"queue.act\",\"action\":\"hold\",\"filter\":{\"numbers\":[7]}}"),
	    "{\"matched\":3,\"ok\":true}");
	ck_assert_int_eq(fake_spool.action, SPOOL_HOLD);
	ck_assert_int_eq(strncmp(fake_spool.reason, "hold by the operator (uid ", 26), 0);
	ck_assert_int_eq(fake_gateway.kicks, 1);
	HAS(ask("{\"command\":\"queue.act\",\"action\":\"remove\",\"reason\":\"spam\",\"filter\":{"
		"\"all\":true}}"),
	    "\"ok\"");
	ck_assert_str_eq(fake_spool.reason, "spam");
	ck_assert_int_eq(fake_gateway.flushes, 0);
	HAS(ask("{\"command\":\"queue.flush\"}"), "\"ok\"");
	ck_assert_int_eq(fake_spool.action, SPOOL_RETRY);
	ck_assert(fake_spool.filter.all);
	ck_assert_int_eq(fake_gateway.flushes, 1);
	fake_spool.result = E_FULL;
	HAS(ask("{\"command\":\"queue.flush\"}"), "\"result\":\"full\"");
	ck_assert_int_eq(fake_gateway.flushes, 1);
	teardown();
}
END_TEST

START_TEST(client_leaves_while_the_spool_works)
{
	static const char *const requests[] = {"{\"command\":\"status\"}\n",
					       "{\"command\":\"queue.list\"}\n",
					       "{\"command\":\"queue.flush\"}\n"};
	setup();
	fake_spool.delay = true;
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		int other = harness_connect(&h);
		harness_send(other, requests[i]);
		harness_settle(&h);
		ck_assert_ptr_nonnull(fake_spool.waiting);
		close(other);
		harness_settle(&h);
		fake_spool_answer(); /* whoever frees the request twice, or not at all, is seen by the sanitizer */
		harness_settle(&h);
	}
	teardown();
}
END_TEST

START_TEST(verify)
{
	setup();
	const char *got = ask("{\"command\":\"history.verify\",\"known\":7,\"hash\":\"ab\"}");
	HAS(got, "\"first\":2,\"last\":9,\"messages\":4,\"head\":\"abcd\",\"faults\":1");
	HAS(got, "\"texts\":[\"m3 is gone\"]");
	ck_assert_uint_eq(fake_spool.known, 7);
	ck_assert_str_eq(fake_spool.from, "ab");
	fake_spool.result = E_IO;
	HAS(ask("{\"command\":\"history.verify\"}"), "the spool says no");
	fake_gateway.spool = NULL;
	HAS(ask("{\"command\":\"history.verify\"}"), "the gateway is stopping");
	teardown();
}
END_TEST

START_TEST(snapshot)
{
	setup();
	fake_gateway.settings.gateway.spool = "/var/spool/x";
	HAS(ask("{\"command\":\"spool.snapshot\"}"),
	    "{\"spool\":\"/var/spool/x\",\"messages\":3,\"last\":17,\"ok\":true}");
	fake_spool.result = E_FULL;
	HAS(ask("{\"command\":\"spool.snapshot\"}"), "the spool says no");
	fake_gateway.spool = NULL;
	HAS(ask("{\"command\":\"spool.snapshot\"}"), "the gateway is stopping");
	teardown();
}
END_TEST

START_TEST(reload_and_stop)
{
	setup();
	HAS(ask("{\"command\":\"reload\"}"), "{\"ok\":true}");
	reload_result = E_CONFIG;
	HAS(ask("{\"command\":\"reload\"}"), "line 7 is faulty");
	ck_assert_int_eq(reloads, 2);
	HAS(ask("{\"command\":\"maildrop\"}"), "{\"ok\":true}");
	ck_assert_int_eq(fake_gateway.looks, 1);
	ck_assert_int_eq(fake_gateway.kicks, 0);
	HAS(ask("{\"command\":\"stop\"}"), "\"stop_wait\":30000");
	ck_assert_int_eq(stops, 1);
	teardown();
}
END_TEST

/* As root only: another user is let in by the group, and may look but not stop. */
START_TEST(others_may_not_stop)
{
	setup();
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(h.path, 0666) | chmod(suite_scratch(), 0755), 0);
		ck_assert_int_eq(setegid(65534) | seteuid(65534), 0);
		int other = harness_connect(&h);
		ck_assert_int_eq(seteuid(0) | setegid(0), 0);
		harness_send(other, "{\"command\":\"stop\"}\n{\"command\":\"status\"}\n");
		const char *got = harness_read(&h, other, NULL);
		HAS(got, "\"denied\"");
		HAS(got, "\"status\":{");
		ck_assert_int_eq(stops, 0);
		close(other);
	}
	teardown();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("daemon/requests");
	SUITE_CASE(s, "status", unknown_command, status);
	SUITE_CASE(s, "list", list_in_pages, list_with_everything, faulty_filters, verify,
		   snapshot);
	SUITE_CASE(s, "act", actions, reload_and_stop, others_may_not_stop);
	SUITE_CASE(s, "lost", client_leaves_while_the_spool_works);
	return s;
}
SUITE_MAIN(suite)
