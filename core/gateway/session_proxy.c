/*
 * For whom a proxy speaks: the PROXY header that a connection from a peer in proxy_from begins with, before TLS and before the greeting. Part
 * of session.h. Until the header is there the session has no engine, no place among the clients, and PROXY_MS; then it is that of the
 * client that the header names, for every rule, limit and log. A peer in proxy_from that brings none is closed: to take it for a client of its
 * own would let whoever can reach the proxy be the proxy. A header from anybody else is refused, or it would be a client's to choose who it is.
 */
#include "gateway/session_internal.h"

#include "base/text.h"
#include "route/client.h"

#include <stdlib.h>

#define PROXY_MS 10000 /* for a whole header, however its bytes trickle */

/* The connection ends without a word: nobody knows yet who would read it. */
static void refuse(struct session *s, const char *why)
{
	LOG(LOG_WARN, s->id, "session", "refused", F_S("client", s->client),
	    F_S("listener", s->in->name), F_S("reason", "no good PROXY header"), F_S("why", why),
	    F_S("remedy", "make the proxy send it (haproxy: send-proxy-v2, nginx: proxy_protocol "
			  "on), or take its address out of proxy_from"));
	session_refused(s, REFUSED_PROXY, "it is in proxy_from and sent no good PROXY header");
	channel_abort(s->channel);
}

/* Those who wait are no clients yet, and bounded all the same. */
static bool is_full(struct session *s)
{
	if (atomic_load(&s->in->sessions) <= s->conf->max_connections)
		return false;
	session_refused(s, REFUSED_FULL, "too many connections of all clients");
	LOG(LOG_WARN, s->id, "session", "refused", F_S("client", s->client),
	    F_S("listener", s->in->name), F_S("reason", "too many connections"));
	return true;
}

bool session_proxy_await(struct session *s)
{
	if (!route_client_fits(&s->conf->proxy_from, s->client))
		return false;
	if (!is_full(s))
		s->proxy = calloc(1, sizeof *s->proxy);
	if (s->proxy)
		channel_set_timeout(s->channel, PROXY_MS);
	else
		channel_abort(s->channel); /* full, or memory is short */
	return true;
}

void session_proxy_eof(struct session *s)
{
	if (s->proxy->state == SMTP_PROXY_START)
		channel_close(s->channel); /* it looks whether we are there */
	else
		refuse(s, "it closed the connection in the middle of it");
}

void session_proxy_timeout(struct session *s)
{
	refuse(s, "it was not there within 10 s");
}

/* All of it is there: the client is whom it names, or the proxy itself, as the document of the protocol wants. */
static void settle(struct session *s)
{
	char proxy[sizeof s->client];
	text_copy(proxy, sizeof proxy, s->client);
	if (s->proxy->known)
		net_ip_format(&s->proxy->client, s->client, sizeof s->client);
	LOG(LOG_INFO, s->id, "session", "proxied", F_S("client", s->client), F_S("by", proxy),
	    F_S("listener", s->in->name));
	free(s->proxy);
	s->proxy = NULL;
	session_begin(s);
}

size_t session_proxy_feed(struct session *s, const char *bytes, size_t n)
{
	size_t used = smtp_proxy_feed(s->proxy, bytes, n);
	if (s->proxy->state == SMTP_PROXY_FAILED) {
		refuse(s, s->proxy->why);
		return n;
	}
	if (s->proxy->state == SMTP_PROXY_DONE)
		settle(s);
	if (used < n)
		channel_resume(s->channel); /* what is behind it is the client's */
	return used;
}

bool session_proxy_refused(struct session *s, const char *bytes, size_t n)
{
	struct smtp_reply reply;
	if (!smtp_proxy_claimed(&s->look, bytes, n))
		return false;
	LOG(LOG_WARN, s->id, "session", "refused", F_S("client", s->client),
	    F_S("listener", s->in->name), F_S("reason", "a PROXY header from it"),
	    F_S("remedy", "if it is a proxy of yours, name it in proxy_from of the listener"));
	session_refused(s, REFUSED_PROXY, "it sent a PROXY header and is not in proxy_from");
	smtp_reply_set(&reply, 421, "4.3.5", "%s takes no PROXY header from %s",
		       s->settings->gateway.hostname, s->client);
	session_end(s, &reply);
	return true;
}
