/* Links of the history: see chain.h. Fields go into the hash with their length or as 8 bytes, so that
 * no two rows look alike. A failure of libcrypto is kept until the link ends. Fails for memory alone.
 */
#include "spool/chain.h"

#include <string.h>

enum result chain_open(struct chain *c, struct err *err)
{
	c->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	c->ctx = EVP_MD_CTX_new();
	if (c->sha256 && c->ctx)
		return OK;
	bool known = c->sha256 != NULL;
	chain_close(c);
	return known ? err_set(err, E_NOMEM, "no memory for the history's hash")
		     : err_set(err, E_UNSUPPORTED, "libcrypto offers no SHA-256");
}

void chain_close(struct chain *c)
{
	EVP_MD_CTX_free(c->ctx);
	EVP_MD_free(c->sha256);
	*c = (struct chain){0};
}

/* A link in the making. */
struct link {
	EVP_MD_CTX *ctx;
	bool ok;
};

static void put(struct link *l, const void *bytes, size_t n)
{
	l->ok = l->ok && EVP_DigestUpdate(l->ctx, bytes, n) == 1;
}

static void put_number(struct link *l, uint64_t n)
{
	unsigned char b[8];
	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (unsigned char)(n >> 8 * i);
	put(l, b, sizeof b);
}

/* A text that is absent counts as an empty one. */
static void put_text(struct link *l, const char *text)
{
	size_t n = text ? strlen(text) : 0;
	put_number(l, n);
	if (n)
		put(l, text, n);
}

static struct link begin(struct chain *c, const unsigned char *before, enum chain_kind kind,
			 uint64_t number)
{
	struct link l = {.ctx = c->ctx};
	l.ok = EVP_DigestInit_ex2(c->ctx, c->sha256, NULL) == 1;
	put(&l, before, CHAIN_HASH);
	put_number(&l, (uint64_t)kind);
	put_number(&l, number);
	return l;
}

static enum result finish(struct link *l, unsigned char *out)
{
	return l->ok && EVP_DigestFinal_ex(l->ctx, out, NULL) == 1 ? OK : E_NOMEM;
}

static bool asks_anything(const struct mail_envelope *v)
{
	bool any = *v->asks != '\0';
	for (size_t i = 0; !any && i < v->count; i++)
		any = *v->asks_of[i] != '\0';
	return any;
}

enum result chain_taken(struct chain *c, const unsigned char *before, uint64_t number,
			const struct mail_envelope *v, uint64_t size, const char *hash,
			unsigned char *out)
{
	struct link l = begin(c, before, CHAIN_TAKEN, number);
	const char *const texts[] = {v->reverse_path, v->session, v->listener, v->protocol,
				     v->client,       v->helo,    hash};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(&l, texts[i]);
	put_number(&l, v->eight_bit);
	put_number(&l, (uint64_t)v->arrived);
	put_number(&l, (uint64_t)v->priority);
	put_number(&l, size);
	put_number(&l, v->count);
	for (size_t i = 0; i < v->count; i++)
		put_text(&l, v->recipients[i]);
	bool asks = asks_anything(v);
	if (asks || *v->repaired) /* links of before there were these stay as they are */
		put_text(&l, v->repaired);
	if (asks)
		put_text(&l, v->asks);
	for (size_t i = 0; asks && i < v->count; i++)
		put_text(&l, v->asks_of[i]);
	return finish(&l, out);
}

enum result chain_attempt(struct chain *c, const unsigned char *before, uint64_t number,
			  const struct spool_attempt *a, unsigned char *out)
{
	struct link l = begin(c, before, CHAIN_ATTEMPT, number);
	const char *const texts[] = {a->rule, a->peer, a->status, a->reason, a->sent_hash};
	put_number(&l, a->rcpt);
	put_number(&l, a->nth);
	put_number(&l, (uint64_t)a->at);
	put_number(&l, (uint64_t)a->state);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		put_text(&l, texts[i]);
	if (a->sent_sender ||
	    a->sent_from) { /* links of before there were these stay as they are */
		put_text(&l, a->sent_sender);
		put_text(&l, a->sent_from);
	}
	return finish(&l, out);
}

enum result chain_ended(struct chain *c, const unsigned char *before, const struct spool_entry *e,
			unsigned char *out)
{
	struct link l = begin(c, before, CHAIN_ENDED, e->number);
	put_number(&l, (uint64_t)e->ended);
	put_number(&l, e->rcpt_count);
	for (size_t i = 0; i < e->rcpt_count; i++) {
		const struct spool_rcpt *r = &e->rcpts[i];
		put_number(&l, (uint64_t)r->state);
		put_number(&l, r->attempts);
		put_number(&l, r->warned);
		put_text(&l, r->rule);
		put_text(&l, r->peer);
		put_text(&l, r->status);
		put_text(&l, r->reason);
	}
	return finish(&l, out);
}

enum result chain_forgotten(struct chain *c, const unsigned char *before, uint64_t number,
			    unsigned char *out)
{
	struct link l = begin(c, before, CHAIN_FORGOTTEN, number);
	return finish(&l, out);
}

void chain_hex(const unsigned char *hash, char out[2 * CHAIN_HASH + 1])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < CHAIN_HASH; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[2 * CHAIN_HASH] = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool chain_unhex(const char *text, unsigned char *hash)
{
	if (strlen(text) != 2 * CHAIN_HASH)
		return false;
	for (size_t i = 0; i < CHAIN_HASH; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		hash[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}
