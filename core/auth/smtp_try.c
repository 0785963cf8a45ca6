/* Trying a mail server: see smtp_try.h. Owns a handle of libcurl while it runs. */
#include "auth/smtp_try.h"

#include "base/text.h"

#include <curl/curl.h>
#include <stdio.h>

static CURLcode set_up(CURL *c, const struct smtp_try *t, const char *url, char *words)
{
	CURLcode e = CURLE_OK;
#define SET(option, value)                                      \
	do {                                                    \
		if (e == CURLE_OK)                              \
			e = curl_easy_setopt(c, option, value); \
	} while (0)
	SET(CURLOPT_ERRORBUFFER, words);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	SET(CURLOPT_CONNECT_ONLY, 1L); /* and all that comes before a first mail */
	SET(CURLOPT_TIMEOUT_MS, (long)SMTP_TRY_MS);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)SMTP_TRY_MS);
	if (t->ca)
		SET(CURLOPT_CAINFO, t->ca);
	if (t->user)
		SET(CURLOPT_USERNAME, t->user);
	if (t->user && t->password)
		SET(CURLOPT_PASSWORD, t->password);
#undef SET
	return e;
}

static enum result result_of(CURLcode e)
{
	switch (e) {
	case CURLE_OK:
		return OK;
	case CURLE_OPERATION_TIMEDOUT:
		return E_TIMEOUT;
	case CURLE_LOGIN_DENIED:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_USE_SSL_FAILED:
		return E_DENIED;
	case CURLE_OUT_OF_MEMORY:
		return E_NOMEM;
	default:
		return E_NETWORK;
	}
}

enum result smtp_try(const struct smtp_try *t, struct err *err)
{
	char words[CURL_ERROR_SIZE] = "", url[512];
	bool implicit = text_ends(t->host, ":465");
	snprintf(url, sizeof url, "%s://%.400s", implicit ? "smtps" : "smtp", t->host);
	CURL *c = curl_easy_init();
	if (!c)
		return err_set(err, E_NOMEM, "no memory to try %s", t->host);
	CURLcode e = set_up(c, t, url, words);
	if (e == CURLE_OK)
		e = curl_easy_perform(c);
	curl_easy_cleanup(c);
	enum result r = result_of(e);
	const char *why = *words ? words : curl_easy_strerror(e);
	if (e == CURLE_USE_SSL_FAILED)
		why = t->user ? "it does not offer TLS, and no password is sent without"
			      : "it does not offer TLS";
	if (e == CURLE_LOGIN_DENIED)
		why = "user or password is not taken";
	return r == OK ? OK : err_set(err, r, "%s: %s", t->host, why);
}
