/* Results of a client's transaction, one reply for each recipient. Owns nothing: the array is the
 * caller's. */
#include "smtp/dialogue.h"

#include <string.h>

void smtp_result_copy(struct smtp_reply *to, const struct smtp_reply *from)
{
	to->code = from->code;
	memcpy(to->status, from->status, sizeof to->status);
	memcpy(to->text, from->text,
	       strlen(from->text) + 1); /* not the whole kilobyte: there may be 10,000 */
}

void smtp_result_all(struct smtp_transaction *t, const struct smtp_reply *reply)
{
	for (size_t i = 0; i < t->count; i++)
		smtp_result_copy(&t->replies[i], reply);
}

void smtp_result_accepted(struct smtp_transaction *t, const struct smtp_reply *reply)
{
	for (size_t i = 0; i < t->count; i++)
		if (smtp_reply_is(&t->replies[i], 2))
			smtp_result_copy(&t->replies[i], reply);
}

void smtp_result_open(struct smtp_transaction *t, size_t from, const struct smtp_reply *reply)
{
	for (size_t i = from; i < t->count; i++)
		if (!t->replies[i].code || smtp_reply_is(&t->replies[i], 2))
			smtp_result_copy(&t->replies[i], reply);
}

static void pass_refused(struct smtp_client *c)
{
	while (c->ended < c->t->count && !smtp_reply_is(&c->t->replies[c->ended], 2))
		c->ended++;
}

bool smtp_result_next(struct smtp_client *c, const struct smtp_reply *reply)
{
	pass_refused(c);
	if (c->ended < c->t->count)
		smtp_result_copy(&c->t->replies[c->ended++], reply);
	pass_refused(c);
	return c->ended == c->t->count;
}

void smtp_result_done(struct smtp_client *c)
{
	struct smtp_transaction *t = c->t;
	c->t = NULL;
	buf_free(&c->chunk); /* kept connections hold no content */
	if (c->state != SMTP_CLIENT_ENDED) {
		c->state = SMTP_CLIENT_IDLE;
		if (c->quit_wanted)
			smtp_client_quit(c);
	}
	c->ops->on_done(c->ctx, t); /* may give the next */
}
