/*
 * dlopen for programs under a sanitizer: without RTLD_DEEPBIND, for which the sanitizers' runtime ends the program.
 * libvdeplug opens its parts with that flag, and none of them depends on it. Compiled into sanitized builds alone.
 */
#include <dlfcn.h>
#include <string.h>

__attribute__((visibility("default"))) void *dlopen(const char *file, int mode)
{
	void *symbol = dlsym(RTLD_NEXT, "dlopen");
	void *(*next)(const char *, int);
	memcpy(&next, &symbol, sizeof next); /* ISO C has no cast from one to the other */
	return next(file, mode & ~RTLD_DEEPBIND);
}
