/* bare_sockets ADDRESS:PORT BULK: the service over the kernel's sockets and epoll, for lmn, and in a namespace for nvl. */
#include "bench/transports/bare_epoll.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct bare_epoll b;
	if (argc != 3)
		return fprintf(stderr, "bare_sockets ADDRESS:PORT BULK\n"), 64;
	bare_epoll_open(&b, bare_epoll_listen(argv[1]), strtoull(argv[2], NULL, 10));
	for (;;)
		bare_epoll_turn(&b, -1);
}
