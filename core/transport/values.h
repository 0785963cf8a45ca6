/* One value of a module's key: text of the ini to what the module gets. Pure but for secrets, which are fetched. */
#ifndef SMTPGATE_TRANSPORT_VALUES_H
#define SMTPGATE_TRANSPORT_VALUES_H

#include "base/region.h"
#include "transport/instance.h"

/* Parses text as key->type says. On OK *out is the text as the module will see it (in region), *number its number
 * (0 for the types that have none), *bare true for a time without unit. E_CONFIG with the sentence in err. */
enum result values_parse(const struct sgt_key *key, const char *text,
			 const struct instance_config *config, struct region *region,
			 const char **out, int64_t *number, bool *bare, struct err *err);

#endif
