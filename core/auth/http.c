/* One POST: see http.h. Owns a handle of libcurl while it runs. */
#include "auth/http.h"

#include "auth/curl.h"

#include <string.h>

#define CONNECT_MS 10000

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

static void set_up(struct auth_curl *c, const struct http_request *r, struct buf *body)
{
	AUTH_CURL_SET(c, CURLOPT_POSTFIELDS, r->form);
	AUTH_CURL_SET(c, CURLOPT_WRITEFUNCTION, take);
	AUTH_CURL_SET(c, CURLOPT_WRITEDATA, body);
	AUTH_CURL_SET(c, CURLOPT_XFERINFOFUNCTION, look);
	AUTH_CURL_SET(c, CURLOPT_XFERINFODATA, r->stop);
	AUTH_CURL_SET(c, CURLOPT_NOPROGRESS, 0L);
}

/* The host of a URL, for words: what stands behind it may be long. */
static int host_length(const char *url)
{
	const char *host = strstr(url, "://");
	return (int)((host ? host + 3 - url : 0) + (long)strcspn(host ? host + 3 : url, "/?"));
}

enum result http_post(const struct http_request *r, long *status, struct buf *body, struct err *err)
{
	struct auth_curl c;
	const struct auth_curl_way way = {.protocols = "https",
					  .url = r->url,
					  .ca = r->ca,
					  .proxy = r->proxy,
					  .limit = r->limit,
					  .connect = CONNECT_MS};
	buf_clear(body);
	*status = 0;
	if (!auth_curl_open(&c, &way))
		return err_set(err, E_NOMEM, "no memory to fetch %s", r->url);
	set_up(&c, r, body);
	enum result result = auth_curl_perform(&c);
	if (result == OK)
		curl_easy_getinfo(c.handle, CURLINFO_RESPONSE_CODE, status);
	else if (result == E_LIMIT)
		err_set(err, result, "%.*s answers more than %d bytes", host_length(r->url), r->url,
			HTTP_BODY_MAX);
	else
		err_set(err, result, "%.*s: %s", host_length(r->url), r->url, auth_curl_why(&c));
	auth_curl_close(&c);
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
