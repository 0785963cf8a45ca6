/*
 * Memory that runs short in a running gateway: preloaded, it lets allocations of the program itself fail, not those of its
 * libraries. SCARCE names a file of struct scarce below, which whoever tests writes to.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct scarce {
	uint32_t left;   /* allocations until the one that fails; 0: none will */
	uint32_t failed; /* so many have */
};

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

static struct scarce none, *shared = &none;
static uintptr_t from, to; /* the program's code */

static int first_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type != PT_LOAD || !(h->p_flags & PF_X))
			continue;
		from = info->dlpi_addr + h->p_vaddr;
		to = from + h->p_memsz;
	}
	return 1; /* the program comes first */
}

__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("SCARCE"), O_RDWR | O_CLOEXEC);
	void *at = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	dl_iterate_phdr(first_object, NULL);
	if (fd >= 0 && at != MAP_FAILED)
		shared = at;
}

static int is_short(void *caller)
{
	uint32_t left = __atomic_load_n(&shared->left, __ATOMIC_SEQ_CST);
	if (!left || (uintptr_t)caller < from || (uintptr_t)caller >= to)
		return 0;
	while (left && !__atomic_compare_exchange_n(&shared->left, &left, left - 1, 0,
						    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	if (left != 1)
		return 0;
	__atomic_add_fetch(&shared->failed, 1, __ATOMIC_SEQ_CST);
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return is_short(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	return is_short(__builtin_return_address(0)) ? NULL : __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
	return is_short(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

char *strdup(const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = is_short(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
	return copy ? memcpy(copy, text, n) : NULL;
}
