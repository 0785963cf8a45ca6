/*
 * A conversation as the log of 1993 has it (doc/microsoft-mail.md): `hh:mm:ss - text` for what happens, ` [rx] line` and ` [tx] line`
 * for what is said. It is gathered, so that conversations that go on at once do not stand in each other's lines, and goes to
 * gateway/classic_log.h when it ends, or is long. One that is off (all zero, or no postoffice has such a log) costs nothing: every
 * call returns at once. Memory that is short costs lines, never mail.
 */
#ifndef SMTPGATE_GATEWAY_TRANSCRIPT_H
#define SMTPGATE_GATEWAY_TRANSCRIPT_H

#include "gateway/classic_log.h"

struct transcript {
	struct classic_log *log; /* NULL: off */
	const char *office;      /* whose log; NULL: all */
	enum classic_log_level level;
	struct buf text;
};

/* log may be NULL. office lives longer. */
void transcript_begin(struct transcript *t, struct classic_log *log, const char *office);
/* Does it take anything but errors? */
bool transcript_on(const struct transcript *t);
void transcript_say(struct transcript *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* As transcript_say, also where errors alone are logged. */
void transcript_error(struct transcript *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A line of SMTP, out or in; behind a 354 stands that the body went the other way. */
void transcript_line(struct transcript *t, bool out, const char *line, size_t n);
/* Where an address leads by the map of postoffice p; p NULL: to nobody here; mailbox "": it has no such mailbox. */
void transcript_address(struct transcript *t, const struct conf_postoffice *p, const char *address,
			const char *mailbox);
/* What LOCAL.CFG and the address map of p say, at the start of the gateway. */
void transcript_settings(struct transcript *t, const struct settings *s,
			 const struct conf_postoffice *p);
/* What was gathered goes to the log; more may follow. */
void transcript_flush(struct transcript *t);

#endif
