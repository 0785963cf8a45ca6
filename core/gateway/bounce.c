/* Reports as new messages of the spool: see report.h. */
#include "gateway/bounce.h"

#include "gateway/alarm.h"

#include "mail/address.h"
#include "mail/asks.h"
#include "mail/date.h"
#include "mail/eight_bit.h"

#include <string.h>

#define ORIGINAL_MAX \
	(MAIL_REPORT_WHOLE > MAIL_REPORT_HEADER ? MAIL_REPORT_WHOLE + 1 : MAIL_REPORT_HEADER + 1)

/* The first bytes of the message for the report's last part. */
static size_t read_start(const struct spool_message *m, struct region *region, const char **start)
{
	size_t want = m->size < ORIGINAL_MAX ? (size_t)m->size : ORIGINAL_MAX, got = 0;
	char *to = region_alloc(region, want + 1);
	*start = to;
	while (to && got < want) {
		ssize_t n = spool_message_read(m, got, to + got, want - got);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* Whom to tell, or NULL. */
static const char *addressee(const struct settings *s, const struct spool_message *m,
			     const struct mail_report_rcpt *rcpts, size_t count)
{
	if (*m->envelope.reverse_path)
		return m->envelope.reverse_path;
	if (!mail_report_is_failure(rcpts[0].kind))
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!mail_address_same(rcpts[i].address, s->gateway.admin))
			return s->gateway.admin;
	return NULL;
}

enum result bounce_make(struct gateway *g, const struct settings *settings,
			const struct spool_message *m, const struct mail_report_rcpt *rcpts,
			size_t count, const char *instead, struct region *region,
			struct spool_new *out)
{
	const char *to = instead ? instead : addressee(settings, m, rcpts, count);
	if (!to) {
		if (mail_report_is_failure(rcpts[0].kind))
			LOG(LOG_WARN, m->id, "report", "impossible",
			    F_A("to", settings->gateway.admin),
			    F_S("why", "the message itself was a report for the admin"));
		return E_NOTFOUND;
	}
	const char *original;
	int64_t now = clock_wall(g->clock);
	struct mail_asks asks;
	char envid[MAIL_ENVID_MAX + 1];
	if (mail_asks_parse(m->envelope.asks, &asks) != OK)
		asks = (struct mail_asks){.ret = MAIL_RET_UNSAID};
	struct mail_report r = {
		.envelope_id = mail_xtext_decode(asks.envid, envid, sizeof envid),
		/* what may travel by TLS alone does not go back by who knows which way (RFC 8689 5) */
		.header_only = asks.ret == MAIL_RET_HDRS || asks.require_tls,
		.hostname = settings->gateway.hostname,
		.to = to,
		.id = m->id,
		.sender = m->envelope.reverse_path,
		.to_operator = instead || !*m->envelope.reverse_path,
		.now = now,
		.offset = mail_date_offset(now),
		.unique = clock_random(g->clock),
		.arrived = m->envelope.arrived,
		.rcpts = rcpts,
		.count = count,
		.original_n = read_start(m, region, &original),
		.original_size = m->size,
	};
	if (!original)
		return E_NOMEM;
	r.original = original;
	struct buf text;
	buf_init(&text, 0);
	enum result result = mail_report_format(&text, &r);
	struct mail_envelope *e = region_alloc(region, sizeof *e);
	char *data = result == OK ? region_memdup(region, buf_head(&text), text.len) : NULL;
	size_t size = text.len;
	buf_free(&text);
	if (!e || !data)
		return E_NOMEM;
	mail_envelope_init(e, region);
	e->arrived = now;
	e->listener = "bounce";
	e->protocol = "local";
	e->eight_bit = mail_eight_bit_in(data, size);
	e->asks = mail_address_is_ascii(to) ? "" : "SMTPUTF8";
	e->session = region_strdup(region, m->id);
	if (!e->session || mail_envelope_add(e, to) != OK)
		return E_NOMEM;
	*out = (struct spool_new){.envelope = e, .data = data, .size = size};
	if (!*m->envelope.reverse_path)
		alarm_raise(g, &(struct alarm){.what = CONF_BOUNCE_DOUBLE,
					       .about = m->id,
					       .text = rcpts[0].diagnostic,
					       .remedy = "the report is with the admin",
					       .mailed = true});
	return OK;
}
