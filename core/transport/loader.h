/*
 * Finds and opens transport modules: the only user of libltdl, and the place that says why a module
 * was refused.
 *
 * A module is looked for among those linked into the program, then as an absolute DIR/CODE.so in
 * each folder. A file is taken when it, its folder and every folder above are owned by root or by
 * us and writable by no one else (a sticky folder such as /tmp passes above the module's own).
 * Nothing of a module is called before its abi, size and code fit. Main thread only; what was
 * opened stays open until the program ends.
 */
#ifndef SMTPGATE_TRANSPORT_LOADER_H
#define SMTPGATE_TRANSPORT_LOADER_H

#include "base/result.h"
#include "smtpgate/transport.h"

#include <stddef.h>

/* X(name, word for JSON, what `vendors` shows) */
#define LOAD_LIST(X)                                                              \
	X(LOAD_OK, "ok", "loaded")                                                \
	X(LOAD_BAD_NAME, "bad-name", "not the name of a module")                  \
	X(LOAD_NOT_FOUND, "not-found", "no such module")                          \
	X(LOAD_DUPLICATE, "duplicate", "there are two of this code")              \
	X(LOAD_OWNER, "owner", "others could change the file")                    \
	X(LOAD_GARBAGE, "garbage", "the file is not a module of this machine")    \
	X(LOAD_LIBRARY, "missing-library", "a library that it needs is missing")  \
	X(LOAD_SYMBOL, "undefined-symbol", "a function that it needs is missing") \
	X(LOAD_EXPORT, "no-export", "it exports no transport of this code")       \
	X(LOAD_ABI, "abi", "it was made for another ABI")                         \
	X(LOAD_SIZE, "size", "its description is too short")                      \
	X(LOAD_CODE, "code", "it says that it is another")                        \
	X(LOAD_INCOMPLETE, "incomplete", "it lacks a function")                   \
	X(LOAD_FAILED, "failed", "the dynamic linker refused it")

enum load_result {
#define LOAD_ENUM(name, word, sentence) name,
	LOAD_LIST(LOAD_ENUM)
#undef LOAD_ENUM
		LOAD_RESULT_COUNT
};

/* The word and the short sentence of a result; static, never NULL. */
const char *load_word(enum load_result r);
const char *load_sentence(enum load_result r);

/* Adds a module that is linked into this program (a test's twin, say) under the code it will be
 * asked for. Modules that libtool preloads (-dlpreopen) need no call. At most 16; the module must
 * live as long as the program. */
void transport_preload(const char *code, const struct sgt_module *module);

/* Opens the module of `code`. dirs: absolute folders, NULL-terminated, in order; may be NULL.
 * *module is set on LOAD_OK only; else err (not NULL) says what is wrong with which file, and what
 * to do. */
enum load_result transport_load(const char *const *dirs, const char *code,
				const struct sgt_module **module, struct err *err);

/* One module found by a scan, loaded or refused. */
struct transport_found {
	char *code;
	char *file;                      /* the first of its code; NULL: linked in */
	const struct sgt_module *module; /* NULL when refused */
	enum load_result result;
	struct err err;
};
struct transport_list {
	struct transport_found *found; /* sorted by code */
	size_t count;
};

/* Opens every module that is linked in or lies in the folders (files CODE.so). A folder that cannot
 * be read counts as empty. OK or E_NOMEM (then the list is empty). */
enum result transport_scan(const char *const *dirs, struct transport_list *list);
void transport_list_free(struct transport_list *list);

#endif
