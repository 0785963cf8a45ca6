/*
 * What every use of libcurl here has in common: over the host's own TCP/IP, no signal, no proxy of the environment, a limit,
 * and its failures in our words. Owns the handle. Blocks in perform.
 */
#ifndef SMTPGATE_AUTH_CURL_H
#define SMTPGATE_AUTH_CURL_H

#include "base/result.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct auth_curl {
	CURL *handle;
	CURLcode code; /* the first that was not CURLE_OK: nothing is done after it */
	char words[CURL_ERROR_SIZE];
};

struct auth_curl_way {
	const char *protocols; /* those of libcurl that may be spoken: "https" */
	const char *url;
	const char *ca;    /* PEM file; NULL: the system's */
	const char *proxy; /* NULL: none */
	int64_t limit;     /* ms for all of it */
	int64_t connect;   /* ms for the connection */
};

#define AUTH_CURL_SET(c, option, value)                                             \
	do {                                                                        \
		if ((c)->code == CURLE_OK)                                          \
			(c)->code = curl_easy_setopt((c)->handle, option, (value)); \
	} while (0)

/* false: memory is short. Close it otherwise. From any thread. */
bool auth_curl_open(struct auth_curl *c, const struct auth_curl_way *way);
/* OK, E_NETWORK, E_TIMEOUT, E_CANCELLED (by a callback), E_DENIED (certificate, TLS, login), E_LIMIT (more than was taken), E_NOMEM. */
enum result auth_curl_perform(struct auth_curl *c);
/* Why it failed, of this handle or static. */
const char *auth_curl_why(const struct auth_curl *c);
void auth_curl_close(struct auth_curl *c);

#endif
