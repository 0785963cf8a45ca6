/* What can be wrong with a module before it is called: the file, then the description that it exports. */
#ifndef SMTPGATE_TRANSPORT_MODULE_FILE_H
#define SMTPGATE_TRANSPORT_MODULE_FILE_H

#include "transport/loader.h"

/* Owner and mode of the file, its folder and all above; ELF of this machine; then a plain dlopen, whose words say which
 * library or symbol is missing, where libltdl only says "file not found". On LOAD_OK the file stays open. */
enum load_result module_file_check(const char *dir, const char *file, struct err *err);
/* The description of a module: abi, size, code, then that no function is missing. `where` is the file or "this program". */
enum load_result module_check(const struct sgt_module *m, const char *code, const char *where,
			      struct err *err);

#endif
