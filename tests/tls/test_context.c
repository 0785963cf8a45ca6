/* Contexts: floors and levels, CA files that cannot be used, the bound of the session cache. */
#include "tls/pki.h"
#include "tls/tls_internal.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

START_TEST(the_level_is_lowered_for_old_versions_only)
{
	static const int levels[TLS_VERSIONS] = {0, 0, 2, 2};
	static const int floors[TLS_VERSIONS] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION,
						 TLS1_3_VERSION};
	struct tls_identity *i = pki_make("mx.test", NULL, false, -1, 30);
	for (int v = 0; v < TLS_VERSIONS; v++) {
		struct tls_context *c;
		struct err err;
		ck_assert_int_eq(tls_context_server(&c, i, (enum tls_version)v, &err), OK);
		SSL_CTX *ssl = tls_context_of(c);
		if (levels[v])
			ck_assert_int_ge(SSL_CTX_get_security_level(ssl), 1);
		else
			ck_assert_int_eq(SSL_CTX_get_security_level(ssl), 0);
		ck_assert_int_eq(SSL_CTX_get_min_proto_version(ssl), floors[v]);
		ck_assert_int_eq(SSL_CTX_sess_get_cache_size(ssl), TLS_CACHE);
		ck_assert(SSL_CTX_get_mode(ssl) & SSL_MODE_RELEASE_BUFFERS);
		struct tls_context *other = tls_context_ref(c);
		tls_context_unref(&c);
		ck_assert_int_eq(SSL_CTX_get_min_proto_version(ssl), floors[v]);
		tls_context_unref(&other);
	}
	tls_identity_free(&i);
}
END_TEST

START_TEST(ca_files)
{
	char path[512];
	struct tls_context *c;
	struct err err;
	struct tls_client_config config = {.min = TLS_1_2, .verify = true, .ca = path};
	snprintf(path, sizeof path, "%s/none.pem", suite_scratch());
	ck_assert_int_eq(tls_context_client(&c, &config, &err), E_NOTFOUND);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	FILE *f = fopen(path, "w");
	fputs("no certificate\n", f);
	fclose(f);
	ck_assert_int_eq(tls_context_client(&c, &config, &err), E_SYNTAX);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	snprintf(path, sizeof path, "%s", suite_scratch());
	ck_assert_int_eq(tls_context_client(&c, &config, &err), OK);
	tls_context_unref(&c);
	config.ca = NULL;
	ck_assert_int_eq(tls_context_client(&c, &config, &err), OK);
	tls_context_unref(&c);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("context");
	SUITE_CASE(s, "context", the_level_is_lowered_for_old_versions_only, ca_files);
	return s;
}

SUITE_MAIN(suite)
