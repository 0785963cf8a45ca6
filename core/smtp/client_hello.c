/* How a client's connection begins and ends: greeting, EHLO, HELO for servers that know no EHLO, QUIT. */
#include "base/text.h"
#include "smtp/dialogue.h"

#include <stdio.h>
#include <string.h>

static void say_hello(struct smtp_client *c, const char *verb, enum smtp_client_state next)
{
	char line[512];
	int n = snprintf(line, sizeof line, "%s %.255s", verb, c->config.helo);
	if (smtp_client_command(c, line, (size_t)n) == OK)
		c->state = next;
}

static void say_ehlo(struct smtp_client *c)
{
	say_hello(c, c->config.lmtp ? "LHLO" : "EHLO", SMTP_CLIENT_EHLO);
}

void smtp_client_greeted(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (smtp_reply_is(reply, 2))
		say_ehlo(c);
	else if (smtp_reply_is(reply, 3))
		smtp_client_misfit(c, reply, "as its greeting");
	else
		smtp_client_end(c, reply);
}

void smtp_client_ready(struct smtp_client *c)
{
	c->state = SMTP_CLIENT_IDLE;
	if (c->quit_wanted)
		smtp_client_quit(c);
	else if (c->config.login && !c->logged_in)
		smtp_client_auth_begin(c);
	else if (c->ops->on_ready)
		c->ops->on_ready(c->ctx);
}

/* Goes on in the clear, when that is allowed. */
static void go_clear(struct smtp_client *c, const char *why)
{
	text_copy(c->clear, sizeof c->clear, why);
	if (c->config.tls == SMTP_TLS_NEEDED)
		smtp_client_fail(c, "the route wants TLS, and %s", c->clear);
	else
		smtp_client_ready(c);
}

/* Secures the connection where that is wanted, or is ready. */
static void secure(struct smtp_client *c)
{
	if (c->secure || c->config.tls == SMTP_TLS_OFF)
		smtp_client_ready(c);
	else if (!c->offer.starttls)
		go_clear(c, "the server does not offer STARTTLS");
	else if (smtp_client_command(c, "STARTTLS", 8) == OK)
		c->state = SMTP_CLIENT_STARTTLS;
}

void smtp_client_starttls_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	char why[sizeof c->clear], words[160];
	if (smtp_reply_is(reply, 2)) {
		c->state = SMTP_CLIENT_SECURING;
		c->ops->on_starttls(c->ctx);
	} else if (smtp_reply_is(reply, 3)) {
		smtp_client_misfit(c, reply, "to STARTTLS");
	} else {
		snprintf(why, sizeof why, "the server refused STARTTLS: %s",
			 smtp_reply_print(reply, words, sizeof words));
		go_clear(c, why);
	}
}

void smtp_client_secured(struct smtp_client *c)
{
	c->secure = true;
	c->offer = (struct smtp_offer){0}; /* what was said in the clear counts no more */
	say_ehlo(c);
}

void smtp_client_ehlo_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (smtp_reply_is(reply, 2)) {
		secure(c);
	} else if (smtp_reply_is(reply, 5) && !c->config.lmtp) {
		c->offer = (struct smtp_offer){0};
		say_hello(c, "HELO", SMTP_CLIENT_HELO);
	} else if (!smtp_reply_is(reply, 3)) {
		smtp_client_end(c, reply);
	} else {
		smtp_client_misfit(c, reply, "to EHLO");
	}
}

void smtp_client_helo_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (smtp_reply_is(reply, 2))
		secure(c); /* nothing is offered */
	else if (smtp_reply_is(reply, 3))
		smtp_client_misfit(c, reply, "to HELO");
	else
		smtp_client_end(c, reply);
}

void smtp_client_quit_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	(void)reply; /* whatever it says, the connection was to end */
	smtp_client_fail(c, "the connection was ended by QUIT");
}

static void take_pipelining(struct smtp_offer *offer, const char *value)
{
	(void)value;
	offer->pipelining = true;
}

static void take_eight_bit(struct smtp_offer *offer, const char *value)
{
	(void)value;
	offer->eight_bit = true;
}

static void take_starttls(struct smtp_offer *offer, const char *value)
{
	(void)value;
	offer->starttls = true;
}

static void take_dsn(struct smtp_offer *offer, const char *value)
{
	(void)value;
	offer->dsn = true;
}

static void take_require_tls(struct smtp_offer *offer, const char *value)
{
	(void)value;
	offer->require_tls = true;
}

static void take_utf8(struct smtp_offer *offer, const char *value)
{
	(void)value;
	offer->utf8 = true;
}

static void take_chunking(struct smtp_offer *offer, const char *value)
{
	(void)value;
	offer->chunking = true;
}

static void take_size(struct smtp_offer *offer, const char *value)
{
	offer->size = true;
	uint64_t limit = 0;
	for (; *value >= '0' && *value <= '9'; value++) {
		unsigned digit = (unsigned)(*value - '0');
		limit = limit > (UINT64_MAX - digit) / 10 ? UINT64_MAX : limit * 10 + digit;
	}
	offer->size_limit = limit;
}

static void take_limits(struct smtp_offer *offer, const char *value)
{
	smtp_limits_take(&offer->limits, value);
}

/* "AUTH PLAIN LOGIN", and "AUTH=PLAIN LOGIN" as servers of old; said twice, both count. */
static void take_auth(struct smtp_offer *offer, const char *value)
{
	size_t n = strlen(offer->auth);
	snprintf(offer->auth + n, sizeof offer->auth - n, "%s%s", n ? " " : "", value);
}

void smtp_offer_take(struct smtp_offer *offer, const char *line, size_t n)
{
	static const struct {
		const char *word;
		void (*take)(struct smtp_offer *offer, const char *value);
	} rows[] = {
		{"PIPELINING", take_pipelining},
		{"8BITMIME", take_eight_bit},
		{"SIZE", take_size},
		{"STARTTLS", take_starttls},
		{"AUTH", take_auth},
		{"DSN", take_dsn},
		{"REQUIRETLS", take_require_tls},
		{"SMTPUTF8", take_utf8},
		{"LIMITS", take_limits},
		{"CHUNKING", take_chunking},
	};
	char word[512] = ""; /* RFC 5321 4.5.3.1.5 */
	memcpy(word, line, n < sizeof word ? n : sizeof word - 1);
	char *value = word + strcspn(word, " \t=");
	if (*value)
		*value++ = '\0';
	value += strspn(value, " \t");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_same(word, rows[i].word))
			rows[i].take(offer, value);
}
