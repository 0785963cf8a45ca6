/* A large message by hand: see large.h. */
#include "smtp/large.h"
#include "support/suite.h"

#include <string.h>

static ssize_t read_large(void *ctx, char *to, size_t n)
{
	struct large *l = ctx;
	if (l->left < l->fails_at)
		return -1;
	n = n < l->left ? n : l->left;
	memset(to, '\n', n); /* the worst: each byte becomes two */
	if (n && l->odd)
		*to = 'x';
	l->odd = false;
	l->left -= n;
	return (ssize_t)n;
}

static void on_done(void *ctx, struct smtp_transaction *t)
{
	(void)t;
	((struct large *)ctx)->done = true;
}

static const struct smtp_client_ops ops = {.on_done = on_done};

void large_begin(struct large *l, const struct smtp_client_config *config, const char *offer,
		 const char *answers)
{
	static const struct smtp_client_config plain = {.helo = "me"};
	static const char envelope[] = "MAIL FROM:<>\r\nRCPT TO:<c@d>\r\n";
	l->to = "c@d";
	l->t = (struct smtp_transaction){.reverse_path = "",
					 .recipients = &l->to,
					 .count = 1,
					 .read = read_large,
					 .ctx = l,
					 .replies = &l->reply,
					 .no_chunks = true}; /* of another time */
	ck_assert_int_eq(smtp_client_new(&l->c, config ? config : &plain, &ops, l), OK);
	large_answer(l, "220 hi\r\n250-srv\r\n");
	large_answer(l, offer);
	buf_clear(smtp_client_output(l->c));
	ck_assert_int_eq(smtp_client_send(l->c, &l->t), OK);
	ck_assert_int_eq(smtp_client_send(l->c, &l->t), E_STATE);
	ck_assert_uint_ge(smtp_client_output(l->c)->len, sizeof envelope - 1);
	buf_consume(smtp_client_output(l->c), sizeof envelope - 1);
	large_answer(l, answers);
}

void large_answer(struct large *l, const char *reply)
{
	smtp_client_feed(l->c, reply, strlen(reply));
}
