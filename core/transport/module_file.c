/* Why a module is refused, found by ourselves: see module_file.h. Opens files; calls nothing of a module. */
#include "transport/module_file.h"
#include "base/file.h"
#include "base/text.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- owner and mode ---- */

/* Strict for the file and the folder it really lies in, sticky folders pass above. */
static enum result owner_ok(const char *dir, const char *file, struct err *err)
{
	char real[PATH_MAX];
	enum result r = file_check_owner(dir, true, err);
	if (r != OK)
		return r;
	r = file_check_owner(file, true, err);
	if (r != OK)
		return r;
	if (!realpath(file, real))
		return err_errno(err, errno, "%s", file);
	*strrchr(real, '/') = '\0';
	return file_check_owner(*real ? real : "/", true, err);
}

/* ---- the file's format ---- */

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#elif defined(__riscv)
#define MACHINE EM_RISCV
#elif defined(__arm__)
#define MACHINE EM_ARM
#elif defined(__i386__)
#define MACHINE EM_386
#elif defined(__powerpc64__)
#define MACHINE EM_PPC64
#elif defined(__s390x__)
#define MACHINE EM_S390
#endif

/* What is wrong with the header of a file, or NULL. e_type and e_machine stand at one place in 32 and 64 bits. */
static const char *header_fault(const ElfW(Ehdr) * h, ssize_t n)
{
	if (n < 20 || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return "it is not a shared object";
	if (h->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		return "it was built for another word size";
#ifdef MACHINE
	if (h->e_machine != MACHINE)
		return "it was built for another processor";
#endif
	if (h->e_type != ET_DYN)
		return "it is no shared object, but another kind of ELF file";
	return n < (ssize_t)sizeof *h ? "it is cut short" : NULL;
}

/* Is all there that would be mapped? The linker does not look, and reading a part that is cut off is a bus error. */
static bool whole(int fd, const ElfW(Ehdr) * h, off_t size)
{
	for (unsigned i = 0; i < h->e_phnum; i++) {
		ElfW(Phdr) part;
		off_t at = (off_t)h->e_phoff + (off_t)i * (off_t)sizeof part;
		if (h->e_phentsize != sizeof part ||
		    pread(fd, &part, sizeof part, at) != (ssize_t)sizeof part)
			return false;
		if (part.p_type == PT_LOAD && (part.p_offset > (uint64_t)size ||
					       part.p_filesz > (uint64_t)size - part.p_offset))
			return false;
	}
	return true;
}

static const char *file_fault(int fd)
{
	ElfW(Ehdr) header;
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "it is not a regular file";
	const char *fault = header_fault(&header, pread(fd, &header, sizeof header, 0));
	if (!fault && !whole(fd, &header, st.st_size))
		fault = "it is cut short";
	return fault;
}

static enum load_result format_check(const char *file, struct err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		int e = errno;
		err_errno(err, e, "%s cannot be read", file);
		return e == EACCES ? LOAD_OWNER : LOAD_FAILED;
	}
	const char *fault = file_fault(fd);
	close(fd);
	if (!fault)
		return LOAD_OK;
	err_set(err, E_CORRUPT, "%s is not a module: %s", file, fault);
	err_remedy(err, "install the module again");
	return LOAD_GARBAGE;
}

/* ---- the dynamic linker's words ---- */

/* Sorts what dlerror said of a file. */
static enum load_result linker_fault(const char *file, const char *words, struct err *err)
{
	static const char undefined[] = "undefined symbol: ";
	const char *at = strstr(words, undefined);
	if (at) {
		int n = (int)strcspn(at + strlen(undefined), " \t\n(");
		err_set(err, E_VERSION, "%s needs the function %.*s, which no library here has",
			file, n, at + strlen(undefined));
		err_remedy(err, "build or install the module for the libraries of this machine");
		return LOAD_SYMBOL;
	}
	if (strstr(words, "cannot open shared object file") && !text_starts(words, file)) {
		int n = (int)strcspn(words, ":");
		err_set(err, E_NOTFOUND, "%s needs the library %.*s, which is missing", file, n,
			words);
		err_remedy(err, "apt-file search %.*s", n, words);
		return LOAD_LIBRARY;
	}
	if (strstr(words, "version `") && strstr(words, "not found")) {
		err_set(err, E_VERSION, "%s needs a newer library: %s", file, words);
		err_remedy(err, "build or install the module for the libraries of this machine");
		return LOAD_LIBRARY;
	}
	bool broken = strstr(words, "file too short") || strstr(words, "ELF") ||
		      strstr(words, "cannot read file data") || strstr(words, "section");
	err_set(err, broken ? E_CORRUPT : E_IO, "%s: %s", file, words);
	err_remedy(err, broken ? "install the module again" : "");
	return broken ? LOAD_GARBAGE : LOAD_FAILED;
}

enum load_result module_file_check(const char *dir, const char *file, struct err *err)
{
	if (owner_ok(dir, file, err) != OK)
		return LOAD_OWNER;
	enum load_result r = format_check(file, err);
	if (r != LOAD_OK)
		return r;
	if (dlopen(file, RTLD_NOW | RTLD_LOCAL))
		return LOAD_OK;
	const char *words = dlerror();
	return linker_fault(file, words ? words : "the dynamic linker gives no reason", err);
}

/* ---- the description ---- */

/* The end of what a module of ABI 1 has at least. */
#define ABI1_SIZE (offsetof(struct sgt_module, own_addresses) + sizeof(void (*)(void)))

/* The name of a function that is missing, or NULL. */
static const char *missing_function(const struct sgt_module *m)
{
#define NEED(f)    \
	if (!m->f) \
		return #f;
	NEED(create)
	NEED(detect)
	NEED(prepare)
	NEED(start)
	NEED(run)
	NEED(wakeup)
	NEED(stop)
	NEED(destroy)
	NEED(address)
	NEED(listen)
	NEED(listener_address)
	NEED(unlisten)
	NEED(connect)
	NEED(set_user)
	NEED(send)
	NEED(consume)
	NEED(shutdown)
	NEED(close)
	NEED(abort)
	NEED(counters)
	NEED(own_addresses)
	NEED(keys)
	NEED(vendor)
	NEED(provider)
	NEED(version)
	if (m->caps & SGT_CAP_DATAGRAMS) {
		NEED(dgram_open)
		NEED(dgram_send)
		NEED(dgram_close)
	}
#undef NEED
	return NULL;
}

enum load_result module_check(const struct sgt_module *m, const char *code, const char *where,
			      struct err *err)
{
	if (m->abi != SGT_ABI) {
		err_set(err, E_VERSION, "%s: %s is of transport ABI %u, this smtpgate takes %u",
			where, code, (unsigned)m->abi, (unsigned)SGT_ABI);
		err_remedy(err, m->abi > SGT_ABI ? "upgrade smtpgate, or install an older module"
						 : "build the module with this smtpgate's header");
		return LOAD_ABI;
	}
	if (m->size < ABI1_SIZE) {
		err_set(err, E_VERSION, "%s: %s describes itself in %u bytes, ABI %u has %zu",
			where, code, (unsigned)m->size, (unsigned)SGT_ABI, ABI1_SIZE);
		err_remedy(err, "build the module with this smtpgate's header");
		return LOAD_SIZE;
	}
	if (!m->code || strcmp(m->code, code) != 0) {
		err_set(err, E_CONFIG, "%s: it says that it is \"%s\", not \"%s\"", where,
			m->code ? m->code : "", code);
		err_remedy(err, "name the file %s.so", m->code ? m->code : code);
		return LOAD_CODE;
	}
	const char *missing = missing_function(m);
	if (missing) {
		err_set(err, E_VERSION, "%s: %s lacks %s", where, code, missing);
		err_remedy(err, "ask who made the module");
		return LOAD_INCOMPLETE;
	}
	return LOAD_OK;
}
