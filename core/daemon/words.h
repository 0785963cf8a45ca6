/* JSON of the control protocol: texts that may hold anything, and failures. */
#ifndef SMTPGATE_DAEMON_WORDS_H
#define SMTPGATE_DAEMON_WORDS_H

#include "base/result.h"

#include <jansson.h>

/* A JSON string of any bytes: what is not UTF-8 becomes U+FFFD, NULL becomes "". NULL when memory is short. */
json_t *words_json(const char *text);
/* {"result": word, "text": ..., "remedy": ...}, and back. A result word that is unknown reads as E_REFUSED. */
json_t *words_of_err(const struct err *err);
void words_to_err(const json_t *object, struct err *err);
/* A member's text, "" when it is absent or no string. */
const char *words_text(const json_t *object, const char *key);
/* A member's number, 0 when absent or no number. */
json_int_t words_number(const json_t *object, const char *key);

#endif
