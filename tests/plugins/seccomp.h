/* A real seccomp filter for the process of one test: the calls of a list fail with an errno, all others go on. */
#ifndef SMTPGATE_TESTS_SECCOMP_H
#define SMTPGATE_TESTS_SECCOMP_H

#include <stddef.h>

/* calls: numbers of system calls (SYS_*). It stays until the process ends; needs no privilege. */
void seccomp_deny(const long *calls, size_t count, int errnum);

#endif
