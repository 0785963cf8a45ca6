/* The transitions of a server session as rows: see state.h. */
#include "smtp/state.h"

#include <stddef.h>

static const struct {
	enum smtp_event event;
	unsigned from;
	enum smtp_state to;
} rows[] = {
	{SMTP_EV_HELLO,
	 SMTP_IN(SMTP_GREETED) | SMTP_IN(SMTP_READY) | SMTP_IN(SMTP_MAIL) | SMTP_IN(SMTP_RCPT) |
		 SMTP_IN(SMTP_CHUNKS),
	 SMTP_READY},
	{SMTP_EV_MAIL, SMTP_IN(SMTP_READY), SMTP_MAIL},
	{SMTP_EV_RCPT, SMTP_IN(SMTP_MAIL) | SMTP_IN(SMTP_RCPT), SMTP_RCPT},
	{SMTP_EV_DATA, SMTP_IN(SMTP_RCPT), SMTP_DATA},
	{SMTP_EV_CHUNK, SMTP_IN(SMTP_RCPT), SMTP_CHUNKS},
	{SMTP_EV_RESET, SMTP_IN(SMTP_MAIL) | SMTP_IN(SMTP_RCPT) | SMTP_IN(SMTP_CHUNKS), SMTP_READY},
	{SMTP_EV_END, SMTP_IN(SMTP_DATA) | SMTP_IN(SMTP_CHUNKS), SMTP_READY},
	{SMTP_EV_STARTTLS, SMTP_IN(SMTP_READY), SMTP_SECURING},
	{SMTP_EV_SECURED, SMTP_IN(SMTP_SECURING), SMTP_GREETED},
	{SMTP_EV_CLOSE, SMTP_IN_ANY, SMTP_ENDING},
};

enum smtp_state smtp_state_after(enum smtp_state state, enum smtp_event event)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].event == event && rows[i].from & SMTP_IN(state))
			return rows[i].to;
	return state;
}
