/*
 * Signed statements: see assertion.h. PS256 with the certificate's SHA-256 as x5t#S256, as Microsoft's documentation asks for. Owns key
 * and certificate while it runs.
 */
#include "auth/assertion.h"

#include "base/base64.h"
#include "base/file.h"

#include <inttypes.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VALID_S 600
#define FILE_MAX 65536

struct credential {
	X509 *cert;
	EVP_PKEY *key;
};

static void credential_free(struct credential *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

static enum result credential_read(const char *path, struct credential *c, struct err *err)
{
	char *bytes = NULL;
	size_t n = 0;
	*c = (struct credential){0};
	enum result r = file_check_secret(path, err);
	if (r == OK)
		r = file_read(path, FILE_MAX, &bytes, &n, err);
	if (r != OK)
		return r;
	BIO *first = BIO_new_mem_buf(bytes, (int)n), *second = BIO_new_mem_buf(bytes, (int)n);
	if (first && second) {
		c->cert = PEM_read_bio_X509(first, NULL, NULL, (void *)"");
		c->key = PEM_read_bio_PrivateKey(second, NULL, NULL, (void *)"");
	}
	BIO_free(first);
	BIO_free(second);
	explicit_bzero(bytes, n);
	free(bytes);
	if (c->cert && c->key && EVP_PKEY_is_a(c->key, "RSA") &&
	    X509_check_private_key(c->cert, c->key) == 1)
		return OK;
	credential_free(c);
	err_set(err, E_CONFIG, "%s holds no certificate with its RSA key", path);
	err_remedy(
		err,
		"openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=smtpgate -keyout %s "
		"-out cert.pem; cat cert.pem >> %s",
		path, path);
	return E_CONFIG;
}

/* Appends bytes as base64url (RFC 4648 section 5) without padding. */
static enum result put_url64(struct buf *out, const void *bytes, size_t n)
{
	struct buf plain;
	buf_init(&plain, 0);
	enum result r = base64_encode(&plain, bytes, n);
	char *text = buf_head(&plain);
	size_t len = plain.len;
	while (len && text[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	if (r == OK)
		r = buf_append(out, text, len);
	buf_free(&plain);
	return r;
}

/* Appends an object, which is given away, as base64url. */
static enum result put_json(struct buf *out, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	enum result r = text ? put_url64(out, text, strlen(text)) : E_NOMEM;
	free(text);
	json_decref(o);
	return r;
}

static enum result put_header(struct buf *out, const X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf print;
	if (X509_digest(cert, EVP_sha256(), digest, &n) != 1)
		return E_NOMEM;
	buf_init(&print, 0);
	enum result r = put_url64(&print, digest, n);
	const char *text = buf_string(&print);
	if (r == OK)
		r = text ? put_json(out, json_pack("{s:s, s:s, s:s}", "alg", "PS256", "typ", "JWT",
						   "x5t#S256", text))
			 : E_NOMEM;
	buf_free(&print);
	return r;
}

static enum result put_claims(struct buf *out, const char *client_id, const char *audience,
			      const struct clock *clock)
{
	char id[40];
	json_int_t now = (json_int_t)(clock_wall(clock) / 1000);
	snprintf(id, sizeof id, "%016" PRIx64 "%016" PRIx64, clock_random(clock),
		 clock_random(clock));
	return put_json(out, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud", audience,
				       "iss", client_id, "sub", client_id, "jti", id, "nbf",
				       now - 60, "iat", now, "exp", now + VALID_S));
}

/* Signs what stands in out from `from` on, and appends the signature. */
static enum result sign(struct buf *out, size_t from, EVP_PKEY *key)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	unsigned char *signature = NULL;
	size_t n = 0;
	const unsigned char *text = (const unsigned char *)buf_head(out) + from;
	bool good = md && EVP_DigestSignInit(md, &how, EVP_sha256(), NULL, key) == 1 &&
		    EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1 &&
		    EVP_DigestSign(md, NULL, &n, text, out->len - from) == 1;
	if (good)
		signature = malloc(n);
	good = good && signature && EVP_DigestSign(md, signature, &n, text, out->len - from) == 1;
	enum result r = good ? buf_puts(out, ".") : E_NOMEM;
	if (r == OK)
		r = put_url64(out, signature, n);
	free(signature);
	EVP_MD_CTX_free(md);
	return r;
}

enum result assertion_make(const char *path, const char *client_id, const char *audience,
			   const struct clock *clock, struct buf *out, struct err *err)
{
	struct credential c;
	size_t from = out->len;
	enum result r = credential_read(path, &c, err);
	if (r != OK)
		return r;
	r = put_header(out, c.cert);
	if (r == OK)
		r = buf_puts(out, ".");
	if (r == OK)
		r = put_claims(out, client_id, audience, clock);
	if (r == OK)
		r = sign(out, from, c.key);
	credential_free(&c);
	return r == OK ? OK : err_set(err, r, "%s: no statement can be signed with it", path);
}

int64_t assertion_ends(const char *path)
{
	struct credential c;
	struct tm tm = {0};
	if (credential_read(path, &c, NULL) != OK)
		return 0;
	bool known = ASN1_TIME_to_tm(X509_get0_notAfter(c.cert), &tm) == 1;
	credential_free(&c);
	return known ? (int64_t)timegm(&tm) * 1000 : 0;
}
