/*
 * Network namespaces for tests: each test that calls netns_enter is alone with a loopback device that is down.
 * Check runs each test in a process of its own, so nothing has to be left again.
 */
#ifndef SMTPGATE_TESTS_NETNS_H
#define SMTPGATE_TESTS_NETNS_H

#include <stdbool.h>

/* May this process make one? false: with the reason on standard output; a program then exits 77 (skipped). */
bool netns_possible(void);
void netns_enter(void);
/* Sets a device up or down (ioctl: no program is needed). */
void netns_device(const char *name, bool up);
/* netns_enter with the loopback device up. */
void netns_enter_with_loopback(void);

#endif
