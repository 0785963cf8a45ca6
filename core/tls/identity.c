/* Certificates of ours: see identity.h. Keys are freed by OpenSSL, which wipes them; files read are wiped here. */
#include "tls/identity.h"

#include "tls/words.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 1048576u /* bytes of a PEM file */
#define DAYS_VALID 3650

void tls_identity_free(struct tls_identity **at)
{
	struct tls_identity *i = *at;
	if (!i)
		return;
	X509_free(i->cert);
	sk_X509_pop_free(i->chain, X509_free);
	EVP_PKEY_free(i->key);
	free(i);
	*at = NULL;
}

/* ---- from files ---- */

static BIO *open_file(const char *path, char **bytes, size_t *n, enum result *r, struct err *err)
{
	*bytes = NULL;
	*r = file_read(path, FILE_MAX, bytes, n, err);
	if (*r == E_DENIED)
		err_remedy(err, "let the user of the gateway read it");
	if (*r != OK)
		return NULL;
	BIO *bio = BIO_new_mem_buf(*bytes, (int)*n);
	if (!bio)
		*r = err_set(err, E_NOMEM, "no memory for %s", path);
	return bio;
}

static void close_file(BIO *bio, char *bytes, size_t n)
{
	BIO_free(bio);
	if (bytes)
		OPENSSL_cleanse(bytes, n);
	free(bytes);
}

static enum result read_chain(struct tls_identity *i, BIO *bio, const char *path, struct err *err)
{
	char words[TLS_WORDS_MAX];
	i->cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (!i->cert) {
		err_set(err, E_SYNTAX, "%s has no certificate in PEM form: %s", path,
			tls_words_error(words, sizeof words));
		return E_SYNTAX;
	}
	for (;;) {
		X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (!next)
			break;
		if (!sk_X509_push(i->chain, next)) {
			X509_free(next);
			return err_set(err, E_NOMEM, "no memory for %s", path);
		}
	}
	ERR_clear_error(); /* its end was an error */
	return OK;
}

/* A key with a pass phrase cannot be used by a daemon: no prompt, a clear word. */
static int no_phrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	*(bool *)ctx = true;
	return -1;
}

static enum result read_key(struct tls_identity *i, BIO *bio, const char *path, struct err *err)
{
	bool locked = false;
	char words[TLS_WORDS_MAX];
	i->key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, &locked);
	if (i->key)
		return OK;
	tls_words_error(words, sizeof words);
	if (locked) {
		err_set(err, E_SYNTAX, "the key in %s is locked with a pass phrase", path);
		err_remedy(err, "openssl pkey -in %s -out KEY.pem; chmod 640 KEY.pem", path);
	} else {
		err_set(err, E_SYNTAX, "%s has no private key in PEM form: %s", path, words);
		err_remedy(err, "set key to the file that has it");
	}
	return E_SYNTAX;
}

typedef enum result read_fn(struct tls_identity *i, BIO *bio, const char *path, struct err *err);

static enum result read_from(struct tls_identity *i, const char *path, read_fn *read,
			     struct err *err)
{
	char *bytes;
	size_t n = 0;
	enum result r;
	BIO *bio = open_file(path, &bytes, &n, &r, err);
	if (bio)
		r = read(i, bio, path, err);
	close_file(bio, bytes, n);
	return r;
}

static struct tls_identity *identity_new(struct err *err)
{
	struct tls_identity *i = calloc(1, sizeof *i);
	if (i)
		i->chain = sk_X509_new_null();
	if (i && !i->chain)
		tls_identity_free(&i);
	if (!i)
		err_set(err, E_NOMEM, "no memory for a certificate");
	return i;
}

enum result tls_identity_load(struct tls_identity **out, const char *certificate, const char *key,
			      int64_t now, struct err *err)
{
	char words[TLS_WORDS_MAX];
	struct tls_identity *i = *out = identity_new(err);
	if (!i)
		return E_NOMEM;
	enum result r = read_from(i, certificate, read_chain, err);
	if (r == OK)
		r = read_from(i, key, read_key, err);
	if (r == OK && X509_check_private_key(i->cert, i->key) != 1) {
		ERR_clear_error();
		r = err_set(err, E_CONFIG, "the key in %s is not that of the certificate in %s",
			    key, certificate);
		err_remedy(err, "set key to the file that was made with this certificate");
	}
	if (r == OK && tls_words_time(i->cert, now, words, sizeof words))
		snprintf(i->note, sizeof i->note, "the certificate in %.100s is %.384s",
			 certificate, words);
	if (r != OK)
		tls_identity_free(out);
	return r;
}

/* ---- of our own making ---- */

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool added = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return added;
}

static bool set_serial(X509 *cert)
{
	BIGNUM *number = BN_new();
	bool set = number && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
		   BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return set;
}

static bool set_times(X509 *cert, int64_t now)
{
	time_t at = (time_t)(now / 1000);
	return X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, &at) &&
	       X509_time_adj_ex(X509_getm_notAfter(cert), DAYS_VALID, 0, &at);
}

/* A common name has 64 characters at most (RFC 5280 A.1): a longer name stands in the alternative names alone. */
static bool set_names(X509 *cert, const char *name)
{
	char alternative[300];
	const char *common = strlen(name) <= 64 ? name : "smtpgate";
	X509_NAME *subject = X509_get_subject_name(cert);
	snprintf(alternative, sizeof alternative, "DNS:%.253s", name);
	return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
					  (const unsigned char *)common, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1 &&
	       add_extension(cert, NID_subject_alt_name, alternative) &&
	       add_extension(cert, NID_basic_constraints, "critical,CA:FALSE");
}

enum result tls_identity_make(struct tls_identity **out, const char *name, int64_t now,
			      struct err *err)
{
	char words[TLS_WORDS_MAX];
	struct tls_identity *i = *out = identity_new(err);
	if (!i)
		return E_NOMEM;
	i->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	i->cert = X509_new();
	if (i->key && i->cert && X509_set_version(i->cert, 2) == 1 && set_serial(i->cert) &&
	    set_times(i->cert, now) && set_names(i->cert, name) &&
	    X509_set_pubkey(i->cert, i->key) == 1 && X509_sign(i->cert, i->key, EVP_sha256()) > 0)
		return OK;
	tls_identity_free(out);
	return err_set(err, E_IO, "no certificate can be made for %s: %s", name,
		       tls_words_error(words, sizeof words));
}

bool tls_identity_fits(const struct tls_identity *i, const char *name, int64_t now)
{
	char words[TLS_WORDS_MAX];
	return X509_check_host(i->cert, name, 0, 0, NULL) == 1 &&
	       !tls_words_time(i->cert, now, words, sizeof words);
}

enum result tls_identity_save(const struct tls_identity *i, const struct file_ops *ops,
			      const char *path, struct err *err)
{
	char *bytes;
	enum result r;
	BIO *bio = BIO_new(BIO_s_secmem());
	if (bio && PEM_write_bio_PrivateKey(bio, i->key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    PEM_write_bio_X509(bio, i->cert) == 1) {
		long n = BIO_get_mem_data(bio, &bytes);
		r = file_replace(ops, path, bytes, (size_t)n, 0600, err);
	} else {
		ERR_clear_error();
		r = err_set(err, E_NOMEM, "no memory to write %s", path);
	}
	BIO_free(bio);
	return r;
}
