/* The service over descriptors and epoll, with nothing between: what bare_lmn, bare_nvl and bare_win stand on. */
#ifndef SMTPGATE_BENCH_BARE_EPOLL_H
#define SMTPGATE_BENCH_BARE_EPOLL_H

#include <stddef.h>

struct bare_epoll {
	int fd, door;
	size_t bulk; /* bytes of the bulk out */
};

/* Serves a listening descriptor, non-blocking from now on. Ends the program with a sentence when it cannot. */
void bare_epoll_open(struct bare_epoll *b, int door, size_t bulk);
/* One turn: waits at most ms (-1: without limit). */
void bare_epoll_turn(struct bare_epoll *b, int ms);
/* Listens at IPv4:PORT of the kernel and says the address on standard output. */
int bare_epoll_listen(const char *address);
/* Ends the program with what failed, and errno. */
_Noreturn void bare_fail(const char *what);

#endif
