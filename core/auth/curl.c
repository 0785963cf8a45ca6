/* Handles of libcurl: see curl.h. */
#include "auth/curl.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool auth_curl_open(struct auth_curl *c, const struct auth_curl_way *way)
{
	memset(c, 0, sizeof *c);
	pthread_once(&once, begin);
	c->handle = curl_easy_init();
	if (!c->handle)
		return false;
	c->code = CURLE_OK;
	AUTH_CURL_SET(c, CURLOPT_ERRORBUFFER, c->words);
	AUTH_CURL_SET(c, CURLOPT_NOSIGNAL, 1L);
	AUTH_CURL_SET(c, CURLOPT_PROTOCOLS_STR, way->protocols);
	AUTH_CURL_SET(c, CURLOPT_URL, way->url);
	AUTH_CURL_SET(c, CURLOPT_PROXY, way->proxy ? way->proxy : "");
	AUTH_CURL_SET(c, CURLOPT_TIMEOUT_MS, (long)way->limit);
	AUTH_CURL_SET(c, CURLOPT_CONNECTTIMEOUT_MS,
		      (long)(way->limit < way->connect ? way->limit : way->connect));
	if (way->ca)
		AUTH_CURL_SET(c, CURLOPT_CAINFO, way->ca);
	return true;
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
	case CURLE_LOGIN_DENIED:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_USE_SSL_FAILED:
		return E_DENIED;
	case CURLE_WRITE_ERROR:
		return E_LIMIT;
	case CURLE_OUT_OF_MEMORY:
		return E_NOMEM;
	default:
		return E_NETWORK;
	}
}

enum result auth_curl_perform(struct auth_curl *c)
{
	if (c->code == CURLE_OK)
		c->code = curl_easy_perform(c->handle);
	return result_of(c->code);
}

const char *auth_curl_why(const struct auth_curl *c)
{
	return *c->words ? c->words : curl_easy_strerror(c->code);
}

void auth_curl_close(struct auth_curl *c)
{
	curl_easy_cleanup(c->handle);
	c->handle = NULL;
}
