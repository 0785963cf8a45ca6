/* Filling struct sgt_error: results, the original's numbers, sentences; what errno means in which
 * phase. */
#ifndef SMTPGATE_SUPPORT_ERROR_H
#define SMTPGATE_SUPPORT_ERROR_H

#include "support/prefix.h"
#include "smtpgate/transport.h"

#define error_set SUPPORT(error_set)
#define error_remedy SUPPORT(error_remedy)
#define error_errno SUPPORT(error_errno)

/* What was tried when errno came: the same number means different things to the operator. */
enum error_phase { ERROR_SOCKET, ERROR_BIND, ERROR_CONNECT, ERROR_READ, ERROR_WRITE };

/* Sets result, its number and the sentence, clears the remedy; returns r. Cut at SGT_TEXT_MAX. */
enum sgt_result error_set(struct sgt_error *e, enum sgt_result r, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Sets the remedy of an error that was set before. */
void error_remedy(struct sgt_error *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "WHAT: the kernel's words", with the result that errnum means in this phase; returns that result.
 */
enum sgt_result error_errno(struct sgt_error *e, enum error_phase phase, int errnum,
			    const char *what);

#endif
