/*
 * queue.list: pages of entries from the spool, each line written when there is room for it.
 *
 *	ASKING --done--> WRITING --page written--> ASKING ... --short page--> gone
 *
 * The job lives until its client is served or lost, and no spool request is out.
 */
#include "base/text.h"
#include "daemon/entry.h"
#include "daemon/requests.h"
#include "daemon/words.h"

#include <stdlib.h>

struct listing {
	struct control_job job;
	struct spool_list list; /* its region: the page, ours from done on */
	struct region *region;  /* of the filter */
	struct requests_host *host;
	bool recipients;
	bool asking; /* the spool has the request */
	bool page;   /* a page is being written: the three below say how far */
	size_t entry, rcpt, attempt;
	json_int_t sent;
};

static void listing_free(struct listing *l)
{
	region_destroy(&l->list.region);
	region_destroy(&l->region);
	free(l);
}

static void listing_gone(struct control_job *j)
{
	struct listing *l = (struct listing *)j;
	if (!l->asking)
		listing_free(l); /* else when the spool has answered */
}

static void listing_done(struct spool_request *q)
{
	struct listing *l = (struct listing *)((char *)q - offsetof(struct listing, list.q));
	l->asking = false;
	l->page = true;
	l->entry = l->rcpt = l->attempt = 0;
	if (l->job.client)
		control_more(&l->job);
	else
		listing_free(l);
}

static void ask(struct listing *l)
{
	struct spool *s = gateway_spool(l->host->gateway);
	struct err err;
	l->page = false;
	region_destroy(&l->list.region);
	if (!s) {
		err_set(&err, E_STATE, "the gateway is stopping");
		control_error(l->job.client, &err);
		return;
	}
	l->list.q.answer_to = loop_inbox(l->host->loop);
	l->list.q.done = listing_done;
	l->list.limit = REQUESTS_PAGE;
	l->asking = true;
	spool_list(s, &l->list);
}

/* The next line of the page; NULL: it is written. */
static json_t *next_line(struct listing *l)
{
	while (l->entry < l->list.count) {
		const struct spool_entry *e = &l->list.entries[l->entry];
		if (l->rcpt == 0 && l->attempt == 0) {
			l->rcpt = 1; /* one above the index: 0 is the entry itself */
			l->sent++;
			return entry_json(e);
		}
		if (l->recipients && l->rcpt <= e->rcpt_count)
			return entry_recipient_json(e, l->rcpt++ - 1);
		if (l->attempt < e->attempt_count)
			return entry_attempt_json(e, l->attempt++);
		l->list.after = e->number;
		l->entry++;
		l->rcpt = l->attempt = 0;
	}
	return NULL;
}

#define LINES_A_TURN 200 /* between looks at the room that is left */

static void listing_more(struct control_job *j)
{
	struct listing *l = (struct listing *)j;
	struct control_client *c = j->client;
	if (l->asking)
		return;
	if (!l->page) {
		ask(l);
		return;
	}
	if (l->list.q.result != OK) {
		control_error(c, &l->list.q.err);
		return;
	}
	for (int i = 0; i < LINES_A_TURN; i++) {
		json_t *line = next_line(l);
		if (!line && l->list.count == REQUESTS_PAGE)
			ask(l);
		else if (!line)
			control_ok(c, json_pack("{s:I}", "count", l->sent));
		if (!line)
			return;
		control_line(c, line);
	}
}

void request_list(struct requests_host *h, struct control_client *c, const json_t *request)
{
	struct listing *l = calloc(1, sizeof *l);
	struct err err;
	enum result r = l && (l->region = region_new(0))
				? OK
				: err_set(&err, E_NOMEM, "no memory for the list");
	if (r == OK)
		r = filter_read(json_object_get(request, "filter"), l->region, &l->list.filter,
				&err);
	if (r != OK) {
		if (l)
			listing_free(l);
		control_error(c, &err);
		return;
	}
	l->host = h;
	l->recipients = json_is_true(json_object_get(request, "recipients"));
	l->list.attempts = json_is_true(json_object_get(request, "attempts"));
	l->job.more = listing_more;
	l->job.gone = listing_gone;
	control_begin(c, &l->job);
}
