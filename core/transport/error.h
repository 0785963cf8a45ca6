/* Errors of transports as the core makes them: the number and sentence of the list in smtpgate/transport.h. */
#ifndef SMTPGATE_TRANSPORT_ERROR_H
#define SMTPGATE_TRANSPORT_ERROR_H

#include "base/result.h"
#include "smtpgate/transport.h"

/* The original's number, the word and the sentence of a result; static. */
int transport_error_number(enum sgt_result result);
const char *transport_error_word(enum sgt_result result);
const char *transport_error_sentence(enum sgt_result result);
/* Fills error (may be NULL) with the result's number and these words (NULL: its own sentence); returns the result. */
enum sgt_result transport_error_set(struct sgt_error *error, enum sgt_result result,
				    const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A module's error as it should have been: its result is `result` and its text is not empty. Returns result. */
enum sgt_result transport_error_mend(struct sgt_error *error, enum sgt_result result);
/* For callers that speak `enum result`. */
enum result transport_error_result(enum sgt_result result);

#endif
