/* The ESMTP parameters behind a path (RFC 5321 4.1.2): KEY or KEY=VALUE, parted by blanks, one row
 * of a table each. */
#ifndef SMTPGATE_SMTP_PARAM_H
#define SMTPGATE_SMTP_PARAM_H

#include "base/result.h"
#include "smtp/reply.h"

/* One parameter that a command knows. take: value is NULL when there is no `=`; OK, or a result
 * (501 5.5.4). */
struct smtp_param {
	const char *key; /* NULL ends the table */
	enum result (*take)(void *to, const char *value);
};

/*
 * Cuts `text` into parameters in place and gives each to its row. OK; or *reply says what is wrong:
 * E_UNSUPPORTED (555 5.5.4, no such row), E_SYNTAX (501 5.5.4: malformed, given twice, or the row
 * refused it). At most 32 rows.
 */
enum result smtp_param_take(const struct smtp_param *table, char *text, void *to,
			    struct smtp_reply *reply);

#endif
