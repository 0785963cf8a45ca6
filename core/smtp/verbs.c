/*
 * The table of verbs and what is said when one comes at the wrong moment. A new command is a row
 * here and a verb_*.c; a new EHLO keyword is a row in verb_ehlo.c.
 */
#include "base/text.h"
#include "smtp/session.h"

#include <string.h>

#define ANY (SMTP_IN_ANY & ~SMTP_IN(SMTP_DATA) & ~SMTP_IN(SMTP_SECURING) & ~SMTP_IN(SMTP_ENDING))

static const struct smtp_verb verbs[] = {
	/* the most frequent first: the table is searched in order */
	{"RCPT", SMTP_IN(SMTP_MAIL) | SMTP_IN(SMTP_RCPT), false, false, SMTP_BOTH, smtp_verb_rcpt},
	{"MAIL", SMTP_IN(SMTP_READY), false, false, SMTP_BOTH, smtp_verb_mail},
	{"DATA", SMTP_IN(SMTP_RCPT), true, false, SMTP_BOTH, smtp_verb_data},
	/* at any moment: its bytes have to be read, also when it is refused */
	{"BDAT", ANY, false, true, SMTP_ALONE, smtp_verb_bdat},
	{"EHLO", ANY, false, true, SMTP_ALONE, smtp_verb_ehlo},
	{"HELO", ANY, false, true, SMTP_ALONE, smtp_verb_helo},
	{"LHLO", ANY, false, true, SMTP_LMTP_ALONE, smtp_verb_lhlo},
	{"AUTH", SMTP_IN(SMTP_READY), false, false, SMTP_BOTH, smtp_verb_auth},
	{"QUIT", ANY, true, true, SMTP_BOTH, smtp_verb_quit},
	{"RSET", ANY, true, true, SMTP_BOTH, smtp_verb_rset},
	{"NOOP", ANY, false, true, SMTP_BOTH, smtp_verb_noop},
	{"VRFY", ANY, false, false, SMTP_BOTH, smtp_verb_vrfy},
	{"EXPN", ANY, false, false, SMTP_BOTH, smtp_verb_expn},
	{"HELP", ANY, false, true, SMTP_BOTH, smtp_verb_help},
	{"STARTTLS", SMTP_IN(SMTP_READY), true, true, SMTP_BOTH, smtp_verb_starttls},
	{.name = NULL},
};

/* The first row whose verb and state fit tells what is missing. */
static const struct {
	const char *verb; /* NULL: any */
	unsigned states;
	int code;
	const char *words;
	bool lmtp; /* in LMTP alone */
} misplaced[] = {
	{NULL, SMTP_IN(SMTP_GREETED), 503, "Send LHLO first", true},
	/* RFC 2033 4.2 */
	{"DATA", SMTP_IN(SMTP_MAIL), 503, "No valid recipients", true},
	{NULL, SMTP_IN(SMTP_GREETED), 503, "Send HELO or EHLO first", false},
	{"DATA", SMTP_IN(SMTP_CHUNKS), 503, "The message came by BDAT: send BDAT LAST or RSET",
	 false},
	{"RCPT", SMTP_IN(SMTP_CHUNKS), 503, "The message is under way: send BDAT LAST or RSET",
	 false},
	{"BDAT", SMTP_IN(SMTP_READY), 503, "Send MAIL and RCPT first", false},
	{"BDAT", SMTP_IN_ANY, 554, "No valid recipients", false},
	{"MAIL", SMTP_IN_ANY, 503, "Nested MAIL: send RSET first", false},
	{"RCPT", SMTP_IN_ANY, 503, "Send MAIL first", false},
	{"AUTH", SMTP_IN_ANY, 503, "AUTH is not allowed within a message", false},
	{"DATA", SMTP_IN(SMTP_READY), 503, "Send MAIL and RCPT first", false},
	{"DATA", SMTP_IN_ANY, 554, "No valid recipients", false},
	{"STARTTLS", SMTP_IN_ANY, 503, "Not within a message: send RSET first", false},
	{NULL, SMTP_IN_ANY, 503, "Bad sequence of commands", false},
};

void smtp_verbs_misplaced(const struct smtp_server *s, const char *verb, struct smtp_reply *reply)
{
	size_t i = 0;
	while (!(misplaced[i].states & SMTP_IN(s->state)) ||
	       (misplaced[i].lmtp && !s->config->lmtp) ||
	       (misplaced[i].verb && strcmp(misplaced[i].verb, verb) != 0))
		i++;
	smtp_reply_set(reply, misplaced[i].code, "5.5.1", "%s", misplaced[i].words);
}

static void refuse_misplaced(struct smtp_server *s, const struct smtp_verb *verb)
{
	struct smtp_reply reply;
	smtp_verbs_misplaced(s, verb->name, &reply);
	smtp_session_reply(s, &reply);
}

static bool knows(const struct smtp_server *s, const struct smtp_verb *verb)
{
	return verb->tongue == SMTP_BOTH || (verb->tongue == SMTP_LMTP_ALONE) == s->config->lmtp;
}

const struct smtp_verb *smtp_verbs_next(const struct smtp_server *s, const struct smtp_verb *verb)
{
	verb = verb ? verb + 1 : verbs;
	while (verb->name && !knows(s, verb))
		verb++;
	return verb->name ? verb : NULL;
}

static const struct smtp_verb *find(const struct smtp_server *s, const char *name)
{
	const struct smtp_verb *verb = smtp_verbs_next(s, NULL);
	while (verb && !text_same(verb->name, name))
		verb = smtp_verbs_next(s, verb);
	return verb;
}

bool smtp_verbs_needs_tls(const struct smtp_server *s)
{
	return s->config->starttls == SMTP_STARTTLS_REQUIRED && !s->secure;
}

/* CHUNKING is not offered in LMTP; the bytes that follow are not to be read as commands. */
static void refuse_chunk(struct smtp_server *s)
{
	smtp_session_say(s, 502, "5.5.1", "BDAT is not offered here; closing the connection");
	smtp_session_move(s, SMTP_EV_CLOSE);
	smtp_session_forget(s);
}

void smtp_verbs_run(struct smtp_server *s, char *line)
{
	struct smtp_reply reply;
	char *name = text_trim(line), *args = name + strcspn(name, " \t");
	if (*args)
		*args++ = '\0';
	args = text_trim(args);
	const struct smtp_verb *verb = find(s, name);
	if (!verb && text_same(name, "BDAT"))
		refuse_chunk(s);
	else if (!verb)
		smtp_session_say(s, 500, "5.5.2", "Command not recognized");
	else if (smtp_verbs_needs_tls(s) && !verb->clear)
		smtp_session_refuse(s, SMTP_RULE_STARTTLS,
				    smtp_reply_set(&reply, 530, "5.7.0", "Send STARTTLS first"));
	else if (!(verb->states & SMTP_IN(s->state)))
		refuse_misplaced(s, verb);
	else if (verb->alone && *args)
		smtp_session_say(s, 501, "5.5.4", "This command takes no argument");
	else
		verb->run(s, args);
}
