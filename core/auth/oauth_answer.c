/* Answers of token servers: see oauth_answer.h. What they say is cut, cleaned and never holds what we sent in secret. */
#include "auth/oauth_answer.h"

#include "base/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define LIFE_MOST_S (10 * 365 * 86400LL) /* longer ones are taken as this */

/* Faults that providers tell by a number or a word. The first row that is found in the answer is taken. */
static const struct {
	const char *found;
	enum result result;
	const char *words, *remedy;
} faults[] = {
	{"authorization_pending", E_BUSY, "nobody has agreed yet", ""},
	{"slow_down", E_BUSY, "nobody has agreed yet", ""},
	{"AADSTS7000222", E_REFUSED, "the secret of the application has ended",
	 "make a new one in Microsoft Entra (App registrations, Certificates & secrets), write it "
	 "to "
	 "the file of client_secret, then smtpgate reload"},
	{"AADSTS7000215", E_REFUSED, "client_secret is wrong",
	 "it must be the secret's Value, not its Secret ID"},
	{"AADSTS700016", E_REFUSED, "the organisation knows no application of this client_id",
	 "check client_id and tenant, and that an administrator has agreed to the application"},
	{"AADSTS7000229", E_REFUSED, "the application has no service principal in the organisation",
	 "an administrator agrees to the application (Grant admin consent)"},
	{"AADSTS90002", E_REFUSED, "there is no such tenant",
	 "check tenant: the organisation's ID or its onmicrosoft.com domain"},
	{"AADSTS65001", E_REFUSED, "nobody has agreed that the application may send mail",
	 "an administrator grants SMTP.SendAsApp, or logs in: smtpgate oauth login"},
	{"AADSTS700027", E_REFUSED,
	 "the certificate is not the one that the application is registered with",
	 "upload it in Microsoft Entra (App registrations, Certificates & secrets)"},
	{"AADSTS7000218", E_REFUSED, "the application may not log in by a device code",
	 "switch Allow public client flows on in Microsoft Entra (App registrations, "
	 "Authentication)"},
	{"AADSTS1002012", E_REFUSED, "the scope does not fit",
	 "take scope away: the preset ends in /.default"},
	{"AADSTS70011", E_REFUSED, "the scope does not fit", "take scope away for the preset"},
	{"AADSTS53003", E_REFUSED, "a Conditional Access policy of the organisation forbids it",
	 "the administrator looks at the sign-in log in Microsoft Entra"},
	{"AADSTS50034", E_REFUSED, "the organisation knows no such user", "check user"},
	{"AADSTS50057", E_REFUSED, "the account is switched off",
	 "the administrator switches it on"},
	{"AADSTS50076", E_STATE, "the organisation wants a second factor now",
	 "smtpgate oauth login"},
	{"AADSTS50079", E_STATE, "the organisation wants a second factor now",
	 "smtpgate oauth login"},
	{"AADSTS50173", E_STATE, "the password was changed, which ended the log-in",
	 "smtpgate oauth login"},
	{"AADSTS700082", E_STATE, "the refresh token was not used for too long and has ended",
	 "smtpgate oauth login"},
	{"AADSTS70008", E_STATE, "the log-in has ended", "smtpgate oauth login"},
	{"AADSTS70043", E_STATE, "the log-in has ended", "smtpgate oauth login"},
	{"expired_token", E_STATE, "the code has ended before anybody agreed",
	 "smtpgate oauth login"},
	{"access_denied", E_REFUSED, "the person or the organisation said no",
	 "smtpgate oauth login"},
	{"admin_policy_enforced", E_REFUSED,
	 "the organisation's administrator does not allow the application",
	 "the administrator allows it in the Google Admin console (API controls)"},
	{"deleted_client", E_REFUSED, "the application was deleted at the provider",
	 "register it anew and set client_id and client_secret"},
	{"invalid_client", E_REFUSED, "client_id, its secret or its certificate is wrong",
	 "check client_id and client_secret"},
	{"unauthorized_client", E_REFUSED, "the application may not use this flow",
	 "check flow, and how the application is registered"},
	{"invalid_scope", E_REFUSED, "the scope does not fit", "check scope"},
	{"invalid_grant", E_STATE, "the log-in has ended or was withdrawn", "smtpgate oauth login"},
	{"temporarily_unavailable", E_NETWORK, "it has trouble of its own", "it is tried again"},
};

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));
	return text ? text : "";
}

/* A number, also where it stands as a text; none: 0. */
static int64_t seconds_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);
	int64_t n = json_is_number(v) ? (int64_t)json_number_value(v)
				      : strtoll(text_of(o, name), NULL, 10);
	return n < 0 ? 0 : n > LIFE_MOST_S ? LIFE_MOST_S : n;
}

/* The first line of what the server says, fit for people; "" when it repeats a secret. */
static void clean(const char *said, const char *const *masked, char *out, size_t n)
{
	for (; *masked; masked++)
		if (strlen(*masked) >= 4 && strstr(said, *masked))
			said = "";
	size_t len = strcspn(said, "\r\n");
	len = len < n ? len : n - 1;
	for (size_t i = 0; i < len; i++)
		out[i] = said[i] >= ' ' && said[i] < 127 ? said[i] : '?';
	out[len] = '\0';
}

static enum result judge(const char *name, const json_t *o, const char *const *masked, bool *slow,
			 struct err *err)
{
	char said[200], code[64];
	const char *error = text_of(o, "error"), *why = text_of(o, "error_description");
	clean(error, masked, code, sizeof code);
	clean(why, masked, said, sizeof said);
	*slow = strcmp(error, "slow_down") == 0;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		if (strcmp(error, faults[i].found) != 0 && !strstr(why, faults[i].found))
			continue;
		err_set(err, faults[i].result, "[oauth %s]: %s (%s%s%s)", name, faults[i].words,
			code, *said ? ": " : "", said);
		err_remedy(err, "%s", faults[i].remedy);
		return faults[i].result;
	}
	return err_set(err, E_REFUSED, "[oauth %s]: the provider says no (%s%s%s)", name, code,
		       *said ? ": " : "", said);
}

enum result oauth_answer_fault(const char *name, long status, const struct buf *body,
			       const char *const *masked, bool *slow, struct err *err)
{
	*slow = false;
	if (status >= 500 || status == 429) {
		err_set(err, E_NETWORK, "[oauth %s]: the token server answers %ld", name, status);
		err_remedy(err, "it is tried again");
		return E_NETWORK;
	}
	json_t *o = json_loadb(body->len ? buf_head(body) : "", body->len, 0, NULL);
	enum result r =
		*text_of(o, "error")
			? judge(name, o, masked, slow, err)
			: err_set(err, E_SYNTAX,
				  "[oauth %s]: the token server answers %ld without saying why: is "
				  "token_url right?",
				  name, status);
	json_decref(o);
	return r;
}

static enum result no_tokens(const char *name, const char *why, struct err *err)
{
	return err_set(err, E_SYNTAX, "[oauth %s]: the token server's answer %s", name, why);
}

/* Text for a secret of ours, or NULL: not fit to be one. */
static char *token_of(const json_t *o, const char *name)
{
	const char *text = text_of(o, name);
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 127)
			return NULL;
	return *text && strlen(text) <= TOKEN_MAX ? token_copy(text) : NULL;
}

static enum result take_tokens(const char *name, const json_t *o, int64_t now,
			       struct tokens_kept *kept, struct err *err)
{
	if (!json_is_object(o))
		return no_tokens(name, "is no JSON object", err);
	int64_t life = seconds_of(o, "expires_in");
	char *access = token_of(o, "access_token"), *refresh = token_of(o, "refresh_token");
	struct tokens_kept fresh = {.access = access, .refresh = refresh};
	if (!access ||
	    (*text_of(o, "token_type") && !text_same(text_of(o, "token_type"), "bearer"))) {
		tokens_kept_clear(&fresh);
		return no_tokens(name, access ? "holds no bearer token" : "holds no access token",
				 err);
	}
	fresh.access_taken = now;
	fresh.access_ends = now + (life ? life : 3600) * 1000;
	fresh.refresh_ends = seconds_of(o, "refresh_token_expires_in");
	fresh.refresh_ends = fresh.refresh_ends ? now + fresh.refresh_ends * 1000 : 0;
	fresh.refresh_taken = now;
	if (!refresh) {
		fresh.refresh = kept->refresh;
		fresh.refresh_ends = kept->refresh_ends;
		fresh.refresh_taken = kept->refresh_taken;
		kept->refresh = NULL;
	}
	tokens_kept_clear(kept);
	*kept = fresh;
	return OK;
}

enum result oauth_answer_tokens(const char *name, const struct buf *body, int64_t now,
				struct tokens_kept *kept, struct err *err)
{
	json_t *o = json_loadb(body->len ? buf_head(body) : "", body->len, 0, NULL);
	enum result r = take_tokens(name, o, now, kept, err);
	json_decref(o);
	return r;
}

enum result oauth_answer_device(const char *name, const struct buf *body, int64_t now,
				struct oauth_device *d, struct err *err)
{
	static const char *const none[] = {NULL};
	json_t *o = json_loadb(body->len ? buf_head(body) : "", body->len, 0, NULL);
	const char *url = text_of(o, "verification_uri");
	if (!*url)
		url = text_of(o, "verification_url"); /* Google's older spelling */
	clean(url, none, d->url, sizeof d->url);
	clean(text_of(o, "user_code"), none, d->code, sizeof d->code);
	d->secret = token_of(o, "device_code");
	int64_t life = seconds_of(o, "expires_in"), wait = seconds_of(o, "interval");
	json_decref(o);
	d->ends = now + (life ? life : 900) * 1000;
	d->wait = (wait ? wait : 5) * 1000;
	if (d->secret && *d->url && *d->code)
		return OK;
	oauth_device_clear(d);
	return no_tokens(name, "holds no device code: is device_url right?", err);
}
