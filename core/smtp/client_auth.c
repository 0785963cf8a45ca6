/*
 * A client logs in (RFC 4954): carries the messages of a mechanism between the server and the owner, as Base64. What they
 * mean is the owner's. Fails with the connection, which nothing can be sent over then. Secrets are cleared behind it.
 */
#include "base/base64.h"
#include "smtp/dialogue.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_MAX 510 /* bytes of a command without its end: RFC 5321 4.5.3.1.4 */
#define MESSAGE_MAX \
	8192 /* bytes of one message of ours; larger than any token known, room made before it is written */

/* Logging in has failed, for a reason that no reply of the server tells. */
static void give_up(struct smtp_client *c, const char *why)
{
	c->login_failed = true;
	smtp_client_fail(c, "%s", why);
}

/* Sends "WORDS BASE64" or BASE64 alone; an empty initial response is spelled "=". shown: for the log. */
static void say(struct smtp_client *c, const char *words, const struct buf *message,
		const char *shown)
{
	struct buf line;
	buf_init(&line, SMTP_CLIENT_OUTPUT / 2);
	enum result r = buf_reserve(&line, 2 * MESSAGE_MAX) ? OK : E_NOMEM;
	if (r == OK && *words)
		r = buf_printf(&line, "%s ", words);
	if (r == OK && *words && !message->len)
		r = buf_puts(&line, "=");
	if (r == OK)
		r = base64_encode(&line, buf_head(message), message->len);
	if (r == OK)
		r = smtp_client_secret(c, buf_head(&line), line.len, shown);
	buf_wipe(&line);
	buf_free(&line);
	if (r != OK)
		give_up(c, "the answer to AUTH is too long, or memory is short");
}

static void call_off(struct smtp_client *c)
{
	c->called_off = true;
	smtp_client_command(c, "*", 1);
}

/* An initial response goes with AUTH when the line stays within its limit, else it waits to be asked for. */
static void begin(struct smtp_client *c, const struct smtp_client_login *login)
{
	char words[96], shown[112];
	int n = snprintf(words, sizeof words, "AUTH %.80s", login->mechanism);
	size_t coded = (c->first.len + 2) / 3 * 4;
	snprintf(shown, sizeof shown, "%s ***", words);
	c->state = SMTP_CLIENT_AUTH;
	c->first_held = login->initial;
	if (login->initial && (size_t)n + 1 + coded <= COMMAND_MAX) {
		c->first_held = false;
		say(c, words, &c->first, shown);
		buf_wipe(&c->first);
	} else {
		smtp_client_command(c, words, (size_t)n);
	}
}

void smtp_client_auth_begin(struct smtp_client *c)
{
	struct smtp_client_login login = {.message = &c->first};
	if (!buf_reserve(&c->first, MESSAGE_MAX)) {
		smtp_client_fail(c, "memory is short");
		return;
	}
	if (c->ops->auth_begin(c->ctx, c->offer.auth, &login))
		begin(c, &login);
	else
		give_up(c, login.why);
}

static void answer(struct smtp_client *c, const struct smtp_reply *reply)
{
	struct buf challenge, message;
	buf_init(&challenge, SMTP_REPLY_TEXT);
	buf_init(&message, MESSAGE_MAX);
	bool good = base64_decode(&challenge, reply->text, strlen(reply->text)) == OK &&
		    buf_reserve(&message, MESSAGE_MAX) &&
		    c->ops->auth_answer(c->ctx, challenge.len ? buf_head(&challenge) : "",
					challenge.len, &message);
	if (good)
		say(c, "", &message, "***");
	else
		call_off(c);
	buf_wipe(&message);
	buf_free(&message);
	buf_free(&challenge);
}

/* 334: the server asks. */
static void challenged(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (c->called_off) {
		give_up(c, "the server goes on with AUTH although it was called off");
	} else if (c->first_held) { /* whatever it says: it is asked for now */
		c->first_held = false;
		say(c, "", &c->first, "***");
		buf_wipe(&c->first);
	} else {
		answer(c, reply);
	}
}

static void refused(struct smtp_client *c, const struct smtp_reply *reply)
{
	c->ops->auth_done(c->ctx, reply);
	c->login_failed = true;
	smtp_client_end(c, reply);
}

void smtp_client_auth_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (reply->code == 334) {
		challenged(c, reply);
	} else if (smtp_reply_is(reply, 4) || smtp_reply_is(reply, 5)) {
		if (c->called_off)
			give_up(c, "the server did not prove that it knows the password, or speaks "
				   "the mechanism wrongly: nothing was sent");
		else
			refused(c, reply);
	} else if (reply->code != 235) {
		smtp_client_misfit(c, reply, "to AUTH");
	} else if (c->called_off || c->first_held || !c->ops->auth_done(c->ctx, reply)) {
		give_up(c, "the server says that we are logged in without having proved that it "
			   "knows the password");
	} else {
		c->logged_in = true;
		smtp_client_ready(c);
	}
}
