/*
 * Bytes above 127 in mail that does not say what they are: which charset they are likely to be of, and fields of a header that hold
 * them as encoded words (RFC 2047).
 */
#ifndef SMTPGATE_MAIL_EIGHT_BIT_H
#define SMTPGATE_MAIL_EIGHT_BIT_H

#include "base/buf.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>

/* Is there any? */
bool mail_eight_bit_in(const char *bytes, size_t n);
/* "utf-8" when the bytes are that, else "windows-1252", which is what old machines of the West mostly have. whole: nothing was cut off
 * behind n, where a character may end. */
const char *mail_eight_bit_charset(const char *bytes, size_t n, bool whole);
/* Appends "NAME: value" CRLF, folded, its words with bytes above 127 encoded. persons: the value is of addresses, where quoted names are
 * encoded without their quotes, and addresses themselves are left (what is not ASCII there becomes '?'). OK, E_LIMIT or E_NOMEM. */
enum result mail_eight_bit_field(struct buf *out, const char *name, const char *value,
				 bool persons);

#endif
