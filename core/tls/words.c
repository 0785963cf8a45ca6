/* OpenSSL's reports in words: see words.h. */
#include "tls/words.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NO_CLOCK 1735689600000 /* 2025-01-01: no clock that runs right is before it */

/* ---- errors ---- */

static const struct {
	int reason;
	const char *words;
} reasons[] = {
	{SSL_R_UNSUPPORTED_PROTOCOL, "no TLS version in common"},
	{SSL_R_VERSION_TOO_LOW, "no TLS version in common"},
	{SSL_R_NO_PROTOCOLS_AVAILABLE, "no TLS version in common"},
	{SSL_R_NO_SHARED_CIPHER, "no cipher suite in common"},
	{SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS"},
	{SSL_R_HTTP_REQUEST, "the peer speaks HTTP, not TLS"},
	{SSL_R_HTTPS_PROXY_REQUEST, "the peer speaks HTTP, not TLS"},
	{SSL_R_PACKET_LENGTH_TOO_LONG, "the peer does not speak TLS"},
	{SSL_R_BAD_RECORD_TYPE, "the peer does not speak TLS"},
	{SSL_R_DH_KEY_TOO_SMALL, "the peer's Diffie-Hellman key is too small"},
	{SSL_R_EE_KEY_TOO_SMALL, "the peer's key is too small"},
	{SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, "the peer knows no secure renegotiation"},
	{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the peer found no parameters in common"},
	{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the peer wants another TLS version"},
	{SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY, "the peer wants stronger suites"},
	{SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the peer does not know the CA of our certificate"},
	{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the peer does not accept our certificate"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the peer does not accept our certificate"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the peer says that our certificate is expired"},
	{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "the peer cannot use our certificate"},
	{SSL_R_SSLV3_ALERT_UNEXPECTED_MESSAGE, "the peer met a message out of place"},
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, "the peer closed the connection"},
};

static const char *reason_words(unsigned long error)
{
	int reason = ERR_GET_REASON(error);
	for (size_t i = 0;
	     ERR_GET_LIB(error) == ERR_LIB_SSL && i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].reason == reason)
			return reasons[i].words;
	const char *known = ERR_reason_error_string(error);
	return known ? known : "of an unknown cause";
}

const char *tls_words_error(char *out, size_t n)
{
	unsigned long error = ERR_get_error();
	text_copy(out, n, error ? reason_words(error) : "of an unknown cause");
	ERR_clear_error();
	return out;
}

/* ---- certificates ---- */

static const char *date_of(const ASN1_TIME *time, char out[32])
{
	struct tm tm;
	memset(&tm, 0, sizeof tm);
	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return "an unreadable date";
	return text_time((int64_t)timegm(&tm) * 1000, out, 32);
}

const char *tls_words_time(const X509 *cert, int64_t now, char *out, size_t n)
{
	char date[32], clock[32];
	time_t second = (time_t)(now / 1000);
	const ASN1_TIME *from = X509_get0_notBefore(cert), *to = X509_get0_notAfter(cert);
	text_time(now, clock, sizeof clock);
	if (X509_cmp_time(from, &second) > 0) {
		if (now < NO_CLOCK)
			snprintf(out, n,
				 "not yet valid, because the clock of this machine is wrong: it "
				 "says %s, the certificate begins at %s",
				 clock, date_of(from, date));
		else
			snprintf(out, n, "not yet valid: it begins at %s, and our clock says %s",
				 date_of(from, date), clock);
		return out;
	}
	if (X509_cmp_time(to, &second) >= 0)
		return NULL;
	snprintf(out, n, "expired at %s (our clock says %s)", date_of(to, date), clock);
	return out;
}

/* The DNS names of a certificate, or its common name: "a.test, b.test". */
static void names_of(X509 *cert, char *out, size_t n)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	size_t used = 0;
	out[0] = '\0';
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS || used + 64 > n)
			continue;
		int more = snprintf(out + used, n - used, "%s%.*s", used ? ", " : "",
				    ASN1_STRING_length(name->d.dNSName) < 60
					    ? ASN1_STRING_length(name->d.dNSName)
					    : 60,
				    (const char *)ASN1_STRING_get0_data(name->d.dNSName));
		used += more > 0 ? (size_t)more : 0;
	}
	GENERAL_NAMES_free(names);
	if (!used &&
	    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, out, (int)n) < 0)
		text_copy(out, n, "nobody");
}

static void put_issuer(X509 *cert, char *out, size_t n)
{
	char issuer[128] = "";
	if (cert)
		X509_NAME_oneline(X509_get_issuer_name(cert), issuer, sizeof issuer);
	snprintf(out, n,
		 "from an unknown CA%s%s (if it is to be trusted, set tls_ca in the route to its "
		 "certificate)",
		 *issuer ? ": " : "", issuer);
}

const char *tls_words_verify(long code, X509 *cert, const char *name, int64_t now, char *out,
			     size_t n)
{
	char names[200];
	switch (code) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		if (!cert || !tls_words_time(cert, now, out, n))
			snprintf(out, n, "of a CA whose certificate is %s",
				 code == X509_V_ERR_CERT_HAS_EXPIRED ? "expired" : "not yet valid");
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		names_of(cert, names, sizeof names);
		snprintf(out, n,
			 "for another name: it is for %s, not for %.200s (if it is the right "
			 "server, set tls_name in the route)",
			 names, name ? name : "this host");
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		snprintf(out, n,
			 "self-signed (if it is the right server: tls_pin = %s in the route)",
			 tls_words_pin(cert, names));
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		put_issuer(cert, out, n);
		break;
	case X509_V_ERR_APPLICATION_VERIFICATION:
		snprintf(out, n, "not the one that tls_pin names: its key is %s",
			 tls_words_pin(cert, names));
		break;
	default:
		text_copy(out, n, X509_verify_cert_error_string(code));
	}
	return out;
}

const char *tls_words_pin(X509 *cert, char out[65])
{
	unsigned char *der = NULL, hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int len = cert ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der) : -1;
	out[0] = '\0';
	if (len > 0 && EVP_Digest(der, (size_t)len, hash, &n, EVP_sha256(), NULL) == 1)
		for (unsigned i = 0; i < n && i < 32; i++)
			snprintf(out + 2 * i, 3, "%02x", hash[i]);
	OPENSSL_free(der);
	return out;
}
