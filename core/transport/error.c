/* The list of transport results as tables: see error.h. */
#include "transport/error.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	int number;
	const char *word, *sentence;
} rows[] = {
#define ROW(name, number, word, sentence) {number, word, sentence},
	SGT_RESULT_LIST(ROW)
#undef ROW
};

static size_t row(enum sgt_result result)
{
	return (unsigned)result < SGT_RESULT_COUNT ? (size_t)result : SGT_SOCKET;
}

int transport_error_number(enum sgt_result result)
{
	return rows[row(result)].number;
}

const char *transport_error_word(enum sgt_result result)
{
	return rows[row(result)].word;
}

const char *transport_error_sentence(enum sgt_result result)
{
	return rows[row(result)].sentence;
}

enum sgt_result transport_error_set(struct sgt_error *error, enum sgt_result result,
				    const char *format, ...)
{
	va_list ap;
	if (!error)
		return result;
	*error = (struct sgt_error){.result = result, .number = transport_error_number(result)};
	va_start(ap, format);
	if (format)
		vsnprintf(error->text, sizeof error->text, format, ap);
	else
		snprintf(error->text, sizeof error->text, "%s", transport_error_sentence(result));
	va_end(ap);
	return result;
}

enum sgt_result transport_error_mend(struct sgt_error *error, enum sgt_result result)
{
	if (result == SGT_OK)
		return result;
	if (!error->text[0])
		return transport_error_set(error, result, NULL);
	error->result = result;
	return result;
}

enum result transport_error_result(enum sgt_result result)
{
	switch (result) {
	case SGT_OK:
		return OK;
	case SGT_NOMEM:
		return E_NOMEM;
	case SGT_BUSY:
	case SGT_IN_USE:
		return E_BUSY;
	case SGT_STATE:
		return E_STATE;
	case SGT_BAD_ADDRESS:
		return E_SYNTAX;
	case SGT_BAD_SETTING:
		return E_CONFIG;
	case SGT_UNSUPPORTED:
		return E_UNSUPPORTED;
	case SGT_LIMIT:
		return E_LIMIT;
	case SGT_CLOSED_HANDLE:
		return E_CLOSED;
	case SGT_REFUSED:
		return E_REFUSED;
	case SGT_TIMEOUT:
		return E_TIMEOUT;
	case SGT_DENIED:
		return E_DENIED;
	default:
		return E_NETWORK;
	}
}
