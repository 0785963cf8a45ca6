/* What lies in a pickup folder, compared with what lay there before: see pickup.h. Reads the folder, changes nothing in it. */
#ifndef SMTPGATE_DELIVER_PICKUP_SCAN_H
#define SMTPGATE_DELIVER_PICKUP_SCAN_H

#include "deliver/pickup.h"

/* Splits ".ID.NAME": the ID into `id` (SPOOL_MAILDROP_NAME bytes), and where NAME begins; NULL: it is no such name. */
const char *pickup_taken_name(const char *name, char *id);
/* Looks at all files and says in each entry's reason why it cannot be taken; "": it has rested for `settle`. */
enum result pickup_scan(const struct pickup *p, struct pickup_list *list, int64_t now,
			struct err *err);

#endif
