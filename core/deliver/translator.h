/*
 * A message of the spool made into one of MMFF by smtpgate-translate: a process for each, with limits of memory, time and file size, so that
 * a mail that kills it costs nobody else anything.
 */
#ifndef SMTPGATE_DELIVER_TRANSLATOR_H
#define SMTPGATE_DELIVER_TRANSLATOR_H

#include "base/clock.h"
#include "spool/spool.h"
#include "translate/sheet.h"

#include <stdatomic.h>

#define TRANSLATOR_MEMORY ((uint64_t)512 << 20) /* bytes of address space */

struct translator {
	const char *program; /* NULL: ours, where it is installed */
	const char *spool;   /* whose disk has the scratch space */
	int64_t limit;       /* ms */
	const atomic_bool *stop;
	const struct clock *clock;
};

/*
 * Writes the message to `out`, an empty file. OK: it is there, words say what became of the characters. E_CORRUPT: the translator died of this mail
 * (a signal, a limit), err says how; else what failed for now. words: 512 bytes.
 */
enum result translator_run(const struct translator *t, const struct spool_message *m,
			   const struct sheet *sheet, int out, char *words, struct err *err);

/* A file without a name on the disk of this folder; -1 with errno. */
int translator_scratch(const char *folder);

#endif
