/* The client's half of SASL: see sasl.h. Owns copies of name and secret, cleared when it is destroyed. */
#include "auth/sasl.h"

#include "auth/scram.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct sasl_client {
	enum sasl_mechanism mechanism;
	char *user, *secret, *host; /* host: may be NULL */
	unsigned port;
	struct scram_client *scram;
	unsigned steps; /* answers given so far */
	bool refused;   /* the server said why it refuses a token */
	char reason[512];
};

static char *copy(const char *text)
{
	size_t n = strlen(text) + 1;
	char *to = malloc(n);
	return to ? memcpy(to, text, n) : NULL;
}

struct sasl_client *sasl_client_new(enum sasl_mechanism m, const struct sasl_identity *identity)
{
	struct sasl_client *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->mechanism = m;
	c->user = copy(identity->user);
	c->secret = copy(identity->secret);
	c->host = identity->host ? copy(identity->host) : NULL;
	c->port = identity->port;
	if (m == SASL_SCRAM)
		c->scram = scram_client_new(identity->user, identity->secret);
	if (!c->user || !c->secret || (identity->host && !c->host) ||
	    (m == SASL_SCRAM && !c->scram))
		sasl_client_destroy(&c);
	return c;
}

static enum result plain(struct sasl_client *c, struct buf *answer)
{
	enum result r = buf_append(answer, "", 1);
	if (r == OK)
		r = buf_append(answer, c->user, strlen(c->user) + 1);
	return r == OK ? buf_puts(answer, c->secret) : r;
}

/* The prompts differ from server to server: only their order counts. */
static enum result login(struct sasl_client *c, const char *in, struct buf *answer)
{
	if (!in) {
		c->steps = 0;
		return E_STATE; /* some servers do not take an initial response */
	}
	if (c->steps > 2)
		return E_SYNTAX;
	return buf_puts(answer, c->steps == 1 ? c->user : c->secret);
}

/* The name in gs2-header: "," and "=" have spellings of their own (RFC 5801 section 4). */
static enum result put_gs2_name(struct buf *answer, const char *name)
{
	enum result r = OK;
	for (; *name && r == OK; name++)
		r = *name == ','   ? buf_puts(answer, "=2C")
		    : *name == '=' ? buf_puts(answer, "=3D")
				   : buf_append(answer, name, 1);
	return r;
}

static enum result bearer(struct sasl_client *c, struct buf *answer)
{
	if (c->mechanism == SASL_XOAUTH2)
		return buf_printf(answer, "user=%s\001auth=Bearer %s\001\001", c->user, c->secret);
	enum result r = buf_puts(answer, "n,a=");
	if (r == OK)
		r = put_gs2_name(answer, c->user);
	if (r == OK)
		r = buf_puts(answer, ",");
	if (r == OK && c->host)
		r = buf_printf(answer, "\001host=%s\001port=%u", c->host, c->port);
	return r == OK ? buf_printf(answer, "\001auth=Bearer %s\001\001", c->secret) : r;
}

/* A challenge after the token is the reason of the refusal: to be kept, and answered so that the server says its 535. */
static enum result token(struct sasl_client *c, const char *in, size_t n, struct buf *answer)
{
	if (c->steps == 1)
		return bearer(c, answer);
	if (!in || c->refused)
		return E_SYNTAX;
	c->refused = true;
	size_t keep = n < sizeof c->reason ? n : sizeof c->reason - 1;
	for (size_t i = 0; i < keep; i++)
		c->reason[i] = in[i] >= ' ' && in[i] < 127 ? in[i] : '?';
	if (c->mechanism ==
	    SASL_OAUTHBEARER) /* RFC 7628 section 3.2.3; XOAUTH2 wants an empty line */
		buf_puts(answer, "\001");
	return E_REFUSED;
}

enum result sasl_client_step(struct sasl_client *c, const char *in, size_t n, struct buf *answer)
{
	buf_clear(answer);
	c->steps++;
	switch (c->mechanism) {
	case SASL_PLAIN:
		return c->steps == 1 ? plain(c, answer) : E_SYNTAX;
	case SASL_LOGIN:
		return login(c, in, answer);
	case SASL_SCRAM:
		return scram_client_step(c->scram, in, n, answer);
	case SASL_XOAUTH2:
	case SASL_OAUTHBEARER:
		return token(c, in, n, answer);
	default:
		return E_UNSUPPORTED;
	}
}

bool sasl_client_done(const struct sasl_client *c)
{
	return c->mechanism != SASL_SCRAM || scram_client_done(c->scram);
}

const char *sasl_client_reason(const struct sasl_client *c)
{
	return c->reason;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void sasl_client_destroy(struct sasl_client **at)
{
	struct sasl_client *c = *at;
	*at = NULL;
	if (!c)
		return;
	scram_client_destroy(&c->scram);
	wipe(c->user);
	wipe(c->secret);
	free(c->host);
	free(c);
}
