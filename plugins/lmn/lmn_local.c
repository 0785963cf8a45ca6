/*
 * Sockets of this machine that have a file for an address, "unix:/run/dovecot/lmtp": connected to as any other, listened on never.
 * No packet, so neither source, mark nor device means anything to them. The path has 107 bytes at most, as the kernel has room for.
 */
#include "lmn/lmn.h"
#include "support/sockets_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define SCHEME "unix:"
#define SCHEME_LEN (sizeof SCHEME - 1)

bool lmn_is_local(const char *text)
{
	return strncmp(text, SCHEME "/", SCHEME_LEN + 1) == 0;
}

static bool path_of(const char *text, struct sockaddr_un *to)
{
	size_t n = strlen(text + SCHEME_LEN);
	if (n >= sizeof to->sun_path)
		return false;
	*to = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(to->sun_path, text + SCHEME_LEN, n + 1);
	return true;
}

static enum sgt_result too_long(const char *text, struct sgt_error *error)
{
	return error_set(error, SGT_BAD_ADDRESS,
			 "\"%.100s\": a socket's path has at most %zu bytes", text,
			 sizeof((struct sockaddr_un *)0)->sun_path - 1);
}

enum sgt_result lmn_local_address(const char *text, char out[SGT_ADDRESS_MAX],
				  struct sgt_error *error)
{
	struct sockaddr_un to;
	_Static_assert(SCHEME_LEN + sizeof to.sun_path <= SGT_ADDRESS_MAX, "the text has room");
	if (!path_of(text, &to))
		return too_long(text, error);
	snprintf(out, SGT_ADDRESS_MAX, "%s", text);
	return SGT_OK;
}

enum sgt_result lmn_local_connect(struct sgt_stack *stack, const char *text, void *user,
				  struct sgt_conn **conn, struct sgt_error *error)
{
	struct sock_stack *s = &stack->sock;
	struct sockaddr_un to;
	size_t n = strlen(text) + 1;
	if (!path_of(text, &to))
		return too_long(text, error);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(error, ERROR_SOCKET, errno, "socket");
	struct sgt_conn *c = conn_new(s);
	if (c && (c->file = sock_alloc(s, NULL, n)))
		memcpy(c->file, text, n);
	if (!c || !c->file) {
		close(fd);
		if (c)
			conn_drop(c);
		return error_set(error, SGT_NOMEM, "memory is short for a connection");
	}
	c->user = user;
	return conn_begin(c, fd, (const struct sockaddr *)&to, sizeof to, conn, error);
}
