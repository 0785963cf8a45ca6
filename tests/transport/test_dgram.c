/* dgram: both ways, closing from callbacks, a lost stack. */
#include "transport/dgram.h"
#include "transport/twin.h"
#include "support/suite.h"

#include <string.h>

static struct clock_fake fake;
static struct twin a, b;

/* Static in each test: the teardown still tells them that the stack is lost. */
struct mail {
	struct dgram *d;
	unsigned count, lost;
	char peer[SGT_ADDRESS_MAX], text[64];
	bool answer, close;
};

static void on_datagram(void *ctx, struct dgram *d, const char *peer, const void *bytes, size_t n)
{
	struct mail *m = ctx;
	m->count++;
	strcpy(m->peer, peer);
	memcpy(m->text, bytes, n);
	m->text[n] = '\0';
	if (m->answer)
		ck_assert_int_eq(dgram_send(d, peer, "answer", 6), SGT_OK);
	if (m->close)
		dgram_close(&m->d);
}

static void on_lost(void *ctx, struct dgram *d, const struct sgt_error *why)
{
	struct mail *m = ctx;
	m->lost++;
	ck_assert_int_ne(why->result, SGT_OK);
	ck_assert_int_eq(dgram_send(d, "10.0.0.2:53", "x", 1), SGT_STATE);
	if (m->close)
		dgram_close(&m->d); /* does no harm */
}

static const struct dgram_ops ops = {on_datagram, on_lost};

static void setup(void)
{
	clock_fake_init(&fake, 0, 0);
	twin_make(&a, "a", "dgram", "10.0.0.1", NULL, &fake.clock);
	twin_make(&b, "b", "dgram", "10.0.0.2", NULL, &fake.clock);
	twin_up(&a);
	twin_up(&b);
}

static void teardown(void)
{
	twin_end(&a);
	twin_end(&b);
}

START_TEST(there_and_back)
{
	static struct mail client, server = {.answer = true};
	ck_assert_int_eq(dgram_open(&client.d, a.stack, "*:0", &ops, &client, NULL), SGT_OK);
	ck_assert_int_eq(dgram_open(&server.d, b.stack, "10.0.0.2:53", &ops, &server, NULL),
			 SGT_OK);
	ck_assert_int_eq(dgram_send(client.d, "10.0.0.2:53", "question", 8), SGT_OK);
	twin_turns(&b, &a, 1);
	ck_assert_str_eq(server.text, "question");
	ck_assert_str_eq(server.peer, "10.0.0.1:32768");
	ck_assert_str_eq(client.text, "answer");
	ck_assert_str_eq(client.peer, "10.0.0.2:53");
	ck_assert_int_eq(dgram_send(client.d, "10.0.0.9:53", "nobody", 6), SGT_OK);
	ck_assert_int_eq(dgram_send(client.d, "10 0", "nobody", 6), SGT_BAD_ADDRESS);
	ck_assert_int_eq(dgram_send(client.d, "10.0.0.2:53", "", 0), SGT_OK);
	twin_turns(&b, &a, 1);
	ck_assert_uint_eq(server.count, 2);
	ck_assert_str_eq(server.text, "");
}
END_TEST

START_TEST(closed_in_its_callback)
{
	static struct mail client, server = {.close = true};
	dgram_open(&client.d, a.stack, "*:0", &ops, &client, NULL);
	dgram_open(&server.d, b.stack, "*:53", &ops, &server, NULL);
	for (int i = 0; i < 3; i++)
		dgram_send(client.d, "10.0.0.2:53", "q", 1);
	twin_turns(&b, &a, 3);
	ck_assert_uint_eq(server.count, 1);
	ck_assert_ptr_null(server.d);
	dgram_close(&server.d);
}
END_TEST

START_TEST(queue_is_bounded)
{
	static struct mail client, server;
	dgram_open(&client.d, a.stack, "*:0", &ops, &client, NULL);
	dgram_open(&server.d, b.stack, "*:53", &ops, &server, NULL);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(dgram_send(client.d, "10.0.0.2:53", "q", 1), SGT_OK);
	twin_turns(&b, &a, 10);
	ck_assert_uint_eq(server.count, 64);
}
END_TEST

START_TEST(lost_with_the_stack)
{
	static struct mail one = {.close = true}, two, three;
	dgram_open(&one.d, a.stack, "*:0", &ops, &one, NULL);
	dgram_open(&two.d, a.stack, "*:0", &ops, &two, NULL);
	dgram_open(&three.d, a.stack, "*:0", &ops, &three, NULL);
	dgram_close(&two.d);
	mem_state("dgram", SGT_NOT_RUNNING);
	twin_turns(&a, &b, 1);
	ck_assert_uint_eq(one.lost, 1);
	ck_assert_uint_eq(two.lost, 0);
	ck_assert_uint_eq(three.lost, 1);
	struct sgt_error error;
	ck_assert_int_eq(dgram_open(&one.d, a.stack, "*:0", &ops, &one, &error), SGT_STATE);
	ck_assert_str_eq(error.text, "a is not up");
}
END_TEST

START_TEST(refusals)
{
	static struct mail m, other;
	struct sgt_error error;
	ck_assert_int_eq(dgram_open(&m.d, a.stack, "10.9.9.9:0", &ops, &m, &error),
			 SGT_BAD_ADDRESS);
	ck_assert_int_eq(dgram_open(&m.d, a.stack, "*:53", &ops, &m, &error), SGT_OK);
	ck_assert_int_eq(dgram_open(&other.d, a.stack, "10.0.0.1:53", &ops, &other, &error),
			 SGT_IN_USE);
	ck_assert_int_eq(dgram_open(&other.d, b.stack, "*:53", &ops, &other, &error), SGT_OK);
	mem_fail("dgram", MEM_DGRAM_OPEN, 1, SGT_LIMIT);
	ck_assert_int_eq(dgram_open(&m.d, a.stack, "*:0", &ops, &m, &error), SGT_LIMIT);
	mem_fault("dgram", "10.0.0.2:53", MEM_SILENT);
	dgram_send(m.d, "10.0.0.2:53", "q", 1);
	twin_turns(&a, &b, 2);
	ck_assert_uint_eq(other.count, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/dgram");
	TCase *tc = tcase_create("dgram");
	const TTest *const tests[] = {there_and_back, closed_in_its_callback, queue_is_bounded,
				      lost_with_the_stack, refusals};
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
