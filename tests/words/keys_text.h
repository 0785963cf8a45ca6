/* What the manual must say of a key: one text made from the tables, for the test and for the dump. */
#ifndef SMTPGATE_TESTS_KEYS_TEXT_H
#define SMTPGATE_TESTS_KEYS_TEXT_H

#include "conf/table.h"

/* "[gateway]", "[listen NAME]" appended to out. */
void keys_text_kind(const struct conf_kind *kind, struct conf_out *out);
/* "(size, 1K to 1T; default: 50M; reload)" appended to out. Folders stand as in a package of Debian. */
void keys_text_key(const struct conf_key *k, struct conf_out *out);

#endif
