/*
 * The control socket: where queue, status, reload and stop reach the running gateway. A stream of lines, each one JSON
 * object:
 *
 *	client:  {"command": "queue.list", "filter": {...}}
 *	gateway: {"entry": {...}}              any number of lines, of the command's own
 *	gateway: {"ok": true}                  the last one; or
 *	gateway: {"error": {"result": "not-found", "text": "...", "remedy": "..."}}
 *
 * and then, on the same connection, the next request. What this file owns: the socket, its clients, framing and limits.
 * What a command means is the server's (requests.h), which answers at once or by a job:
 *
 *	READING --line--> ANSWERING --control_ok, control_error--> READING
 *	   |                  |  \--control_hold--> HELD (until the gateway ends: `stop` waits for that)
 *	   any --peer gone, limit, out of time--> gone (the job is told)
 *
 * Main thread only.
 */
#ifndef SMTPGATE_DAEMON_CONTROL_H
#define SMTPGATE_DAEMON_CONTROL_H

#include "base/loop.h"
#include "base/result.h"
#include "daemon/rights.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define CONTROL_CLIENTS 32         /* at a time; one more is told so and closed */
#define CONTROL_LINE (64u * 1024)  /* bytes of a request at most */
#define CONTROL_ROOM (128u * 1024) /* unsent bytes above which a job is not asked for more */
#define CONTROL_IDLE_MS 60000 /* without a byte moving either way; who waits for us gets {} then */

struct control;
struct control_client;

struct control_options {
	struct loop *loop;
	const char *path;
	const char *group;           /* whose members may connect, when there is such a group */
	const struct rights *rights; /* whom folder and socket are given to */
	void (*request)(void *ctx, struct control_client *c, const json_t *request);
	void *ctx;
};

/*
 * Makes the socket (mode 0660 for the group, else 0600) and its folder. A socket that nobody answers on is removed first; one
 * that answers is E_BUSY and names the process. Nothing is served before control_serve.
 */
enum result control_open(struct control **s, const struct control_options *o, struct err *err);
enum result control_serve(struct control *s, struct err *err);
/* Takes no clients any more and ends all but those that are held. NULL is fine. */
void control_quiet(struct control *s);
/* Ends every client and removes the socket. NULL is fine. */
void control_close(struct control **s);

/* ---- answering, within `request` or a job's `more` ---- */

struct control_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};
const struct control_peer *control_peer(const struct control_client *c);
/* One line of the answer; takes the reference. NULL (memory was short) ends the client. */
void control_line(struct control_client *c, json_t *object);
/* The last line; members of `extra` (taken, may be NULL) stand beside "ok". */
void control_ok(struct control_client *c, json_t *extra);
void control_error(struct control_client *c, const struct err *err);
/* After control_ok: reads no more and keeps the connection open until control_close, however long. */
void control_hold(struct control_client *c);

/* An answer that comes in pieces or later. Embedded by its owner. */
struct control_job {
	struct control_client *client; /* NULL when the client went away or the answer ended */
	/* Asked when there is room for output: write lines, the end, or nothing and call control_more later. */
	void (*more)(struct control_job *j);
	/* The answer ended or the client is lost; client is NULL. Called once. */
	void (*gone)(struct control_job *j);
};
/* Instead of answering at once. `more` is called soon. */
void control_begin(struct control_client *c, struct control_job *j);
/* There is something to write now: calls `more`, at once or when there is room. From outside of callbacks. */
void control_more(struct control_job *j);

#endif
