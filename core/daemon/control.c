/*
 * The control socket's listening side: see control.h. Owns the socket file and the list of clients; one client's
 * life is in control_client.c.
 */
#include "daemon/control.h"

#include "base/log.h"
#include "base/text.h"
#include "daemon/control_client.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PAUSE_MS 1000 /* without descriptors for new clients: wait, do not spin */

static enum result fill_address(struct sockaddr_un *un, const char *path, struct err *err)
{
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (text_copy(un->sun_path, sizeof un->sun_path, path))
		return OK;
	err_set(err, E_LIMIT, "the path of the control socket is longer than %zu bytes: %s",
		sizeof un->sun_path - 1, path);
	err_remedy(err, "set a shorter one: [gateway] control = /run/smtpgate/control");
	return E_LIMIT;
}

/* Removes a socket file that nobody answers on. */
static enum result clear_stale(const struct sockaddr_un *un, struct err *err)
{
	struct stat st;
	struct ucred peer = {0};
	socklen_t size = sizeof peer;
	if (lstat(un->sun_path, &st) != 0)
		return errno == ENOENT ? OK : err_errno(err, errno, "%s", un->sun_path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, E_EXISTS, "%s is there and no socket: it is left alone",
			       un->sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failed = connect(fd, (const struct sockaddr *)un, sizeof *un) != 0 ? errno : 0;
	if (!failed)
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	close(fd);
	if (failed == ECONNREFUSED)
		return unlink(un->sun_path) == 0 ? OK : err_errno(err, errno, "%s", un->sun_path);
	if (failed && failed != EAGAIN) /* EAGAIN: somebody listens and is busy */
		return err_errno(err, failed, "the control socket %s", un->sun_path);
	err_set(err, E_BUSY, "another gateway answers at %s (process %ld)", un->sun_path,
		(long)peer.pid);
	err_remedy(err, "smtpgate stop, or give this one its own spool and control");
	return E_BUSY;
}

/* Mode and owner: the group when there is one, else only the gateway's user. */
static enum result give_access(const struct control_options *o, struct err *err)
{
	const struct group *g = o->group && *o->group ? getgrnam(o->group) : NULL;
	bool root = geteuid() == 0;
	uid_t owner = root && o->rights->change ? o->rights->uid : (uid_t)-1;
	mode_t mode = 0600;
	if (g && chown(o->path, owner, g->gr_gid) == 0) {
		mode = 0660;
	} else {
		if (g)
			LOG(LOG_WARN, NULL, "control", "closed to group", F_S("group", o->group),
			    F_S("error", strerror(errno)));
		if (owner != (uid_t)-1 && chown(o->path, owner, o->rights->gid) != 0)
			return err_errno(err, errno, "%s cannot be given to the gateway's user",
					 o->path);
	}
	if (chmod(o->path, mode) != 0)
		return err_errno(err, errno, "%s cannot get its mode", o->path);
	return OK;
}

static enum result make_folder(const struct control_options *o, struct err *err)
{
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	text_copy(path, sizeof path, o->path);
	return rights_make_folder(o->rights, dirname(path), 0755, err);
}

static enum result bind_socket(struct control *s, const struct control_options *o, struct err *err)
{
	struct sockaddr_un un;
	enum result r = fill_address(&un, o->path, err);
	if (r == OK)
		r = make_folder(o, err);
	if (r == OK)
		r = clear_stale(&un, err);
	if (r != OK)
		return r;
	s->watch.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Made for nobody else, then opened to those who may: no moment in between is too generous. */
	mode_t old = umask(0177);
	bool bound = s->watch.fd >= 0 && bind(s->watch.fd, (struct sockaddr *)&un, sizeof un) == 0;
	int failed = errno;
	umask(old);
	if (!bound)
		return err_errno(err, failed, "the control socket %s cannot be made", o->path);
	s->bound = true;
	r = give_access(o, err);
	if (r == OK && listen(s->watch.fd, CONTROL_CLIENTS) != 0)
		r = err_errno(err, errno, "the control socket %s cannot listen", o->path);
	return r;
}

static void listener_ready(struct watch *w, uint32_t events);
static void listener_again(struct timer *t);

enum result control_open(struct control **out, const struct control_options *o, struct err *err)
{
	struct control *s = calloc(1, sizeof *s);
	if (!s || !(s->path = strdup(o->path))) {
		free(s);
		return err_set(err, E_NOMEM, "no memory for the control socket");
	}
	s->loop = o->loop;
	s->request = o->request;
	s->ctx = o->ctx;
	s->watch = (struct watch){.fd = -1, .ready = listener_ready};
	s->again = (struct timer){.fire = listener_again};
	enum result r = bind_socket(s, o, err);
	if (r != OK)
		control_close(&s);
	*out = s;
	return r;
}

enum result control_serve(struct control *s, struct err *err)
{
	enum result r = loop_watch(s->loop, &s->watch, EPOLLIN);
	s->serving = r == OK;
	return r == OK ? OK : err_set(err, r, "the control socket cannot be served");
}

void control_quiet(struct control *s)
{
	struct control_client *next;
	if (!s)
		return;
	timers_clear(loop_timers(s->loop), &s->again);
	if (s->serving)
		loop_unwatch(s->loop, &s->watch);
	s->serving = false;
	for (struct control_client *c = s->clients; c; c = next) {
		next = c->next;
		if (c->state != CONTROL_HELD)
			control_client_end(c);
	}
}

void control_close(struct control **out)
{
	struct control *s = *out;
	if (!s)
		return;
	control_quiet(s);
	while (s->clients)
		control_client_end(s->clients);
	if (s->bound)
		unlink(s->path);
	if (s->watch.fd >= 0)
		close(s->watch.fd);
	free(s->path);
	free(s);
	*out = NULL;
}

static void pause_listener(struct control *s)
{
	loop_unwatch(s->loop, &s->watch);
	s->serving = false;
	timers_set(loop_timers(s->loop), &s->again, clock_mono(loop_clock(s->loop)) + PAUSE_MS);
}

static void listener_again(struct timer *t)
{
	struct control *s = (struct control *)((char *)t - offsetof(struct control, again));
	control_serve(s, NULL);
}

static void refuse_crowd(int fd)
{
	static const char line[] =
		"{\"error\":{\"result\":\"limit\",\"text\":\"too many clients at the control "
		"socket\",\"remedy\":\"try again\"}}\n";
	(void)!send(fd, line, sizeof line - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void listener_ready(struct watch *w, uint32_t events)
{
	struct control *s = (struct control *)((char *)w - offsetof(struct control, watch));
	(void)events;
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
			pause_listener(s);
		if (fd < 0)
			return;
		if (s->client_count == CONTROL_CLIENTS)
			refuse_crowd(fd);
		else
			control_client_new(s, fd);
	}
}
