/* Access tokens: see oauth.h. Owns nothing between calls; every form and token on the way is cleared. */
#include "auth/oauth.h"

#include "auth/assertion.h"
#include "auth/http.h"
#include "auth/oauth_answer.h"

#include <stdlib.h>
#include <string.h>

#define FORM_MAX 32768

/* Asks with a form; the answer is in body. */
static enum result post(const struct oauth *o, const char *url, struct buf *form, long *status,
			struct buf *body, struct err *err)
{
	const struct http_request request = {.url = url,
					     .form = buf_string(form),
					     .ca = o->conf->tls_ca,
					     .proxy = o->conf->proxy,
					     .limit = OAUTH_LIMIT_MS,
					     .stop = o->stop};
	enum result r = request.form ? http_post(&request, status, body, err)
				     : err_set(err, E_NOMEM, "no memory for a token");
	if (r != OK && r != E_NOMEM)
		err_prefix(err, "[oauth %s]: no token can be fetched", o->conf->name);
	return r;
}

static void release(struct buf *form, struct buf *body)
{
	buf_wipe(form);
	buf_free(form);
	buf_wipe(body);
	buf_free(body);
}

/* Room at once: what a buffer outgrows is not cleared. */
static enum result make_room(struct buf *form, struct buf *body, struct err *err)
{
	buf_init(form, FORM_MAX);
	buf_init(body, HTTP_BODY_MAX);
	return buf_reserve(form, FORM_MAX - 1) && buf_reserve(body, HTTP_BODY_MAX)
		       ? OK
		       : err_set(err, E_NOMEM, "no memory for a token");
}

/* Who we are: the ID with the secret or a statement, or the ID alone. */
static enum result put_client(const struct oauth *o, struct buf *form, struct err *err)
{
	const struct conf_oauth *c = o->conf;
	struct buf jwt;
	enum result r = http_form(form, "client_id", c->client_id);
	if (r == OK)
		r = http_form(form, "client_secret", o->secret);
	if (r != OK || !c->client_certificate)
		return r == OK ? OK : err_set(err, r, "no memory for a token");
	buf_init(&jwt, 0);
	r = assertion_make(c->client_certificate, c->client_id, c->token_url, o->clock, &jwt, err);
	if (r != OK)
		err_prefix(err, "[oauth %s] client_certificate", c->name);
	const char *text = r == OK ? buf_string(&jwt) : NULL;
	if (r == OK && !text)
		r = E_NOMEM;
	if (r == OK)
		r = http_form(form, "client_assertion_type",
			      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	if (r == OK)
		r = http_form(form, "client_assertion", text);
	buf_wipe(&jwt);
	buf_free(&jwt);
	return r;
}

/* Sends a form that asks for tokens and takes them. device: may be told to wait. */
static enum result ask(const struct oauth *o, struct buf *form, struct buf *body, const char *code,
		       struct tokens_kept *kept, bool *slow, struct err *err)
{
	const char *masked[4] = {NULL};
	size_t n = 0;
	long status = 0;
	if (o->secret)
		masked[n++] = o->secret;
	if (kept->refresh)
		masked[n++] = kept->refresh;
	if (code)
		masked[n++] = code;
	enum result r = post(o, o->conf->token_url, form, &status, body, err);
	if (r == OK && status == 200)
		return oauth_answer_tokens(o->conf->name, body, clock_wall(o->clock), kept, err);
	if (r == OK)
		r = oauth_answer_fault(o->conf->name, status, body, masked, slow, err);
	return r;
}

static enum result put_grant(const struct oauth *o, const struct tokens_kept *kept,
			     struct buf *form)
{
	if (o->conf->flow == CONF_OAUTH_CLIENT)
		return http_form(form, "grant_type", "client_credentials");
	enum result r = http_form(form, "grant_type", "refresh_token");
	return r == OK ? http_form(form, "refresh_token", kept->refresh) : r;
}

enum result oauth_fetch(const struct oauth *o, struct tokens_kept *kept, struct err *err)
{
	struct buf form, body;
	bool slow;
	if (o->conf->flow != CONF_OAUTH_CLIENT && !kept->refresh) {
		err_set(err, E_STATE, "[oauth %s]: nobody has logged in", o->conf->name);
		err_remedy(err, "smtpgate oauth login %s", o->conf->name);
		return E_STATE;
	}
	enum result r = make_room(&form, &body, err);
	if (r == OK)
		r = put_grant(o, kept, &form);
	if (r == OK && o->conf->provider != CONF_OAUTH_GOOGLE)
		r = http_form(&form, "scope", o->conf->scope);
	if (r == OK)
		r = put_client(o, &form, err);
	if (r == OK)
		r = ask(o, &form, &body, NULL, kept, &slow, err);
	release(&form, &body);
	return r;
}

/* ---- what is kept ---- */

static bool is_good(const struct tokens_kept *t, const char *refused, int64_t until)
{
	return t->access && t->access_ends > until && (!refused || strcmp(t->access, refused) != 0);
}

int64_t oauth_margin(const struct tokens_kept *t)
{
	int64_t part = (t->access_ends - t->access_taken) / 4;
	return part < OAUTH_MARGIN_MS ? part : OAUTH_MARGIN_MS;
}

static enum result give(struct tokens_kept *kept, char **access, int64_t *fresh_until)
{
	*access = kept->access;
	*fresh_until = kept->access_ends - oauth_margin(kept);
	kept->access = NULL;
	tokens_kept_clear(kept);
	return OK;
}

enum result oauth_token(const struct oauth *o, const char *refused, char **access,
			int64_t *fresh_until, struct err *unkept, struct err *err)
{
	struct tokens_kept kept;
	int64_t now = clock_wall(o->clock);
	*access = NULL;
	unkept->code = OK;
	enum result r = token_file_read(o->conf->token_file, &kept, err);
	if (r == OK && is_good(&kept, refused, now + oauth_margin(&kept)))
		return give(&kept, access, fresh_until);
	if (r != OK && r != E_NOTFOUND && o->conf->flow != CONF_OAUTH_CLIENT) {
		err_prefix(err, "[oauth %s] token_file", o->conf->name);
		return r;
	}
	r = oauth_fetch(o, &kept, err);
	if (r == OK) {
		token_file_write(o->files, o->conf->token_file, &kept, unkept);
		return give(&kept, access, fresh_until);
	}
	if (is_good(&kept, refused, now))
		return give(&kept, access, fresh_until);
	tokens_kept_clear(&kept);
	return r;
}

int64_t oauth_ends(const struct oauth *o, const struct tokens_kept *kept, const char **what)
{
	*what = "";
	if (o->conf->client_certificate) {
		*what = "client_certificate";
		return assertion_ends(o->conf->client_certificate);
	}
	if (o->conf->flow == CONF_OAUTH_CLIENT || !kept->refresh)
		return 0;
	*what = "refresh token";
	return kept->refresh_ends;
}

/* ---- device codes ---- */

void oauth_device_clear(struct oauth_device *d)
{
	if (d->secret)
		explicit_bzero(d->secret, strlen(d->secret));
	free(d->secret);
	*d = (struct oauth_device){0};
}

enum result oauth_device_begin(const struct oauth *o, struct oauth_device *d, struct err *err)
{
	static const char *const none[] = {NULL};
	struct buf form, body;
	bool slow;
	long status = 0;
	*d = (struct oauth_device){0};
	enum result r = make_room(&form, &body, err);
	if (r == OK)
		r = http_form(&form, "client_id", o->conf->client_id);
	if (r == OK)
		r = http_form(&form, "scope", o->conf->scope);
	if (r == OK)
		r = post(o, o->conf->device_url, &form, &status, &body, err);
	if (r == OK)
		r = status == 200
			    ? oauth_answer_device(o->conf->name, &body, clock_wall(o->clock), d,
						  err)
			    : oauth_answer_fault(o->conf->name, status, &body, none, &slow, err);
	release(&form, &body);
	return r;
}

enum result oauth_device_ask(const struct oauth *o, struct oauth_device *d,
			     struct tokens_kept *kept, struct err *err)
{
	struct buf form, body;
	bool slow = false;
	if (clock_wall(o->clock) >= d->ends) {
		err_set(err, E_STATE, "[oauth %s]: the code has ended before anybody agreed",
			o->conf->name);
		err_remedy(err, "smtpgate oauth login %s", o->conf->name);
		return E_STATE;
	}
	enum result r = make_room(&form, &body, err);
	if (r == OK)
		r = http_form(&form, "grant_type", "urn:ietf:params:oauth:grant-type:device_code");
	if (r == OK)
		r = http_form(&form, "device_code", d->secret);
	if (r == OK)
		r = put_client(o, &form, err);
	if (r == OK)
		r = ask(o, &form, &body, d->secret, kept, &slow, err);
	release(&form, &body);
	if (slow)
		d->wait += 5000; /* RFC 8628 section 3.5 */
	return r;
}
