/*
 * A message in neither form: what MMFF and MIME have in common, between their readers and writers. Strings and arrays
 * live in the region it was made in; contents are ranges of files that the caller keeps open.
 */
#ifndef SMTPGATE_TRANSLATE_NEUTRAL_H
#define SMTPGATE_TRANSLATE_NEUTRAL_H

#include "base/region.h"
#include "translate/content.h"

#include <stdbool.h>

#define NEUTRAL_ADDRESSES_MAX 20000 /* To and Cc of one message */
#define NEUTRAL_PARTS_MAX 1000      /* attachments of one message */

/* One address. type in capitals: "CSI" is native (NETWORK/POSTOFFICE/MAILBOX), "SMTP" an Internet address. */
struct neutral_address {
	const char *type, *text;
};
struct neutral_addresses {
	struct neutral_address *items;
	size_t count, cap;
};

struct neutral_part {
	const char *name; /* as it was written; may hold anything but NUL and line ends */
	struct content content;
	const char *
		external; /* of MMFF's XATTACH: the file that holds the content instead; NULL: none */
};
struct neutral_parts {
	struct neutral_part *items;
	size_t count, cap;
};

/* EXT:type:length:name of MMFF and the value of the line after it. */
struct neutral_field {
	const char *type, *length, *name, *value;
};
struct neutral_fields {
	struct neutral_field *items;
	size_t count, cap;
};
struct neutral_lines {
	const char **items;
	size_t count, cap;
};

struct neutral {
	struct region *region;       /* not owned */
	struct neutral_address from; /* text NULL: none was named */
	struct neutral_addresses to, cc;
	const char *subject;  /* NULL: none */
	const char *priority; /* as MMFF has it, "5", "R"; NULL: none */
	int year, month, day; /* year 0: no date is known */
	int hour, minute;     /* hour -1: no time is known */
	struct content text;
	const char *text_external;    /* of MMFF's XTEXT; NULL: the text is `text` */
	struct neutral_parts parts;   /* the attachments */
	struct neutral_fields fields; /* of MMFF's Extended form */
	struct neutral_lines unknown; /* lines that were not understood, whole */
};

void neutral_init(struct neutral *n, struct region *region);
/* Each appends to a list. OK, E_NOMEM, or E_LIMIT: the list is full. Strings are not copied. */
enum result neutral_add_address(struct neutral *n, struct neutral_addresses *list, const char *type,
				const char *text);
enum result neutral_add_part(struct neutral *n, const struct neutral_part *part);
enum result neutral_add_field(struct neutral *n, const struct neutral_field *field);
enum result neutral_add_unknown(struct neutral *n, const char *line);
/* The value of the Extended field of this name, or NULL. */
const char *neutral_field(const struct neutral *n, const char *name);

#endif
