/* One client of the control socket, as control.c and control_client.c share it. */
#ifndef SMTPGATE_DAEMON_CONTROL_CLIENT_H
#define SMTPGATE_DAEMON_CONTROL_CLIENT_H

#include "base/buf.h"
#include "daemon/control.h"

struct control {
	struct loop *loop;
	struct watch watch;
	struct timer again; /* the listener was paused for want of descriptors */
	bool serving, bound;
	char *path; /* owned */
	void (*request)(void *ctx, struct control_client *c, const json_t *request);
	void *ctx;
	struct control_client *clients;
	size_t client_count;
};

enum control_state { CONTROL_READING, CONTROL_ANSWERING, CONTROL_HELD };

struct control_client {
	struct control_client *next, *prev;
	struct control *server;
	struct watch watch;
	struct timer idle;
	struct control_peer peer;
	enum control_state state;
	struct buf in, out;
	size_t scanned; /* bytes of `in` known to hold no line end */
	struct control_job *job;
	bool in_more; /* within the job's `more` */
	bool eof;     /* the peer sends no more */
	bool dead;    /* to be ended when the stack is unwound */
};

/* Takes the connected descriptor; ends it at once when memory is short. */
void control_client_new(struct control *s, int fd);
/* Closes and frees it; its job is told. */
void control_client_end(struct control_client *c);

#endif
