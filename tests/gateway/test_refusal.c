/* gateway/refusal: answers as servers give them, and what is told of them. */
#include "gateway/refusal.h"
#include "support/suite.h"

#include <string.h>

/* words: a part of what is told; NULL: it is about the message, and no more is known. */
static const struct {
	const char *line;
	bool login, message;
	const char *words;
} rows[] = {
	{"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
	 "Tenant. "
	 "Visit https://aka.ms/smtp_auth_disabled",
	 true, false, "whole organisation"},
	{"535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the "
	 "Mailbox.",
	 true, false, "switched off for this mailbox"},
	{"535 5.7.139 Authentication unsuccessful, user is locked by your organization's security "
	 "defaults",
	 true, false, "security defaults forbid passwords"},
	{"535 5.7.139 Authentication unsuccessful, the request did not meet the criteria", true,
	 false, "Conditional Access"},
	{"535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", true,
	 false, "user or password is wrong"},
	{"535 5.7.139 Something new", true, false, "does not let this account log in"},
	{"550 5.7.30 Basic authentication is not supported for Client Submission.", true, false,
	 "takes no passwords any more"},
	{"530 5.7.57 Client not authenticated to send mail.", false, false, "wants us to log in"},
	{"535 5.7.3 Authentication unsuccessful", true, false, "may not use this mailbox"},
	{"535 5.7.8 Username and Password not accepted.", true, false, "are not taken"},
	{"534 5.7.9 Application-specific password required.", true, false,
	 "no password of the account itself"},
	{"554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; "
	 "x",
	 false, true, "may not send as this message's sender"},
	{"550 5.7.60 SMTP; Client does not have permissions to send as this sender", false, true,
	 "may not send as"},
	{"550 5.2.252 Sender throttled due to continuous send as denied errors.", false, false,
	 "may not send as"},
	{"432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", false, false,
	 "more connections at a time"},
	{"432 4.3.2 Concurrent connections limit exceeded.", false, false,
	 "more connections at a time"},
	{"421 4.4.2 Message submission rate for this client has exceeded the configured limit",
	 false, false, "more messages a minute"},
	{"550 5.1.90 Your message can't be sent", false, false, "as many recipients"},
	{"550 5.4.5 Daily user sending limit exceeded.", false, false, "for today"},
	{"530 Authentication required", false, false, "wants us to log in"},
	{"454 4.7.0 Temporary authentication failure", true, false,
	 "cannot look at the account now"},
	{"535 nope", true, false, "does not take the account"},
	{"504 5.5.4 Unrecognized", true, false, "does not take the account"},
	{"550 5.7.1 This is spam", false, false, NULL},
	{"550 5.1.1 No such user", false, false, NULL},
	{"451 4.7.1 Greylisted", false, false, NULL},
	{"250 2.0.0 concurrent connection", false, false, NULL},
	{"454 4.7.0 later", false, false, NULL},
};

START_TEST(answers)
{
	char out[1024];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct smtp_reply reply = {0};
		ck_assert_int_eq(smtp_reply_parse_line(&reply, rows[i].line, strlen(rows[i].line)),
				 OK);
		const struct refusal *r = refusal_find(&reply, rows[i].login);
		ck_assert_msg(!r == !rows[i].words, "%s", rows[i].line);
		if (!r)
			continue;
		ck_assert_msg(r->message == rows[i].message, "%s", rows[i].line);
		ck_assert_msg(strstr(r->words, rows[i].words), "%s: %s", rows[i].line, r->words);
		refusal_format(r, NULL, "smtp.test", rows[i].line, out, sizeof out);
		ck_assert_ptr_nonnull(strstr(out, r->remedy));
	}
}
END_TEST

/* However long the server's words are, ours are there. */
START_TEST(told_whole)
{
	static char said[2000];
	char out[1024];
	struct smtp_reply reply = {.code = 535, .status = "5.7.139"};
	memset(said, 'x', sizeof said - 1);
	const struct refusal *r = refusal_find(&reply, true);
	refusal_format(r, said, said, said, out, sizeof out);
	ck_assert_ptr_nonnull(strstr(out, r->words));
	ck_assert_ptr_nonnull(strstr(out, r->remedy));
	ck_assert_str_eq(refusal_format(NULL, "me", "smtp.test", "550 no", out, sizeof out),
			 "smtp.test said: 550 no");
}
END_TEST

/* What the administrator is to type has the mailbox's name in it. */
START_TEST(remedy_is_pasted)
{
	char out[1024];
	struct smtp_reply reply = {0};
	const char *line = rows[1].line;
	ck_assert_int_eq(smtp_reply_parse_line(&reply, line, strlen(line)), OK);
	refusal_format(refusal_find(&reply, true), "scan@company.com", "smtp.test", line, out,
		       sizeof out);
	ck_assert_msg(strstr(out, "Set-CASMailbox -Identity scan@company.com "
				  "-SmtpClientAuthenticationDisabled $false)"),
		      "%s", out);
	ck_assert_ptr_nonnull(strstr(out, "for the Mailbox: Authenticated SMTP"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gateway/refusal");
	SUITE_CASE(s, "refusals", answers, told_whole, remedy_is_pasted);
	return s;
}
SUITE_MAIN(suite)
