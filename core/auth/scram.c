/* SCRAM by libgsasl: see scram.h. Each half owns a gsasl context and its session; gsasl's callback is the seam to our users. */
#include "auth/scram.h"

#include "base/text.h"

#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MECHANISM "SCRAM-SHA-256"

/* ---- server ---- */

struct scram_server {
	const struct users *users;
	Gsasl *gsasl;
	Gsasl_session *session;
	const struct user *user; /* whose keys were given; a pretended one when `known` is false */
	bool begun, known, proved;
	struct user_pretended pretended;
	char name[USERS_NAME_MAX + 1];
};

/* gsasl has the name and wants the keys. It asks again for each; we answer all at the first. */
static int give_keys(struct scram_server *s, Gsasl_session *session)
{
	char iterations[16];
	const char *name = gsasl_property_fast(session, GSASL_AUTHID);
	if (!name || !text_copy(s->name, sizeof s->name, name))
		return GSASL_AUTHENTICATION_ERROR;
	s->user = users_find(s->users, name);
	s->known = s->user != NULL;
	if (!s->known)
		s->user = users_pretend(s->users, name, &s->pretended);
	if (!s->user)
		return GSASL_MALLOC_ERROR;
	snprintf(iterations, sizeof iterations, "%u", s->user->iterations);
	int r = gsasl_property_set(session, GSASL_SCRAM_ITER, iterations);
	if (r == GSASL_OK)
		r = gsasl_property_set(session, GSASL_SCRAM_SALT, s->user->salt);
	if (r == GSASL_OK)
		r = gsasl_property_set(session, GSASL_SCRAM_STOREDKEY, s->user->stored_key);
	if (r == GSASL_OK)
		r = gsasl_property_set(session, GSASL_SCRAM_SERVERKEY, s->user->server_key);
	return r;
}

static int server_asked(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	(void)gsasl;
	struct scram_server *s = gsasl_session_hook_get(session);
	switch (property) {
	case GSASL_SCRAM_ITER:
	case GSASL_SCRAM_SALT:
	case GSASL_SCRAM_STOREDKEY:
	case GSASL_SCRAM_SERVERKEY:
		return s->user ? GSASL_NO_CALLBACK : give_keys(s, session);
	default:
		return GSASL_NO_CALLBACK; /* a password, channel binding: we have none */
	}
}

struct scram_server *scram_server_new(const struct users *users)
{
	struct scram_server *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->users = users;
	if (gsasl_init(&s->gsasl) == GSASL_OK) {
		gsasl_callback_set(s->gsasl, server_asked);
		if (gsasl_server_start(s->gsasl, MECHANISM, &s->session) == GSASL_OK) {
			gsasl_session_hook_set(s->session, s);
			return s;
		}
	}
	scram_server_destroy(&s);
	return NULL;
}

/* gsasl's results as steps: what is no step of the exchange is the client's fault, but for memory. */
static enum sasl_step failed(int r)
{
	switch (r) {
	case GSASL_MALLOC_ERROR:
		return SASL_NOMEM;
	case GSASL_MECHANISM_PARSE_ERROR:
	case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
		return SASL_MALFORMED;
	default:
		return SASL_DENIED;
	}
}

/*
 * gs2-header and name of the first message (RFC 5802 section 7), before gsasl reads it: no channel binding is offered, so
 * none is taken, and nobody acts for another. Both names are spelled alike, so they can be compared as they stand.
 */
static enum sasl_step look_at_first(const char *in, size_t n)
{
	if (n < 3 || (in[0] != 'n' && in[0] != 'y') || in[1] != ',')
		return SASL_MALFORMED;
	const char *as = in + 2, *comma = memchr(as, ',', n - 2);
	if (!comma)
		return SASL_MALFORMED;
	size_t as_n = (size_t)(comma - as), rest = n - (size_t)(comma + 1 - in);
	if (!as_n)
		return SASL_DONE;
	const char *name = comma + 1, *end = memchr(name, ',', rest);
	if (as_n < 3 || memcmp(as, "a=", 2) != 0 || !end || memcmp(name, "n=", 2) != 0)
		return SASL_MALFORMED;
	bool same = as_n == (size_t)(end - name) && strncasecmp(as + 2, name + 2, as_n - 2) == 0;
	return same ? SASL_DONE : SASL_DENIED;
}

enum sasl_step scram_server_step(struct scram_server *s, const char *in, size_t n,
				 struct buf *challenge)
{
	char *out = NULL;
	size_t out_n = 0;
	enum sasl_step first = s->begun ? SASL_DONE : look_at_first(in, n);
	if (first != SASL_DONE)
		return first;
	s->begun = true;
	if (s->proved) /* the client's answer to our proof is empty */
		return n ? SASL_MALFORMED : SASL_DONE;
	int r = gsasl_step(s->session, in, n, &out, &out_n);
	if (r != GSASL_OK && r != GSASL_NEEDS_MORE)
		return failed(r);
	enum result kept = buf_append(challenge, out, out_n);
	gsasl_free(out);
	if (kept != OK)
		return SASL_NOMEM;
	if (r == GSASL_OK && !s->known) /* cannot be: nothing fits a pretended key */
		return SASL_DENIED;
	if (r == GSASL_OK) {
		s->proved = true;
		text_copy(s->name, sizeof s->name, s->user->name);
	}
	return SASL_CHALLENGE;
}

const char *scram_server_name(const struct scram_server *s)
{
	return s->name;
}

void scram_server_destroy(struct scram_server **at)
{
	struct scram_server *s = *at;
	*at = NULL;
	if (!s)
		return;
	if (s->session)
		gsasl_finish(s->session);
	if (s->gsasl)
		gsasl_done(s->gsasl);
	explicit_bzero(s, sizeof *s);
	free(s);
}

/* ---- client ---- */

struct scram_client {
	Gsasl *gsasl;
	Gsasl_session *session;
	bool proved;
};

static int client_asked(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	(void)gsasl;
	(void)session;
	(void)property; /* name and password are set; nothing else is ours to give */
	return GSASL_NO_CALLBACK;
}

struct scram_client *scram_client_new(const char *user, const char *password)
{
	struct scram_client *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	if (gsasl_init(&c->gsasl) == GSASL_OK) {
		gsasl_callback_set(c->gsasl, client_asked);
		if (gsasl_client_start(c->gsasl, MECHANISM, &c->session) == GSASL_OK &&
		    gsasl_property_set(c->session, GSASL_AUTHID, user) == GSASL_OK &&
		    gsasl_property_set(c->session, GSASL_PASSWORD, password) == GSASL_OK)
			return c;
	}
	scram_client_destroy(&c);
	return NULL;
}

enum result scram_client_step(struct scram_client *c, const char *in, size_t n, struct buf *answer)
{
	char *out = NULL;
	size_t out_n = 0;
	if (c->proved)
		return E_STATE;
	int r = gsasl_step(c->session, in, n, &out, &out_n);
	if (r == GSASL_MALLOC_ERROR)
		return E_NOMEM;
	if (r == GSASL_AUTHENTICATION_ERROR || r == GSASL_INTEGRITY_ERROR)
		return E_REFUSED;
	if (r != GSASL_OK && r != GSASL_NEEDS_MORE)
		return E_SYNTAX;
	c->proved = r == GSASL_OK;
	enum result kept = buf_append(answer, out, out_n);
	gsasl_free(out);
	return kept;
}

bool scram_client_done(const struct scram_client *c)
{
	return c->proved;
}

void scram_client_destroy(struct scram_client **at)
{
	struct scram_client *c = *at;
	*at = NULL;
	if (!c)
		return;
	if (c->session)
		gsasl_finish(c->session);
	if (c->gsasl)
		gsasl_done(c->gsasl);
	free(c);
}
