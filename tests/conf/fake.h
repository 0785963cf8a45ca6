/*
 * Loading from memory for tests: a world whose files are set by the test, with user and group "mail", and a host named
 * host.example. What was loaded last stays until the next load.
 */
#ifndef SMTPGATE_TESTS_CONF_FAKE_H
#define SMTPGATE_TESTS_CONF_FAKE_H

#include "conf/load.h"

#define FAKE_FILE "/gw.ini"

/* A file of the world; text must stay. n: bytes. At most 8; the same path replaces. */
void fake_file(const char *path, const char *text, size_t n);
/* The host's name from now on. */
void fake_hostname(const char *name);
/* The world, to load by it. include finds nothing in it. */
const struct conf_world *fake_world(void);
/* Loads text as FAKE_FILE. */
enum result fake_load(const char *text);
enum result fake_load_with(const char *text, size_t n, const struct conf_overrides *o);
/* Of the last load: the settings (NULL when it failed); all faults as conf_faults_print writes them, "" when none. */
struct settings *fake_settings(void);
const char *fake_faults(void);
/* settings_print of what was loaded last; valid until the next call. */
const char *fake_print(const char *section, bool changed_only);
/* Loads it and frees it. NULL: the first fault, "error: ..." or "warning: ...", begins with this at this line (NULL: there is none), and
 * only an error keeps it from loading. Else words about what is wrong, until the next call. */
const char *fake_fault(const char *text, unsigned line, const char *fault);
/* Frees what was loaded last. */
void fake_free(void);

#endif
