/* EHLO (RFC 5321 4.1.1.1): the keywords offered are rows. */
#include "smtp/session.h"

#include <stdio.h>
#include <string.h>

#define RCPTMAX_MOST 999999u /* six digits (RFC 9422 4) */

static int put_word(const struct smtp_server *s, const char *word, char *to, size_t n)
{
	(void)s;
	return snprintf(to, n, "%s", word);
}

static int put_chunking(const struct smtp_server *s, const char *word, char *to, size_t n)
{
	return s->config->lmtp ? 0 : snprintf(to, n, "%s", word);
}

/* RFC 1870: 0 says that there is no limit. */
static int put_size(const struct smtp_server *s, const char *word, char *to, size_t n)
{
	return snprintf(to, n, "%s %llu", word, (unsigned long long)s->config->max_size);
}

static int put_starttls(const struct smtp_server *s, const char *word, char *to, size_t n)
{
	bool offered = s->config->starttls >= SMTP_STARTTLS_OFFERED && !s->secure;
	return offered ? snprintf(to, n, "%s", word) : 0;
}

/* RFC 4954: not in the clear where that is not allowed. */
static int put_auth(const struct smtp_server *s, const char *word, char *to, size_t n)
{
	const char *offered = s->config->auth;
	return offered && *offered ? snprintf(to, n, "%s %s", word, offered) : 0;
}

/* RFC 8689: over TLS only. */
static int put_secure(const struct smtp_server *s, const char *word, char *to, size_t n)
{
	return s->secure ? snprintf(to, n, "%s", word) : 0;
}

/* RFC 9422 section 3: what a session takes; nothing is said of what has no limit. */
static int put_limits(const struct smtp_server *s, const char *word, char *to, size_t n)
{
	char mails[32] = "", rcpts[32] = "";
	if (s->config->max_transactions)
		snprintf(mails, sizeof mails, " MAILMAX=%u", s->config->max_transactions);
	if (s->config->max_recipients)
		snprintf(rcpts, sizeof rcpts, " RCPTMAX=%u",
			 s->config->max_recipients < RCPTMAX_MOST ? s->config->max_recipients
								  : RCPTMAX_MOST);
	return *mails || *rcpts ? snprintf(to, n, "%s%s%s", word, mails, rcpts) : 0;
}

/* put: writes the line as snprintf does; 0 offers the keyword not in this session. */
static const struct {
	const char *word;
	int (*put)(const struct smtp_server *s, const char *word, char *to, size_t n);
} keywords[] = {
	{"PIPELINING", put_word},
	{"SIZE", put_size},
	{"8BITMIME", put_word},
	{"SMTPUTF8", put_word},
	{"CHUNKING", put_chunking},
	{"DSN", put_word},
	{"ENHANCEDSTATUSCODES", put_word},
	{"STARTTLS", put_starttls},
	{"AUTH", put_auth},
	{"REQUIRETLS", put_secure},
	{"LIMITS", put_limits},
};

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	if (!smtp_reply_is(reply, 2)) {
		smtp_session_reply(s, reply);
		return;
	}
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		char line[80];
		size_t have = strlen(reply->text);
		if (keywords[i].put(s, keywords[i].word, line, sizeof line) > 0)
			snprintf(reply->text + have, sizeof reply->text - have, "\n%s", line);
	}
	smtp_session_forget(s); /* RFC 5321 4.1.4: as RSET */
	smtp_session_move(s, SMTP_EV_HELLO);
	smtp_session_plain(s, reply);
}

void smtp_verb_ehlo(struct smtp_server *s, char *args)
{
	smtp_verb_hello(s, args, true, answered);
}
