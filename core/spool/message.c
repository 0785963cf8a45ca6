/* Messages in memory: see message.h. Owns a region, the content or its descriptor. Fails for memory
 * alone. */
#include "spool/message.h"

#include "base/budget.h"
#include "base/region.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct message *message_new(void)
{
	struct message *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	m->m.region = region_new(0);
	if (!m->m.region) {
		free(m);
		return NULL;
	}
	m->m.refs = 1;
	m->m.fd = -1;
	return m;
}

enum result message_address(struct message *m, const struct mail_envelope *envelope,
			    const char *hold, int64_t next_at)
{
	struct spool_message *p = &m->m;
	if (mail_envelope_copy(&p->envelope, envelope, p->region) != OK)
		return E_NOMEM;
	p->rcpts = region_alloc(p->region, p->envelope.count * sizeof *p->rcpts);
	const char *reason = hold ? region_strdup(p->region, hold) : "";
	if (!p->rcpts || !reason)
		return E_NOMEM;
	p->rcpt_count = p->envelope.count;
	for (size_t i = 0; i < p->rcpt_count; i++)
		p->rcpts[i] = (struct spool_rcpt){
			.address = p->envelope.recipients[i],
			.asks = p->envelope.asks_of[i],
			.state = hold ? SPOOL_HELD : SPOOL_WAITING,
			.next_at = next_at,
			.rule = "",
			.peer = "",
			.status = "",
			.reason = reason,
		};
	return OK;
}

void message_charge(struct message *m)
{
	m->charged = sizeof *m + region_used(m->m.region) + (m->content ? m->m.size : 0);
	budget_take(m->charged);
}

void message_number(struct message *m, uint64_t number)
{
	m->m.number = number;
	spool_id_format(number, m->m.id);
}

/* refs is a plain unsigned in the public header; every access to it is here. */
struct spool_message *spool_message_ref(struct spool_message *m)
{
	__atomic_add_fetch(&m->refs, 1, __ATOMIC_RELAXED);
	return m;
}

void spool_message_unref(struct spool_message **m)
{
	struct spool_message *p = *m;
	*m = NULL;
	if (!p || __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
		return;
	struct message *own = message_of(p);
	if (p->fd >= 0)
		close(p->fd);
	budget_give(own->charged);
	region_destroy(&p->region);
	free(own->content);
	free(own);
}

ssize_t spool_message_read(const struct spool_message *m, uint64_t offset, void *to, size_t n)
{
	if (offset >= m->size)
		return 0;
	if (n > m->size - offset)
		n = (size_t)(m->size - offset);
	if (m->data) {
		memcpy(to, m->data + offset, n);
		return (ssize_t)n;
	}
	ssize_t got;
	do {
		got = pread(m->fd, to, n, (off_t)offset);
	} while (got < 0 && errno == EINTR);
	return got;
}

const char *spool_state_word(enum spool_state s)
{
	static const char *const words[] = {
#define STATE_WORD(name, word) word,
		SPOOL_STATE_LIST(STATE_WORD)
#undef STATE_WORD
	};
	return (unsigned)s < SPOOL_STATE_COUNT ? words[s] : "unknown";
}

void spool_id_format(uint64_t number, char out[SPOOL_ID_MAX])
{
	snprintf(out, SPOOL_ID_MAX, "m%llu", (unsigned long long)number);
}

enum result spool_id_parse(const char *text, uint64_t *number)
{
	uint64_t n = 0;
	if (*text == 'm' || *text == 'M')
		text++;
	if (*text < '1' || *text > '9')
		return E_SYNTAX;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');
		if (*text < '0' || *text > '9' || n > (UINT64_MAX - digit) / 10)
			return E_SYNTAX;
		n = n * 10 + digit;
	}
	*number = n;
	return OK;
}
