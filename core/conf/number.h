/* Numbers of keys with their units, shared by the types of single values and of lists. */
#ifndef SMTPGATE_CONF_NUMBER_H
#define SMTPGATE_CONF_NUMBER_H

#include "conf/load.h"

/* Reads a number of the key's type within its bounds; false with a fault. A bare time is a warning. */
bool conf_number_read(struct conf_load *l, const struct conf_key *k, const char *text, int64_t *n);
/* Appends a number as the key's type writes it: 50M, 5d, 42. */
void conf_number_format(const struct conf_key *k, uint64_t n, struct conf_out *out);
/* Appends a time in its largest exact unit: 5d, 90s, 0. */
void conf_time_format(int64_t ms, struct conf_out *out);

#endif
