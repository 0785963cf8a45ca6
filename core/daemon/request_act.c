/* queue.act and queue.flush: one action on what a filter chooses, done by the spool, then the gateway looks again. */
#include "base/log.h"
#include "base/text.h"
#include "daemon/entry.h"
#include "daemon/requests.h"
#include "daemon/words.h"

#include <stdlib.h>
#include <string.h>

struct action {
	struct control_job job;
	struct spool_act act;
	struct region *region; /* filter and reason */
	struct requests_host *host;
	const char *word; /* static */
	struct control_peer peer;
	bool flush;
	bool asked, asking, answered;
};

static const struct {
	const char *word;
	enum spool_action action;
} actions[] = {{"hold", SPOOL_HOLD},
	       {"release", SPOOL_RELEASE},
	       {"remove", SPOOL_REMOVE},
	       {"retry", SPOOL_RETRY}};

static void action_free(struct action *a)
{
	region_destroy(&a->region);
	free(a);
}

static void action_gone(struct control_job *j)
{
	struct action *a = (struct action *)j;
	if (!a->asking)
		action_free(a);
}

static void action_done(struct spool_request *q)
{
	struct action *a = (struct action *)((char *)q - offsetof(struct action, act.q));
	a->asking = false;
	a->answered = true;
	if (q->result == OK) {
		LOG(LOG_INFO, NULL, "queue", "changed", F_S("action", a->flush ? "flush" : a->word),
		    F_N("messages", a->act.matched), F_N("uid", a->peer.uid));
		/* Who asks for a message now does not want to wait until its destination has rested. */
		gateway_kick(a->host->gateway, a->act.action == SPOOL_RETRY);
	}
	if (a->job.client)
		control_more(&a->job);
	else
		action_free(a);
}

static void ask(struct action *a)
{
	struct spool *s = gateway_spool(a->host->gateway);
	struct err err;
	if (!s) {
		err_set(&err, E_STATE, "the gateway is stopping");
		control_error(a->job.client, &err);
		return;
	}
	a->act.q.answer_to = loop_inbox(a->host->loop);
	a->act.q.done = action_done;
	a->act.now = clock_wall(loop_clock(a->host->loop));
	a->asked = a->asking = true;
	spool_act(s, &a->act);
}

static void action_more(struct control_job *j)
{
	struct action *a = (struct action *)j;
	if (!a->asked)
		ask(a);
	else if (a->answered && a->act.q.result != OK)
		control_error(j->client, &a->act.q.err);
	else if (a->answered)
		control_ok(j->client, json_pack("{s:I}", "matched", (json_int_t)a->act.matched));
}

/* Who asked, when the asker gave no reason: kept with the message. */
static const char *reason_of(struct action *a, const json_t *request)
{
	const char *reason = words_text(request, "reason");
	return *reason ? region_strdup(a->region, reason)
		       : region_printf(a->region, "%s by the operator (uid %ld)", a->word,
				       (long)a->peer.uid);
}

static enum result prepare(struct action *a, const json_t *request, struct err *err)
{
	enum result r =
		filter_read(json_object_get(request, "filter"), a->region, &a->act.filter, err);
	if (r != OK)
		return r;
	if (a->flush && !filter_chooses(&a->act.filter))
		a->act.filter.all = true;
	if (!filter_chooses(&a->act.filter)) {
		err_set(err, E_RANGE, "%s: no message is chosen", a->word);
		err_remedy(err, "name IDs, a filter, or --all");
		return E_RANGE;
	}
	a->act.reason = reason_of(a, request);
	return a->act.reason ? OK : err_set(err, E_NOMEM, "no memory for the action");
}

static void begin(struct requests_host *h, struct control_client *c, const json_t *request,
		  const char *word, enum spool_action action, bool flush)
{
	struct action *a = calloc(1, sizeof *a);
	struct err err;
	enum result r = a && (a->region = region_new(0))
				? OK
				: err_set(&err, E_NOMEM, "no memory for the action");
	if (r == OK) {
		a->host = h;
		a->word = word;
		a->act.action = action;
		a->flush = flush;
		a->peer = *control_peer(c);
		a->job = (struct control_job){.more = action_more, .gone = action_gone};
		r = prepare(a, request, &err);
	}
	if (r == OK) {
		control_begin(c, &a->job);
		return;
	}
	if (a)
		action_free(a);
	control_error(c, &err);
}

void request_act(struct requests_host *h, struct control_client *c, const json_t *request)
{
	const char *word = words_text(request, "action");
	struct err err;
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (strcmp(actions[i].word, word) == 0) {
			begin(h, c, request, actions[i].word, actions[i].action, false);
			return;
		}
	}
	err_set(&err, E_SYNTAX, "there is no action \"%.40s\"", word);
	control_error(c, &err);
}

void request_flush(struct requests_host *h, struct control_client *c, const json_t *request)
{
	begin(h, c, request, "retry", SPOOL_RETRY, true);
}
