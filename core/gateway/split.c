/* Recipients into groups: see split.h. Owns the groups until they are in a destination. */
#include "gateway/split.h"

#include "base/text.h"
#include "route/destination.h"

#include <string.h>

static struct delivery *group_new(struct active *a, struct destination *dest,
				  const struct route_decision *decision, struct settings *settings)
{
	struct region *r = region_new(0);
	struct delivery *d = r ? region_alloc(r, sizeof *d) : NULL;
	if (!d) {
		region_destroy(&r);
		return NULL;
	}
	d->region = r;
	d->active = a;
	d->destination = dest;
	d->settings = settings_ref(settings);
	d->decision = *decision;
	return d;
}

void split_group_free(struct delivery *d)
{
	struct region *r = d->region;
	settings_unref(&d->settings);
	region_destroy(&r);
}

static bool group_add(struct delivery *d, size_t rcpt, const struct route_decision *decision)
{
	if (d->count == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 1;
		size_t *rcpts = region_alloc(d->region, cap * sizeof *rcpts);
		const char **mailboxes = region_alloc(d->region, cap * sizeof *mailboxes);
		const char **addresses = region_alloc(d->region, cap * sizeof *addresses);
		const char **asks_of = region_alloc(d->region, cap * sizeof *asks_of);
		if (!rcpts || !mailboxes || !addresses || !asks_of)
			return false;
		if (d->count) {
			memcpy(rcpts, d->rcpts, d->count * sizeof *rcpts);
			memcpy(mailboxes, d->mailboxes, d->count * sizeof *mailboxes);
			memcpy(addresses, d->addresses, d->count * sizeof *addresses);
			memcpy(asks_of, d->asks_of, d->count * sizeof *asks_of);
		}
		d->rcpts = rcpts;
		d->mailboxes = mailboxes;
		d->addresses = addresses;
		d->asks_of = asks_of;
		d->cap = cap;
	}
	d->rcpts[d->count] = rcpt;
	d->asks_of[d->count] = d->active->message->rcpts[rcpt].asks; /* lives as long */
	d->mailboxes[d->count] = region_strdup(d->region, decision->mailbox);
	d->addresses[d->count] = region_strdup(d->region, decision->address);
	if (!d->mailboxes[d->count] || !d->addresses[d->count])
		return false;
	d->count++;
	return true;
}

static struct destination *find_destination(struct split *s, const struct route_decision *decision)
{
	struct buf key;
	buf_init(&key, 0);
	struct destination *dest = NULL;
	if (route_destination_format(decision, &key) == OK && buf_string(&key))
		dest = destinations_get(s->destinations, buf_string(&key));
	buf_free(&key);
	return dest;
}

static bool split_by(struct split *s, size_t rcpt, struct route_decision *decision);

static bool split_to_destination(struct split *s, size_t rcpt, struct route_decision *decision)
{
	struct destination *dest = find_destination(s, decision);
	if (!dest)
		return false;
	if (destination_given_up(dest, decision->route) && route_fall_back(s->settings, decision))
		return split_by(s, rcpt, decision); /* fallbacks form no circle: conf_validate */
	struct delivery *d = destination_open_group(dest, s->a);
	if (d)
		return group_add(d, rcpt, decision);
	d = group_new(s->a, dest, decision, s->settings);
	if (!d)
		return false;
	if (!group_add(d, rcpt, decision)) {
		split_group_free(d); /* a group of nobody is none */
		return false;
	}
	d->next = s->groups;
	s->groups = d;
	s->a->outstanding++;
	destination_set_open_group(dest, s->a, d);
	return true;
}

static bool split_at_once(struct split *s, size_t rcpt, const struct route_decision *decision)
{
	if (!s->outcome) {
		s->outcome = outcome_new(s->q, s->a, s->settings, s->a->message->rcpt_count);
		if (!s->outcome)
			return false;
		s->a->outstanding++;
	}
	if (decision->kind == ROUTE_HOLD) {
		outcome_hold(s->outcome, rcpt, decision->rule, decision->reason);
	} else if (decision->kind == ROUTE_DISCARD) {
		outcome_discard(s->outcome, rcpt, decision->rule);
	} else {
		struct smtp_reply reply;
		smtp_reply_set(&reply, decision->code, decision->status, "%s", decision->reason);
		outcome_reply(s->outcome, rcpt, &reply, NULL,
			      &(struct outcome_source){.rule = decision->rule,
						       .peer = "",
						       .route = decision->route});
	}
	return true;
}

static bool split_by(struct split *s, size_t rcpt, struct route_decision *decision)
{
	switch (decision->kind) {
	case ROUTE_LOCAL:
	case ROUTE_SMART:
	case ROUTE_MX:
		return split_to_destination(s, rcpt, decision);
	default:
		return split_at_once(s, rcpt, decision);
	}
}

bool split_rcpt(struct split *s, const struct route_world *world, size_t i)
{
	const struct spool_message *m = s->a->message;
	const struct route_from from = {.reverse_path = m->envelope.reverse_path,
					.client = m->envelope.client,
					.listener = m->envelope.listener};
	struct route_decision decision;
	route_decide(world, &from, m->rcpts[i].address, &decision);
	return split_by(s, i, &decision);
}
