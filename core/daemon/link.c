/* The asking end of the control socket: see link.h. Owns one descriptor and one buffer. */
#include "daemon/link.h"

#include "base/clock.h"
#include "base/text.h"
#include "daemon/words.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Waits for events: 1, or 0 when the time is over. */
static int await(int fd, short events, int64_t until)
{
	for (;;) {
		int64_t left = until - clock_mono(clock_system());
		struct pollfd p = {.fd = fd, .events = events};
		int n = left > 0 ? poll(&p, 1, left > 60000 ? 60000 : (int)left) : 0;
		if (n > 0)
			return 1;
		if (left <= 0)
			return 0;
	}
}

static enum result not_running(struct err *err, const char *path)
{
	err_set(err, E_NOTFOUND, "the gateway is not running (no answer at %s)", path);
	err_remedy(err, "smtpgate run --daemon, or systemctl start smtpgate");
	return E_NOTFOUND;
}

/* One try: 0, or errno. A full backlog gives EAGAIN at once: the caller tries again. */
static int try_connect(int fd, const struct sockaddr_un *un)
{
	return connect(fd, (const struct sockaddr *)un, sizeof *un) == 0 ? 0 : errno;
}

enum result link_open(struct link *l, const char *path, struct err *err)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	*l = (struct link){.fd = -1};
	buf_init(&l->in, LINK_LINE);
	if (!text_copy(un.sun_path, sizeof un.sun_path, path))
		return err_set(err, E_LIMIT, "the path of the control socket is too long: %s",
			       path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_errno(err, errno, "no socket");
	int64_t until = clock_mono(clock_system()) + LINK_CONNECT_MS;
	int failed;
	while ((failed = try_connect(l->fd, &un)) == EAGAIN && clock_mono(clock_system()) < until)
		poll(NULL, 0, 50);
	if (!failed)
		return OK;
	link_close(l);
	if (failed == ENOENT || failed == ECONNREFUSED || failed == ENOTDIR)
		return not_running(err, path);
	if (failed == EAGAIN)
		return err_set(err, E_TIMEOUT, "the gateway does not answer at %s", path);
	enum result r = err_errno(err, failed, "the control socket %s", path);
	if (r == E_DENIED)
		err_remedy(err,
			   "be root, or a member of the group that [gateway] control_group names");
	return r;
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	buf_free(&l->in);
}

static enum result send_all(struct link *l, const char *bytes, size_t n, struct err *err)
{
	int64_t until = clock_mono(clock_system()) + LINK_ANSWER_MS;
	while (n) {
		ssize_t sent = send(l->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent > 0) {
			bytes += sent;
			n -= (size_t)sent;
		} else if (errno != EAGAIN && errno != EINTR) {
			return err_set(err, E_CLOSED, "the gateway closed the control connection");
		} else if (!await(l->fd, POLLOUT, until)) {
			return err_set(err, E_TIMEOUT, "the gateway does not take the request");
		}
	}
	return OK;
}

/* Reads what is there, waiting for the first byte. */
static enum result fill(struct link *l, struct err *err)
{
	char *room = buf_reserve(&l->in, 64 * 1024);
	if (!room)
		return err_set(err, E_LIMIT, "the gateway's answer has a line that is too long");
	if (!await(l->fd, POLLIN, clock_mono(clock_system()) + LINK_ANSWER_MS))
		return err_set(err, E_TIMEOUT, "the gateway did not answer in %d s",
			       LINK_ANSWER_MS / 1000);
	ssize_t n = recv(l->fd, room, 64 * 1024, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return OK;
	if (n <= 0)
		return err_set(err, E_CLOSED, "the gateway closed the control connection");
	buf_grew(&l->in, (size_t)n);
	return OK;
}

/* The next line as JSON; NULL: see err. */
static json_t *next_line(struct link *l, struct err *err)
{
	size_t seen = 0;
	for (;;) {
		char *head = buf_head(&l->in);
		char *end = l->in.len > seen ? memchr(head + seen, '\n', l->in.len - seen) : NULL;
		if (end) {
			json_t *object = json_loadb(head, (size_t)(end - head), 0, NULL);
			buf_consume(&l->in, (size_t)(end - head) + 1);
			if (!json_is_object(object)) {
				json_decref(object);
				object = NULL;
				err_set(err, E_CORRUPT,
					"what answers at the control socket is no gateway");
			}
			return object;
		}
		seen = l->in.len;
		if (fill(l, err) != OK)
			return NULL;
	}
}

enum result link_ask(struct link *l, json_t *request, bool (*line)(void *ctx, const json_t *object),
		     void *ctx, json_t **last, struct err *err)
{
	struct err local;
	err = err ? err : &local;
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL, *whole = NULL;
	int n = text ? asprintf(&whole, "%s\n", text) : -1;
	json_decref(request);
	free(text);
	if (n < 0)
		return err_set(err, E_NOMEM, "no memory for the request");
	enum result r = send_all(l, whole, (size_t)n, err);
	free(whole);
	while (r == OK) {
		json_t *object = next_line(l, err);
		if (!object)
			return err->code;
		bool ok = json_object_get(object, "ok"), more = !ok;
		const json_t *error = json_object_get(object, "error");
		if (error) {
			words_to_err(error, err);
			r = err->code;
		} else if (!ok && line && !line(ctx, object)) {
			r = err_set(err, E_CANCELLED, "the answer was not read to its end");
		}
		if (ok && last)
			*last = json_incref(object);
		json_decref(object);
		if (!more)
			break;
	}
	return r;
}

enum result link_wait_end(struct link *l, int64_t ms, struct err *err)
{
	int64_t until = clock_mono(clock_system()) + ms;
	char byte;
	while (await(l->fd, POLLIN, until)) {
		ssize_t n = recv(l->fd, &byte, 1, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return OK;
	}
	return err_set(err, E_TIMEOUT, "the gateway has not ended after %lld s",
		       (long long)ms / 1000);
}
