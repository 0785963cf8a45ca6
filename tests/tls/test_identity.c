/* Certificates and keys from files, and of our own making. */
#include "tls/identity.h"
#include "tls/pki.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *in_scratch(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", suite_scratch(), name);
	return path;
}

static void load(const char *certificate, const char *key, enum result want, const char *words)
{
	struct tls_identity *i;
	struct err err = {.code = OK};
	enum result r = tls_identity_load(&i, certificate, key, PKI_NOW, &err);
	ck_assert_msg(r == want, "%d: %s", (int)r, err.text);
	const char *said = r == OK ? i->note : err.text;
	ck_assert_msg(words ? strstr(said, words) != NULL : !*said, "%s", said);
	ck_assert(r == OK || !i);
	tls_identity_free(&i);
}

START_TEST(files)
{
	struct tls_identity *a = pki_make("a.test", NULL, false, -1, 30);
	struct tls_identity *b = pki_make("b.test", NULL, false, -1, 30);
	struct tls_identity *old = pki_make("c.test", NULL, false, -30, -3);
	struct tls_identity *early = pki_make("d.test", NULL, false, 3, 30);
	pki_write(in_scratch("a.pem"), a, true, false);
	pki_write(in_scratch("a.key"), a, false, true);
	pki_write(in_scratch("b.pem"), b, true, true);
	pki_write(in_scratch("old.pem"), old, true, true);
	pki_write(in_scratch("early.pem"), early, true, true);
	load(in_scratch("a.pem"), in_scratch("a.key"), OK, NULL);
	load(in_scratch("b.pem"), in_scratch("b.pem"), OK, NULL);
	load(in_scratch("old.pem"), in_scratch("old.pem"), OK, "expired at 2026-11-22");
	load(in_scratch("early.pem"), in_scratch("early.pem"), OK, "not yet valid");
	load(in_scratch("a.pem"), in_scratch("b.pem"), E_CONFIG, "is not that of the certificate");
	load(in_scratch("none.pem"), in_scratch("a.key"), E_NOTFOUND, "none.pem");
	load(in_scratch("a.pem"), in_scratch("none.key"), E_NOTFOUND, "none.key");
	load(in_scratch("a.key"), in_scratch("a.key"), E_SYNTAX, "a.key has no certificate");
	load(in_scratch("a.pem"), in_scratch("a.pem"), E_SYNTAX, "a.pem has no private key");
	struct tls_identity *all[] = {a, b, old, early};
	for (size_t i = 0; i < 4; i++)
		tls_identity_free(&all[i]);
	suite_scratch_remove();
}
END_TEST

START_TEST(a_locked_key)
{
	char command[2200];
	struct tls_identity *a = pki_make("a.test", NULL, false, -1, 30);
	pki_write(in_scratch("a.pem"), a, true, true);
	snprintf(command, sizeof command,
		 "openssl pkey -in %s -aes128 -passout pass:secret -out %s", in_scratch("a.pem"),
		 in_scratch("locked.key"));
	ck_assert_int_eq(system(command), 0);
	load(in_scratch("a.pem"), in_scratch("locked.key"), E_SYNTAX, "locked with a pass phrase");
	tls_identity_free(&a);
	suite_scratch_remove();
}
END_TEST

START_TEST(chains_are_kept)
{
	struct tls_identity *ca = pki_make("CA", NULL, true, -1, 300);
	struct tls_identity *a = pki_make("a.test", ca, false, -1, 30), *i;
	struct err err;
	char command[2200];
	pki_write(in_scratch("a.pem"), a, true, true);
	pki_write(in_scratch("ca.pem"), ca, true, false);
	snprintf(command, sizeof command, "cat %s >>%s", in_scratch("ca.pem"), in_scratch("a.pem"));
	ck_assert_int_eq(system(command), 0);
	const char *path = in_scratch("a.pem");
	ck_assert_int_eq(tls_identity_load(&i, path, path, PKI_NOW, &err), OK);
	ck_assert_int_eq(sk_X509_num(i->chain), 1);
	tls_identity_free(&i);
	tls_identity_free(&a);
	tls_identity_free(&ca);
	suite_scratch_remove();
}
END_TEST

START_TEST(of_our_own)
{
	struct tls_identity *i, *again;
	struct err err;
	struct stat st;
	char longer[] =
		"a-name.that-is-longer.than-the-sixty-four.characters-of-a.common-name.test";
	ck_assert_int_eq(tls_identity_make(&i, longer, PKI_NOW, &err), OK);
	ck_assert(tls_identity_fits(i, longer, PKI_NOW));
	tls_identity_free(&i);
	ck_assert_int_eq(tls_identity_make(&i, "gw.test", PKI_NOW, &err), OK);
	ck_assert(tls_identity_fits(i, "gw.test", PKI_NOW));
	ck_assert(!tls_identity_fits(i, "other.test", PKI_NOW));
	ck_assert(!tls_identity_fits(i, "gw.test", PKI_NOW + 4000ll * PKI_DAY));
	ck_assert(!tls_identity_fits(i, "gw.test", PKI_NOW - 2ll * PKI_DAY));
	const char *path = in_scratch("auto.pem");
	ck_assert_msg(tls_identity_save(i, file_system(), path, &err) == OK, "%s", err.text);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(tls_identity_load(&again, path, path, PKI_NOW, &err), OK);
	ck_assert_int_eq(X509_cmp(i->cert, again->cert), 0);
	tls_identity_free(&i);
	tls_identity_free(&again);
	suite_scratch_remove();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("identity");
	SUITE_CASE(s, "files", files, a_locked_key, chains_are_kept);
	SUITE_CASE(s, "made", of_our_own);
	return s;
}

SUITE_MAIN(suite)
