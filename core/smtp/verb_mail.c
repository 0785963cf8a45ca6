/* MAIL (RFC 5321 4.1.1.2) with SIZE (RFC 1870), BODY (RFC 6152), RET and ENVID (RFC 3461), SMTPUTF8 (RFC 6531), REQUIRETLS (RFC
 * 8689); the path syntax that RCPT shares. */
#include "base/text.h"
#include "mail/address.h"
#include "mail/asks.h"
#include "smtp/param.h"
#include "smtp/path.h"
#include "smtp/session.h"

#include <string.h>

struct mail_params {
	uint64_t size;
	bool eight_bit;
	struct mail_asks asks;
};

/* 1 to 20 digits; more than 64 bits is taken as the largest number, which is above every limit. */
static enum result take_size(void *to, const char *value)
{
	struct mail_params *params = to;
	if (!value || strlen(value) > 20 || value[strspn(value, "0123456789")])
		return E_SYNTAX;
	uint64_t size = 0;
	for (; *value; value++) {
		unsigned digit = (unsigned)(*value - '0');
		size = size > (UINT64_MAX - digit) / 10 ? UINT64_MAX : size * 10 + digit;
	}
	params->size = size;
	return OK;
}

static enum result take_body(void *to, const char *value)
{
	struct mail_params *params = to;
	params->eight_bit = value && text_same(value, "8BITMIME");
	return params->eight_bit || (value && text_same(value, "7BIT")) ? OK : E_SYNTAX;
}

/* RFC 4954 section 5. Nobody here is trusted to vouch for another, so what it says is not kept. */
static enum result take_auth(void *to, const char *value)
{
	(void)to;
	return value && *value ? OK : E_SYNTAX;
}

static enum result take_ret(void *to, const char *value)
{
	return mail_asks_ret(&((struct mail_params *)to)->asks, value);
}

static enum result take_envid(void *to, const char *value)
{
	return mail_asks_envid(&((struct mail_params *)to)->asks, value);
}

/* RFC 8689: a word without a value; where it may stand is looked at later. */
static enum result take_require_tls(void *to, const char *value)
{
	((struct mail_params *)to)->asks.require_tls = true;
	return value ? E_SYNTAX : OK;
}

static enum result take_utf8(void *to, const char *value)
{
	((struct mail_params *)to)->asks.utf8 = true;
	return value ? E_SYNTAX : OK;
}

static const struct smtp_param known[] = {
	{"SIZE", take_size},
	{"BODY", take_body},
	{"AUTH", take_auth},
	{"RET", take_ret},
	{"ENVID", take_envid},
	{"SMTPUTF8", take_utf8},
	{"REQUIRETLS", take_require_tls},
	{NULL, NULL},
};

/* What only lacks the brackets or a domain is refused by the config. */
static void refuse_path(struct smtp_server *s, const char *text, unsigned flags, const char *bad)
{
	struct smtp_path path;
	struct smtp_reply reply;
	if (smtp_path_scan(text, strlen(text), flags | SMTP_PATH_LOOSE, &path) != OK)
		smtp_session_say(s, 501, bad, "Bad address syntax");
	else
		smtp_session_refuse(s, SMTP_RULE_BRACKETS,
				    smtp_reply_set(&reply, 501, bad, "Bad address syntax"));
}

char *smtp_verb_path(struct smtp_server *s, char *args, const char *prefix, unsigned flags,
		     const char *bad, char **params)
{
	struct smtp_path path;
	size_t n = strlen(prefix);
	struct smtp_reply reply;
	if (strlen(args) < n || !text_same_n(args, n, prefix)) {
		smtp_session_reply(
			s, smtp_reply_set(&reply, 501, "5.5.4", "Syntax: %s<address>", prefix));
		return NULL;
	}
	flags |= s->config->brackets_optional ? SMTP_PATH_LOOSE : 0;
	switch (smtp_path_scan(args + n, strlen(args + n), flags, &path)) {
	case OK:
		break;
	case E_UNSUPPORTED:
		smtp_session_say(s, 553, "5.6.7", "Address is neither ASCII nor UTF-8");
		return NULL;
	default:
		refuse_path(s, args + n, flags, bad);
		return NULL;
	}
	if (path.bare)
		smtp_session_note(s, SMTP_NOTE_BRACKETS);
	if (args[n] == ' ' || args[n] == '\t')
		smtp_session_note(s, SMTP_NOTE_BLANK);
	*params = args + (path.rest - args);
	char *address = args + (path.address - args);
	address[path.n] = '\0';
	return address;
}

static void answered(struct smtp_server *s, struct smtp_reply *reply)
{
	if (smtp_reply_is(reply, 2))
		smtp_session_move(s, SMTP_EV_MAIL);
	else
		s->transaction = false; /* refused: it never began */
	smtp_session_reply(s, reply);
}

bool smtp_verb_path_fits(struct smtp_server *s, const char *path)
{
	if (s->utf8 || mail_address_is_ascii(path))
		return true;
	smtp_session_say(s, 553, "5.6.7", "Address is not ASCII: say SMTPUTF8 with MAIL");
	return false;
}

static bool is_allowed(struct smtp_server *s, const struct mail_params *params)
{
	uint64_t max = s->config->max_size;
	struct smtp_reply reply;
	if (s->config->auth_required && !s->authenticated) {
		smtp_session_refuse(
			s, SMTP_RULE_LOGIN,
			smtp_reply_set(&reply, 530, "5.7.0", "Authentication required"));
		return false;
	}
	if (s->config->max_transactions && s->messages >= s->config->max_transactions) {
		smtp_session_end(s, "4.7.0", "Enough messages in one session: connect again");
		return false;
	}
	if (params->asks.require_tls && !s->secure) {
		smtp_session_say(s, 530, "5.7.10", "REQUIRETLS is for TLS: send STARTTLS first");
		return false;
	}
	if (max && params->size > max) {
		smtp_reply_set(&reply, 552, "5.3.4",
			       "Message of %llu bytes exceeds the limit of %llu",
			       (unsigned long long)params->size, (unsigned long long)max);
		smtp_session_refuse(s, SMTP_RULE_SIZE, &reply);
		return false;
	}
	return true;
}

void smtp_verb_mail(struct smtp_server *s, char *args)
{
	struct mail_params params = {0};
	char asks[MAIL_ASKS_TEXT];
	struct smtp_reply reply;
	char *rest, *path = smtp_verb_path(s, args, "FROM:", SMTP_PATH_NULL, "5.1.7", &rest);
	if (!path)
		return;
	if (smtp_param_take(known, rest, &params, &reply) != OK) {
		smtp_session_reply(s, &reply);
		return;
	}
	s->utf8 = params.asks.utf8;
	if (!smtp_verb_path_fits(s, path) || !is_allowed(s, &params))
		return;
	s->transaction = true;
	smtp_reply_set(&reply, 250, "2.1.0", "Ok");
	enum smtp_verdict verdict =
		s->ops->on_mail ? s->ops->on_mail(s->ctx, path, params.size, params.eight_bit,
						  mail_asks_print(&params.asks, asks), &reply)
				: SMTP_DONE;
	smtp_session_settle(s, verdict, &reply, answered);
}
