/*
 * Loading: from bytes to settings. Steps, each in its file: reader (lines), load (sections, keys, includes), derive
 * (defaults that depend on others), validate (across sections), settings (the arrays, the answer).
 */
#ifndef SMTPGATE_CONF_LOAD_H
#define SMTPGATE_CONF_LOAD_H

#include "conf/fault.h"
#include "conf/settings.h"
#include "conf/table.h"

#include <glob.h>

#define CONF_FILE_MAX (16u * 1024 * 1024) /* bytes of one file: ini, or list of patterns */
#define CONF_FILES_MAX 1000u              /* files read in by include */

/* What loading asks of the machine, so that tests and the fuzzer own it. */
struct conf_world {
	/* As file_read. */
	enum result (*read)(const char *path, size_t max, char **bytes, size_t *n, struct err *err);
	/* As glob without error function; globfree is called after 0. */
	int (*expand)(const char *pattern, int flags, glob_t *found);
	bool (*has_user)(const char *name);
	bool (*has_group)(const char *name);
	/* The host's name, full where it is known, at most n - 1 bytes; "" when it has none. */
	void (*hostname)(char *name, size_t n);
};
/* The machine as it is. Asks no network. */
const struct conf_world *conf_world_host(void);
/* "host" made full by the text of /etc/hosts: the first name on the line of host that has a dot. Returns out. */
const char *conf_world_full_name(const char *host, const char *hosts, char *out, size_t n);

struct conf_load {
	struct settings *s;
	struct region *region; /* of s */
	const struct conf_world *world;
	const struct conf_overrides *over;
	struct conf_faults faults;
	bool no_memory;
	const char **files; /* in the order in which they were read */
	size_t file_count;
	const char *file; /* where what is being read stands; NULL: a default */
	unsigned line;
	bool fresh; /* the first value of this key: it replaces the default */
	struct conf_section *sections, **last;
	struct conf_section *current; /* NULL: what comes belongs to nothing */
};

/* Settings from `file`, by the given world. As settings_load. */
enum result conf_load_by(const struct conf_world *world, const char *file,
			 const struct conf_overrides *o, struct settings **out,
			 struct region **faults_region, struct conf_fault **faults);

/* Reads the main file and what it includes. OK (whatever the faults), E_NOMEM, or why the main file cannot be read. */
enum result conf_load_files(struct conf_load *l);
/* Zeroed memory of the settings, or NULL with l->no_memory set. */
void *conf_load_alloc(struct conf_load *l, size_t n);
char *conf_load_strdup(struct conf_load *l, const char *text);
/* Adds an error or a warning at the place being read. remedy may be NULL. */
void conf_load_error(struct conf_load *l, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void conf_load_warn(struct conf_load *l, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Moves the place being read to that of a key of a section (where it was written, else the section's line). */
void conf_load_place(struct conf_load *l, const struct conf_section *sec, const char *key);
/* A section of this kind with its defaults, at the end of the list, or NULL (memory). listed: becomes part of it. */
struct conf_section *conf_load_section(struct conf_load *l, const struct conf_kind *kind,
				       const char *name, bool listed);
struct conf_section *conf_load_find(const struct conf_load *l, enum conf_kind_id kind,
				    const char *name);
struct conf_origin *conf_load_origin(const struct conf_section *sec, const char *key);
/* Gives the key, where the file has none, this value; words: where it comes from. */
void conf_load_derive(struct conf_load *l, struct conf_section *sec, const char *key,
		      const char *value, const char *words);

/* All lines of a key's value as text of the settings; NULL when it is nothing. */
char *conf_load_text(struct conf_load *l, const struct conf_key *k, const void *section);

/* Is one of its servers a socket of this machine, "unix:/path"? */
bool conf_route_has_file(const struct conf_route *r);
/* Fills what depends on other keys, and adds the sections that are implied. */
void conf_derive(struct conf_load *l);
/* The built-in profiles, and what each profile has of the one that it is like. */
void conf_profiles_derive(struct conf_load *l);
/* What a postoffice of format = mmff has of its own files: its address map, and the domains in it. */
void conf_office_derive(struct conf_load *l, struct conf_section *sec);
/* The profile that a listener or a pickup folder names, or NULL with the fault. */
const struct conf_profile *conf_profile_of(struct conf_load *l, const struct conf_section *by);
/* Looks for faults that no key shows alone. */
void conf_validate(struct conf_load *l);
/* Those of how a route logs in, and of an [oauth]. */
void conf_validate_login(struct conf_load *l, const struct conf_section *sec);
void conf_validate_oauth(struct conf_load *l, const struct conf_section *sec);

/* Is text a domain name: labels of letters, digits, - and _, none empty or above 63, at most 253 in all? */
bool conf_text_is_domain(const char *text);
/* What may end in a domain (a domain, .suffix, user@domain), with it in ASCII (IDNA): made in out, or text itself where there is nothing
 * to be done, or nothing can be. */
char *conf_text_narrow(char *text, char *out, size_t n);
/* Neither blank nor control character? */
bool conf_text_is_graphic(const char *text);
/* Appends line `line` of a list with commas, as struct conf_type's format. */
bool conf_texts_format(const struct conf_key *k, const struct conf_texts *t, size_t line,
		       struct conf_out *out);
/* Appends an item to a list in the region of the settings. */
void conf_texts_add(struct conf_load *l, struct conf_texts *t, const char *item);
/* Room for one more behind `count` items of this size: the same memory or a larger copy, or NULL (memory). */
void *conf_list_grow(struct conf_load *l, void *items, size_t count, size_t size);
/* Cuts the next item off a list with commas, trimmed; NULL at its end. */
char *conf_list_next(char **rest);

#endif
