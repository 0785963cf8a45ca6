/* Errors of the modules over kernel sockets: see error.h. Pure but for strerrordesc_np; safe from
 * any thread. */
#include "support/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ANY_PHASE 0xffu
#define IN(phase) (1u << (phase))

static const int numbers[] = {
#define NUMBER(name, number, word, sentence) number,
	SGT_RESULT_LIST(NUMBER)
#undef NUMBER
};

/* First row that fits wins. */
static const struct {
	int errnum;
	unsigned phases;
	enum sgt_result result;
} meanings[] = {
	{ECONNREFUSED, ANY_PHASE, SGT_REFUSED},
	{ETIMEDOUT, IN(ERROR_CONNECT), SGT_TIMEOUT},
	{EHOSTUNREACH, IN(ERROR_CONNECT), SGT_UNREACHABLE},
	{ENETUNREACH, IN(ERROR_CONNECT), SGT_UNREACHABLE},
	{ENETDOWN, IN(ERROR_CONNECT), SGT_UNREACHABLE},
	{EHOSTDOWN, IN(ERROR_CONNECT), SGT_UNREACHABLE},
	/* The kernel says so when it has no own address of the peer's family. */
	{EADDRNOTAVAIL, IN(ERROR_CONNECT), SGT_UNREACHABLE},
	/* Once established, the network's failures arrive as late answers to retransmissions. */
	{ETIMEDOUT, ANY_PHASE, SGT_RESET},
	{EHOSTUNREACH, ANY_PHASE, SGT_RESET},
	{ENETUNREACH, ANY_PHASE, SGT_RESET},
	{ENETDOWN, ANY_PHASE, SGT_RESET},
	{EHOSTDOWN, ANY_PHASE, SGT_RESET},
	{ECONNRESET, ANY_PHASE, SGT_RESET},
	{ECONNABORTED, ANY_PHASE, SGT_RESET},
	{EPIPE, IN(ERROR_READ), SGT_RESET}, /* a reset after the peer's own end */
	{EPIPE, ANY_PHASE, SGT_WRITE},
	{ENOTCONN, ANY_PHASE, SGT_NOT_CONNECTED},
	{EADDRINUSE, ANY_PHASE, SGT_IN_USE},
	{EADDRNOTAVAIL, ANY_PHASE, SGT_BAD_ADDRESS},
	{EAFNOSUPPORT, ANY_PHASE, SGT_UNSUPPORTED},
	{EACCES, ANY_PHASE, SGT_DENIED},
	{EPERM, ANY_PHASE, SGT_DENIED},
	{EMFILE, ANY_PHASE, SGT_LIMIT},
	{ENFILE, ANY_PHASE, SGT_LIMIT},
	{EAGAIN, IN(ERROR_CONNECT), SGT_LIMIT}, /* no free port to come from */
	{EMSGSIZE, ANY_PHASE, SGT_LIMIT},
	{ENOMEM, ANY_PHASE, SGT_NOMEM},
	{ENOBUFS, ANY_PHASE, SGT_NOMEM},
};

/* What else went wrong, by phase. */
static const enum sgt_result otherwise[] = {
	[ERROR_SOCKET] = SGT_SOCKET, [ERROR_BIND] = SGT_SOCKET, [ERROR_CONNECT] = SGT_CONNECT,
	[ERROR_READ] = SGT_READ,     [ERROR_WRITE] = SGT_WRITE,
};

static enum sgt_result meaning(enum error_phase phase, int errnum)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].errnum == errnum && meanings[i].phases & IN(phase))
			return meanings[i].result;
	return otherwise[phase];
}

enum sgt_result error_set(struct sgt_error *e, enum sgt_result r, const char *format, ...)
{
	va_list args;
	e->result = r;
	e->number = numbers[r];
	va_start(args, format);
	vsnprintf(e->text, sizeof e->text, format, args);
	va_end(args);
	e->remedy[0] = '\0';
	return r;
}

void error_remedy(struct sgt_error *e, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(e->remedy, sizeof e->remedy, format, args);
	va_end(args);
}

enum sgt_result error_errno(struct sgt_error *e, enum error_phase phase, int errnum,
			    const char *what)
{
	const char *words = strerrordesc_np(errnum);
	return error_set(e, meaning(phase, errnum), "%s: %s", what,
			 words ? words : "unknown error");
}
