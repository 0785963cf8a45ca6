/* A client's hello in words: lists of versions, unknown suites, more suites than there is room for. */
#include "tls/pki.h"
#include "tls/tls_internal.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static char plain[TLS_RECORD];

/* Gives a hello of these suites (n pairs of bytes) to a server that wants TLS 1.3; what it tells of it. */
static const char *offer_of(struct tls *t, const unsigned char *suites, size_t n)
{
	static unsigned char record[65536];
	size_t body = 2 + 32 + 1 + 2 + n + 2, at = 0;
	const unsigned char head[] = {22,
				      3,
				      1,
				      (unsigned char)((body + 4) >> 8),
				      (unsigned char)(body + 4),
				      1,
				      0,
				      (unsigned char)(body >> 8),
				      (unsigned char)body,
				      3,
				      1};
	memcpy(record, head, sizeof head);
	at = sizeof head + 32;
	record[at++] = 0; /* no session */
	record[at++] = (unsigned char)(n >> 8);
	record[at++] = (unsigned char)n;
	memcpy(record + at, suites, n);
	at += n;
	record[at++] = 1;
	record[at++] = 0;
	tls_lend(t, (const char *)record, at);
	ck_assert_uint_eq(tls_read(t, plain, sizeof plain), 0);
	ck_assert_int_eq(tls_state(t), TLS_FAILED);
	return tls_offer(t);
}

static struct tls *server_new(void)
{
	struct tls_identity *i = pki_make("mx.test", NULL, false, -1, 30);
	struct tls_config config = {.now = PKI_NOW};
	struct tls *t;
	ck_assert_int_eq(tls_context_server(&config.context, i, TLS_1_2, NULL), OK);
	ck_assert_int_eq(tls_server_new(&t, &config), OK);
	tls_context_unref(&config.context);
	tls_identity_free(&i);
	return t;
}

START_TEST(an_old_scanner)
{
	struct tls *t = server_new();
	/* AES128-SHA, 3DES, RC4, a signal */
	static const unsigned char suites[] = {0, 0x2f, 0, 0x0a, 0, 0x05, 0, 0xff};
	ck_assert_str_eq(offer_of(t, suites, sizeof suites),
			 "versions up to TLSv1.0; suites AES128-SHA 0x000a 0x0005");
	ck_assert_str_eq(tls_why(t), "no TLS version in common");
	tls_destroy(&t);
}
END_TEST

START_TEST(more_than_there_is_room_for)
{
	struct tls *t = server_new();
	unsigned char suites[2000];
	for (size_t i = 0; i < sizeof suites; i += 2) {
		suites[i] = 0x7e;
		suites[i + 1] = 0x01;
	}
	const char *offer = offer_of(t, suites, sizeof suites);
	ck_assert_uint_lt(strlen(offer), TLS_OFFER_MAX);
	size_t shown = 0;
	for (const char *p = offer; (p = strstr(p, "0x7e01")); p++)
		shown++;
	char tail[32];
	snprintf(tail, sizeof tail, " and %zu more", 1000 - shown);
	ck_assert_str_eq(offer + strlen(offer) - strlen(tail), tail);
	tls_destroy(&t);
}
END_TEST

START_TEST(a_list_of_versions)
{
	struct tls_identity *i = pki_make("mx.test", NULL, false, -1, 30);
	const struct tls_client_config cc = {.min = TLS_1_2};
	struct tls_config client = {.now = PKI_NOW};
	struct tls *c, *s = server_new();
	ck_assert_int_eq(tls_context_client(&client.context, &cc, NULL), OK);
	ck_assert_int_eq(tls_client_new(&c, &client), OK);
	tls_lend(s, buf_head(tls_output(c)), tls_output(c)->len);
	ck_assert_uint_eq(tls_read(s, plain, sizeof plain), 0);
	ck_assert_ptr_nonnull(strstr(tls_offer(s), "versions TLSv1.3 TLSv1.2; suites TLS_AES"));
	tls_context_unref(&client.context);
	tls_destroy(&c);
	tls_destroy(&s);
	tls_identity_free(&i);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hello");
	SUITE_CASE(s, "hello", an_old_scanner, more_than_there_is_room_for, a_list_of_versions);
	return s;
}

SUITE_MAIN(suite)
