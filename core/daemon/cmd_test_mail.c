/*
 * test-mail: one message through the running gateway, watched until it is delivered, put off or refused, and then told as `queue show`
 * does. Owns nothing but the call's own; what the gateway took it keeps, as any mail.
 */
#include "base/clock.h"
#include "base/net.h"
#include "base/text.h"
#include "daemon/context.h"
#include "daemon/sending.h"
#include "daemon/story.h"
#include "daemon/words.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 200
#define WAIT_MS 600000 /* longer than any one attempt: its waits are bounded, too */

struct trial {
	struct sending s;
	json_t *entry; /* what was seen last; NULL: it is not in the queue yet */
	json_int_t number;
};

enum fate { FATE_OPEN, FATE_DELIVERED, FATE_PUT_OFF, FATE_REFUSED };

/* One that waits with neither an attempt nor a reason has not had its turn. */
static enum fate fate_of(const json_t *entry, const json_t *r)
{
	const char *state = words_text(r, "state");
	if (strcmp(state, "delivered") == 0)
		return FATE_DELIVERED;
	if (strcmp(state, "held") == 0)
		return FATE_PUT_OFF;
	if (strcmp(state, "waiting") != 0)
		return FATE_REFUSED;
	bool tried = words_number(r, "attempts") || *words_text(r, "reason");
	return tried && !json_is_true(json_object_get(entry, "claimed")) ? FATE_PUT_OFF : FATE_OPEN;
}

/* Of an address that is an alias for several: open as long as one is, then the worst. */
static enum fate fate(const json_t *entry)
{
	const json_t *list = json_object_get(entry, "recipients_list");
	enum fate worst = json_array_size(list) ? FATE_DELIVERED : FATE_OPEN;
	for (size_t i = 0; i < json_array_size(list); i++) {
		enum fate f = fate_of(entry, json_array_get(list, i));
		if (f == FATE_OPEN)
			return FATE_OPEN;
		worst = f > worst ? f : worst;
	}
	return worst;
}

/* Its number, of what came since it was written. */
static bool find_number(void *ctx, const json_t *line)
{
	struct trial *t = ctx;
	const json_t *entry = json_object_get(line, "entry");
	if (entry && strcmp(words_text(entry, "session"), t->s.file) == 0)
		t->number = words_number(entry, "number");
	return true;
}

static bool take_line(void *ctx, const json_t *line)
{
	return story_take(&((struct trial *)ctx)->entry, line);
}

static enum exit_status look(struct trial *t)
{
	struct call *c = t->s.call;
	json_t *filter, *request;
	if (!t->number) {
		filter = json_pack("{s:I, s:b}", "since", (json_int_t)t->s.envelope.arrived,
				   "ended", 1);
		request = json_pack("{s:s, s:o}", "command", "queue.list", "filter", filter);
		return context_ask(c, request, find_number, t, NULL);
	}
	json_decref(t->entry);
	t->entry = NULL;
	filter = json_pack("{s:[I], s:b}", "numbers", t->number, "ended", 1);
	request = json_pack("{s:s, s:o, s:b, s:b}", "command", "queue.list", "filter", filter,
			    "recipients", 1, "attempts", 1);
	return context_ask(c, request, take_line, t, NULL);
}

static void rest(void)
{
	const struct timespec t = {.tv_nsec = LOOK_MS * 1000000L};
	nanosleep(&t, NULL);
}

static void tell(struct trial *t)
{
	FILE *to = t->s.call->out;
	if (call_option(t->s.call, OPT_JSON) && t->entry) {
		json_dumpf(t->entry, to, JSON_COMPACT);
		fputc('\n', to);
	} else if (t->entry) {
		story_print(t->entry, t->s.settings, clock_wall(clock_system()), to);
	}
	fflush(to);
}

static enum exit_status judge(struct trial *t)
{
	struct err err;
	switch (fate(t->entry)) {
	case FATE_DELIVERED:
		return EXIT_DONE;
	case FATE_PUT_OFF:
		return EXIT_TEMPORARY;
	case FATE_REFUSED:
		return EXIT_FAILED;
	default:
		err_set(&err, E_TIMEOUT, "%s after %d min",
			t->number ? "nothing has become of it" : "the gateway has not taken it",
			WAIT_MS / 60000);
		err_remedy(&err, "see the log, and: smtpgate status");
		return call_fail(t->s.call, EXIT_TEMPORARY, &err);
	}
}

static enum exit_status watch(struct trial *t)
{
	const struct clock *clock = clock_system();
	int64_t end = clock_mono(clock) + WAIT_MS;
	bool patient = isatty(fileno(t->s.call->err));
	enum exit_status status;
	struct err err;
	if (patient)
		fputs("waiting for what becomes of it ...\n", t->s.call->err);
	while ((status = look(t)) == EXIT_DONE && fate(t->entry) == FATE_OPEN &&
	       clock_mono(clock) < end)
		rest();
	if (status != EXIT_DONE) { /* also when it went away in the middle of an answer */
		err_set(&err, E_STATE,
			"the gateway has stopped, and the message waits for its next start");
		err_remedy(&err, "see later: smtpgate queue list");
		return call_fail(t->s.call, EXIT_TEMPORARY, &err);
	}
	tell(t);
	return judge(t);
}

static enum result write_text(struct trial *t, struct buf *text)
{
	const struct settings *s = t->s.settings;
	return buf_printf(
		text,
		"Subject: Test of smtpgate on %s\r\nTo: %s\r\nAuto-Submitted: auto-generated\r\n"
		"\r\nThis was sent by `smtpgate test-mail` on %s, to see whether mail gets "
		"through.\r\n"
		"Configuration: %s\r\n",
		s->gateway.hostname, t->s.envelope.recipients[0], s->gateway.hostname, s->file);
}

/* What comes in there has its name and priority; false: there is no such listener or pickup folder. */
static bool enter_by(struct mail_envelope *e, const struct settings *s, const char *name)
{
	const struct conf_listen *l = s->listens, *l_end = l + s->listen_count;
	const struct conf_pickup *p = s->pickups, *p_end = p + s->pickup_count;
	while (l < l_end && !text_same(l->name, name))
		l++;
	while (p < p_end && !text_same(p->name, name))
		p++;
	if (l == l_end && p == p_end)
		return false;
	e->listener = l < l_end ? l->name : p->name;
	e->priority = l < l_end ? l->priority : p->priority;
	return true;
}

/* --listener and --client: routes and priority are those of mail that came in so. The gateway believes it of root and of its own user
 * alone (spool/maildrop.c). */
static enum exit_status pretend(struct trial *t)
{
	struct call *c = t->s.call;
	struct mail_envelope *e = &t->s.envelope;
	const char *listener = call_option(c, OPT_LISTENER), *client = call_option(c, OPT_CLIENT);
	struct stat st;
	struct net_ip ip;
	struct err err;
	if (!listener && !client)
		return EXIT_DONE;
	if (client && net_ip_parse(client, &ip) != OK)
		return call_usage(c, "--client %s is no IP address", client);
	if (listener && !enter_by(e, t->s.settings, listener))
		return call_usage(c, "--listener: there is no [listen %s] and no [pickup %s]",
				  listener, listener);
	if (geteuid() != 0 &&
	    (stat(t->s.settings->gateway.spool, &st) < 0 || st.st_uid != geteuid())) {
		err_set(&err, E_DENIED,
			"test-mail: where mail came in is for root and the gateway's "
			"own user to say");
		err_remedy(&err, "call it as root, or without --listener and --client");
		return call_fail(c, EXIT_FAILED, &err);
	}
	e->client = client ? client : e->client;
	return EXIT_DONE;
}

static enum exit_status try(struct trial *t)
{
	struct call *c = t->s.call;
	struct buf text;
	struct err err;
	enum result r = sending_begin(&t->s, call_option(c, OPT_SENDER), &err);
	if (r == E_SYNTAX)
		return call_usage(c, "%s", err.text);
	if (r != OK)
		return call_fail(c, exit_of_result(r), &err);
	if (t->s.envelope.count != 1)
		return call_usage(c, "test-mail takes one address");
	enum exit_status status = pretend(t);
	if (status != EXIT_DONE)
		return status;
	buf_init(&text, 0);
	if (write_text(t, &text) != OK) {
		buf_free(&text);
		err_set(&err, E_NOMEM, "no memory for the message");
		return call_fail(c, EXIT_TEMPORARY, &err);
	}
	status = sending_finish(&t->s, &text);
	return status == EXIT_DONE ? watch(t) : status;
}

enum exit_status cmd_test_mail(struct call *c)
{
	struct trial t = {.s.call = c};
	struct link l;
	enum exit_status status = context_link(c, &l); /* without a gateway nothing is written */
	if (status != EXIT_DONE)
		return status;
	link_close(&l);
	status = context_load(c, false, false, &t.s.settings);
	if (status == EXIT_DONE)
		status = try(&t);
	json_decref(t.entry);
	sending_end(&t.s);
	return status;
}
