/* What the embedded engine writes: see engine.h. A function that fails leaves the transaction lost.
 */
#include "spool/sqlite.h"

#include <string.h>

static enum result add_message(struct sqlite *e, const struct spool_message *m, int64_t next_at,
			       struct err *err)
{
	const struct mail_envelope *v = &m->envelope;
	struct use u = use_sql(e, SQL_ADD_MESSAGE);
	use_number(&u, (int64_t)m->number);
	use_text(&u, v->reverse_path);
	use_number(&u, v->eight_bit);
	use_text(&u, v->session);
	use_text(&u, v->listener);
	use_text(&u, v->protocol);
	use_text(&u, v->client);
	use_text(&u, v->helo);
	use_number(&u, v->arrived);
	use_number(&u, v->priority);
	use_number(&u, (int64_t)m->size);
	use_text(&u, m->hash);
	use_number(&u, (int64_t)m->rcpt_count);
	use_text(&u, spool_maildrop_named(v->session) ? v->session : NULL);
	if (next_at == ENGINE_NEVER)
		use_null(&u);
	else
		use_number(&u, next_at);
	use_text(&u, v->repaired);
	use_text(&u, v->asks);
	return use_run(&u, "a message cannot be added", err);
}

static enum result add_rcpt(struct sqlite *e, const struct spool_message *m, size_t i,
			    struct err *err)
{
	const struct spool_rcpt *p = &m->rcpts[i];
	struct use u = use_sql(e, SQL_ADD_RCPT);
	use_number(&u, (int64_t)m->number);
	use_number(&u, (int64_t)i);
	use_text(&u, p->address);
	use_number(&u, p->state);
	use_number(&u, p->attempts);
	use_number(&u, p->next_at);
	use_number(&u, p->warned);
	use_text(&u, p->rule);
	use_text(&u, p->peer);
	use_text(&u, p->status);
	use_text(&u, p->reason);
	use_text(&u, p->asks);
	return use_run(&u, "a recipient cannot be added", err);
}

static enum result add_body(struct sqlite *e, const struct message *m, struct err *err)
{
	struct use u = use_sql(e, SQL_ADD_BODY);
	use_number(&u, (int64_t)m->m.number);
	use_text(&u, m->file[0] ? m->file : NULL);
	if (u.rc == SQLITE_OK && m->m.data)
		u.rc = sqlite3_bind_blob64(u.q, ++u.at, m->m.data, m->m.size, SQLITE_STATIC);
	else
		use_null(&u);
	enum result r = use_run(&u, "a body cannot be added", err);
	sqlite3_clear_bindings(u.q); /* the content may go away now */
	return r;
}

static enum result write_insert(struct engine *base, const struct message *m, int64_t next_at,
				struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	enum result r = add_message(e, &m->m, next_at, err);
	for (size_t i = 0; r == OK && i < m->m.rcpt_count; i++)
		r = add_rcpt(e, &m->m, i, err);
	return r == OK ? add_body(e, m, err) : r;
}

static enum result write_set_rcpt(struct engine *base, uint64_t number, size_t rcpt,
				  const struct engine_rcpt *now, const struct engine_words *words,
				  struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_SET_RCPT);
	use_number(&u, now->state);
	use_number(&u, now->attempts);
	use_number(&u, now->next_at);
	use_number(&u, now->warned);
	use_text(&u, words->rule);
	use_text(&u, words->peer);
	use_text(&u, words->status);
	use_text(&u, words->reason);
	use_number(&u, (int64_t)number);
	use_number(&u, (int64_t)rcpt);
	return use_run(&u, "a recipient cannot be changed", err);
}

static enum result write_add_attempt(struct engine *base, uint64_t number,
				     const struct spool_attempt *a, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_ADD_ATTEMPT);
	use_number(&u, (int64_t)number);
	use_number(&u, (int64_t)a->rcpt);
	use_number(&u, a->nth);
	use_number(&u, a->at);
	use_number(&u, a->state);
	use_text(&u, a->rule);
	use_text(&u, a->peer);
	use_text(&u, a->status);
	use_text(&u, a->reason);
	use_text(&u, a->sent_hash);
	use_text(&u, a->sent_sender);
	use_text(&u, a->sent_from);
	return use_run(&u, "an attempt cannot be added", err);
}

static enum result run_on(struct sqlite *e, enum sql which, uint64_t number, struct err *err)
{
	struct use u = use_sql(e, which);
	use_number(&u, (int64_t)number);
	return use_run(&u, "rows cannot be removed", err);
}

static enum result write_set_head(struct engine *base, const struct engine_head *head,
				  struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	struct use u = use_sql(e, SQL_SET_HEAD);
	if (head->next_at == ENGINE_NEVER)
		use_null(&u);
	else
		use_number(&u, head->next_at);
	if (head->ended)
		use_number(&u, head->ended);
	else
		use_null(&u);
	use_number(&u, (int64_t)head->number);
	enum result r = use_run(&u, "a message cannot be changed", err);
	return r == OK && head->ended ? run_on(e, SQL_DROP_BODY, head->number, err) : r;
}

static enum result write_drop(struct engine *base, uint64_t number, struct err *err)
{
	static const enum sql drops[] = {SQL_DROP_ATTEMPTS, SQL_DROP_RCPTS, SQL_DROP_MESSAGE};
	enum result r = OK;
	for (size_t i = 0; r == OK && i < sizeof drops / sizeof *drops; i++)
		r = run_on(sqlite_of(base), drops[i], number, err);
	return r;
}

static enum result write_add_link(struct engine *base, const struct chain_link *l, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_ADD_LINK);
	use_number(&u, (int64_t)l->seq);
	use_number(&u, (int64_t)l->number);
	use_number(&u, l->kind);
	use_number(&u, (int64_t)l->rcpt);
	use_number(&u, l->nth);
	use_hash(&u, l->hash);
	return use_run(&u, "a link of the history cannot be added", err);
}

static enum result write_cut_links(struct engine *base, uint64_t upto, struct err *err)
{
	return run_on(sqlite_of(base), SQL_CUT_LINKS, upto, err);
}

void sqlite_write_ops(struct engine_ops *ops)
{
	ops->insert = write_insert;
	ops->set_rcpt = write_set_rcpt;
	ops->add_attempt = write_add_attempt;
	ops->set_head = write_set_head;
	ops->drop = write_drop;
	ops->add_link = write_add_link;
	ops->cut_links = write_cut_links;
}
