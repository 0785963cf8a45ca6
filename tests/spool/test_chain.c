/* chain: every field goes into its link, nothing slides from one into the next, hashes as text. */
#include "spool/chain.h"
#include "support/suite.h"

#include <string.h>

static struct chain chain;
static const unsigned char zeros[CHAIN_HASH];

static void setup(void)
{
	struct err err;
	ck_assert_int_eq(chain_open(&chain, &err), OK);
}

static void teardown(void)
{
	chain_close(&chain);
}

struct taken {
	uint64_t number, size;
	const char *hash;
	struct mail_envelope v;
};

static struct taken taken_first(void)
{
	static const char *recipients[] = {"b@example.net", "c@example.net"};
	struct taken t = {7, 42, "abc", {.reverse_path = "a@example.com", .session = "s1"}};
	t.v.listener = "lan";
	t.v.protocol = "ESMTP";
	t.v.client = "192.0.2.1";
	t.v.helo = "client.test";
	t.v.arrived = 1000;
	t.v.priority = MAIL_NORMAL;
	static const char *asks_of[] = {"", "NOTIFY=NEVER"};
	t.v.asks = t.v.repaired = "";
	t.v.asks_of = asks_of;
	t.v.recipients = recipients;
	t.v.count = 2;
	return t;
}

static void change_taken(struct taken *t, int which)
{
	static const char *others[] = {"b@example.net", "d@example.net"};
	static const char *asked[] = {"", "NOTIFY=FAILURE"};
	struct mail_envelope *v = &t->v;
	const char **texts[] = {&v->reverse_path, &v->session, &v->listener, &v->protocol,
				&v->client,       &v->helo,    &t->hash};
	if (which < 7)
		*texts[which] = "other";
	else if (which == 7)
		v->eight_bit = true;
	else if (which == 8)
		v->arrived++;
	else if (which == 9)
		v->priority = MAIL_BULK;
	else if (which == 10)
		t->size++;
	else if (which == 11)
		t->number++;
	else if (which == 12)
		v->count--;
	else if (which == 13)
		v->recipients = others;
	else if (which == 14)
		v->asks = "RET=HDRS";
	else if (which == 15)
		v->asks_of = asked;
	else
		v->repaired = "Date was missing";
}

static void link_of(const struct taken *t, unsigned char *out)
{
	ck_assert_int_eq(chain_taken(&chain, zeros, t->number, &t->v, t->size, t->hash, out), OK);
}

START_TEST(every_field_of_what_was_taken)
{
	unsigned char first[CHAIN_HASH], again[CHAIN_HASH], other[CHAIN_HASH];
	struct taken t = taken_first();
	link_of(&t, first);
	link_of(&t, again);
	ck_assert_mem_eq(first, again, CHAIN_HASH);
	change_taken(&t, _i);
	link_of(&t, other);
	ck_assert_mem_ne(first, other, CHAIN_HASH);
}
END_TEST

static void change_attempt(struct spool_attempt *a, int which)
{
	const char **texts[] = {&a->rule,      &a->peer,        &a->status,   &a->reason,
				&a->sent_hash, &a->sent_sender, &a->sent_from};
	if (which < 7)
		*texts[which] = "other";
	else if (which == 7)
		a->at++;
	else if (which == 8)
		a->rcpt++;
	else if (which == 9)
		a->nth++;
	else
		a->state = SPOOL_BOUNCED;
}

START_TEST(every_field_of_an_attempt)
{
	unsigned char first[CHAIN_HASH], other[CHAIN_HASH];
	struct spool_attempt a = {.at = 5, .nth = 1, .state = SPOOL_DELIVERED, .peer = "p"};
	ck_assert_int_eq(chain_attempt(&chain, zeros, 7, &a, first), OK);
	change_attempt(&a, _i);
	ck_assert_int_eq(chain_attempt(&chain, zeros, 7, &a, other), OK);
	ck_assert_mem_ne(first, other, CHAIN_HASH);
}
END_TEST

static void change_end(struct spool_entry *e, int which)
{
	struct spool_rcpt *r = &e->rcpts[0];
	const char **texts[] = {&r->rule, &r->peer, &r->status, &r->reason};
	if (which < 4)
		*texts[which] = "other";
	else if (which == 4)
		r->state = SPOOL_BOUNCED;
	else if (which == 5)
		r->attempts++;
	else if (which == 6)
		r->warned = true;
	else
		e->ended++;
}

START_TEST(every_field_of_an_end)
{
	unsigned char first[CHAIN_HASH], other[CHAIN_HASH];
	struct spool_rcpt r = {.state = SPOOL_DELIVERED, .attempts = 1, .reason = "ok"};
	struct spool_entry e = {.number = 7, .rcpts = &r, .rcpt_count = 1, .ended = 9};
	ck_assert_int_eq(chain_ended(&chain, zeros, &e, first), OK);
	change_end(&e, _i);
	ck_assert_int_eq(chain_ended(&chain, zeros, &e, other), OK);
	ck_assert_mem_ne(first, other, CHAIN_HASH);
}
END_TEST

START_TEST(what_came_before)
{
	unsigned char first[CHAIN_HASH], other[CHAIN_HASH], before[CHAIN_HASH] = {1};
	ck_assert_int_eq(chain_forgotten(&chain, zeros, 7, first), OK);
	ck_assert_int_eq(chain_forgotten(&chain, before, 7, other), OK);
	ck_assert_mem_ne(first, other, CHAIN_HASH);
	ck_assert_int_eq(chain_forgotten(&chain, zeros, 8, other), OK);
	ck_assert_mem_ne(first, other, CHAIN_HASH);
}
END_TEST

/* "ab" + "c" is not "a" + "bc". */
START_TEST(nothing_slides)
{
	unsigned char first[CHAIN_HASH], other[CHAIN_HASH];
	struct spool_attempt a = {.nth = 1, .rule = "ab", .peer = "c"};
	ck_assert_int_eq(chain_attempt(&chain, zeros, 7, &a, first), OK);
	a.rule = "a";
	a.peer = "bc";
	ck_assert_int_eq(chain_attempt(&chain, zeros, 7, &a, other), OK);
	ck_assert_mem_ne(first, other, CHAIN_HASH);
}
END_TEST

START_TEST(hashes_as_text)
{
	unsigned char hash[CHAIN_HASH], back[CHAIN_HASH];
	char hex[2 * CHAIN_HASH + 1];
	for (size_t i = 0; i < CHAIN_HASH; i++)
		hash[i] = (unsigned char)(i * 9);
	chain_hex(hash, hex);
	ck_assert_uint_eq(strlen(hex), 64);
	ck_assert_int_eq(strncmp(hex, "0009121b", 8), 0);
	ck_assert(chain_unhex(hex, back));
	ck_assert_mem_eq(hash, back, CHAIN_HASH);
	hex[5] = 'g';
	ck_assert(!chain_unhex(hex, back));
	ck_assert(!chain_unhex("0009", back));
	ck_assert(!chain_unhex("", back));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/chain");
	TCase *t = tcase_create("links");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, every_field_of_what_was_taken, 0, 17);
	tcase_add_loop_test(t, every_field_of_an_attempt, 0, 11);
	tcase_add_loop_test(t, every_field_of_an_end, 0, 8);
	tcase_add_test(t, what_came_before);
	tcase_add_test(t, nothing_slides);
	tcase_add_test(t, hashes_as_text);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
