/* Certificates and pairs of sessions for the tests: see pki.h. Aborts where a test could not go on. */
#include "tls/pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void extend(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

struct tls_identity *pki_make(const char *name, const struct tls_identity *issuer, bool ca,
			      int from_day, int to_day)
{
	static long serial = 1;
	char alternative[300];
	time_t now = PKI_NOW / 1000;
	struct tls_identity *i = calloc(1, sizeof *i);
	ck_assert_ptr_nonnull(i);
	i->chain = sk_X509_new_null();
	i->cert = X509_new();
	i->key = EVP_EC_gen("P-256");
	X509_set_version(i->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(i->cert), serial++);
	X509_time_adj_ex(X509_getm_notBefore(i->cert), from_day, 0, &now);
	X509_time_adj_ex(X509_getm_notAfter(i->cert), to_day, 0, &now);
	X509_NAME *subject = X509_get_subject_name(i->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(i->cert, issuer ? X509_get_subject_name(issuer->cert) : subject);
	snprintf(alternative, sizeof alternative, "DNS:%s", name);
	extend(i->cert, NID_subject_alt_name, alternative);
	extend(i->cert, NID_basic_constraints, ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	X509_set_pubkey(i->cert, i->key);
	ck_assert_int_gt(X509_sign(i->cert, issuer ? issuer->key : i->key, EVP_sha256()), 0);
	return i;
}

void pki_write(const char *path, const struct tls_identity *i, bool cert, bool key)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	if (key)
		ck_assert_int_eq(PEM_write_PrivateKey(f, i->key, NULL, NULL, 0, NULL, NULL), 1);
	if (cert)
		ck_assert_int_eq(PEM_write_X509(f, i->cert), 1);
	ck_assert_int_eq(fclose(f), 0);
}

void pki_pair_new(struct pki_pair *p, struct tls_context *client, struct tls_context *server,
		  const char *name, int64_t now)
{
	struct tls_config config = {.context = client, .name = name, .now = now};
	ck_assert_int_eq(tls_client_new(&p->client, &config), OK);
	config.context = server;
	ck_assert_int_eq(tls_server_new(&p->server, &config), OK);
	p->n_client = p->n_server = 0;
}

/* Gives what `from` has to say to `to`; what comes out is kept. True when there was anything. */
static bool hand_over(struct tls *from, struct tls *to, size_t chunk, char *got, size_t *have)
{
	char plain[TLS_RECORD];
	struct buf *out = tls_output(from);
	bool any = out->len > 0;
	while (out->len) {
		size_t n = chunk && chunk < out->len ? chunk : out->len, k;
		char *copy = malloc(n); /* exactly as large: a byte read beyond is seen */
		memcpy(copy, buf_head(out), n);
		buf_consume(out, n);
		tls_lend(to, copy, n);
		while ((k = tls_read(to, plain, sizeof plain)) > 0) {
			ck_assert_uint_le(*have + k, 65536);
			memcpy(got + *have, plain, k);
			*have += k;
		}
		bool left = tls_lent(to) > 0;
		tls_lend(to, NULL, 0);
		free(copy);
		if (left)
			ck_assert_int_ne(tls_state(to), TLS_OPEN);
	}
	return any;
}

void pki_pair_run(struct pki_pair *p)
{
	bool any;
	do {
		any = hand_over(p->client, p->server, p->chunk, p->got_server, &p->n_server);
		any |= hand_over(p->server, p->client, p->chunk, p->got_client, &p->n_client);
	} while (any);
}

void pki_pair_free(struct pki_pair *p)
{
	tls_destroy(&p->client);
	tls_destroy(&p->server);
}
