/*
 * Logging in (RFC 4954) in a session: the mechanism's steps, and the check of a password in the pool, for it takes 20 ms by
 * intent. Part of session.h. Owns the exchange under way.
 *
 *	(none) --AUTH--> EXCHANGE --answer--> EXCHANGE ... --password--> CHECKING (pool) --> (none), logged in or not
 */
#include "gateway/session_internal.h"

#include "auth/sasl.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/secure.h"
#include "route/client.h"

#include <stdlib.h>
#include <string.h>

#define DENIED_MAX 3 /* wrong passwords in a session */

struct check {
	struct job job;
	struct session *session;
	enum sasl_step step;
};

static void end(struct session *s)
{
	sasl_server_destroy(&s->sasl);
}

static void welcome(struct session *s, struct smtp_reply *reply)
{
	text_copy(s->user, sizeof s->user, sasl_server_user(s->sasl));
	guesses_right(s->in->guesses, s->client, s->user);
	LOG(LOG_INFO, s->id, "session", "authenticated", F_S("client", s->client),
	    F_S("user", s->user));
	smtp_reply_set(reply, 235, "2.7.0", "You are logged in");
}

/* One answer for a wrong name and a wrong password; who guesses on is shown out. */
static void deny(struct session *s, struct smtp_reply *reply)
{
	const char *user = sasl_server_user(s->sasl);
	session_refused(s, REFUSED_LOGIN, "wrong name or password");
	LOG(LOG_WARN, s->id, "session", "denied", F_S("client", s->client), F_S("user", user),
	    F_S("reason", "wrong name or password"));
	if (guesses_wrong(s->in->guesses, s->client, user, clock_mono(s->lane->vendor->g->clock)))
		LOG(LOG_WARN, s->id, "client", "locked", F_S("client", s->client),
		    F_S("user", user), F_S("reason", "too many wrong passwords"),
		    F_N("minutes", GUESSES_MS / 60000));
	if (++s->denied < DENIED_MAX)
		smtp_reply_set(reply, 535, "5.7.8", "Wrong name or password");
	else
		smtp_reply_set(reply, 421, "4.7.0", "%s too many failed logins",
			       s->settings->gateway.hostname);
}

/* Too many were wrong, in this connection or others: what it says now is not looked at. */
static bool is_locked(const struct session *s)
{
	return guesses_locked(s->in->guesses, s->client, sasl_server_user(s->sasl),
			      clock_mono(s->lane->vendor->g->clock));
}

static void put_off(struct session *s, struct smtp_reply *reply)
{
	session_refused(s, REFUSED_LOGIN, "too many wrong passwords");
	if (++s->denied < DENIED_MAX)
		smtp_reply_set(reply, 454, "4.7.0",
			       "Too many wrong passwords from your address, try again later");
	else
		smtp_reply_set(reply, 421, "4.7.0", "%s too many failed logins",
			       s->settings->gateway.hostname);
}

/* What ends an exchange. Of many passwords that were checked side by side no more count than one after the other. */
static void conclude(struct session *s, enum sasl_step step, struct smtp_reply *reply)
{
	if ((step == SASL_DONE || step == SASL_DENIED) && is_locked(s)) {
		put_off(s, reply);
		end(s);
		return;
	}
	switch (step) {
	case SASL_DONE:
		welcome(s, reply);
		break;
	case SASL_DENIED:
		deny(s, reply);
		break;
	case SASL_MALFORMED:
		smtp_reply_set(reply, 501, "5.5.2", "That is not how this mechanism is spoken");
		break;
	default:
		smtp_reply_set(reply, 454, "4.7.0", "Memory is short, try again later");
		break;
	}
	end(s);
}

/* ---- the pool ---- */

static void check_work(struct job *j)
{
	struct check *c = (struct check *)j;
	c->step = sasl_server_verify(c->session->sasl);
}

static void check_done(struct job *j)
{
	struct check *c = (struct check *)j;
	struct session *s = c->session;
	struct smtp_reply reply;
	conclude(s, c->step, &reply);
	s->storing = false;
	free(c);
	if (s->channel)
		session_answer(s, &reply);
	else
		session_free(s);
}

static enum smtp_verdict check(struct session *s, struct smtp_reply *reply)
{
	struct check *c = calloc(1, sizeof *c);
	if (c) {
		c->job = (struct job){.answer_to = stack_inbox(s->lane->stack),
				      .work = check_work,
				      .done = check_done};
		c->session = s;
		s->storing =
			true; /* the session outlives its connection as long as the pool works for it */
		if (pool_run(s->lane->vendor->g->pool, &c->job) == OK)
			return SMTP_LATER;
		s->storing = false;
		free(c);
	}
	smtp_reply_set(reply, 454, "4.7.0", "Too many logins at the moment, try again later");
	end(s);
	return SMTP_DONE;
}

/* ---- the exchange ---- */

static enum smtp_verdict ask(struct session *s, const struct buf *challenge,
			     struct smtp_reply *reply)
{
	struct buf text;
	buf_init(&text, 0);
	enum result r = base64_encode(&text, buf_head(challenge), challenge->len);
	const char *coded = r == OK ? buf_string(&text) : NULL;
	if (coded && text.len < sizeof reply->text)
		smtp_reply_set(reply, 334, "", "%s", coded);
	else
		conclude(s, SASL_NOMEM, reply);
	buf_free(&text);
	return SMTP_DONE;
}

/* line: what came, as Base64; NULL: nothing yet. */
static enum smtp_verdict step(struct session *s, const char *line, struct smtp_reply *reply)
{
	struct buf in, challenge;
	enum smtp_verdict verdict = SMTP_DONE;
	buf_init(&in, SASL_MESSAGE_MAX);
	buf_init(&challenge, SASL_MESSAGE_MAX);
	enum sasl_step next = SASL_MALFORMED;
	if (!line || base64_decode(&in, line, strlen(line)) == OK)
		next = sasl_server_step(s->sasl, line ? (in.len ? buf_head(&in) : "") : NULL,
					in.len, &challenge);
	if (next == SASL_CHALLENGE)
		verdict = ask(s, &challenge, reply);
	else if (next == SASL_VERIFY && is_locked(s))
		conclude(s, SASL_DENIED, reply);
	else if (next == SASL_VERIFY)
		verdict = check(s, reply);
	else
		conclude(s, next, reply);
	if (in.len)
		explicit_bzero(buf_head(&in), in.len);
	buf_free(&in);
	buf_free(&challenge);
	return verdict;
}

static enum smtp_verdict on_auth(void *ctx, const char *mechanism, const char *initial,
				 struct smtp_reply *reply)
{
	struct session *s = ctx;
	end(s);
	const struct sasl_prompts prompts = {s->profile->prompt_user, s->profile->prompt_password};
	s->sasl = sasl_server_new(sasl_find(mechanism), secure_users(s->settings, s->conf),
				  prompts.user ? &prompts : NULL);
	if (s->sasl)
		return step(s, initial, reply);
	smtp_reply_set(reply, 454, "4.7.0", "Memory is short, try again later");
	return SMTP_DONE;
}

static enum smtp_verdict on_auth_line(void *ctx, const char *line, struct smtp_reply *reply)
{
	return step(ctx, line, reply);
}

static void on_auth_end(void *ctx)
{
	end(ctx);
}

void session_auth_ops(struct smtp_server_ops *ops)
{
	ops->on_auth = on_auth;
	ops->on_auth_line = on_auth_line;
	ops->on_auth_end = on_auth_end;
}

void session_auth_offer(struct session *s)
{
	bool offered = s->conf->auth != CONF_AUTH_OFF;
	s->user[0] = '\0'; /* RFC 3207 section 4.2: a login of before does not count */
	bool may = session_is_secure(s) || s->auth_clear;
	s->config.auth = !offered ? NULL : may ? "SCRAM-SHA-256 PLAIN LOGIN" : "";
	s->config.auth_required = s->conf->auth == CONF_AUTH_REQUIRED &&
				  (s->conf->mode == CONF_MODE_SUBMISSION ||
				   !route_client_fits(&s->conf->relay_from, s->client));
}

void session_auth_drop(struct session *s)
{
	end(s);
}
