/* A client's hello in words: see hello.h. Owns nothing; what does not fit is counted, never cut in silence. */
#include "tls/hello.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ROOM_FOR_MORE 32 /* " and 65535 more" */

static const char *version_word(unsigned version, char out[16])
{
	static const char *const words[] = {"SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
	if (version >= 0x0300 && version <= 0x0304)
		return words[version - 0x0300];
	snprintf(out, 16, "0x%04x", version);
	return out;
}

static size_t put(char *out, size_t n, size_t used, const char *before, const char *word)
{
	int more = snprintf(out + used, n - used, "%s%s", before, word);
	return more > 0 && used + (size_t)more < n ? used + (size_t)more : n - 1;
}

/* Values that mean nothing and are there to keep servers tolerant (RFC 8701). */
static bool is_grease(unsigned value)
{
	return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

/* Up to TLS 1.2 the hello has one version, the highest; later ones have a list (RFC 8446 4.2.1). */
static size_t put_versions(SSL *ssl, char *out, size_t n, size_t used)
{
	const unsigned char *list;
	size_t len;
	char word[16];
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &list, &len) != 1 ||
	    len < 3)
		return put(out, n, used, "up to ",
			   version_word(SSL_client_hello_get0_legacy_version(ssl), word));
	const char *before = "";
	for (size_t i = 1; i + 1 < len && used + ROOM_FOR_MORE < n / 2; i += 2) {
		unsigned version = (unsigned)list[i] << 8 | list[i + 1];
		if (is_grease(version))
			continue;
		used = put(out, n, used, before, version_word(version, word));
		before = " ";
	}
	return used;
}

static const char *suite_word(SSL *ssl, const unsigned char *at, char out[16])
{
	const SSL_CIPHER *known = SSL_CIPHER_find(ssl, at);
	if (known)
		return SSL_CIPHER_get_name(known);
	snprintf(out, 16, "0x%02x%02x", at[0], at[1]);
	return out;
}

static size_t put_suites(SSL *ssl, char *out, size_t n, size_t used)
{
	const unsigned char *list;
	char word[16];
	size_t len = SSL_client_hello_get0_ciphers(ssl, &list), i = 0;
	for (; i + 1 < len; i += 2) {
		if (is_grease((unsigned)list[i] << 8 | list[i + 1]) ||
		    (list[i] == 0 && list[i + 1] == 0xff))
			continue; /* no suites, but signals */
		const char *name = suite_word(ssl, list + i, word);
		if (used + strlen(name) + ROOM_FOR_MORE >= n)
			break;
		used = put(out, n, used, " ", name);
	}
	if (i + 1 < len) {
		char more[ROOM_FOR_MORE];
		snprintf(more, sizeof more, "%zu more", (len - i) / 2);
		used = put(out, n, used, " and ", more);
	}
	return used;
}

const char *tls_hello_describe(SSL *ssl, char *out, size_t n)
{
	size_t used = put(out, n, 0, "", "versions ");
	used = put_versions(ssl, out, n, used);
	used = put(out, n, used, "; ", "suites");
	put_suites(ssl, out, n, used);
	return out;
}
