/*
 * Memory for sessions: what each takes of the budget ([gateway] memory_max), and the wait of a client whose message has no
 * room. Part of session.h. A client waits at DATA, unread, for ROOM_MS; then its message is refused with 452, and it may come again.
 */
#include "gateway/session_internal.h"

#include "base/budget.h"

#include <string.h>

#define SESSION_BYTES 8192     /* an idle session */
#define UNREAD_BYTES 4096      /* of that for replies on their way */
#define INPUT_BYTES 16384      /* what it has sent by the time that it is not read any more */
#define SECURE_BYTES 32768     /* and what TLS adds */
#define RECIPIENT_BYTES 128    /* of an envelope, beside its texts */
#define MESSAGE_BYTES 4096     /* an envelope without recipients, a header's look */
#define LOOK_MS 50             /* between two looks for room */
#define ROOM_MS INT64_C(10000) /* then the client is told to come again */

static bool take(struct session *s, size_t n)
{
	if (!budget_try(n))
		return false;
	s->reserved += n;
	return true;
}

bool session_room_begin(struct session *s)
{
	if (!budget_try(SESSION_BYTES))
		return false;
	s->kept = SESSION_BYTES;
	return true;
}

void session_room_secure(struct session *s)
{
	budget_take(SECURE_BYTES);
	s->kept += SECURE_BYTES;
}

void session_room_end(struct session *s)
{
	session_room_drop(s);
	session_room_sent(s);
	budget_give(s->kept);
	s->kept = 0;
}

size_t session_room_of(const char *address, const char *asks)
{
	return RECIPIENT_BYTES + strlen(address) + strlen(asks);
}

bool session_room_recipients(struct session *s, size_t room)
{
	return take(s, room);
}

void session_room_spared(struct session *s, size_t room)
{
	budget_give(room);
	s->reserved -= room;
}

/* Contents above SPOOL_BODY_INLINE go to a file. A buffer grows by doubling. */
static size_t needed(const struct session *s)
{
	uint64_t size = s->declared;
	size_t most = SPOOL_BODY_INLINE;
	return MESSAGE_BYTES + (size && size < most / 2 ? (size_t)size * 2 : most);
}

bool session_room_message(struct session *s)
{
	if (!take(s, needed(s)))
		return false;
	s->room = needed(s);
	return true;
}

void session_room_grew(struct session *s, uint64_t size)
{
	size_t most = MESSAGE_BYTES + SPOOL_BODY_INLINE;
	if (s->room >= most || size * 2 + MESSAGE_BYTES <= s->room)
		return;
	budget_take(most - s->room); /* more than it had said */
	s->reserved += most - s->room;
	s->room = most;
}

void session_room_submitted(struct session *s)
{
	budget_give(s->room);
	s->reserved -= s->room;
	s->room = 0;
}

void session_room_drop(struct session *s)
{
	budget_give(s->reserved);
	s->reserved = s->room = 0;
	s->starved = 0;
}

bool session_room_output(struct session *s, size_t pending, size_t most)
{
	if (pending <= UNREAD_BYTES || s->unread)
		return true;
	if (!budget_try(most + INPUT_BYTES))
		return false;
	s->unread = most + INPUT_BYTES;
	return true;
}

void session_room_sent(struct session *s)
{
	budget_give(s->unread);
	s->unread = 0;
}

/* ---- the wait ---- */

void session_room_wait(struct session *s)
{
	s->starved = clock_mono(s->lane->vendor->g->clock) + ROOM_MS;
}

int64_t session_room_timeout(const struct session *s)
{
	return s->starved ? LOOK_MS : smtp_server_timeout(s->server);
}

enum session_room session_room_look(struct session *s)
{
	if (session_room_message(s)) {
		s->starved = 0;
		return SESSION_ROOM;
	}
	if (clock_mono(s->lane->vendor->g->clock) < s->starved)
		return SESSION_NO_ROOM_YET;
	s->starved = 0;
	return SESSION_NO_ROOM;
}
