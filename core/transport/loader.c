/*
 * Finding and opening modules: see loader.h. The only user of libltdl. Owns the handles, which stay open until the
 * program ends: code of a module may be anybody's callback.
 */
#include "transport/loader.h"
#include "transport/loader_internal.h"
#include "transport/module_file.h"

#include <limits.h>
#include <ltdl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CODE_MAX 32
#define PRELOAD_MAX 16

/* libtool defines it in programs that are linked with -dlopen or -dlpreopen; in others it is absent. */
extern const lt_dlsymlist lt__PROGRAM__LTX_preloaded_symbols[] __attribute__((weak));

static struct {
	const char *code;
	const struct sgt_module *module;
} preloaded[PRELOAD_MAX];
static size_t preloaded_count;

static const struct {
	const char *word, *sentence;
} rows[] = {
#define ROW(name, word, sentence) {word, sentence},
	LOAD_LIST(ROW)
#undef ROW
};

const char *load_word(enum load_result r)
{
	return (unsigned)r < LOAD_RESULT_COUNT ? rows[r].word : "unknown";
}

const char *load_sentence(enum load_result r)
{
	return (unsigned)r < LOAD_RESULT_COUNT ? rows[r].sentence : "unknown";
}

static bool ltdl_ready(void)
{
	static bool ready;
	if (!ready)
		ready = lt_dlinit() == 0;
	return ready;
}

void transport_preload(const char *code, const struct sgt_module *module)
{
	for (size_t i = 0; i < preloaded_count; i++)
		if (strcmp(preloaded[i].code, code) == 0)
			return;
	if (preloaded_count == PRELOAD_MAX)
		abort(); /* a fixed list of a program, wrong when it was written */
	preloaded[preloaded_count].code = code;
	preloaded[preloaded_count++].module = module;
}

/* The transport of an opened file. Always an absolute path: a bare name would be looked up along LTDL_LIBRARY_PATH and
 * LD_LIBRARY_PATH. */
static const struct sgt_module *file_open(const char *file)
{
	lt_dladvise advice;
	lt_dlhandle handle = NULL;
	if (!ltdl_ready() || lt_dladvise_init(&advice) != 0)
		return NULL;
	if (lt_dladvise_local(&advice) == 0)
		handle = lt_dlopenadvise(file, advice);
	lt_dladvise_destroy(&advice);
	return handle ? lt_dlsym(handle, "smtpgate_transport") : NULL;
}

/* By libtool's own list rather than by opening a bare name: no path can come into it, and it holds what was linked in as
 * an archive (CODE.a) and as a shared object (CODE.so) alike. */
static const struct sgt_module *linked_in(const char *code)
{
	char symbol[CODE_MAX + sizeof "_LTX_smtpgate_transport"];
	for (size_t i = 0; i < preloaded_count; i++)
		if (strcmp(preloaded[i].code, code) == 0)
			return preloaded[i].module;
	snprintf(symbol, sizeof symbol, "%s_LTX_smtpgate_transport", code);
	const lt_dlsymlist *l = lt__PROGRAM__LTX_preloaded_symbols;
	for (; l && l->name; l++)
		if (strcmp(l->name, symbol) == 0)
			return l->address;
	return NULL;
}

const char *loader_linked_in(size_t i)
{
	if (i < preloaded_count)
		return preloaded[i].code;
	i -= preloaded_count;
	const lt_dlsymlist *l = lt__PROGRAM__LTX_preloaded_symbols;
	for (; l && l->name; l++)
		if (!l->address && l->name[0] != '@' && !i--)
			return l->name;
	return NULL;
}

static bool code_ok(const char *code)
{
	size_t n = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return n && n <= CODE_MAX && !code[n] && !(code[0] >= '0' && code[0] <= '9');
}

/* Where the file of a code lies: its first place, and another if there is one. */
struct place {
	char first[PATH_MAX], second[PATH_MAX];
	const char *dir; /* of the first */
};

static void places(const char *const *dirs, const char *code, struct place *p)
{
	struct stat st, first = {0};
	char path[PATH_MAX];
	p->dir = NULL;
	p->first[0] = p->second[0] = '\0';
	for (; dirs && *dirs; dirs++) {
		if ((size_t)snprintf(path, sizeof path, "%s/%s.so", *dirs, code) >= sizeof path ||
		    **dirs != '/' || lstat(path, &st) != 0)
			continue;
		if (stat(path, &st) != 0)
			memset(&st, 0,
			       sizeof st); /* a dangling link is a file that cannot be read */
		if (!p->dir) {
			p->dir = *dirs;
			first = st;
			memcpy(p->first, path, sizeof path);
		} else if (first.st_dev != st.st_dev || first.st_ino != st.st_ino) {
			memcpy(p->second, path, sizeof path);
			return;
		}
	}
}

static enum load_result not_found(const char *const *dirs, const char *code, struct err *err)
{
	char where[ERR_TEXT_MAX / 2] = "";
	size_t n = 0;
	for (const char *const *d = dirs; d && *d && n < sizeof where; d++)
		n += (size_t)snprintf(where + n, sizeof where - n, "%s%s", n ? ", " : "", *d);
	if (!n)
		err_set(err, E_NOTFOUND, "no %s is built in, and there is no folder of modules",
			code);
	else
		err_set(err, E_NOTFOUND, "no %s.so in %s", code, where);
	err_remedy(
		err,
		"smtpgate vendors    # shows what is there; plugin_dir in [gateway] adds folders");
	return LOAD_NOT_FOUND;
}

static enum load_result duplicate(const char *first, const char *second, const char *code,
				  struct err *err)
{
	err_set(err, E_EXISTS, "two modules are %s: %s and %s", code, first, second);
	err_remedy(err, "rm %s", second);
	return LOAD_DUPLICATE;
}

static enum load_result file_load(const struct place *p, const char *code,
				  const struct sgt_module **module, struct err *err)
{
	enum load_result r = module_file_check(p->dir, p->first, err);
	if (r != LOAD_OK)
		return r;
	*module = file_open(p->first);
	if (*module)
		return module_check(*module, code, p->first, err);
	err_set(err, E_NOTFOUND, "%s exports no %s_LTX_smtpgate_transport", p->first, code);
	err_remedy(err, "it is no transport, or the module of another code under this name");
	return LOAD_EXPORT;
}

enum load_result transport_load(const char *const *dirs, const char *code,
				const struct sgt_module **out, struct err *err)
{
	struct place p;
	struct err ignored;
	if (!err)
		err = &ignored;
	if (!code_ok(code)) {
		err_set(err, E_CONFIG,
			"\"%s\" cannot be a module: lower-case letters, digits and _, at most %d",
			code, CODE_MAX);
		return LOAD_BAD_NAME;
	}
	const struct sgt_module *module = linked_in(code);
	places(dirs, code, &p);
	if (!module && !p.dir)
		return not_found(dirs, code, err);
	if (module && p.dir)
		return duplicate("one built in", p.first, code, err);
	if (p.second[0])
		return duplicate(p.first, p.second, code, err);
	enum load_result r = module ? module_check(module, code, "built in", err)
				    : file_load(&p, code, &module, err);
	if (r == LOAD_OK)
		*out = module;
	return r;
}
