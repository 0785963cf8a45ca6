/* spool.snapshot: the spool makes a copy of itself; the answer comes when it is whole, and says where. */
#include "daemon/requests.h"
#include "daemon/words.h"

#include <stdlib.h>

struct snapshot_job {
	struct control_job job;
	struct spool_snapshot snapshot;
	struct requests_host *host;
	bool asked, asking, answered;
};

static void snapshot_gone(struct control_job *j)
{
	struct snapshot_job *v = (struct snapshot_job *)j;
	if (!v->asking)
		free(v);
}

static void snapshot_done(struct spool_request *q)
{
	struct snapshot_job *v =
		(struct snapshot_job *)((char *)q - offsetof(struct snapshot_job, snapshot.q));
	v->asking = false;
	v->answered = true;
	if (v->job.client)
		control_more(&v->job);
	else
		free(v);
}

static void answer(struct snapshot_job *v)
{
	const struct spool_snapshot *q = &v->snapshot;
	const struct settings *s = gateway_settings(v->host->gateway);
	if (q->q.result != OK)
		control_error(v->job.client, &q->q.err);
	else
		control_ok(v->job.client,
			   json_pack("{s:o, s:I, s:I}", "spool", words_json(s->gateway.spool),
				     "messages", (json_int_t)q->messages, "last",
				     (json_int_t)q->last));
}

static void snapshot_more(struct control_job *j)
{
	struct snapshot_job *v = (struct snapshot_job *)j;
	struct spool *spool = gateway_spool(v->host->gateway);
	struct err err;
	if (v->answered) {
		answer(v);
	} else if (!v->asked && !spool) {
		err_set(&err, E_STATE, "the gateway is stopping");
		control_error(j->client, &err);
	} else if (!v->asked) {
		v->snapshot.q.answer_to = loop_inbox(v->host->loop);
		v->snapshot.q.done = snapshot_done;
		v->asked = v->asking = true;
		spool_snapshot(spool, &v->snapshot);
	}
}

void request_snapshot(struct requests_host *h, struct control_client *c, const json_t *request)
{
	struct snapshot_job *v = calloc(1, sizeof *v);
	struct err err;
	(void)request;
	if (!v) {
		err_set(&err, E_NOMEM, "no memory for the backup");
		control_error(c, &err);
		return;
	}
	v->host = h;
	v->job = (struct control_job){.more = snapshot_more, .gone = snapshot_gone};
	control_begin(c, &v->job);
}
