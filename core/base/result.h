/*
 * Results: what a caller acts on, and the sentence an operator reads.
 *
 * One list makes the enum, the name and the default sentence of every result. A function that can fail
 * returns `enum result`; where an operator will see the failure it also takes a `struct err *` (may be
 * NULL) and fills it with what happened, to what, why, and a remedy if there is one.
 */
#ifndef SMTPGATE_BASE_RESULT_H
#define SMTPGATE_BASE_RESULT_H

#include <stddef.h>

/* X(name, word for logs and JSON, default sentence) */
#define RESULT_LIST(X)                                                \
	X(OK, "ok", "done")                                           \
	X(E_NOMEM, "no-memory", "memory is short")                    \
	X(E_LIMIT, "limit", "a limit was reached")                    \
	X(E_SYNTAX, "syntax", "the text is malformed")                \
	X(E_RANGE, "range", "the value is out of range")              \
	X(E_NOTFOUND, "not-found", "there is no such thing")          \
	X(E_EXISTS, "exists", "it exists already")                    \
	X(E_DENIED, "denied", "rights forbid it")                     \
	X(E_BUSY, "busy", "it is in use by another")                  \
	X(E_IO, "io", "reading or writing failed")                    \
	X(E_FULL, "full", "the disk is full")                         \
	X(E_TIMEOUT, "timeout", "a time limit ran out")               \
	X(E_CLOSED, "closed", "the other side closed the connection") \
	X(E_REFUSED, "refused", "the other side refused")             \
	X(E_NETWORK, "network", "the network failed")                 \
	X(E_UNSUPPORTED, "unsupported", "it is not supported")        \
	X(E_CORRUPT, "corrupt", "the data is damaged")                \
	X(E_VERSION, "version", "the version does not fit")           \
	X(E_CANCELLED, "cancelled", "it was called off")              \
	X(E_STATE, "state", "it cannot be done in this state")        \
	X(E_CONFIG, "config", "the configuration is faulty")

enum result {
#define RESULT_ENUM(name, word, sentence) name,
	RESULT_LIST(RESULT_ENUM)
#undef RESULT_ENUM
		RESULT_COUNT
};

/* The word of a result, for logs and JSON; static, never NULL. */
const char *result_word(enum result r);
/* The default sentence of a result; static, never NULL. */
const char *result_sentence(enum result r);
/* The result that fits an errno value (ENOSPC: E_FULL, EACCES: E_DENIED, ...; E_IO when none fits). */
enum result result_of_errno(int errnum);

#define ERR_TEXT_MAX 512

/* One failure as the operator reads it. Plain data: copy it freely, nothing to free. */
struct err {
	enum result code;
	char text[ERR_TEXT_MAX];   /* what happened, to what, why */
	char remedy[ERR_TEXT_MAX]; /* what to do, may be empty */
};

/* Fills err (if not NULL) and returns code, so that `return err_set(...)` reads well. Long text is cut. */
enum result err_set(struct err *err, enum result code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* As err_set from errno `errnum`: appends ": strerror". Returns result_of_errno(errnum), never OK. */
enum result err_errno(struct err *err, int errnum, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets the remedy of an err that was set. */
void err_remedy(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Puts "prefix: " before the text, for a caller that knows the file or peer. */
void err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
