/* submit, drafts and due, over both engines: numbers, contents, hashes, claims. */
#include "spool/desk.h"
#include "support/suite.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static char *pattern(size_t n)
{
	char *p = malloc(n + 1);
	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 31 + i / 251);
	return p;
}

static void expect_hash(const char *hex, const char *data, size_t n)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned len;
	char want[65];
	ck_assert(EVP_Digest(data, n, raw, &len, EVP_sha256(), NULL));
	for (size_t i = 0; i < 32; i++)
		snprintf(want + 2 * i, 3, "%02x", raw[i]);
	ck_assert_str_eq(hex, want);
}

static void expect_content(const struct spool_message *m, const char *data, size_t n)
{
	static const size_t chunks[] = {1 << 20, 65536, 4093};
	char *got = malloc((1 << 20) + 1);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(m->size, n);
	expect_hash(m->hash, data, n);
	ck_assert_int_eq(m->data != NULL, n <= SPOOL_BODY_INLINE);
	ck_assert_int_eq(m->fd >= 0, n > SPOOL_BODY_INLINE);
	for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
		size_t at = 0;
		for (ssize_t r; (r = spool_message_read(m, at, got, chunks[c])) != 0;
		     at += (size_t)r) {
			ck_assert_int_gt(r, 0);
			ck_assert_mem_eq(got, data + at, (size_t)r);
		}
		ck_assert_uint_eq(at, n);
	}
	ck_assert_int_eq(spool_message_read(m, n + 5, got, 10), 0);
	free(got);
}

/* Sizes on both sides of every border; the content is read from the submitter's message and from a
 * claimed one. */
START_TEST(content_of_every_size)
{
	static const size_t sizes[] = {
		0,      1, 4096, SPOOL_BODY_INLINE - 1, SPOOL_BODY_INLINE, SPOOL_BODY_INLINE + 1,
		3000000};
	struct stage st;
	stage_open(&st, (enum spool_engine)_i);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *data = pattern(sizes[i]);
		struct spool_message *m;
		struct spool_due due;
		ck_assert_int_eq(desk_submit(&st.desk, data, sizes[i], NULL, &m), OK);
		ck_assert_uint_eq(m->number, i + 1);
		expect_content(m, data, sizes[i]);
		struct spool_update q = {.unclaim = &m->number, .unclaim_count = 1};
		ck_assert_int_eq(desk_update(&st.desk, &q), OK);
		ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, 10, &due), OK);
		ck_assert_uint_eq(due.count, 1);
		expect_content(due.messages[0], data, sizes[i]);
		ck_assert_str_eq(due.messages[0]->id, m->id);
		ck_assert_str_eq(due.messages[0]->envelope.asks, "RET=HDRS");
		ck_assert_str_eq(due.messages[0]->envelope.asks_of[0], "NOTIFY=NEVER");
		ck_assert_str_eq(due.messages[0]->rcpts[0].asks, "NOTIFY=NEVER");
		spool_message_unref(&due.messages[0]);
		spool_message_unref(&m);
		free(due.messages);
		free(data);
	}
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

START_TEST(envelope_comes_back)
{
	struct stage st;
	struct spool_due due;
	stage_open(&st, (enum spool_engine)_i);
	struct mail_envelope *e = &st.desk.envelope;
	ck_assert_int_eq(mail_envelope_add(e, "\"odd name\"@example.org"), OK);
	e->reverse_path = "";
	e->eight_bit = true;
	e->listener = "lan";
	e->protocol = "ESMTP";
	e->helo = "scanner'; DROP TABLE message; --";
	e->priority = MAIL_BULK;
	stage_message(&st);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, 10, &due), OK);
	ck_assert_uint_eq(due.count, 1);
	const struct mail_envelope *got = &due.messages[0]->envelope;
	ck_assert_str_eq(got->reverse_path, "");
	ck_assert_uint_eq(got->count, 2);
	ck_assert_str_eq(got->recipients[0], "to@example.net");
	ck_assert_str_eq(got->recipients[1], "\"odd name\"@example.org");
	ck_assert_ptr_eq(got->recipients[1], due.messages[0]->rcpts[1].address);
	ck_assert(got->eight_bit);
	ck_assert_str_eq(got->session, "s1-1");
	ck_assert_str_eq(got->listener, "lan");
	ck_assert_str_eq(got->protocol, "ESMTP");
	ck_assert_str_eq(got->client, "192.0.2.1");
	ck_assert_str_eq(got->helo, e->helo);
	ck_assert_int_eq(got->arrived, STAGE_NOW);
	ck_assert_int_eq(got->priority, MAIL_BULK);
	spool_message_unref(&due.messages[0]);
	free(due.messages);
	stage_close(&st);
}
END_TEST

START_TEST(held_from_the_start)
{
	struct stage st;
	struct spool_message *m;
	struct spool_due due;
	stage_open(&st, (enum spool_engine)_i);
	ck_assert_int_eq(desk_submit(&st.desk, "x", 1, "no route", &m), OK);
	ck_assert_int_eq(m->rcpts[0].state, SPOOL_HELD);
	ck_assert_str_eq(m->rcpts[0].reason, "no route");
	struct spool_update q = {.unclaim = &m->number, .unclaim_count = 1};
	ck_assert_int_eq(desk_update(&st.desk, &q), OK);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, 10, &due), OK);
	ck_assert_uint_eq(due.count, 0);
	ck_assert(due.next == INT64_MAX);
	free(due.messages);
	ck_assert(stage_sums(&st));
	spool_message_unref(&m);
	stage_close(&st);
}
END_TEST

START_TEST(no_recipient_is_refused)
{
	struct stage st;
	struct spool_message *m;
	stage_open(&st, (enum spool_engine)_i);
	st.desk.envelope.count = 0;
	ck_assert_int_eq(desk_submit(&st.desk, "x", 1, NULL, &m), E_RANGE);
	ck_assert_ptr_null(m);
	st.desk.envelope.count = 1;
	ck_assert_uint_eq(stage_message(&st), 1); /* no number was used up */
	stage_close(&st);
}
END_TEST

/* Urgent first, then by time; what is claimed is never handed out twice; next tells when to ask
 * again. */
START_TEST(due_in_order)
{
	static const enum mail_priority priorities[] = {MAIL_BULK, MAIL_NORMAL, MAIL_URGENT,
							MAIL_NORMAL};
	static const uint64_t order[] = {3, 2, 4, 1};
	struct stage st;
	struct spool_due due;
	stage_open(&st, (enum spool_engine)_i);
	for (size_t i = 0; i < 4; i++) {
		st.desk.envelope.priority = priorities[i];
		stage_message(&st);
	}
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW, 1, &due), OK);
		ck_assert_uint_eq(due.count, 1);
		ck_assert_uint_eq(due.messages[0]->number, order[i]);
		ck_assert_int_eq(due.next, i < 3 ? STAGE_NOW : INT64_MAX);
		spool_message_unref(&due.messages[0]);
		free(due.messages);
	}
	ck_assert_int_eq(desk_report(&st.desk, 2, 0, SPOOL_WAITING, STAGE_NOW + 5000, "busy"), OK);
	ck_assert_int_eq(desk_report(&st.desk, 1, 0, SPOOL_WAITING, STAGE_NOW + 3000, "busy"), OK);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW + 2999, 9, &due), OK);
	ck_assert_uint_eq(due.count, 0);
	ck_assert_int_eq(due.next, STAGE_NOW + 3000);
	free(due.messages);
	ck_assert_int_eq(desk_due(&st.desk, STAGE_NOW + 3000, 9, &due), OK);
	ck_assert_uint_eq(due.count, 1);
	ck_assert_uint_eq(due.messages[0]->number, 1);
	ck_assert_int_eq(due.next, STAGE_NOW + 5000);
	ck_assert_uint_eq(due.messages[0]->rcpts[0].attempts, 1);
	ck_assert_str_eq(due.messages[0]->rcpts[0].reason, "busy");
	spool_message_unref(&due.messages[0]);
	free(due.messages);
	stage_close(&st);
}
END_TEST

START_TEST(many_at_once)
{
	enum { COUNT = 300 };
	static struct spool_submit q[COUNT];
	bool seen[COUNT + 1] = {false};
	struct stage st;
	struct err err;
	stage_open(&st, (enum spool_engine)_i);
	for (size_t i = 0; i < COUNT; i++) {
		q[i] = (struct spool_submit){
			.q = {.answer_to = &st.desk.inbox, .done = desk_done},
			.draft = desk_draft(&st.desk, "x", i % 50 ? 1 : 0, &err),
			.envelope = &st.desk.envelope,
		};
		spool_submit(st.desk.spool, &q[i]);
	}
	desk_wait(&st.desk, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		ck_assert_int_eq(q[i].q.result, OK);
		ck_assert_uint_le(q[i].message->number, COUNT);
		ck_assert(!seen[q[i].message->number]);
		seen[q[i].message->number] = true;
		spool_message_unref(&q[i].message);
	}
	ck_assert(stage_sums(&st));
	stage_close(&st);
}
END_TEST

/* What was asked before closing is answered before it returns. */
START_TEST(close_serves_the_rest)
{
	static struct spool_submit q[40];
	struct stage st;
	struct err err;
	char *big = pattern(SPOOL_BODY_INLINE + 1);
	stage_open(&st, (enum spool_engine)_i);
	for (size_t i = 0; i < 40; i++) {
		q[i] = (struct spool_submit){
			.q = {.answer_to = &st.desk.inbox, .done = desk_done},
			.draft = desk_draft(&st.desk, big, i % 8 ? 1 : SPOOL_BODY_INLINE + 1, &err),
			.envelope = &st.desk.envelope,
		};
		spool_submit(st.desk.spool, &q[i]);
	}
	spool_close(&st.desk.spool);
	ck_assert_uint_eq(inbox_drain(&st.desk.inbox), 40);
	for (size_t i = 0; i < 40; i++) {
		ck_assert_int_eq(q[i].q.result, OK);
		spool_message_unref(&q[i].message);
	}
	free(big);
	stage_close(&st);
}
END_TEST

START_TEST(ids)
{
	static const char *const bad[] = {"",
					  "m",
					  "m0",
					  "0",
					  "x1",
					  "m1x",
					  "-1",
					  " 1",
					  "m 1",
					  "01",
					  "18446744073709551616",
					  "m99999999999999999999"};
	char text[SPOOL_ID_MAX];
	uint64_t n = 0;
	spool_id_format(UINT64_MAX, text);
	ck_assert_str_eq(text, "m18446744073709551615");
	ck_assert_int_eq(spool_id_parse(text, &n), OK);
	ck_assert(n == UINT64_MAX);
	ck_assert_int_eq(spool_id_parse("42", &n), OK);
	ck_assert_uint_eq(n, 42);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(spool_id_parse(bad[i], &n) == E_SYNTAX, "%s", bad[i]);
	ck_assert_uint_eq(n, 42);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spool/submit");
	STAGE_CASE(s, "content", content_of_every_size);
	STAGE_CASE(s, "envelope", envelope_comes_back, held_from_the_start,
		   no_recipient_is_refused);
	STAGE_CASE(s, "due", due_in_order);
	STAGE_CASE(s, "group", many_at_once, close_serves_the_rest);
	SUITE_CASE(s, "id", ids);
	return s;
}
SUITE_MAIN(suite)
