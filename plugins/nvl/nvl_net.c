/* Private networks and who shares them: see nvl_net.h. Kept in a list of the main thread's, by section and settings. */
#include "nvl/nvl_net.h"
#include "nvl/nvl_process.h"
#include "support/error.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct nvl_net {
	struct nvl_net *next;
	char *name;
	unsigned users;
	struct nvl_spec spec;
	pthread_mutex_t lock; /* of all below */
	struct nvl_process helper;
	int link; /* to the worker; -1: not built */
	unsigned long build;
};

static struct nvl_net *nets; /* the main thread's */

/* ---- taking and releasing ---- */

static struct nvl_net *find(const char *name, const struct nvl_spec *spec)
{
	struct nvl_net *n = nets;
	while (n && (strcmp(n->name, name) != 0 || memcmp(&n->spec, spec, sizeof *spec) != 0))
		n = n->next;
	return n;
}

static struct nvl_net *make(const char *name, const struct nvl_spec *spec)
{
	struct nvl_net *n = calloc(1, sizeof *n);
	if (n)
		n->name = strdup(name);
	if (!n || !n->name) {
		free(n);
		return NULL;
	}
	n->spec = *spec;
	n->helper = (struct nvl_process)NVL_PROCESS_NONE;
	n->link = -1;
	pthread_mutex_init(&n->lock, NULL);
	n->next = nets;
	nets = n;
	return n;
}

struct nvl_net *nvl_net_take(const char *name, const struct nvl_spec *spec)
{
	struct nvl_net *n = find(name, spec);
	if (!n)
		n = make(name, spec);
	if (n)
		n->users++;
	return n;
}

static void unlink_worker(struct nvl_net *n)
{
	if (n->link >= 0)
		close(n->link);
	n->link = -1;
}

void nvl_net_release(struct nvl_net **net)
{
	struct nvl_net *n = *net, **at = &nets;
	*net = NULL;
	if (!n || --n->users)
		return;
	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	unlink_worker(n);
	nvl_process_end(&n->helper);
	pthread_mutex_destroy(&n->lock);
	free(n->name);
	free(n);
}

/* ---- building ---- */

/* What a worker has to say is left where it is, for everybody who shares the link. */
static bool is_up(const struct nvl_net *n)
{
	struct nvl_word word;
	return n->link >= 0 && nvl_talk_receive(n->link, &word, sizeof word, NULL, 0) == -ETIMEDOUT;
}

static bool start_helper(struct nvl_net *n, struct nvl_word *why)
{
	nvl_process_end(&n->helper);
	return nvl_process_start(&n->helper, why);
}

/* By the helper that is there, else by a new one: its rights are then those that we have left. */
static bool build(struct nvl_net *n, struct nvl_word *why)
{
	bool gone = false;
	unlink_worker(n);
	if (n->helper.pid)
		n->link = nvl_process_order(&n->helper, &n->spec, &gone, why);
	if ((!n->helper.pid || gone) && start_helper(n, why))
		n->link = nvl_process_order(&n->helper, &n->spec, &gone, why);
	n->build++;
	return n->link >= 0;
}

static enum sgt_result tell(const struct nvl_word *why, struct sgt_error *error)
{
	error_set(error, why->code == SGT_FORBIDDEN ? SGT_DENIED : SGT_SOCKET, "%s", why->cause);
	error_remedy(error, "%s", why->remedy);
	return error->result;
}

enum sgt_result nvl_net_up(struct nvl_net *n, unsigned long *number, int *link,
			   struct sgt_error *error)
{
	struct nvl_word why;
	enum sgt_result r = SGT_OK;
	*link = -1;
	pthread_mutex_lock(&n->lock);
	if (!is_up(n) && !build(n, &why))
		r = tell(&why, error);
	if (r == SGT_OK) {
		*number = n->build;
		*link = fcntl(n->link, F_DUPFD_CLOEXEC, 0);
		if (*link < 0)
			r = error_errno(error, ERROR_SOCKET, errno, "private network");
	}
	pthread_mutex_unlock(&n->lock);
	return r;
}

/* ---- sockets ---- */

/* The worker's answer: a descriptor or -errno. A worker that does not answer is given up, for all. */
static int answer(const struct nvl_net *n)
{
	struct nvl_word word = {.op = 0};
	int fd = -1;
	ssize_t seen = nvl_talk_receive(n->link, &word, sizeof word, NULL, NVL_PATIENCE_MS);
	if (seen >= (ssize_t)NVL_WORD_HEAD && word.op == NVL_SOCKET) {
		nvl_talk_receive(n->link, &word, sizeof word, &fd, 0);
		if (fd < 0)
			return word.code ? -word.code : -EMFILE; /* it came, and found no room */
		return fd;
	}
	if (seen == -ETIMEDOUT)
		shutdown(n->link, SHUT_RDWR);
	return -ENETDOWN;
}

static int wish(struct nvl_net *n, unsigned long number, const struct nvl_want *want)
{
	int fd = -ENETDOWN;
	pthread_mutex_lock(&n->lock);
	if (n->link >= 0 && n->build == number &&
	    nvl_talk_send(n->link, want, sizeof *want, -1) == 0)
		fd = want->wish == NVL_WANT_GO ? 0 : answer(n);
	pthread_mutex_unlock(&n->lock);
	return fd;
}

int nvl_net_socket(struct nvl_net *n, unsigned long number, int family, int type)
{
	return wish(n, number,
		    &(struct nvl_want){.wish = NVL_WANT_SOCKET, .family = family, .type = type});
}

int nvl_net_port(struct nvl_net *n, unsigned long number)
{
	return wish(n, number, &(struct nvl_want){.wish = NVL_WANT_PORT});
}

void nvl_net_go(struct nvl_net *n, unsigned long number)
{
	wish(n, number, &(struct nvl_want){.wish = NVL_WANT_GO});
}

enum sgt_result nvl_net_why(int link, struct sgt_error *error)
{
	struct nvl_word word;
	ssize_t n = nvl_talk_receive(link, &word, sizeof word, NULL, 0);
	if (n == (ssize_t)sizeof word && word.op == NVL_LOST) {
		error_set(error, SGT_SOCKET, "%s", word.cause);
		error_remedy(error, "%s", word.remedy);
		return SGT_SOCKET;
	}
	return error_set(error, SGT_SOCKET,
			 "the helper that holds the private network was killed, or hangs");
}

/* ---- trying ---- */

static bool trial(const struct nvl_net *n, struct nvl_word *why)
{
	struct nvl_spec spec = n->spec;
	struct nvl_process helper;
	bool gone;
	int link = -1;
	spec.trial = 1;
	if (nvl_process_start(&helper, why)) {
		link = nvl_process_order(&helper, &spec, &gone, why);
		if (link >= 0)
			close(link);
		nvl_process_end(&helper);
	}
	return link >= 0;
}

void nvl_net_try(struct nvl_net *n, struct sgt_report *report)
{
	struct nvl_word why;
	pthread_mutex_lock(&n->lock);
	if (is_up(n) || trial(n, &why)) {
		report->state = SGT_RUNNING;
	} else {
		report->state = (enum sgt_state)why.code;
		memcpy(report->cause, why.cause, sizeof report->cause);
		memcpy(report->remedy, why.remedy, sizeof report->remedy);
	}
	pthread_mutex_unlock(&n->lock);
}
