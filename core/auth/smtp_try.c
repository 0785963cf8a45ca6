/* Trying a mail server: see smtp_try.h. Owns a handle of libcurl while it runs. */
#include "auth/smtp_try.h"

#include "auth/curl.h"
#include "base/text.h"

#include <stdio.h>

static void set_up(struct auth_curl *c, const struct smtp_try *t)
{
	AUTH_CURL_SET(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	AUTH_CURL_SET(c, CURLOPT_CONNECT_ONLY, 1L); /* and all that comes before a first mail */
	if (t->user)
		AUTH_CURL_SET(c, CURLOPT_USERNAME, t->user);
	if (t->user && t->password)
		AUTH_CURL_SET(c, CURLOPT_PASSWORD, t->password);
}

static const char *why(const struct auth_curl *c, const struct smtp_try *t)
{
	if (c->code == CURLE_USE_SSL_FAILED)
		return t->user ? "it does not offer TLS, and no password is sent without"
			       : "it does not offer TLS";
	return c->code == CURLE_LOGIN_DENIED ? "user or password is not taken" : auth_curl_why(c);
}

enum result smtp_try(const struct smtp_try *t, struct err *err)
{
	struct auth_curl c;
	char url[512];
	bool implicit = text_ends(t->host, ":465");
	snprintf(url, sizeof url, "%s://%.400s", implicit ? "smtps" : "smtp", t->host);
	const struct auth_curl_way way = {.protocols = "smtp,smtps",
					  .url = url,
					  .ca = t->ca,
					  .limit = SMTP_TRY_MS,
					  .connect = SMTP_TRY_MS};
	if (!auth_curl_open(&c, &way))
		return err_set(err, E_NOMEM, "no memory to try %s", t->host);
	set_up(&c, t);
	enum result r = auth_curl_perform(&c);
	if (r != OK)
		err_set(err, r, "%s: %s", t->host, why(&c, t));
	auth_curl_close(&c);
	return r;
}
