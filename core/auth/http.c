/* One POST: see http.h. Owns a handle of libcurl while it runs. */
#include "auth/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_MS 10000

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t take(char *bytes, size_t size, size_t n, void *ctx)
{
	return buf_append(ctx, bytes, size * n) == OK ? size * n : 0;
}

static int look(void *ctx, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
		curl_off_t ulnow)
{
	const atomic_bool *stop = ctx;
	(void)dltotal;
	(void)dlnow;
	(void)ultotal;
	(void)ulnow;
	return stop && atomic_load(stop);
}

static CURLcode set_up(CURL *c, const struct http_request *r, struct buf *body, char *words)
{
	CURLcode e = CURLE_OK;
#define SET(option, value)                                      \
	do {                                                    \
		if (e == CURLE_OK)                              \
			e = curl_easy_setopt(c, option, value); \
	} while (0)
	SET(CURLOPT_ERRORBUFFER, words);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_PROXY, r->proxy ? r->proxy : "");
	SET(CURLOPT_POSTFIELDS, r->form);
	SET(CURLOPT_TIMEOUT_MS, (long)r->limit);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)(r->limit < CONNECT_MS ? r->limit : CONNECT_MS));
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, body);
	SET(CURLOPT_XFERINFOFUNCTION, look);
	SET(CURLOPT_XFERINFODATA, r->stop);
	SET(CURLOPT_NOPROGRESS, 0L);
	if (r->ca)
		SET(CURLOPT_CAINFO, r->ca);
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
	case CURLE_ABORTED_BY_CALLBACK:
		return E_CANCELLED;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return E_DENIED;
	case CURLE_WRITE_ERROR:
		return E_LIMIT;
	case CURLE_OUT_OF_MEMORY:
		return E_NOMEM;
	default:
		return E_NETWORK;
	}
}

/* The host of a URL, for words: what stands behind it may be long. */
static int host_length(const char *url)
{
	const char *host = strstr(url, "://");
	return (int)((host ? host + 3 - url : 0) + (long)strcspn(host ? host + 3 : url, "/?"));
}

enum result http_post(const struct http_request *r, long *status, struct buf *body, struct err *err)
{
	char words[CURL_ERROR_SIZE] = "";
	buf_clear(body);
	*status = 0;
	pthread_once(&once, begin);
	CURL *c = curl_easy_init();
	if (!c)
		return err_set(err, E_NOMEM, "no memory to fetch %s", r->url);
	CURLcode e = set_up(c, r, body, words);
	if (e == CURLE_OK)
		e = curl_easy_perform(c);
	if (e == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, status);
	curl_easy_cleanup(c);
	enum result result = result_of(e);
	if (result == E_LIMIT)
		return err_set(err, result, "%.*s answers more than %d bytes", host_length(r->url),
			       r->url, HTTP_BODY_MAX);
	if (result != OK)
		err_set(err, result, "%.*s: %s", host_length(r->url), r->url,
			*words ? words : curl_easy_strerror(e));
	return result;
}

enum result http_form(struct buf *form, const char *name, const char *value)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	if (!value)
		return OK;
	enum result r = buf_printf(form, "%s%s=", form->len ? "&" : "", name);
	for (; *value && r == OK; value++)
		r = strchr(plain, *value) ? buf_append(form, value, 1)
					  : buf_printf(form, "%%%02X", (unsigned char)*value);
	return r;
}
