/* The server's half of SASL: see sasl.h. Owns what the client sent until it is checked, and gsasl's session for SCRAM. */
#include "auth/sasl.h"

#include "auth/scram.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct sasl_server {
	enum sasl_mechanism mechanism;
	const struct users *users;
	struct sasl_prompts prompts;
	struct scram_server *scram;
	unsigned steps; /* messages taken so far */
	char name[USERS_NAME_MAX + 1], password[USERS_PASSWORD_MAX + 1];
};

struct sasl_server *sasl_server_new(enum sasl_mechanism m, const struct users *users,
				    const struct sasl_prompts *prompts)
{
	static const struct sasl_prompts usual = {"Username:", "Password:"};
	struct sasl_server *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->mechanism = m;
	s->users = users;
	s->prompts = prompts ? *prompts : usual;
	if (m == SASL_SCRAM) {
		s->scram = scram_server_new(users);
		if (!s->scram)
			sasl_server_destroy(&s);
	}
	return s;
}

/* Bytes to a string of at most max bytes; false when they are empty, too long or hold a NUL. */
static bool take(char *to, size_t max, const char *from, size_t n)
{
	if (!n || n > max || memchr(from, '\0', n))
		return false;
	memcpy(to, from, n);
	to[n] = '\0';
	return true;
}

static enum sasl_step ask(struct buf *challenge, const char *words)
{
	return buf_puts(challenge, words) == OK ? SASL_CHALLENGE : SASL_NOMEM;
}

/* RFC 4616: [authzid] NUL authcid NUL passwd. Acting for another is not offered. */
static enum sasl_step plain(struct sasl_server *s, const char *in, size_t n, struct buf *challenge)
{
	if (!in)
		return s->steps == 1 ? ask(challenge, "") : SASL_MALFORMED;
	const char *name = memchr(in, '\0', n);
	const char *secret = name ? memchr(name + 1, '\0', n - (size_t)(name + 1 - in)) : NULL;
	if (!secret)
		return SASL_MALFORMED;
	size_t zid_n = (size_t)(name - in);
	name++;
	if (!take(s->name, USERS_NAME_MAX, name, (size_t)(secret - name)) ||
	    !take(s->password, USERS_PASSWORD_MAX, secret + 1, n - (size_t)(secret + 1 - in)))
		return SASL_MALFORMED;
	if (zid_n && !text_same_n(in, zid_n, s->name))
		return SASL_DENIED;
	return SASL_VERIFY;
}

/* Asks for the name, unless it came as initial response, then for the password. */
static enum sasl_step login(struct sasl_server *s, const char *in, size_t n, struct buf *challenge)
{
	if (!in)
		return s->steps == 1 ? ask(challenge, s->prompts.user) : SASL_MALFORMED;
	if (!*s->name)
		return take(s->name, USERS_NAME_MAX, in, n) ? ask(challenge, s->prompts.password)
							    : SASL_MALFORMED;
	return take(s->password, USERS_PASSWORD_MAX, in, n) ? SASL_VERIFY : SASL_MALFORMED;
}

static enum sasl_step scram(struct sasl_server *s, const char *in, size_t n, struct buf *challenge)
{
	if (!in)
		return s->steps == 1 ? ask(challenge, "") : SASL_MALFORMED;
	enum sasl_step step = scram_server_step(s->scram, in, n, challenge);
	text_copy(s->name, sizeof s->name, scram_server_name(s->scram));
	return step;
}

enum sasl_step sasl_server_step(struct sasl_server *s, const char *in, size_t n,
				struct buf *challenge)
{
	buf_clear(challenge);
	s->steps++;
	switch (s->mechanism) {
	case SASL_PLAIN:
		return plain(s, in, n, challenge);
	case SASL_LOGIN:
		return login(s, in, n, challenge);
	case SASL_SCRAM:
		return scram(s, in, n, challenge);
	default:
		return SASL_MALFORMED;
	}
}

enum sasl_step sasl_server_verify(struct sasl_server *s)
{
	const struct user *user = users_find(s->users, s->name);
	bool right = user_verify(user, s->password);
	explicit_bzero(s->password, sizeof s->password);
	if (right)
		text_copy(s->name, sizeof s->name, user->name);
	return right ? SASL_DONE : SASL_DENIED;
}

const char *sasl_server_user(const struct sasl_server *s)
{
	return s->name;
}

void sasl_server_destroy(struct sasl_server **at)
{
	struct sasl_server *s = *at;
	*at = NULL;
	if (!s)
		return;
	scram_server_destroy(&s->scram);
	explicit_bzero(s, sizeof *s);
	free(s);
}
