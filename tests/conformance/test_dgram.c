/* Conformance: datagrams. */
#include "conformance/test.h"

#include <string.h>

static bool got_one(const void *ctx)
{
	const struct post *p = ctx;
	return p->count > 0;
}

/* The stack asks, the peer answers to where it came from, as a name server does. */
static void ask(struct test *t, struct post *post, struct peer_post *server, const char *at)
{
	char buf[64], from[SGT_ADDRESS_MAX];
	post->count = 0;
	NEED(t, t->rig.module->dgram_send(post->dgram, at, "question", 8) == SGT_OK,
	     "dgram_send to %s fails", at);
	long n = t->ops->post_recv(server, buf, sizeof buf, from, SOON);
	NEED(t, n == 8 && memcmp(buf, "question", 8) == 0, "the peer got %ld bytes", n);
	NEED(t, t->ops->post_send(server, from, "answer", 6), "the peer cannot answer to %s", from);
	NEED(t, arena_until(&t->arena, got_one, post, SOON), "no DATAGRAM");
	NEED(t, post->len == 6 && memcmp(post->data, "answer", 6) == 0, "DATAGRAM has %zu bytes",
	     post->len);
	NEED(t, strcmp(post->peer, at) == 0, "DATAGRAM is from %s, not %s", post->peer, at);
}

void conformance_datagrams_echo(struct test *t)
{
	char at[SGT_ADDRESS_MAX];
	struct peer_post *server = t->ops->post(t->peer, t->bed->peer_host, at);
	struct post *post = post_open(&t->rig, "*:0");
	NEED(t, server && post, "no datagrams");
	for (int i = 0; i < 10; i++)
		ask(t, post, server, at);
	if (t->bed->peer_host6) {
		server = t->ops->post(t->peer, t->bed->peer_host6, at);
		NEED(t, server, "no datagrams over IPv6");
		ask(t, post, server, at);
	}
	struct sgt_counters c;
	t->rig.module->counters(t->rig.stack, &c);
	NEED(t, c.bytes_in >= 60 && c.bytes_out >= 80, "datagrams are not counted");
	enum sgt_result r = t->rig.module->dgram_send(post->dgram, "nonsense", "x", 1);
	NEED(t, r == SGT_BAD_ADDRESS, "a datagram to \"nonsense\" gives %d", r);
	t->rig.module->dgram_close(post->dgram);
}

static void close_post(struct rig *rig, struct end *end, const struct sgt_event *event, void *ctx)
{
	struct post *p = ctx;
	(void)end;
	if (event->type != SGT_EV_DATAGRAM || !p->dgram)
		return;
	rig->module->dgram_close(event->dgram);
	p->dgram = NULL; /* an event after this has no living handle */
}

void conformance_datagrams_close_in_event(struct test *t)
{
	char at[SGT_ADDRESS_MAX], buf[8], from[SGT_ADDRESS_MAX];
	struct peer_post *server = t->ops->post(t->peer, t->bed->peer_host, at);
	struct post *post = post_open(&t->rig, "*:0");
	NEED(t, server && post, "no datagrams");
	NEED(t, t->rig.module->dgram_send(post->dgram, at, "q", 1) == SGT_OK, "dgram_send fails");
	NEED(t, t->ops->post_recv(server, buf, sizeof buf, from, SOON) == 1, "nothing arrives");
	t->rig.hook = close_post;
	t->rig.hook_ctx = post;
	for (int i = 0; i < 5; i++)
		t->ops->post_send(server, from, "a", 1);
	NEED(t, arena_until(&t->arena, got_one, post, SOON), "no DATAGRAM");
	arena_turns(&t->arena, QUIET);
	NEED(t, post->count == 1, "%u DATAGRAMs on a closed handle", post->count - 1);
}
