/* Mails, JSON and commands of events: see telling.h. */
#include "gateway/telling.h"

#include "base/file.h"
#include "base/region.h"
#include "base/spawn.h"
#include "base/text.h"
#include "mail/date.h"
#include "mail/fold.h"
#include "spool/spool.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define COMMAND_MS 30000 /* then it is killed */
#define WIDTH 74

/* ---- the mail ---- */

static enum result put_field(struct buf *out, const char *name, const char *text)
{
	struct mail_fold f;
	mail_fold_start(&f, out, "\t", WIDTH);
	mail_fold_word(&f, name);
	mail_fold_text(&f, text);
	return mail_fold_end(&f);
}

static enum result put_paragraph(struct buf *out, const char *text)
{
	struct mail_fold f;
	mail_fold_start(&f, out, "", WIDTH);
	mail_fold_text(&f, text);
	enum result r = mail_fold_end(&f);
	return r == OK ? buf_puts(out, "\r\n") : r;
}

static enum result put_header(const struct telling *t, struct buf *out)
{
	char host[256], date[MAIL_DATE_MAX], text[700];
	mail_fold_name(t->settings->gateway.hostname, host, sizeof host);
	snprintf(text, sizeof text, "smtpgate <postmaster@%s>", host);
	enum result r = put_field(out, "From:", text);
	if (r == OK)
		r = put_field(out, "To:", t->to);
	snprintf(text, sizeof text, "[smtpgate %s] %s: %s", host, t->event, t->about);
	if (r == OK)
		r = put_field(out, "Subject:", text);
	mail_date_format(t->at, mail_date_offset(t->at), date, sizeof date);
	if (r == OK)
		r = put_field(out, "Date:", date);
	snprintf(text, sizeof text, "<notify.%llx.%016llx@%s>", (unsigned long long)t->at,
		 (unsigned long long)clock_random(t->clock), host);
	if (r == OK)
		r = put_field(out, "Message-ID:", text);
	return r == OK ? buf_puts(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
				       "Content-Type: text/plain; charset=us-ascii\r\n\r\n")
		       : r;
}

enum result telling_mail(const struct telling *t, struct buf *out)
{
	char untold[128];
	enum result r = put_header(t, out);
	if (r == OK)
		r = put_paragraph(out, t->text);
	if (r == OK && *t->remedy)
		r = buf_puts(out, "What to do:\r\n");
	if (r == OK && *t->remedy)
		r = put_paragraph(out, t->remedy);
	snprintf(untold, sizeof untold,
		 "%u more events were not told before this one: see the log.", t->untold);
	if (r == OK && t->untold)
		r = put_paragraph(out, untold);
	return r == OK ? put_paragraph(out, "`smtpgate status` tells how it stands now.") : r;
}

/* ---- the JSON ---- */

/* What is no UTF-8 becomes U+FFFD. */
static enum result put_string(struct buf *out, const char *s)
{
	enum result r = buf_puts(out, "\"");
	while (*s && r == OK) {
		size_t n = text_utf8(s);
		unsigned char c = (unsigned char)*s;
		if (!n)
			r = buf_puts(out, "\\ufffd");
		else if (c == '"' || c == '\\')
			r = buf_printf(out, "\\%c", c);
		else if (c < ' ')
			r = buf_printf(out, "\\u%04x", c);
		else
			r = buf_append(out, s, n);
		s += n ? n : 1;
	}
	return r == OK ? buf_puts(out, "\"") : r;
}

enum result telling_json(const struct telling *t, struct buf *out)
{
	char time[32];
	const struct {
		const char *name, *value;
	} texts[] = {
		{"event", t->event},
		{"about", t->about},
		{"text", t->text},
		{"remedy", t->remedy},
		{"hostname", t->settings->gateway.hostname},
		{"time", text_time(t->at, time, sizeof time)},
	};
	enum result r = buf_puts(out, "{");
	for (size_t i = 0; i < sizeof texts / sizeof *texts && r == OK; i++) {
		r = buf_printf(out, "%s\"%s\":", i ? "," : "", texts[i].name);
		if (r == OK)
			r = put_string(out, texts[i].value);
	}
	return r == OK ? buf_printf(out, ",\"untold\":%u}\n", t->untold) : r;
}

/* ---- sending ---- */

static void failed(const struct telling *t, const char *what, const char *why)
{
	LOG(LOG_ERROR, NULL, "notify", "failed", F_S("event", t->event), F_S("by", what),
	    F_S("error", why));
}

/* The null reverse-path: what cannot be delivered of it brings no further mail. */
static void send_mail(const struct telling *t)
{
	struct buf text;
	struct err err;
	struct mail_envelope e;
	struct region *region = region_new(0);
	buf_init(&text, 0);
	enum result r = region ? telling_mail(t, &text) : E_NOMEM;
	err_set(&err, r, "no memory");
	if (r == OK) {
		mail_envelope_init(&e, region);
		e.arrived = t->at;
		e.listener = "notify";
		e.protocol = "local";
		e.reverse_path = "";
		r = mail_envelope_add(&e, t->to);
	}
	if (r == OK)
		r = spool_maildrop_write(file_system(), t->settings->gateway.spool, &e,
					 buf_head(&text), text.len, &err);
	if (r != OK)
		failed(t, "mail", err.text);
	buf_free(&text);
	region_destroy(&region);
}

static void run_command(const struct telling *t)
{
	struct spawn_command c;
	struct buf json;
	struct err err;
	buf_init(&json, 0);
	struct spawn s = {.argv = c.argv, .limit = COMMAND_MS, .stop = t->stop};
	enum result r = spawn_split(&c, t->settings->notify.command, &err);
	if (r == OK && telling_json(t, &json) == OK)
		s.input = buf_string(&json);
	if (r == OK)
		r = s.input ? spawn_run(&s, t->clock, &err)
			    : err_set(&err, E_NOMEM, "no memory for its input");
	if (r == OK && s.status)
		r = spawn_failed(&s, E_STATE, &err);
	if (r != OK)
		failed(t, "command", err.text);
	buf_free(&json);
}

void telling_send(const struct telling *t)
{
	if (t->to)
		send_mail(t);
	if (t->command && t->settings->notify.command)
		run_command(t);
}
