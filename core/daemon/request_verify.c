/* history.verify: the spool checks the chain of the history in bites; the answer comes when it has seen all. */
#include "base/text.h"
#include "daemon/requests.h"
#include "daemon/words.h"

#include <stdlib.h>

struct verify_job {
	struct control_job job;
	struct spool_verify verify; /* its region is ours from done on */
	struct requests_host *host;
	char known_hash[65];
	bool asked, asking, answered;
};

static void job_free(struct verify_job *v)
{
	region_destroy(&v->verify.region);
	free(v);
}

static void verify_gone(struct control_job *j)
{
	struct verify_job *v = (struct verify_job *)j;
	if (!v->asking)
		job_free(v);
}

static void verify_done(struct spool_request *q)
{
	struct verify_job *v =
		(struct verify_job *)((char *)q - offsetof(struct verify_job, verify.q));
	v->asking = false;
	v->answered = true;
	if (v->job.client)
		control_more(&v->job);
	else
		job_free(v);
}

static void answer(struct verify_job *v)
{
	const struct spool_verify *q = &v->verify;
	if (q->q.result != OK) {
		control_error(v->job.client, &q->q.err);
		return;
	}
	json_t *texts = json_array();
	for (size_t i = 0; i < q->faults && i < SPOOL_FAULTS; i++)
		json_array_append_new(texts, words_json(q->texts[i]));
	control_ok(v->job.client,
		   json_pack("{s:I, s:I, s:I, s:s, s:I, s:o}", "first", (json_int_t)q->first,
			     "last", (json_int_t)q->last, "messages", (json_int_t)q->messages,
			     "head", q->head, "faults", (json_int_t)q->faults, "texts", texts));
}

static void verify_more(struct control_job *j)
{
	struct verify_job *v = (struct verify_job *)j;
	struct spool *spool = gateway_spool(v->host->gateway);
	struct err err;
	if (v->answered) {
		answer(v);
	} else if (!v->asked && !spool) {
		err_set(&err, E_STATE, "the gateway is stopping");
		control_error(j->client, &err);
	} else if (!v->asked) {
		v->verify.q.answer_to = loop_inbox(v->host->loop);
		v->verify.q.done = verify_done;
		v->asked = v->asking = true;
		spool_verify(spool, &v->verify);
	}
}

void request_verify(struct requests_host *h, struct control_client *c, const json_t *request)
{
	struct verify_job *v = calloc(1, sizeof *v);
	json_int_t known = words_number(request, "known");
	struct err err;
	if (!v) {
		err_set(&err, E_NOMEM, "no memory for the check");
		control_error(c, &err);
		return;
	}
	text_copy(v->known_hash, sizeof v->known_hash, words_text(request, "hash"));
	v->verify.known = known > 0 ? (uint64_t)known : 0;
	v->verify.known_hash = v->known_hash;
	v->host = h;
	v->job = (struct control_job){.more = verify_more, .gone = verify_gone};
	control_begin(c, &v->job);
}
