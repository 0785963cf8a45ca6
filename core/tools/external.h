/*
 * Texts and attachments in files of their own (XTEXT, XATTACH). They lie in the folder of the message file and nowhere else:
 * of a path only its last part counts, so that no message can name a file of somebody else's.
 */
#ifndef SMTPGATE_TOOLS_EXTERNAL_H
#define SMTPGATE_TOOLS_EXTERNAL_H

#include "base/file.h"
#include "translate/ending.h"
#include "translate/neutral.h"

#include <stdbool.h>

struct external {
	const struct file_ops *files;
	const char *file; /* the message file; its folder is meant */
	int *fds;         /* opened for the message */
	const char **paths;
	size_t count;
	struct region *region;
};

/*
 * Opens the files that the message names and puts them in place as contents (name in any case, regular files only).
 * E_NOTFOUND: one is not there, err says which; *text: it is that of the text. external_close must follow, whatever the result.
 */
enum result external_take(struct external *e, const struct file_ops *files, const char *file,
			  struct neutral *n, bool *text, struct err *err);
/* remove: the files were taken and go. */
void external_close(struct external *e, bool remove);
/* Writes the text (line ends as given) and/or the attachments into files beside `file`, names of 8.3, synced, and names them
 * in n. */
enum result external_put(const struct file_ops *files, const char *file, struct neutral *n,
			 enum ending ending, bool text, bool parts, struct err *err);

#endif
