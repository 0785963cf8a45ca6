/*
 * A TLS session over lent bytes: see tls.h. Owns the SSL and its pipe, and the words about what went wrong. Memory that is short
 * fails the session.
 */
#include "tls/tls.h"

#include "base/net.h"
#include "base/text.h"
#include "tls/tls_internal.h"
#include "tls/words.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- failing ---- */

static void fail_words(struct tls *t, const char *words)
{
	if (t->state == TLS_FAILED)
		return;
	t->state = TLS_FAILED;
	free(t->why);
	t->why = strdup(words);
}

/* The verification of the peer's certificate failed: why, in words about that certificate. */
static bool failed_verifying(struct tls *t)
{
	char reason[TLS_WORDS_MAX], words[TLS_WORDS_MAX + 64];
	long code = SSL_get_verify_result(t->ssl);
	if (SSL_is_server(t->ssl) || code == X509_V_OK ||
	    SSL_get_verify_mode(t->ssl) == SSL_VERIFY_NONE ||
	    ERR_GET_REASON(ERR_peek_error()) != SSL_R_CERTIFICATE_VERIFY_FAILED)
		return false;
	const STACK_OF(X509) *chain =
		SSL_get_peer_cert_chain(t->ssl); /* the session has none yet */
	X509 *cert = chain ? sk_X509_value(chain, 0) : NULL;
	tls_words_verify(code, cert, t->name, t->now, reason, sizeof reason);
	snprintf(words, sizeof words, "the server's certificate is %s", reason);
	ERR_clear_error();
	fail_words(t, words);
	return true;
}

static void fail(struct tls *t)
{
	char words[TLS_WORDS_MAX];
	if (!failed_verifying(t))
		fail_words(t, tls_words_error(words, sizeof words));
}

/* What a call of OpenSSL ended with: true when there is nothing to do but to wait for more input. */
static bool wants_input(struct tls *t, int returned)
{
	switch (SSL_get_error(t->ssl, returned)) {
	case SSL_ERROR_WANT_READ:
		return true;
	case SSL_ERROR_ZERO_RETURN:
		t->state = TLS_CLOSED;
		return true;
	default:
		fail(t);
		return false;
	}
}

/* ---- beginning and end ---- */

static enum result set_name(struct tls *t, const char *name)
{
	struct net_ip ip;
	if (!name)
		return OK;
	t->name = strdup(name);
	if (!t->name)
		return E_NOMEM;
	if (net_ip_parse(name, &ip) == OK) /* RFC 6066 3: no SNI for addresses */
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t->ssl), name) == 1 ? OK
											: E_SYNTAX;
	SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(t->ssl, name) == 1 && SSL_set1_host(t->ssl, name) == 1
		       ? OK
		       : E_NOMEM;
}

static enum result make(struct tls *t, const struct tls_config *config)
{
	buf_init(&t->pipe.out,
		 0); /* what is written is bounded by its writer, answers by what is read */
	t->now = config->now;
	t->context = tls_context_ref(config->context);
	t->ssl = SSL_new(tls_context_of(config->context));
	BIO *bio = t->ssl ? tls_pipe_bio(&t->pipe) : NULL;
	if (!bio)
		return E_NOMEM;
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_app_data(t->ssl, t);
	X509_VERIFY_PARAM_set_time(SSL_get0_param(t->ssl), (time_t)(config->now / 1000));
	return OK;
}

static enum result session_new(struct tls **out, const struct tls_config *config, bool server)
{
	struct tls *t = *out = calloc(1, sizeof *t);
	if (!t)
		return E_NOMEM;
	enum result r = make(t, config);
	if (r == OK)
		r = set_name(t, server ? NULL : config->name);
	if (r != OK) {
		ERR_clear_error();
		tls_destroy(out);
		return r;
	}
	if (server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	return OK;
}

static void shake(struct tls *t);

enum result tls_client_new(struct tls **t, const struct tls_config *config)
{
	enum result r = session_new(t, config, false);
	if (r == OK)
		shake(*t);
	return r;
}

enum result tls_server_new(struct tls **t, const struct tls_config *config)
{
	return session_new(t, config, true);
}

void tls_destroy(struct tls **at)
{
	struct tls *t = *at;
	if (!t)
		return;
	SSL_free(t->ssl);
	tls_context_unref(&t->context);
	buf_free(&t->pipe.out);
	free(t->offer);
	free(t->name);
	free(t->why);
	free(t);
	*at = NULL;
}

/* ---- handshake ---- */

static void opened(struct tls *t)
{
	t->state = TLS_OPEN;
	snprintf(t->story, sizeof t->story, "%s %s", SSL_get_version(t->ssl),
		 SSL_get_cipher_name(t->ssl));
	free(t->offer);
	t->offer = NULL;
}

static void shake(struct tls *t)
{
	ERR_clear_error();
	int r = SSL_do_handshake(t->ssl);
	if (r == 1)
		opened(t);
	else
		wants_input(t, r);
}

static bool floods(struct tls *t)
{
	if (t->renegotiations < TLS_RENEGOTIATIONS)
		return false;
	fail_words(t, "the peer asks for a new handshake again and again");
	return true;
}

/* ---- bytes ---- */

void tls_lend(struct tls *t, const char *bytes, size_t n)
{
	t->pipe.bytes = bytes;
	t->pipe.n = n;
}

size_t tls_lent(const struct tls *t)
{
	return t->pipe.n;
}

size_t tls_read(struct tls *t, char *to, size_t n)
{
	assert(n >= TLS_RECORD);
	if (t->state == TLS_SHAKING)
		shake(t);
	if (t->state != TLS_OPEN)
		return 0;
	ERR_clear_error();
	int got = SSL_read(t->ssl, to, n > INT_MAX ? INT_MAX : (int)n);
	if (floods(t))
		return 0;
	if (got > 0)
		return (size_t)got;
	wants_input(t, got);
	return 0;
}

enum result tls_write(struct tls *t, const void *bytes, size_t n)
{
	const char *at = bytes;
	if (t->state != TLS_OPEN && t->state != TLS_CLOSED)
		return E_STATE;
	while (n) {
		ERR_clear_error();
		int done = SSL_write(t->ssl, at, n > TLS_RECORD ? TLS_RECORD : (int)n);
		if (done <= 0) {
			fail(t);
			return E_NOMEM;
		}
		at += done;
		n -= (size_t)done;
	}
	return OK;
}

void tls_close(struct tls *t)
{
	if (t->state != TLS_OPEN && t->state != TLS_CLOSED)
		return;
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

struct buf *tls_output(struct tls *t)
{
	return &t->pipe.out;
}

/* ---- what it is ---- */

enum tls_state tls_state(const struct tls *t)
{
	return t->state;
}

const char *tls_why(const struct tls *t)
{
	return t->state != TLS_FAILED ? "" : t->why ? t->why : "memory is short";
}

const char *tls_story(const struct tls *t)
{
	return t->story;
}

const char *tls_offer(const struct tls *t)
{
	return t->offer ? t->offer : "";
}
