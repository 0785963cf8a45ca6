/*
 * The envelope of a client's transaction. With PIPELINING every command goes out at once, as far as
 * the output's bound allows, DATA with the last of them (RFC 2920 3.1); without it each waits for
 * its answer. Fails with the connection.
 *
 * In ENVELOPE and DATA: answered <= sent <= step of DATA + 1; t->replies[i] is set when its step is
 * below answered (or MAIL was refused, or the address cannot be sent).
 */
#include "mail/address.h"
#include "mail/asks.h"
#include "smtp/dialogue.h"
#include "smtp/path.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_MAX                                             \
	(SMTP_PATH_MAX + MAIL_ASKS_RCPT_TEXT + MAIL_ASKS_TEXT + \
	 128) /* bytes of the longest command of ours */

static size_t data_step(const struct smtp_client *c)
{
	return SMTP_STEP_RCPT + c->t->count;
}

static bool is_rcpt(const struct smtp_client *c, size_t step)
{
	return step >= SMTP_STEP_RCPT && step < data_step(c);
}

/* Recipients whose address cannot be sent are refused here and are no step to the server. */
static bool is_left_out(struct smtp_client *c, size_t step)
{
	size_t i = step - SMTP_STEP_RCPT;
	if (!is_rcpt(c, step))
		return false;
	if (!smtp_path_sendable(c->t->recipients[i]))
		smtp_reply_set(&c->t->replies[i], 553, "5.1.3",
			       "Address cannot be carried by SMTP");
	else if (!c->offer.utf8 && smtp_client_is_wide(c->t->recipients[i]))
		smtp_reply_set(&c->t->replies[i], 553, "5.6.7",
			       "Address is not ASCII, and the next server does not offer SMTPUTF8");
	else
		return false;
	return true;
}

bool smtp_client_is_wide(const char *address)
{
	char other[SMTP_PATH_MAX + 1];
	return !mail_address_is_ascii(address) &&
	       (mail_address_narrow(address, other, sizeof other) != OK ||
		!mail_address_is_ascii(other));
}

/* As it goes into a command: a domain in UTF-8 that can do without does. */
static const char *narrow(const char *address, char out[SMTP_PATH_MAX + 1])
{
	return mail_address_narrow(address, out, SMTP_PATH_MAX + 1) == OK ? out : address;
}

/* Is SMTPUTF8 needed, or asked for where it can be had? (RFC 6531 3.4) */
static bool says_utf8(const struct smtp_client *c)
{
	const struct smtp_transaction *t = c->t;
	struct mail_asks a;
	bool wide = t->utf8 || smtp_client_is_wide(t->reverse_path) ||
		    (mail_asks_parse(t->asks, &a) == OK && a.utf8);
	for (size_t i = 0; i < t->count && !wide; i++)
		wide = smtp_client_is_wide(t->recipients[i]);
	return wide && c->offer.utf8;
}

/* Of what the sender asked for, what the server offers. */
static void print_asks(const struct smtp_client *c, char out[MAIL_ASKS_TEXT])
{
	struct mail_asks a;
	if (mail_asks_parse(c->t->asks, &a) != OK)
		a = (struct mail_asks){
			.ret = MAIL_RET_UNSAID}; /* not of our form: nothing is said */
	if (!c->offer.dsn) {
		a.ret = MAIL_RET_UNSAID;
		*a.envid = '\0';
	}
	a.require_tls = a.require_tls && c->offer.require_tls;
	a.utf8 = c->utf8;
	mail_asks_print(&a, out);
}

static int print_mail(const struct smtp_client *c, char *line, size_t n)
{
	const struct smtp_transaction *t = c->t;
	char size[32] = "";
	if (c->offer.size && t->size)
		snprintf(size, sizeof size, " SIZE=%llu", (unsigned long long)t->size);
	/* Without 8BITMIME an 8-bit message goes as it is: servers of today take it, and refusing
	 * it or changing its encoding (RFC 6152 section 3) would break what the sender signed. */
	const char *body = c->offer.eight_bit && t->eight_bit ? " BODY=8BITMIME" : "";
	char asks[MAIL_ASKS_TEXT], path[SMTP_PATH_MAX + 1];
	print_asks(c, asks);
	return snprintf(line, n, "MAIL FROM:<%s>%s%s%s%s", narrow(t->reverse_path, path), size,
			body, *asks ? " " : "", asks);
}

static int print_rcpt(const struct smtp_client *c, size_t i, char *line, size_t n)
{
	const char *asks = c->offer.dsn && c->t->asks_of ? c->t->asks_of[i] : "";
	char path[SMTP_PATH_MAX + 1];
	return snprintf(line, n, "RCPT TO:<%s>%s%s", narrow(c->t->recipients[i], path),
			*asks ? " " : "", asks);
}

static int print_step(const struct smtp_client *c, char *line, size_t n)
{
	if (c->sent == SMTP_STEP_RSET)
		return snprintf(line, n, "RSET");
	if (c->sent == SMTP_STEP_MAIL)
		return print_mail(c, line, n);
	if (is_rcpt(c, c->sent))
		return print_rcpt(c, c->sent - SMTP_STEP_RCPT, line, n);
	return snprintf(line, n, "DATA");
}

/* DATA makes no sense when nobody was asked, or all asked were refused. */
static bool is_pointless(const struct smtp_client *c)
{
	bool all_answered = c->answered == c->sent;
	return c->sent == data_step(c) && (!c->asked || (all_answered && !c->accepted));
}

static bool may_send(const struct smtp_client *c)
{
	if (c->refused || c->sent > data_step(c) || is_pointless(c))
		return false;
	return c->offer.pipelining || c->sent == c->answered;
}

/* Steps that are none are passed by on both counts. */
static void pass_left_out(struct smtp_client *c)
{
	bool level = c->sent == c->answered;
	while (is_left_out(c, c->sent))
		c->sent++;
	if (level)
		c->answered = c->sent;
}

/* Nothing is awaited and nothing will be sent: the transaction came to nothing. */
static bool is_over(const struct smtp_client *c)
{
	return c->answered == c->sent && (c->refused || is_pointless(c));
}

static void give_up(struct smtp_client *c)
{
	c->reset_due = !c->refused;
	smtp_result_done(c);
}

static enum result send_step(struct smtp_client *c)
{
	char line[COMMAND_MAX];
	if (c->chunks && c->sent == data_step(c))
		return smtp_client_chunks_begin(c);
	int n = print_step(c, line, sizeof line);
	return smtp_client_command(c, line, (size_t)n);
}

void smtp_client_envelope_send(struct smtp_client *c)
{
	pass_left_out(c);
	while (may_send(c)) {
		if (send_step(c) != OK)
			return; /* no room now, or ended */
		c->asked += is_rcpt(c, c->sent);
		c->sent++;
		pass_left_out(c);
	}
	if (is_over(c))
		give_up(c);
	else if (c->answered == data_step(c))
		c->state = SMTP_CLIENT_DATA; /* its own time limit */
}

void smtp_client_envelope_begin(struct smtp_client *c, struct smtp_transaction *t)
{
	for (size_t i = 0; i < t->count; i++)
		smtp_reply_set(&t->replies[i], 0, "", "%s", "");
	t->sent_all = t->no_chunks = false;
	t->reports = c->offer.dsn;
	c->t = t;
	c->state = SMTP_CLIENT_ENVELOPE;
	c->sent = c->answered = c->reset_due ? SMTP_STEP_RSET : SMTP_STEP_MAIL;
	c->reset_due = c->refused = false;
	c->asked = c->accepted = c->ended = 0;
	c->utf8 = says_utf8(c);
	c->chunks =
		c->offer.chunking && c->offer.pipelining && !c->config.lmtp && !c->config.no_chunks;
	c->stuff = (struct smtp_stuff){.state = SMTP_STUFF_START, .chunks = c->chunks};
	c->read_all = c->chunk_refused = false;
	c->chunks_open = 0;
	smtp_client_envelope_send(c);
}

static void mail_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (smtp_reply_is(reply, 2))
		return;
	c->refused = true;
	smtp_result_all(c->t, reply);
}

static void rcpt_answered(struct smtp_client *c, const struct smtp_reply *reply, size_t i)
{
	if (c->refused)
		return; /* MAIL's reply stands; this one only says that there was no MAIL */
	c->accepted += smtp_reply_is(reply, 2);
	smtp_result_copy(&c->t->replies[i], reply);
}

static void data_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	if (c->chunks) {
		smtp_client_chunks_begun(c, reply);
	} else if (smtp_reply_is(reply, 3)) {
		smtp_client_body_begin(c);
	} else if (smtp_reply_is(reply, 2)) {
		smtp_client_misfit(c, reply, "to DATA");
	} else {
		smtp_result_accepted(c->t, reply);
		c->reset_due = !c->refused;
		smtp_result_done(c);
	}
}

/* The next command that has an answer to come. */
static void count_answer(struct smtp_client *c)
{
	c->answered++;
	while (c->answered < c->sent && is_left_out(c, c->answered))
		c->answered++;
}

void smtp_client_envelope_answered(struct smtp_client *c, const struct smtp_reply *reply)
{
	size_t step = c->answered;
	bool is_data = step == data_step(c);
	if (step == c->sent || (smtp_reply_is(reply, 3) && !is_data)) {
		smtp_client_misfit(c, reply, "within an envelope");
		return;
	}
	if (is_data) {
		data_answered(c, reply);
		return;
	}
	if (step == SMTP_STEP_RSET && !smtp_reply_is(reply, 2)) {
		smtp_client_misfit(c, reply, "to RSET");
		return;
	}
	if (step == SMTP_STEP_MAIL)
		mail_answered(c, reply);
	else if (step >= SMTP_STEP_RCPT)
		rcpt_answered(c, reply, step - SMTP_STEP_RCPT);
	count_answer(c);
	smtp_client_envelope_send(c);
}
