/* Logging in at a server: see login.h. Fails with words for the link's end. */
#include "gateway/login.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct login {
	enum sasl_mechanism wanted; /* SASL_MECHANISMS: the best */
	bool token;
	char *user, *secret, *host;
	unsigned port;
	struct sasl_client *sasl; /* after begin */
};

static char *copy(const char *text)
{
	size_t n = text ? strlen(text) + 1 : 0;
	char *to = n ? malloc(n) : NULL;
	return to ? memcpy(to, text, n) : NULL;
}

struct login *login_new(const struct login_config *config)
{
	struct login *l = calloc(1, sizeof *l);
	if (!l)
		return NULL;
	l->wanted = config->mechanism;
	l->token = config->token;
	l->user = copy(config->identity.user);
	l->secret = copy(config->identity.secret);
	l->host = copy(config->identity.host);
	l->port = config->identity.port;
	if (!l->user || !l->secret || (config->identity.host && !l->host))
		login_destroy(&l);
	return l;
}

/* Is the word one of those offered? */
static bool offers(const char *offered, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = offered; *at; at += strcspn(at, " ")) {
		at += strspn(at, " ");
		if (strcspn(at, " ") == n && text_same_n(at, n, name))
			return true;
	}
	return false;
}

/* The mechanism to use, or SASL_MECHANISMS with the reason why there is none. */
static enum sasl_mechanism choose(const struct login *l, const char *offered, char *why, size_t n)
{
	enum sasl_mechanism m = l->wanted;
	if (m == SASL_MECHANISMS)
		m = sasl_choose(offered, l->token, true);
	else if (!offers(offered, sasl_name(m)))
		m = SASL_MECHANISMS;
	if (m != SASL_MECHANISMS)
		return m;
	if (!*offered)
		snprintf(why, n,
			 "the server offers no AUTH on this port: mail is submitted on port 587 or "
			 "465");
	else if (l->wanted != SASL_MECHANISMS)
		snprintf(why, n, "the server offers AUTH %.120s, not %s as the route wants it",
			 offered, sasl_name(l->wanted));
	else
		snprintf(why, n, "the server offers AUTH %.120s, none of which takes a %s", offered,
			 l->token ? "token" : "password here");
	return m;
}

bool login_begin(struct login *l, const char *offered, bool encrypted, struct smtp_client_login *to)
{
	if (!encrypted) {
		snprintf(to->why, sizeof to->why,
			 "the way to the server is not encrypted: no password is sent over it");
		return false;
	}
	enum sasl_mechanism m = choose(l, offered, to->why, sizeof to->why);
	if (m == SASL_MECHANISMS)
		return false;
	const struct sasl_identity identity = {l->user, l->secret, l->host, l->port};
	sasl_client_destroy(&l->sasl);
	l->sasl = sasl_client_new(m, &identity);
	enum result r = l->sasl ? sasl_client_step(l->sasl, NULL, 0, to->message) : E_NOMEM;
	to->mechanism = sasl_name(m);
	to->initial = r == OK;
	if (r == OK || r == E_STATE)
		return true;
	snprintf(to->why, sizeof to->why, "AUTH %s cannot be begun: %s", to->mechanism,
		 result_sentence(r));
	return false;
}

bool login_answer(struct login *l, const char *challenge, size_t n, struct buf *answer)
{
	enum result r = sasl_client_step(l->sasl, challenge, n, answer);
	/* A refused token: the reason is kept, and the server wants an answer before it says its last word. */
	return r == OK || (r == E_REFUSED && *sasl_client_reason(l->sasl));
}

bool login_done(const struct login *l, const struct smtp_reply *reply)
{
	return reply->code == 235 && sasl_client_done(l->sasl);
}

const char *login_reason(const struct login *l)
{
	return l->sasl ? sasl_client_reason(l->sasl) : "";
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void login_destroy(struct login **at)
{
	struct login *l = *at;
	*at = NULL;
	if (!l)
		return;
	sasl_client_destroy(&l->sasl);
	wipe(l->user);
	wipe(l->secret);
	free(l->host);
	free(l);
}
