/* What a switch has counted, asked at its console (vde_switch -M): see vde_bed.h. */
#include "conformance/vde_bed.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX 16384 /* bytes about all its ports */
#define PATIENCE_MS 60000
#define DONE "\n1000 "

static int connect_to(const char *console)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", console);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Up to the line that says that all was told. */
static bool read_answer(int fd, char *out, size_t room)
{
	size_t n = 0;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	for (out[0] = '\0'; !strstr(out, DONE); out[n] = '\0') {
		ssize_t r = n + 1 < room && poll(&p, 1, PATIENCE_MS) == 1
				    ? read(fd, out + n, room - n - 1)
				    : 0;
		if (r <= 0)
			return false;
		n += (size_t)r;
	}
	return true;
}

static bool ask(const char *console, const char *question, char *out, size_t room)
{
	int fd = connect_to(console);
	bool told = fd >= 0 && write(fd, question, strlen(question)) == (ssize_t)strlen(question) &&
		    read_answer(fd, out, room);
	if (fd >= 0)
		close(fd);
	return told;
}

uint64_t vde_console_bytes(const char *console)
{
	char text[ANSWER_MAX];
	uint64_t all = 0, bytes;
	if (!ask(console, "port/print\n", text, sizeof text)) {
		fprintf(stderr, "vde_bed: the switch does not tell what it counted: %s\n", console);
		abort();
	}
	for (const char *at = text; (at = strstr(at, "\n IN:")); at++)
		if (sscanf(at, " IN: pkts %*u bytes %" SCNu64, &bytes) == 1)
			all += bytes;
	return all;
}
