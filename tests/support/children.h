/* Processes that a test, or what it tests, has started: found in /proc. */
#ifndef SMTPGATE_TESTS_CHILDREN_H
#define SMTPGATE_TESTS_CHILDREN_H

#include <sys/types.h>

/* A child of a process that is not a zombie, or 0: it has none. name NULL: whatever it is called. */
pid_t child_of(pid_t parent, const char *name);
/* Waits until there is no such process (a zombie is none); the test fails when it does not end. */
void child_await_end(pid_t pid);

#endif
