/* auth/assertion: a statement is what it should be and verifies with the certificate's key; files that cannot be used. */
#include "auth/assertion.h"
#include "base/base64.h"
#include "base/file.h"
#include "support/suite.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char path[400];
static struct err err;
static struct buf jwt;
static EVP_PKEY *key;
static struct clock_fake fake;

/* A certificate of ours that ends in 2026-11-25T00:00:00Z; with what is put into the file. */
static void make(EVP_PKEY *of, bool with_key)
{
	X509 *cert = X509_new();
	X509_set_version(cert, 2);
	ASN1_TIME_set_string(X509_getm_notBefore(cert), "20200101000000Z");
	ASN1_TIME_set_string(X509_getm_notAfter(cert), "20261125000000Z");
	X509_set_pubkey(cert, of);
	ck_assert_int_gt(X509_sign(cert, of, EVP_sha256()), 0);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_X509(f, cert), 1);
	if (with_key)
		ck_assert_int_eq(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
	X509_free(cert);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static void setup(void)
{
	snprintf(path, sizeof path, "%s/app.pem", suite_scratch());
	key = EVP_RSA_gen(2048);
	ck_assert_ptr_nonnull(key);
	clock_fake_init(&fake, 0, 1700000000000);
}

static void teardown(void)
{
	EVP_PKEY_free(key);
	buf_free(&jwt);
	suite_scratch_remove();
}

static enum result sign(void)
{
	buf_clear(&jwt);
	return assertion_make(path, "app-id", "https://x/token", &fake.clock, &jwt, &err);
}

/* base64url of n characters, decoded. */
static void decode(const char *text, size_t n, struct buf *out)
{
	char *plain = malloc(n + 4);
	for (size_t i = 0; i < n; i++)
		plain[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	while (n % 4)
		plain[n++] = '=';
	ck_assert_int_eq(base64_decode(out, plain, n), OK);
	free(plain);
}

static bool verifies(const char *text, size_t n, const struct buf *signature)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	ck_assert_int_eq(EVP_DigestVerifyInit(md, &how, EVP_sha256(), NULL, key), 1);
	EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
	EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
	bool good = EVP_DigestVerify(md, (const unsigned char *)buf_head(signature), signature->len,
				     (const unsigned char *)text, n) == 1;
	EVP_MD_CTX_free(md);
	return good;
}

START_TEST(statement)
{
	struct buf part;
	buf_init(&part, 0);
	make(key, true);
	ck_assert_int_eq(sign(), OK);
	const char *text = buf_string(&jwt), *first = strchr(text, '.');
	const char *second = strchr(first + 1, '.');
	decode(text, (size_t)(first - text), &part);
	ck_assert_ptr_nonnull(strstr(buf_string(&part), "\"alg\":\"PS256\""));
	ck_assert_ptr_nonnull(strstr(buf_string(&part), "\"x5t#S256\":\""));
	buf_clear(&part);
	decode(first + 1, (size_t)(second - first - 1), &part);
	ck_assert_ptr_nonnull(strstr(buf_string(&part),
				     "\"aud\":\"https://x/token\",\"iss\":\"app-id\","
				     "\"sub\":\"app-id\",\"jti\":\""));
	ck_assert_ptr_nonnull(strstr(buf_string(&part),
				     "\"nbf\":1699999940,\"iat\":1700000000,\"exp\":1700000600"));
	buf_clear(&part);
	decode(second + 1, strlen(second + 1), &part);
	ck_assert(verifies(text, (size_t)(second - text), &part));
	ck_assert(!verifies(text, (size_t)(second - text) - 1, &part));
	buf_free(&part);
	ck_assert_int_eq(assertion_ends(path), 1795564800000);
}
END_TEST

START_TEST(files_that_cannot_be_used)
{
	EVP_PKEY *other = EVP_RSA_gen(2048), *curve = EVP_EC_gen("P-256");
	ck_assert_int_eq(sign(), E_NOTFOUND);
	make(key, false);
	ck_assert_int_eq(sign(), E_CONFIG);
	ck_assert_ptr_nonnull(strstr(err.remedy, "openssl req -x509"));
	ck_assert_int_eq(assertion_ends(path), 0);
	make(other, true); /* the key is of another */
	ck_assert_int_eq(sign(), E_CONFIG);
	EVP_PKEY_free(other);
	EVP_PKEY *mine = key;
	key = curve;
	make(curve, true);
	ck_assert_int_eq(sign(), E_CONFIG);
	key = mine;
	EVP_PKEY_free(curve);
	make(key, true);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(sign(), E_DENIED);
	ck_assert_int_eq(file_replace(file_system(), path, "nothing", 7, 0600, &err), OK);
	ck_assert_int_eq(sign(), E_CONFIG);
	ck_assert_uint_eq(jwt.len, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/assertion");
	TCase *tc = tcase_create("statements");
	tcase_set_timeout(tc, 300); /* keys are made */
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, statement);
	tcase_add_test(tc, files_that_cannot_be_used);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
