/*
 * Contexts: see context.h. An SSL_CTX with its settings; what they have to say to a session comes by the callbacks here.
 * A fault while one is made leaves nothing behind.
 */
#include "tls/context.h"

#include "base/text.h"
#include "tls/hello.h"
#include "tls/tls_internal.h"
#include "tls/words.h"

#include <openssl/err.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct tls_context {
	_Atomic unsigned refs;
	SSL_CTX *ssl;
	char (*pins)[65];
	size_t pin_count;
};

static const int versions[TLS_VERSIONS] = {
	[TLS_1_0] = TLS1_VERSION,
	[TLS_1_1] = TLS1_1_VERSION,
	[TLS_1_2] = TLS1_2_VERSION,
	[TLS_1_3] = TLS1_3_VERSION,
};

SSL_CTX *tls_context_of(struct tls_context *c)
{
	return c->ssl;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
	if (c)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

void tls_context_unref(struct tls_context **at)
{
	struct tls_context *c = *at;
	*at = NULL;
	if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	SSL_CTX_free(c->ssl);
	free(c->pins);
	free(c);
}

/* ---- callbacks ---- */

static int on_hello(SSL *ssl, int *alert, void *ctx)
{
	(void)alert;
	(void)ctx;
	struct tls *t = SSL_get_app_data(ssl);
	if (!t->offer)
		t->offer = malloc(TLS_OFFER_MAX);
	if (t->offer)
		tls_hello_describe(ssl, t->offer, TLS_OFFER_MAX);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* Each refused renegotiation is a warning that we send: who goes on is a flood. */
static void on_info(const SSL *ssl, int where, int value)
{
	struct tls *t = SSL_get_app_data(ssl);
	if ((where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT &&
	    (value & 0xff) == SSL_AD_NO_RENEGOTIATION)
		t->renegotiations++;
}

/* Instead of CA and name: the key is known, or it is not. */
static int verify_pins(X509_STORE_CTX *store, void *ctx)
{
	const struct tls_context *c = ctx;
	char pin[65];
	tls_words_pin(X509_STORE_CTX_get0_cert(store), pin);
	for (size_t i = 0; i < c->pin_count; i++)
		if (text_same(c->pins[i], pin)) {
			X509_STORE_CTX_set_error(store, X509_V_OK);
			return 1;
		}
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* ---- making ---- */

static enum result fail(struct tls_context **c, struct err *err, const char *what)
{
	char words[TLS_WORDS_MAX];
	tls_context_unref(c);
	return err_set(err, E_CONFIG, "%s: %s", what, tls_words_error(words, sizeof words));
}

static bool set_versions(SSL_CTX *ssl, enum tls_version min)
{
	if (min < TLS_1_2) {
		SSL_CTX_set_security_level(ssl, 0);
		if (SSL_CTX_set_cipher_list(ssl, "DEFAULT:@SECLEVEL=0") != 1)
			return false;
	}
	return SSL_CTX_set_min_proto_version(ssl, versions[min]) == 1;
}

static struct tls_context *context_new(const SSL_METHOD *method, enum tls_version min)
{
	struct tls_context *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	atomic_store(&c->refs, 1);
	c->ssl = SSL_CTX_new(method);
	if (!c->ssl || !set_versions(c->ssl, min)) {
		tls_context_unref(&c);
		return NULL;
	}
	SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_info_callback(c->ssl, on_info);
	SSL_CTX_set_read_ahead(c->ssl, 0); /* no more is taken than the record at hand */
	return c;
}

static bool use_identity(SSL_CTX *ssl, const struct tls_identity *i)
{
	if (SSL_CTX_use_certificate(ssl, i->cert) != 1 || SSL_CTX_use_PrivateKey(ssl, i->key) != 1)
		return false;
	return !sk_X509_num(i->chain) || SSL_CTX_set1_chain(ssl, i->chain) == 1;
}

enum result tls_context_server(struct tls_context **out, const struct tls_identity *identity,
			       enum tls_version min, struct err *err)
{
	struct tls_context *c = *out = context_new(TLS_server_method(), min);
	if (!c)
		return fail(out, err, "TLS for clients cannot be set up");
	if (!use_identity(c->ssl, identity))
		return fail(out, err, "the certificate cannot be used");
	SSL_CTX_set_options(c->ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_dh_auto(c->ssl, 1); /* for old clients without elliptic curves */
	SSL_CTX_set_client_hello_cb(c->ssl, on_hello, NULL);
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_SERVER);
	SSL_CTX_sess_set_cache_size(c->ssl, TLS_CACHE);
	return OK;
}

static enum result load_cas(SSL_CTX *ssl, const char *ca, struct err *err)
{
	struct stat st;
	char words[TLS_WORDS_MAX];
	if (!ca) {
		SSL_CTX_set_default_verify_paths(ssl);
		ERR_clear_error(); /* a machine without CAs verifies nothing, and says so then */
		return OK;
	}
	if (stat(ca, &st) != 0)
		return err_errno(err, errno, "tls_ca %s", ca);
	if (S_ISDIR(st.st_mode) ? SSL_CTX_load_verify_dir(ssl, ca) == 1
				: SSL_CTX_load_verify_file(ssl, ca) == 1)
		return OK;
	err_set(err, E_SYNTAX, "tls_ca %s cannot be used: %s", ca,
		tls_words_error(words, sizeof words));
	err_remedy(err, "give a file of CA certificates in PEM form");
	return E_SYNTAX;
}

static enum result take_pins(struct tls_context *c, const struct tls_client_config *config)
{
	c->pins = calloc(config->pin_count, sizeof *c->pins);
	if (!c->pins)
		return E_NOMEM;
	for (size_t i = 0; i < config->pin_count; i++)
		text_copy(c->pins[i], sizeof c->pins[i], config->pins[i]);
	c->pin_count = config->pin_count;
	SSL_CTX_set_cert_verify_callback(c->ssl, verify_pins, c);
	return OK;
}

enum result tls_context_client(struct tls_context **out, const struct tls_client_config *config,
			       struct err *err)
{
	struct tls_context *c = *out = context_new(TLS_client_method(), config->min);
	if (!c)
		return fail(out, err, "TLS for servers cannot be set up");
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	if (!config->verify)
		return OK;
	SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
	enum result r = OK;
	if (config->pin_count) {
		if (take_pins(c, config) != OK)
			r = err_set(err, E_NOMEM, "no memory for tls_pin");
	} else {
		r = load_cas(c->ssl, config->ca, err);
	}
	if (r != OK)
		tls_context_unref(out);
	return r;
}
