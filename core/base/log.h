/*
 * The log: one line an event, `ID noun verb key=value ...`, to standard error, the journal, syslog or a
 * file, as text or JSON. Callable from every thread. Written once at start, settings may change on reload.
 *
 *	LOG(LOG_INFO, id, "message", "accepted", F_S("from", sender), F_N("size", size));
 *
 * gives   s5f3c-1 message accepted from=<a@b> size=1204
 * LOG takes one field at least. Values with blanks, quotes, control characters or bytes that are no UTF-8 are put
 * in double quotes with \" \\ \n \xNN escapes, so a peer's words can never make a second line, move the reader's cursor, or break
 * the JSON (where such a byte is the text \xNN too).
 */
#ifndef SMTPGATE_BASE_LOG_H
#define SMTPGATE_BASE_LOG_H

#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };
enum log_addresses { LOG_ADDR_FULL, LOG_ADDR_HASHED, LOG_ADDR_DOMAIN };

struct log_field {
	const char *key;
	enum { LOG_F_TEXT, LOG_F_NUMBER, LOG_F_ADDRESS } kind;
	const char *text; /* NULL leaves the field out */
	int64_t number;
};
#define F_S(k, v) ((struct log_field){.key = (k), .kind = LOG_F_TEXT, .text = (v)})
#define F_N(k, v) ((struct log_field){.key = (k), .kind = LOG_F_NUMBER, .number = (int64_t)(v)})
/* A mail address: shown in <>, whole, hashed or its domain only, as [log] addresses says. */
#define F_A(k, v) ((struct log_field){.key = (k), .kind = LOG_F_ADDRESS, .text = (v)})

#define LOG(level, id, noun, verb, ...) \
	log_event(level, id, noun, verb, (const struct log_field[]){__VA_ARGS__, {.key = NULL}})

/* fields end with one whose key is NULL. id may be NULL: printed as `-`; at most 127 bytes of it are. */
void log_event(enum log_level level, const char *id, const char *noun, const char *verb,
	       const struct log_field *fields);
/* Whether events of this level are written at all (to spare the work of making their fields). */
bool log_wants(enum log_level level);

struct log_settings {
	enum log_level level;
	enum log_format format;
	enum log_addresses addresses;
};
void log_configure(const struct log_settings *s);
/* Adds a place to write to: "stderr", "journal", "syslog", "file:/path" or "auto" (journal under systemd, else
 * stderr). Until the first call everything goes to standard error. */
enum result log_open(const char *target, struct err *err);
/* Opens file targets again by name (after rotation). A file that cannot be opened keeps its old descriptor. (syslog is
 * connected again by itself after its daemon was away; what is logged meanwhile does not reach it.) */
enum result log_reopen(struct err *err);
/* Closes all targets; events go to standard error again. */
void log_close(void);
/* For tests: the socket of "syslog" instead of /dev/log; static or NULL. */
void log_syslog_path(const char *path);
/* Keeps back what goes to standard error (up to 256 KiB; more is counted as lost) until log_release writes it, in order:
 * so that a program's own first words come first. Other targets are written at once. */
void log_hold(void);
void log_release(void);
/* For tests: also hands each finished line (without newline) to fn. NULL ends it. */
void log_tap(void (*fn)(const char *line, void *ctx), void *ctx);

#endif
