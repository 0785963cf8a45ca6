/* Refusals that are about our account: see refusal.h. The first row that fits is taken: the narrow ones stand first. */
#include "gateway/refusal.h"

#include <stdio.h>
#include <string.h>

static const struct refusal rows[] = {
	{535, "5.7.139", "disabled for the tenant", false,
	 "SMTP AUTH is switched off for the whole organisation",
	 "the administrator runs: Set-CASMailbox -Identity " REFUSAL_USER
	 " -SmtpClientAuthenticationDisabled "
	 "$false"},
	{535, "5.7.139", "disabled for the mailbox", false,
	 "Authenticated SMTP is switched off for this mailbox",
	 "the administrator runs: Set-CASMailbox -Identity " REFUSAL_USER
	 " -SmtpClientAuthenticationDisabled "
	 "$false"},
	{535, "5.7.139", "security defaults", false,
	 "the organisation's security defaults forbid passwords",
	 "set oauth in the route: doc/microsoft365.md"},
	{535, "5.7.139", "did not meet the criteria", false,
	 "a Conditional Access policy of the organisation refuses this log-in, or the mailbox may "
	 "not "
	 "use SMTP AUTH",
	 "the administrator looks at the sign-in log of this user in Microsoft Entra"},
	{535, "5.7.139", "credentials were incorrect", false,
	 "user or password is wrong, or the organisation wants a second factor",
	 "check user and password, or set oauth in the route: doc/microsoft365.md"},
	{535, "5.7.139", NULL, false, "the organisation does not let this account log in by SMTP",
	 "the administrator switches Authenticated SMTP on for the mailbox; for passwords that are "
	 "no "
	 "longer taken set oauth in the route: doc/microsoft365.md"},
	{550, "5.7.30", NULL, false, "Exchange Online takes no passwords any more",
	 "set oauth in the route: doc/microsoft365.md"},
	{530, "5.7.57", NULL, false, "the server wants us to log in before it takes mail",
	 "set oauth in the route: doc/microsoft365.md; and smart_host to port 587"},
	{535, "5.7.3", NULL, false,
	 "the account was not let in: the application may not use this mailbox, or SMTP AUTH is "
	 "off for it",
	 "the administrator takes step 2 of doc/microsoft365.md, which Exchange may need half an "
	 "hour to know everywhere; for a password: check it, or set oauth in the route"},
	{534, "5.7.9", NULL, false, "Google takes no password of the account itself",
	 "make an app password, or set oauth in the route: doc/gmail.md"},
	{534, "5.7.14", NULL, false, "Google wants the account's owner to log in by a browser once",
	 "log in there, then smtpgate queue retry"},
	{535, "5.7.8", NULL, false, "user and password, or the token, are not taken",
	 "check user and password of the route; for a token: smtpgate oauth status"},
	{0, NULL, "SendAsDenied", true, "the account may not send as this message's sender",
	 "set from = account and sender_as = account in the route, or let the account send as it: "
	 "Send As in Exchange"},
	{550, "5.7.60", NULL, true, "the account may not send as this message's sender",
	 "set from = account and sender_as = account in the route, or let the account send as it: "
	 "Send As in Exchange"},
	{550, "5.2.252", NULL, false,
	 "too many messages were sent as senders that the account may not send as",
	 "set from = account and sender_as = account in the route, or let the account send as "
	 "them: Send As in Exchange; the server lets us in again later"},
	{0, NULL, "sender thread limit exceeded", false,
	 "more connections at a time than the account may have",
	 "set max_connections = 3 in the route, or less where others use the account too"},
	{0, NULL, "concurrent connection", false,
	 "more connections at a time than the account may have",
	 "set max_connections = 3 in the route, or less where others use the account too"},
	{0, NULL, "submission rate for this client", false,
	 "more messages a minute than the account may send", "set rate = 30/1m in the route"},
	{0, NULL, "SubmissionQuotaExceeded", false,
	 "the account has sent as much as it may for today", "wait, or send by another account"},
	{550, "5.1.90", NULL, false,
	 "the account has written to as many recipients as it may today",
	 "wait, or send by another account"},
	{550, "5.4.5", NULL, false, "the account has sent as much as it may for today",
	 "wait, or send by another account"},
	{530, "", NULL, false, "the server wants us to log in before it takes mail",
	 "set user and password, or oauth, in the route"},
	{530, "5.7.0", NULL, false, "the server wants us to log in, or TLS, before it takes mail",
	 "set user and password, or oauth, in the route"},
	{530, "5.5.1", NULL, false, "the server wants us to log in before it takes mail",
	 "set user and password, or oauth, in the route"},
};

/* What an answer to AUTH means that no row knows. */
static const struct refusal later = {
	454, NULL, NULL, false, "the server cannot look at the account now", "it is tried again"};
static const struct refusal denied = {535,
				      NULL,
				      NULL,
				      false,
				      "the server does not take the account",
				      "check user, password and oauth of the route"};

static bool fits(const struct refusal *r, const struct smtp_reply *reply)
{
	return (!r->code || r->code == reply->code) &&
	       (!r->status || strcmp(r->status, reply->status) == 0) &&
	       (!r->text || strcasestr(reply->text, r->text));
}

const struct refusal *refusal_find(const struct smtp_reply *reply, bool login)
{
	if (!smtp_reply_is(reply, 4) && !smtp_reply_is(reply, 5))
		return NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (fits(&rows[i], reply))
			return &rows[i];
	if (!login)
		return NULL;
	return smtp_reply_is(reply, 4) ? &later : &denied;
}

static bool has_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

enum pressure refusal_pressure(const struct smtp_reply *reply)
{
	static const char *const many[] = {"too many connections",  "too many concurrent",
					   "concurrent connection", "sender thread limit",
					   "connection limit",      "simultaneous connections",
					   "too many sessions",     NULL};
	static const char *const fast[] = {
		"rate limit",    "ratelimit",           "submission rate", "sending rate",
		"rate exceeded", "too many messages",   "too fast",        "slow down",
		"throttl",       "messages per minute", "too much mail",   NULL};
	static const char *const busy[] = {
		"try again later",       "try later", "try again in", "server busy", "overload",
		"service not available", NULL};
	if (!smtp_reply_is(reply, 4) || strcasestr(reply->text, "greylist"))
		return PRESSURE_NONE;
	if (reply->code == 432 || has_one_of(reply->text, many))
		return PRESSURE_MANY;
	if (has_one_of(reply->text, fast))
		return PRESSURE_FAST;
	bool known = reply->code == 421 || (reply->code == 451 && has_one_of(reply->text, busy));
	return known ? PRESSURE_LATER : PRESSURE_NONE;
}

const char *refusal_format(const struct refusal *r, const char *account, const char *host,
			   const char *reply, char *out, size_t n)
{
	if (!r) {
		snprintf(out, n, "%.200s said: %.700s", host, reply);
		return out;
	}
	/* The server's own words are cut before what we know of them; their last full stop would stand before our colon. */
	size_t said = strnlen(reply, 380);
	if (said && reply[said - 1] == '.')
		said--;
	const char *user = account ? strstr(r->remedy, REFUSAL_USER) : NULL;
	size_t before = user ? (size_t)(user - r->remedy) : strlen(r->remedy);
	snprintf(out, n, "%.100s said: %.*s: %s (%.*s%.100s%s)", host, (int)said, reply, r->words,
		 (int)before, r->remedy, user ? account : "",
		 user ? user + strlen(REFUSAL_USER) : "");
	return out;
}
