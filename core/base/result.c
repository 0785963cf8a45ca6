/* Results and operator sentences: see result.h. Owns nothing; cannot fail. */
#include "base/result.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *word, *sentence;
} results[] = {
#define RESULT_ROW(name, word, sentence) {word, sentence},
	RESULT_LIST(RESULT_ROW)
#undef RESULT_ROW
};

const char *result_word(enum result r)
{
	return (unsigned)r < RESULT_COUNT ? results[r].word : "unknown";
}

const char *result_sentence(enum result r)
{
	return (unsigned)r < RESULT_COUNT ? results[r].sentence : "unknown result";
}

static const struct {
	int errnum;
	enum result result;
} errnos[] = {
	{0, OK},
	{ENOMEM, E_NOMEM},
	{ENOBUFS, E_NOMEM},
	{ENOENT, E_NOTFOUND},
	{ENODEV, E_NOTFOUND},
	{EADDRNOTAVAIL, E_NOTFOUND},
	{EEXIST, E_EXISTS},
	{EACCES, E_DENIED},
	{EPERM, E_DENIED},
	{EROFS, E_DENIED},
	{ELOOP, E_DENIED}, /* a symbolic link where O_NOFOLLOW allows none */
	{EBUSY, E_BUSY},
	{EAGAIN, E_BUSY},
	{EADDRINUSE, E_BUSY},
	{ENOSPC, E_FULL},
	{EDQUOT, E_FULL},
	{ETIMEDOUT, E_TIMEOUT},
	{ECONNRESET, E_CLOSED},
	{EPIPE, E_CLOSED},
	{ECONNREFUSED, E_REFUSED},
	{ENETUNREACH, E_NETWORK},
	{EHOSTUNREACH, E_NETWORK},
	{ENETDOWN, E_NETWORK},
	{EHOSTDOWN, E_NETWORK},
	{EAFNOSUPPORT, E_UNSUPPORTED},
	{EOPNOTSUPP, E_UNSUPPORTED},
	{EPROTONOSUPPORT, E_UNSUPPORTED},
	{ENOSYS, E_UNSUPPORTED},
	{EMFILE, E_LIMIT},
	{ENFILE, E_LIMIT},
	{ENAMETOOLONG, E_LIMIT},
	{EFBIG, E_LIMIT},
	{ECANCELED, E_CANCELLED},
	{EINVAL, E_RANGE},
};

enum result result_of_errno(int errnum)
{
	for (size_t i = 0; i < sizeof errnos / sizeof *errnos; i++)
		if (errnos[i].errnum == errnum)
			return errnos[i].result;
	return E_IO;
}

enum result err_set(struct err *err, enum result code, const char *format, ...)
{
	if (err) {
		va_list ap;
		va_start(ap, format);
		err->code = code;
		err->remedy[0] = '\0';
		vsnprintf(err->text, sizeof err->text, format, ap);
		va_end(ap);
	}
	return code;
}

enum result err_errno(struct err *err, int errnum, const char *format, ...)
{
	/* whoever calls this failed: no errno must not read as success */
	enum result code = errnum ? result_of_errno(errnum) : E_IO;
	if (err) {
		va_list ap;
		va_start(ap, format);
		err->code = code;
		err->remedy[0] = '\0';
		vsnprintf(err->text, sizeof err->text, format, ap);
		va_end(ap);
		size_t n = strlen(err->text);
		snprintf(err->text + n, sizeof err->text - n, ": %s",
			 errnum ? strerror(errnum) : result_sentence(code));
	}
	return code;
}

void err_remedy(struct err *err, const char *format, ...)
{
	if (!err)
		return;
	va_list ap;
	va_start(ap, format);
	vsnprintf(err->remedy, sizeof err->remedy, format, ap);
	va_end(ap);
}

void err_prefix(struct err *err, const char *format, ...)
{
	if (!err)
		return;
	char prefix[ERR_TEXT_MAX], whole[2 * ERR_TEXT_MAX + 4];
	va_list ap;
	va_start(ap, format);
	vsnprintf(prefix, sizeof prefix, format, ap);
	va_end(ap);
	snprintf(whole, sizeof whole, "%s: %s", prefix, err->text);
	whole[sizeof err->text - 1] = '\0';
	memcpy(err->text, whole, strlen(whole) + 1);
}
