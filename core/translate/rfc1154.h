/*
 * The field Encoding of RFC 1154, `2 TEXT, 29 UUENCODE`, which says how many lines of a body each part has, and the fields
 * X-MS-Attachment that name the files (Q111857, Q99716). Pure.
 */
#ifndef SMTPGATE_TRANSLATE_RFC1154_H
#define SMTPGATE_TRANSLATE_RFC1154_H

#include "base/region.h"
#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>

#define RFC1154_PARTS_MAX 1001 /* a text and as many attachments as a message has */

enum rfc1154_kind { RFC1154_TEXT, RFC1154_UUENCODE, RFC1154_OTHER };
struct rfc1154_part {
	enum rfc1154_kind kind;
	bool rest; /* no count stands before it: all lines that are left */
	uint64_t lines;
};
struct rfc1154 {
	struct rfc1154_part *parts;
	size_t count;
};

/* Reads a value; unfolded. OK with one part at least; E_SYNTAX: it is no such field; E_LIMIT: too many parts; E_NOMEM. */
enum result rfc1154_read(const char *value, struct region *region, struct rfc1154 *out);
/* The name in a value of X-MS-Attachment: what stands before size, date and time, which may be absent. NULL: memory is short. */
char *rfc1154_name(const char *value, struct region *region);

#endif
