/* Base64 (RFC 4648 section 4): for SASL, SCRAM's keys and encoded words. No line breaks. */
#ifndef SMTPGATE_BASE_BASE64_H
#define SMTPGATE_BASE_BASE64_H

#include "base/buf.h"

#include <stddef.h>

/* Appends the encoded form of n bytes. OK, E_LIMIT or E_NOMEM (nothing appended). */
enum result base64_encode(struct buf *out, const void *bytes, size_t n);
/* Appends what n characters of text stand for. E_SYNTAX: not Base64 to the letter (other characters, wrong padding, bits
 * behind the end): nothing appended. E_LIMIT, E_NOMEM likewise. */
enum result base64_decode(struct buf *out, const char *text, size_t n);

#endif
