/* Spool entries and filters as JSON: see entry.h. */
#include "daemon/entry.h"

#include "daemon/words.h"

#include <string.h>

static const char *const priorities[] = {"urgent", "normal", "bulk"};

/* The recipient that says most about where the message is. */
static const struct spool_rcpt *spokesman(const struct spool_entry *e)
{
	static const enum spool_state order[] = {SPOOL_WAITING, SPOOL_HELD, SPOOL_BOUNCED,
						 SPOOL_EXPIRED};
	for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
		const struct spool_rcpt *best = NULL;
		for (size_t i = 0; i < e->rcpt_count; i++) {
			const struct spool_rcpt *r = &e->rcpts[i];
			if (r->state == order[k] && (!best || r->next_at < best->next_at))
				best = r;
		}
		if (best)
			return best;
	}
	return e->rcpt_count ? &e->rcpts[0] : NULL;
}

static json_t *states_json(const struct spool_entry *e)
{
	json_t *states = json_object();
	for (int s = 0; s < SPOOL_STATE_COUNT; s++) {
		size_t n = 0;
		for (size_t i = 0; i < e->rcpt_count; i++)
			n += (int)e->rcpts[i].state == s;
		if (n)
			json_object_set_new(states, spool_state_word((enum spool_state)s),
					    json_integer((json_int_t)n));
	}
	return states;
}

static json_t *rcpt_json(const struct spool_rcpt *r)
{
	return json_pack("{s:o, s:o, s:s, s:I, s:I, s:b, s:o, s:o, s:o, s:o}", "address",
			 words_json(r->address), "asks", words_json(r->asks), "state",
			 spool_state_word(r->state), "attempts", (json_int_t)r->attempts, "next",
			 (json_int_t)(r->state == SPOOL_WAITING ? r->next_at : 0), "warned",
			 r->warned, "rule", words_json(r->rule), "peer", words_json(r->peer),
			 "status", words_json(r->status), "reason", words_json(r->reason));
}

json_t *entry_json(const struct spool_entry *e)
{
	const struct mail_envelope *v = &e->envelope;
	const struct spool_rcpt *first = spokesman(e);
	char id[SPOOL_ID_MAX];
	spool_id_format(e->number, id);
	json_t *o =
		json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:s, s:b, s:b, s:I, s:s, s:b}", "id", id,
			  "number", (json_int_t)e->number, "from", words_json(v->reverse_path),
			  "recipients", (json_int_t)e->rcpt_count, "size", (json_int_t)e->size,
			  "arrived", (json_int_t)v->arrived, "priority", priorities[v->priority],
			  "claimed", e->claimed, "body", e->body, "ended", (json_int_t)e->ended,
			  "hash", e->hash, "eight_bit", v->eight_bit);
	json_object_set_new(o, "skipped", json_integer((json_int_t)e->skipped));
	json_object_set_new(o, "session", words_json(v->session));
	json_object_set_new(o, "listener", words_json(v->listener));
	json_object_set_new(o, "protocol", words_json(v->protocol));
	json_object_set_new(o, "client", words_json(v->client));
	json_object_set_new(o, "helo", words_json(v->helo));
	json_object_set_new(o, "repaired", words_json(v->repaired));
	json_object_set_new(o, "asks", words_json(v->asks));
	json_object_set_new(o, "states", states_json(e));
	if (first)
		json_object_set_new(o, "first", rcpt_json(first));
	return json_pack("{s:o}", "entry", o);
}

json_t *entry_recipient_json(const struct spool_entry *e, size_t i)
{
	json_t *o = rcpt_json(&e->rcpts[i]);
	json_object_set_new(o, "index", json_integer((json_int_t)i));
	return json_pack("{s:o}", "recipient", o);
}

json_t *entry_attempt_json(const struct spool_entry *e, size_t i)
{
	const struct spool_attempt *a = &e->attempts[i];
	return json_pack("{s:{s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}}", "attempt", "at",
			 (json_int_t)a->at, "recipient", (json_int_t)a->rcpt, "state",
			 spool_state_word(a->state), "rule", words_json(a->rule), "peer",
			 words_json(a->peer), "status", words_json(a->status), "reason",
			 words_json(a->reason), "sent_hash", words_json(a->sent_hash),
			 "sent_sender", words_json(a->sent_sender), "sent_from",
			 words_json(a->sent_from));
}

/* ---- filters ---- */

static enum result read_numbers(const json_t *list, struct region *region, struct spool_filter *f,
				struct err *err)
{
	size_t n = json_array_size(list);
	uint64_t *numbers = region_alloc(region, (n ? n : 1) * sizeof *numbers);
	if (!numbers)
		return err_set(err, E_NOMEM, "no memory for the IDs");
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);
		if (!json_is_integer(item) || json_integer_value(item) <= 0)
			return err_set(err, E_SYNTAX, "filter: numbers are positive integers");
		numbers[i] = (uint64_t)json_integer_value(item);
	}
	f->numbers = numbers;
	f->number_count = n;
	return OK;
}

struct filter_member {
	const char *name;
	enum { FILTER_TEXT, FILTER_TIME, FILTER_FLAG, FILTER_NUMBERS } kind;
	size_t offset;
};
#define MEMBER(name_, kind_)                                        \
	{                                                           \
#name_, kind_, offsetof(struct spool_filter, name_) \
	}
static const struct filter_member members[] = {
	MEMBER(from, FILTER_TEXT),       MEMBER(to, FILTER_TEXT),     MEMBER(rule, FILTER_TEXT),
	MEMBER(error, FILTER_TEXT),      MEMBER(client, FILTER_TEXT), MEMBER(since, FILTER_TIME),
	MEMBER(until, FILTER_TIME),      MEMBER(all, FILTER_FLAG),    MEMBER(ended, FILTER_FLAG),
	MEMBER(numbers, FILTER_NUMBERS),
};

static enum result read_member(const struct filter_member *m, const json_t *value,
			       struct region *region, struct spool_filter *f, struct err *err)
{
	char *at = (char *)f + m->offset;
	if (m->kind == FILTER_TEXT && json_is_string(value)) {
		const char *copy = region_strdup(region, json_string_value(value));
		memcpy(at, &copy, sizeof copy);
		return copy ? OK : err_set(err, E_NOMEM, "no memory for the filter");
	}
	if (m->kind == FILTER_TIME && json_is_integer(value)) {
		int64_t ms = json_integer_value(value);
		memcpy(at, &ms, sizeof ms);
		return OK;
	}
	if (m->kind == FILTER_FLAG && json_is_boolean(value)) {
		bool flag = json_is_true(value);
		memcpy(at, &flag, sizeof flag);
		return OK;
	}
	if (m->kind == FILTER_NUMBERS && json_is_array(value))
		return read_numbers(value, region, f, err);
	return err_set(err, E_SYNTAX, "filter: %s is of the wrong type", m->name);
}

enum result filter_read(const json_t *object, struct region *region, struct spool_filter *f,
			struct err *err)
{
	const char *key;
	const json_t *value;
	*f = (struct spool_filter){0};
	if (object && !json_is_object(object))
		return err_set(err, E_SYNTAX, "filter is no object");
	json_object_foreach((json_t *)object, key, value)
	{
		const struct filter_member *m = members,
					   *end = members + sizeof members / sizeof *members;
		while (m < end && strcmp(m->name, key) != 0)
			m++;
		if (m == end)
			return err_set(err, E_SYNTAX, "filter: there is no %s", key);
		enum result r = read_member(m, value, region, f, err);
		if (r != OK)
			return r;
	}
	return OK;
}

bool filter_chooses(const struct spool_filter *f)
{
	return f->all || f->number_count || f->from || f->to || f->rule || f->error || f->client ||
	       f->since || f->until;
}
