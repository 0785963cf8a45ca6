/*
 * Server sessions as tables: what goes in, what must come out, what the callbacks must have been
 * told. Each script is run whole, split at every byte, byte by byte, with callbacks that answer at
 * once and with such that answer later.
 */
#ifndef SMTPGATE_TESTS_SMTP_SCRIPT_H
#define SMTPGATE_TESTS_SMTP_SCRIPT_H

#include "smtp/server.h"

/*
 * How the callbacks decide, by words in the paths: "reject" 550 5.7.1, "defer" 450 4.2.0, "close"
 * 421 4.3.2; in the reverse-path also "nodata" (DATA is answered 452), "noend" (the message 554),
 * "full" and "ioerr" (on_bytes fails).
 */
struct script {
	const char *name;
	struct smtp_server_config config; /* hostname "h" unless set */
	const char *in;                   /* with CRLF where it is meant */
	size_t n;                         /* of in; 0: a string */
	const char *out;                  /* CRLF written as \n; the greeting is left out */
	/* "helo NAME", "ehlo NAME", "mail PATH SIZE 7|8[ ASKS]", "rcpt PATH[ ASKS]", "data", "<CONTENT>", "end",
	 * "reset", "note X", "refused RULE CODE", "starttls", "secured" (TLS is there), "auth MECHANISM INITIAL|-", "answer LINE", "cancelled", each with \n; NULL: not looked at. */
	const char *calls;
	bool ends; /* the session must be over; else it must not */
};

/* Runs one in all ways; fails the test with its name. */
void script_check(const struct script *script);
void script_check_all(const struct script *scripts, size_t n);
#define SCRIPTS(array) script_check_all(array, sizeof(array) / sizeof *(array))

/* ---- a session by hand ---- */

struct stage {
	struct smtp_server_config config;
	struct smtp_server *s;
	struct buf calls, content;
	bool later;   /* callbacks answer later */
	bool waiting; /* one is outstanding: stage_answer */
	bool quiet;   /* calls are not written down */
	bool failed;  /* on_bytes said so: it may not be called again */
	struct smtp_reply answer;
	char sender[256];
};

extern const struct smtp_server_ops stage_ops;
/* Opens a session of stage->config with its greeting taken away. Begin with a zeroed stage. */
void stage_open(struct stage *stage);
void stage_close(struct stage *stage);
/* Feeds all, answering what is outstanding; output is left in the session. Returns bytes consumed.
 */
size_t stage_feed(struct stage *stage, const char *bytes, size_t n);
void stage_answer(struct stage *stage);
/* The output as a string with \n for CRLF, taken from the session; static storage of 64 KiB. */
const char *stage_output(struct stage *stage);

#endif
