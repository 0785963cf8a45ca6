/* What the embedded engine reads: see engine.h. Strings are copied into the caller's region. */
#include "spool/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* A text column into the region; NULL (column or memory) is told apart by *short_of. */
static const char *text_at(struct use *u, int column, struct region *region, bool *short_of)
{
	const unsigned char *text = sqlite3_column_text(u->q, column);
	if (!text)
		return NULL;
	char *copy = region_memdup(region, text, (size_t)sqlite3_column_bytes(u->q, column));
	if (!copy)
		*short_of = true;
	return copy;
}

static int64_t number_at(struct use *u, int column)
{
	return sqlite3_column_int64(u->q, column);
}

static enum result read_taken(struct engine *base, const char *name, bool *taken, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_TAKEN);
	use_text(&u, name);
	*taken = use_row(&u);
	return use_end(&u, "a maildrop name cannot be looked up", err);
}

static enum result read_head(struct engine *base, uint64_t number, struct engine_head *head,
			     struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_HEAD);
	use_number(&u, (int64_t)number);
	bool found = use_row(&u);
	if (found)
		*head = (struct engine_head){
			.number = number,
			.size = (uint64_t)number_at(&u, 0),
			.next_at = sqlite3_column_type(u.q, 1) == SQLITE_NULL ? ENGINE_NEVER
									      : number_at(&u, 1),
			.ended = number_at(&u, 2),
			.rcpt_count = (size_t)number_at(&u, 3),
		};
	enum result r = use_end(&u, "a message cannot be read", err);
	return r == OK && !found ? E_NOTFOUND : r;
}

static enum result read_rcpts(struct engine *base, uint64_t number, struct engine_rcpt *rcpts,
			      size_t count, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_RCPT_STATES);
	size_t n = 0;
	use_number(&u, (int64_t)number);
	for (; n < count && use_row(&u); n++)
		rcpts[n] = (struct engine_rcpt){(enum spool_state)number_at(&u, 0),
						(unsigned)number_at(&u, 1), number_at(&u, 2),
						number_at(&u, 3) != 0, 0};
	enum result r = use_end(&u, "recipients cannot be read", err);
	if (r == OK && n < count)
		r = err_set(err, E_CORRUPT, "m%llu lacks recipients", (unsigned long long)number);
	return r;
}

static enum result load_message(struct sqlite *e, uint64_t number, struct region *region,
				struct spool_entry *out, struct err *err)
{
	struct use u = use_sql(e, SQL_MESSAGE);
	bool short_of = false;
	use_number(&u, (int64_t)number);
	bool found = use_row(&u);
	if (found) {
		struct mail_envelope *v = &out->envelope;
		mail_envelope_init(v, region);
		v->reverse_path = text_at(&u, 0, region, &short_of);
		v->eight_bit = number_at(&u, 1) != 0;
		v->session = text_at(&u, 2, region, &short_of);
		v->listener = text_at(&u, 3, region, &short_of);
		v->protocol = text_at(&u, 4, region, &short_of);
		v->client = text_at(&u, 5, region, &short_of);
		v->helo = text_at(&u, 6, region, &short_of);
		v->arrived = number_at(&u, 7);
		v->priority = (enum mail_priority)number_at(&u, 8);
		out->number = number;
		out->size = (uint64_t)number_at(&u, 9);
		const void *hash = sqlite3_column_text(u.q, 10);
		if (hash && sqlite3_column_bytes(u.q, 10) == 64)
			memcpy(out->hash, hash, 64);
		out->rcpt_count = (size_t)number_at(&u, 11);
		out->ended = number_at(&u, 12);
		v->repaired = text_at(&u, 13, region, &short_of);
		v->asks = text_at(&u, 14, region, &short_of);
	}
	enum result r = use_end(&u, "a message cannot be read", err);
	if (r == OK && short_of)
		r = E_NOMEM;
	return r == OK && !found ? E_NOTFOUND : r;
}

static enum result load_rcpts(struct sqlite *e, struct region *region, struct spool_entry *out,
			      struct err *err)
{
	struct use u = use_sql(e, SQL_RCPTS);
	size_t n = 0;
	bool short_of = false;
	out->rcpts = region_alloc(region, out->rcpt_count * sizeof *out->rcpts);
	use_number(&u, (int64_t)out->number);
	for (; out->rcpts && n < out->rcpt_count && use_row(&u); n++)
		out->rcpts[n] = (struct spool_rcpt){
			.address = text_at(&u, 0, region, &short_of),
			.state = (enum spool_state)number_at(&u, 1),
			.attempts = (unsigned)number_at(&u, 2),
			.next_at = number_at(&u, 3),
			.warned = number_at(&u, 4) != 0,
			.rule = text_at(&u, 5, region, &short_of),
			.peer = text_at(&u, 6, region, &short_of),
			.status = text_at(&u, 7, region, &short_of),
			.reason = text_at(&u, 8, region, &short_of),
			.asks = text_at(&u, 9, region, &short_of),
		};
	enum result r = use_end(&u, "recipients cannot be read", err);
	if (r == OK && (short_of || !out->rcpts))
		return E_NOMEM;
	if (r == OK && n < out->rcpt_count)
		r = err_set(err, E_CORRUPT, "m%llu lacks recipients",
			    (unsigned long long)out->number);
	return r;
}

/* The envelope shares the recipients' addresses, and what is asked for them. */
static enum result join_recipients(struct region *region, struct spool_entry *out)
{
	struct mail_envelope *v = &out->envelope;
	v->recipients = region_alloc(region, out->rcpt_count * sizeof *v->recipients);
	v->asks_of = region_alloc(region, out->rcpt_count * sizeof *v->asks_of);
	if (!v->recipients || !v->asks_of)
		return E_NOMEM;
	for (size_t i = 0; i < out->rcpt_count; i++) {
		v->recipients[i] = out->rcpts[i].address;
		v->asks_of[i] = out->rcpts[i].asks;
	}
	v->count = v->cap = out->rcpt_count;
	return OK;
}

static bool attempts_room(struct region *region, struct spool_entry *out, size_t *cap)
{
	if (out->attempt_count < *cap)
		return true;
	struct spool_attempt *more = region_alloc(region, (*cap * 2 + 4) * sizeof *more);
	if (!more)
		return false;
	if (out->attempt_count)
		memcpy(more, out->attempts, out->attempt_count * sizeof *more);
	out->attempts = more;
	*cap = *cap * 2 + 4;
	return true;
}

static enum result load_attempts(struct sqlite *e, struct region *region, struct spool_entry *out,
				 struct err *err)
{
	struct use u = use_sql(e, SQL_ATTEMPTS);
	size_t cap = 0;
	bool short_of = false;
	use_number(&u, (int64_t)out->number);
	while (use_row(&u)) {
		if (!attempts_room(region, out, &cap)) {
			short_of = true;
			break;
		}
		out->attempts[out->attempt_count++] = (struct spool_attempt){
			.at = number_at(&u, 0),
			.rcpt = (size_t)number_at(&u, 1),
			.state = (enum spool_state)number_at(&u, 2),
			.rule = text_at(&u, 3, region, &short_of),
			.peer = text_at(&u, 4, region, &short_of),
			.status = text_at(&u, 5, region, &short_of),
			.reason = text_at(&u, 6, region, &short_of),
			.sent_hash = text_at(&u, 7, region, &short_of),
			.nth = (unsigned)number_at(&u, 8),
			.sent_sender = text_at(&u, 9, region, &short_of),
			.sent_from = text_at(&u, 10, region, &short_of),
		};
	}
	enum result r = use_end(&u, "attempts cannot be read", err);
	return r == OK && short_of ? E_NOMEM : r;
}

static enum result read_load(struct engine *base, uint64_t number, bool attempts,
			     struct region *region, struct spool_entry *out, struct err *err)
{
	struct sqlite *e = sqlite_of(base);
	*out = (struct spool_entry){0};
	enum result r = load_message(e, number, region, out, err);
	if (r == OK)
		r = load_rcpts(e, region, out, err);
	if (r == OK)
		r = join_recipients(region, out);
	if (r == OK && attempts)
		r = load_attempts(e, region, out, err);
	if (r != OK)
		return r;
	struct use u = use_sql(e, SQL_HAS_BODY);
	use_number(&u, (int64_t)number);
	out->body = use_row(&u);
	return use_end(&u, "a body cannot be looked up", err);
}

static enum result read_body(struct engine *base, uint64_t number, struct engine_body *body,
			     struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_BODY);
	bool short_of = false;
	*body = (struct engine_body){.fd = -1};
	use_number(&u, (int64_t)number);
	bool found = use_row(&u);
	if (found && sqlite3_column_type(u.q, 0) != SQLITE_NULL) {
		sqlite3_snprintf(BODY_NAME_MAX, body->file, "%s", sqlite3_column_text(u.q, 0));
	} else if (found) {
		const void *data = sqlite3_column_blob(u.q, 1);
		size_t n = (size_t)sqlite3_column_bytes(u.q, 1);
		body->data = malloc(n + 1);
		short_of = !body->data || (n && !data);
		if (!short_of && n)
			memcpy(body->data, data, n);
		if (!short_of)
			body->data[n] = '\0';
	}
	enum result r = use_end(&u, "a body cannot be read", err);
	if (r == OK && short_of)
		r = E_NOMEM;
	if (r != OK) {
		free(body->data);
		body->data = NULL;
	}
	return r == OK && !found ? E_NOTFOUND : r;
}

static enum result read_scan(struct engine *base, uint64_t after, bool ended, uint64_t *numbers,
			     size_t *count, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), ended ? SQL_SCAN_ALL : SQL_SCAN_LIVE);
	size_t room = *count;
	use_number(&u, (int64_t)after);
	use_number(&u, (int64_t)room);
	*count = 0;
	while (*count < room && use_row(&u))
		numbers[(*count)++] = (uint64_t)number_at(&u, 0);
	return use_end(&u, "the messages cannot be listed", err);
}

/* beyond NULL: all that wait. */
static enum result visit_waiting(struct engine *base, const int64_t *beyond, engine_visit *visit,
				 void *ctx, struct err *err)
{
	for (int priority = MAIL_URGENT; priority <= MAIL_BULK; priority++) {
		struct use u = use_sql(sqlite_of(base), beyond ? SQL_FAR : SQL_DUE);
		use_number(&u, priority);
		if (beyond)
			use_number(&u, *beyond);
		while (use_row(&u))
			if (visit(ctx, (uint64_t)number_at(&u, 0), number_at(&u, 1)) == ENGINE_STOP)
				break;
		enum result r = use_end(&u, "what is due cannot be read", err);
		if (r != OK)
			return r;
	}
	return OK;
}

static enum result read_due(struct engine *base, engine_visit *visit, void *ctx, struct err *err)
{
	return visit_waiting(base, NULL, visit, ctx, err);
}

static enum result read_far(struct engine *base, int64_t beyond, engine_visit *visit, void *ctx,
			    struct err *err)
{
	return visit_waiting(base, &beyond, visit, ctx, err);
}

static enum result read_oldest(struct engine *base, uint64_t from, uint64_t *number,
			       int64_t *arrived, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_OLDEST);
	use_number(&u, (int64_t)from);
	bool found = use_row(&u);
	if (found) {
		*number = (uint64_t)number_at(&u, 0);
		*arrived = number_at(&u, 1);
	}
	enum result r = use_end(&u, "the oldest message cannot be read", err);
	return r == OK && !found ? E_NOTFOUND : r;
}

static enum result read_next_file(struct engine *base, uint64_t after, uint64_t *number,
				  char file[BODY_NAME_MAX], struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_NEXT_FILE);
	use_number(&u, (int64_t)after);
	bool found = use_row(&u);
	if (found) {
		*number = (uint64_t)number_at(&u, 0);
		sqlite3_snprintf(BODY_NAME_MAX, file, "%s", sqlite3_column_text(u.q, 1));
	}
	enum result r = use_end(&u, "the bodies cannot be listed", err);
	return r == OK && !found ? E_NOTFOUND : r;
}

static enum result read_ended(struct engine *base, int64_t before, int64_t before_named,
			      uint64_t *numbers, size_t *count, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_ENDED);
	size_t room = *count;
	use_number(&u, before);
	use_number(&u, before_named);
	use_number(&u, (int64_t)room);
	*count = 0;
	while (*count < room && use_row(&u))
		numbers[(*count)++] = (uint64_t)number_at(&u, 0);
	return use_end(&u, "the history cannot be read", err);
}

static enum result read_links(struct engine *base, uint64_t after, struct chain_link *links,
			      size_t *count, struct err *err)
{
	struct use u = use_sql(sqlite_of(base), SQL_LINKS);
	size_t room = *count;
	use_number(&u, (int64_t)after);
	use_number(&u, (int64_t)room);
	*count = 0;
	while (*count < room && use_row(&u)) {
		struct chain_link *l = &links[(*count)++];
		l->seq = (uint64_t)number_at(&u, 0);
		l->number = (uint64_t)number_at(&u, 1);
		l->kind = (enum chain_kind)number_at(&u, 2);
		l->rcpt = (size_t)number_at(&u, 3);
		l->nth = (unsigned)number_at(&u, 4);
		use_read_hash(&u, 5, l->hash);
	}
	return use_end(&u, "the history's chain cannot be read", err);
}

void sqlite_read_ops(struct engine_ops *ops)
{
	ops->taken = read_taken;
	ops->head = read_head;
	ops->rcpts = read_rcpts;
	ops->load = read_load;
	ops->body = read_body;
	ops->scan = read_scan;
	ops->due = read_due;
	ops->far = read_far;
	ops->oldest = read_oldest;
	ops->ended = read_ended;
	ops->next_file = read_next_file;
	ops->links = read_links;
}
