/*
 * Tables of keys: the truth for names, types, defaults, ranges, help and reload of everything that stands in the ini
 * file. One table a kind of section; the manual and the example are checked against them, settings are filled,
 * printed and compared by them.
 */
#ifndef SMTPGATE_CONF_TABLE_H
#define SMTPGATE_CONF_TABLE_H

#include "conf/out.h"
#include "conf/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_load;
struct conf_key;

/*
 * A type of value. read puts text (changeable) into the section's struct or adds a fault to the load. For a key that
 * may be repeated l->fresh tells that this is the first value, which replaces the default.
 * format appends line i of the value as it would be written, without quotes; false when there is no such line. Types
 * that hold lists break them into several lines where the key may be repeated.
 */
struct conf_type {
	const char *name; /* as the manual calls it */
	void (*read)(struct conf_load *l, const struct conf_key *k, void *section, char *text);
	bool (*format)(const struct conf_key *k, const void *section, size_t i,
		       struct conf_out *out);
};

extern const struct conf_type conf_type_name;        /* const char *: vendor, listener */
extern const struct conf_type conf_type_domain;      /* const char * */
extern const struct conf_type conf_type_user;        /* const char *: name of a user */
extern const struct conf_type conf_type_group;       /* const char * */
extern const struct conf_type conf_type_path;        /* const char *: absolute */
extern const struct conf_type conf_type_certificate; /* const char *: absolute path, or auto */
extern const struct conf_type conf_type_pin;         /* const char *: 64 hex digits */
extern const struct conf_type conf_type_address;     /* const char *: user@domain or user */
extern const struct conf_type conf_type_mailbox;     /* const char *: name of a folder */
extern const struct conf_type conf_type_source;      /* const char *: whatever the vendor takes */
extern const struct conf_type conf_type_account;     /* const char *: without blanks */
extern const struct conf_type conf_type_secret;      /* const char *: where a secret is */
extern const struct conf_type conf_type_url;         /* const char *: https or, for a proxy, http */
extern const struct conf_type conf_type_words;       /* const char *: texts parted by blanks */
extern const struct conf_type conf_type_command;     /* const char *: words by blanks */
extern const struct conf_type conf_type_size;        /* uint64_t, bytes */
extern const struct conf_type conf_type_time;        /* int64_t, ms */
extern const struct conf_type conf_type_int;         /* unsigned */
extern const struct conf_type conf_type_count;       /* uint64_t */
extern const struct conf_type conf_type_bool;        /* bool */
extern const struct conf_type conf_type_word;        /* an enum: index in k->words */
extern const struct conf_type conf_type_switch;      /* bool: index in k->words */
extern const struct conf_type conf_type_set;         /* unsigned: bit i is k->words[i]; none: 0 */
extern const struct conf_type conf_type_prompts;     /* two const char *: the other one in `also` */
extern const struct conf_type conf_type_rate;        /* struct conf_rate */
extern const struct conf_type conf_type_do;        /* enum conf_do; also: const char *reject_text */
extern const struct conf_type conf_type_paths;     /* struct conf_texts */
extern const struct conf_type conf_type_globs;     /* struct conf_texts */
extern const struct conf_type conf_type_targets;   /* struct conf_texts: of the log */
extern const struct conf_type conf_type_addresses; /* struct conf_texts: to listen on */
extern const struct conf_type conf_type_hosts;     /* struct conf_texts; also: bool mx */
extern const struct conf_type conf_type_events;    /* unsigned: bits of enum conf_event */
extern const struct conf_type conf_type_people;    /* struct conf_texts: user@domain */
extern const struct conf_type conf_type_lmtp;      /* const char *: "host:port" */
extern const struct conf_type
	conf_type_domains; /* struct conf_texts: lower case, .suffix but not first */
extern const struct conf_type conf_type_files; /* struct conf_texts: shell patterns of names */
extern const struct conf_type conf_type_nets;  /* struct conf_nets */
extern const struct conf_type conf_type_times; /* struct conf_times */
extern const struct conf_type
	conf_type_patterns; /* struct conf_patterns; also: struct conf_texts, as written */

#define KEY_MANY 1u    /* may be repeated; the values add up */
#define KEY_RELOAD 2u  /* a reload takes it */
#define KEY_SECRET 4u  /* shown as *** everywhere */
#define KEY_NEEDED 8u  /* has no default and must be there */
#define KEY_MERGED 16u /* printed as a comment: what it stands for is printed itself */

struct conf_key {
	const char *name; /* NULL ends the table */
	const struct conf_type *type;
	size_t offset,
		also; /* in the section's struct; also: second member of types that have one */
	const char *standard; /* default as format writes it; NULL: none, or derived */
	const char *derived;  /* for people: what it is derived from when not set */
	uint64_t min, max;    /* of numbers, in the unit of the member; both 0: any */
	const char *const
		*words; /* of words; or the one word that stands for NULL or an empty list */
	unsigned flags;
	const char *help; /* one sentence */
};

enum conf_kind_id {
	CONF_KIND_GATEWAY,
	CONF_KIND_LOG,
	CONF_KIND_LISTEN,
	CONF_KIND_PROFILE,
	CONF_KIND_ROUTE,
	CONF_KIND_OAUTH,
	CONF_KIND_POSTOFFICE,
	CONF_KIND_PICKUP,
	CONF_KIND_QUEUE,
	CONF_KIND_NOTIFY,
	CONF_KIND_VENDOR,
	CONF_KINDS
};

struct conf_kind {
	enum conf_kind_id id;
	const char *word;  /* [word] or [word NAME] */
	const char *named; /* what NAME is, for the manual; NULL: stands alone and once */
	const struct conf_key *keys;
	size_t size; /* of the struct */
	bool reload; /* whole sections may come and go on reload */
	bool open;   /* further keys are kept as text (vendor: the plugin's) */
	const char *help;
};

extern const struct conf_key conf_keys_gateway[], conf_keys_log[], conf_keys_listen[],
	conf_keys_profile[], conf_keys_route[], conf_keys_oauth[], conf_keys_postoffice[],
	conf_keys_pickup[], conf_keys_queue[], conf_keys_notify[], conf_keys_vendor[];

/* Words of enum mail_priority; NULL at the end. */
extern const char *const conf_priorities[];

/* The kinds in the order in which they are printed; CONF_KINDS of them. */
extern const struct conf_kind conf_kinds[];

const struct conf_kind *conf_kind_find(const char *word);
const struct conf_key *conf_key_find(const struct conf_kind *kind, const char *name);
size_t conf_key_count(const struct conf_kind *kind);

/* Where a value in force comes from. */
struct conf_origin {
	const char *file; /* NULL: not from a file */
	unsigned line;
	const char *words; /* "default", "derived from hostname"; for people */
	const char *
		standard; /* what it would be without the file, lines joined by newlines; NULL: nothing */
};

/* A section in force, with its struct; kept in the settings for printing and comparing. */
struct conf_section {
	struct conf_section *next;
	const struct conf_kind *kind;
	const char *name; /* NULL: has none */
	void *at;
	const char *file; /* NULL: not written anywhere */
	unsigned line;
	struct conf_origin *origins; /* one for each key of the kind */
};

/* All lines of a key's value, joined by newlines, appended to out. */
void conf_key_format(const struct conf_key *k, const void *section, struct conf_out *out);

#endif
