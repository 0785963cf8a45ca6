/* Sessions: every version, every size of pieces, refusals of either side, renegotiation. */
#include "tls/pki.h"
#include "tls/tls_internal.h"
#include "tls/words.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct tls_identity *own;
static struct pki_pair pair;

static struct tls_context *server_of(const struct tls_identity *i, enum tls_version min)
{
	struct tls_context *c;
	struct err err;
	ck_assert_msg(tls_context_server(&c, i, min, &err) == OK, "%s", err.text);
	return c;
}

static struct tls_context *client_of(const struct tls_client_config *config)
{
	struct tls_context *c;
	struct err err;
	ck_assert_msg(tls_context_client(&c, config, &err) == OK, "%s", err.text);
	return c;
}

static void begin(const struct tls_client_config *config, const char *name, int64_t now,
		  const struct tls_identity *i, enum tls_version min)
{
	struct tls_context *client = client_of(config), *server = server_of(i, min);
	pki_pair_new(&pair, client, server, name, now);
	tls_context_unref(&client);
	tls_context_unref(&server);
}

static void talk(void)
{
	static char text[40000];
	memset(text, 'x', sizeof text);
	ck_assert_int_eq(tls_state(pair.client), TLS_OPEN);
	ck_assert_int_eq(tls_state(pair.server), TLS_OPEN);
	ck_assert_int_eq(tls_write(pair.client, text, sizeof text), OK);
	ck_assert_int_eq(tls_write(pair.server, "220 Ready\r\n", 11), OK);
	pki_pair_run(&pair);
	ck_assert_uint_eq(pair.n_server, sizeof text);
	ck_assert_mem_eq(pair.got_server, text, sizeof text);
	ck_assert_uint_eq(pair.n_client, 11);
}

START_TEST(pieces_of_every_size)
{
	static const size_t sizes[] = {1, 2, 3, 5, 7, 64, 1000, 0};
	const struct tls_client_config config = {.min = TLS_1_2};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		pair.chunk = sizes[i];
		begin(&config, "mx.test", PKI_NOW, own, TLS_1_2);
		pki_pair_run(&pair);
		talk();
		ck_assert(strncmp(tls_story(pair.server), "TLSv1.3 TLS_", 12) == 0);
		ck_assert_str_eq(tls_story(pair.server), tls_story(pair.client));
		tls_close(pair.client);
		pki_pair_run(&pair);
		ck_assert_int_eq(tls_state(pair.server), TLS_CLOSED);
		pki_pair_free(&pair);
	}
	pair.chunk = 0;
}
END_TEST

/* A client that speaks nothing above this version, at a server with this floor. */
static void speak(int version, enum tls_version min)
{
	const struct tls_client_config config = {.min = TLS_1_0};
	struct tls_context *client = client_of(&config), *server = server_of(own, min);
	SSL_CTX_set_max_proto_version(tls_context_of(client), version);
	pki_pair_new(&pair, client, server, "mx.test", PKI_NOW);
	pki_pair_run(&pair);
	tls_context_unref(&client);
	tls_context_unref(&server);
}

START_TEST(old_versions_where_they_are_allowed)
{
	static const struct {
		int version;
		const char *story;
	} rows[] = {{TLS1_VERSION, "TLSv1 "},
		    {TLS1_1_VERSION, "TLSv1.1 "},
		    {TLS1_2_VERSION, "TLSv1.2 "}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		speak(rows[i].version, TLS_1_0);
		talk();
		ck_assert(strncmp(tls_story(pair.server), rows[i].story, strlen(rows[i].story)) ==
			  0);
		pki_pair_free(&pair);
	}
}
END_TEST

START_TEST(old_versions_are_refused_with_what_was_offered)
{
	speak(TLS1_1_VERSION, TLS_1_2);
	ck_assert_int_eq(tls_state(pair.server), TLS_FAILED);
	ck_assert_str_eq(tls_why(pair.server), "no TLS version in common");
	ck_assert(strstr(tls_offer(pair.server), "versions up to TLSv1.1; suites ") ==
		  tls_offer(pair.server));
	ck_assert_ptr_nonnull(strstr(tls_offer(pair.server), "AES128-SHA"));
	ck_assert_int_eq(tls_state(pair.client), TLS_FAILED);
	ck_assert_str_eq(tls_why(pair.client), "the peer wants another TLS version");
	pki_pair_free(&pair);
}
END_TEST

START_TEST(a_peer_without_tls)
{
	char plain[TLS_RECORD];
	const struct tls_client_config config = {.min = TLS_1_2};
	begin(&config, NULL, PKI_NOW, own, TLS_1_2);
	tls_lend(pair.server, "EHLO client.test\r\n", 18);
	ck_assert_uint_eq(tls_read(pair.server, plain, sizeof plain), 0);
	ck_assert_int_eq(tls_state(pair.server), TLS_FAILED);
	ck_assert_str_eq(tls_why(pair.server), "the peer does not speak TLS");
	ck_assert_str_eq(tls_offer(pair.server), "");
	ck_assert_int_eq(tls_write(pair.server, "x", 1), E_STATE);
	pki_pair_free(&pair);
}
END_TEST

/* The client wants a new handshake in the middle (RFC 5746). */
static void renegotiate(unsigned before)
{
	speak(TLS1_2_VERSION, TLS_1_2);
	pair.server->renegotiations = before;
	SSL_clear_options(pair.client->ssl, SSL_OP_NO_RENEGOTIATION);
	ck_assert_int_eq(SSL_renegotiate(pair.client->ssl), 1);
	SSL_do_handshake(pair.client->ssl);
	pki_pair_run(&pair);
	ck_assert_uint_eq(pair.server->renegotiations, before + 1);
}

START_TEST(renegotiation_is_refused)
{
	renegotiate(0);
	ck_assert_int_eq(tls_state(pair.client), TLS_FAILED); /* OpenSSL's client does not go on */
	ck_assert_str_eq(tls_why(pair.client), "no renegotiation");
	pki_pair_free(&pair);
}
END_TEST

START_TEST(a_flood_of_renegotiations_ends_the_session)
{
	renegotiate(TLS_RENEGOTIATIONS - 1);
	ck_assert_int_eq(tls_state(pair.server), TLS_FAILED);
	ck_assert_str_eq(tls_why(pair.server), "the peer asks for a new handshake again and again");
	pki_pair_free(&pair);
}
END_TEST

/* A server asks for a new handshake, which a client would make without a word: again and again it costs the client as much. */
static void renegotiate_with_client(unsigned before)
{
	speak(TLS1_2_VERSION, TLS_1_2);
	pair.client->renegotiations = before;
	SSL_clear_options(pair.server->ssl, SSL_OP_NO_RENEGOTIATION);
	ck_assert_int_eq(SSL_renegotiate(pair.server->ssl), 1);
	SSL_do_handshake(pair.server->ssl);
	pki_pair_run(&pair);
	ck_assert_uint_eq(pair.client->renegotiations, before + 1);
}

START_TEST(renegotiation_by_a_server_is_refused)
{
	renegotiate_with_client(0);
	ck_assert_int_eq(tls_state(pair.server), TLS_FAILED);
	ck_assert_str_eq(tls_why(pair.server), "no renegotiation");
	pki_pair_free(&pair);
}
END_TEST

START_TEST(a_flood_of_them_ends_the_session)
{
	renegotiate_with_client(TLS_RENEGOTIATIONS - 1);
	ck_assert_int_eq(tls_state(pair.client), TLS_FAILED);
	ck_assert_str_eq(tls_why(pair.client), "the peer asks for a new handshake again and again");
	pki_pair_free(&pair);
}
END_TEST

/* What a verifying client says to each certificate. */
static void verified(const struct tls_identity *i, const struct tls_client_config *config,
		     const char *name, int64_t now, const char *why)
{
	begin(config, name, now, i, TLS_1_2);
	pki_pair_run(&pair);
	if (why) {
		ck_assert_int_eq(tls_state(pair.client), TLS_FAILED);
		ck_assert_msg(strstr(tls_why(pair.client), why) != NULL, "%s: %s", why,
			      tls_why(pair.client));
		ck_assert_int_eq(tls_state(pair.server), TLS_FAILED); /* it was told */
	} else {
		ck_assert_msg(tls_state(pair.client) == TLS_OPEN, "%s", tls_why(pair.client));
	}
	pki_pair_free(&pair);
}

START_TEST(certificates_are_judged)
{
	struct tls_identity *ca = pki_make("Test CA", NULL, true, -10, 1000);
	struct tls_identity *good = pki_make("mx.test", ca, false, -1, 30);
	struct tls_identity *old = pki_make("mx.test", ca, false, -100, -5);
	struct tls_identity *early = pki_make("mx.test", ca, false, 5, 30);
	struct tls_identity *self = pki_make("mx.test", NULL, false, -1, 30);
	struct tls_identity *other = pki_make("Other CA", NULL, true, -10, 1000);
	struct tls_identity *stranger = pki_make("mx.test", other, false, -1, 30);
	char path[512];
	snprintf(path, sizeof path, "%s/ca.pem", suite_scratch());
	pki_write(path, ca, true, false);
	const struct tls_client_config config = {.min = TLS_1_2, .verify = true, .ca = path};
	verified(good, &config, "mx.test", PKI_NOW, NULL);
	verified(good, &config, "MX.Test", PKI_NOW, NULL);
	verified(old, &config, "mx.test", PKI_NOW, "is expired at 2026-11-20");
	verified(early, &config, "mx.test", PKI_NOW, "is not yet valid: it begins at 2026-11-30");
	verified(good, &config, "mx.test", 1000,
		 "because the clock of this machine is wrong: it says 1970-01-01");
	verified(good, &config, "mail.test", PKI_NOW,
		 "for another name: it is for mx.test, not for mail.test");
	verified(good, &config, "192.0.2.1", PKI_NOW, "for another name: it is for mx.test");
	verified(self, &config, "mx.test", PKI_NOW, "certificate is self-signed");
	verified(stranger, &config, "mx.test", PKI_NOW, "from an unknown CA: /CN=Other CA");
	struct tls_identity *all[] = {ca, good, old, early, self, other, stranger};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tls_identity_free(&all[i]);
	suite_scratch_remove();
}
END_TEST

START_TEST(a_pin_decides_alone)
{
	struct tls_identity *self = pki_make("elsewhere.test", NULL, false, -100, -5);
	char pin[65];
	const char *pins[] = {"0000000000000000000000000000000000000000000000000000000000000000",
			      tls_words_pin(self->cert, pin)};
	struct tls_client_config config = {
		.min = TLS_1_2, .verify = true, .pins = pins, .pin_count = 2};
	verified(self, &config, "mx.test", PKI_NOW, NULL);
	config.pin_count = 1;
	verified(self, &config, "mx.test", PKI_NOW, pin);
	tls_identity_free(&self);
}
END_TEST

START_TEST(unverified_takes_anything)
{
	struct tls_identity *self = pki_make("elsewhere.test", NULL, false, -100, -5);
	const struct tls_client_config config = {.min = TLS_1_2};
	verified(self, &config, "mx.test", PKI_NOW, NULL);
	tls_identity_free(&self);
}
END_TEST

/* Who stops reading plaintext stops the taking of ciphertext. */
START_TEST(no_more_is_taken_than_is_read)
{
	char plain[TLS_RECORD], text[TLS_RECORD];
	const struct tls_client_config config = {.min = TLS_1_2};
	memset(text, 'y', sizeof text);
	begin(&config, "mx.test", PKI_NOW, own, TLS_1_2);
	pki_pair_run(&pair);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(tls_write(pair.client, text, sizeof text), OK);
	struct buf *out = tls_output(pair.client);
	tls_lend(pair.server, buf_head(out), out->len);
	ck_assert_uint_eq(tls_read(pair.server, plain, sizeof plain), sizeof plain);
	ck_assert_uint_gt(tls_lent(pair.server), 2 * sizeof text);
	pki_pair_free(&pair);
}
END_TEST

static void setup(void)
{
	own = pki_make("mx.test", NULL, false, -1, 30);
}

static void teardown(void)
{
	tls_identity_free(&own);
}

static Suite *suite(void)
{
	const TTest *const tests[] = {pieces_of_every_size,
				      old_versions_where_they_are_allowed,
				      old_versions_are_refused_with_what_was_offered,
				      a_peer_without_tls,
				      renegotiation_is_refused,
				      a_flood_of_renegotiations_ends_the_session,
				      renegotiation_by_a_server_is_refused,
				      a_flood_of_them_ends_the_session,
				      certificates_are_judged,
				      a_pin_decides_alone,
				      unverified_takes_anything,
				      no_more_is_taken_than_is_read};
	Suite *s = suite_create("tls");
	TCase *tc = tcase_create("session");
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return s;
}

SUITE_MAIN(suite)
