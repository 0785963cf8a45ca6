/* The order of MX answers: see mx.h. Pure; cannot fail. */
#include "route/mx.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	int code;
	const char *status, *words;
} kinds[ROUTE_MX_KINDS] = {
#define KIND(name, code, status, words) {code, status, words},
	ROUTE_MX_LIST(KIND)
#undef KIND
};

int route_mx_code(enum route_mx_kind kind)
{
	return kinds[kind].code;
}

const char *route_mx_status(enum route_mx_kind kind)
{
	return kinds[kind].status;
}

const char *route_mx_words(enum route_mx_kind kind)
{
	return kinds[kind].words;
}

/* Names are equal without case and without the dot that DNS puts at the end. */
static bool same_host(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	n -= n && a[n - 1] == '.';
	m -= m && b[m - 1] == '.';
	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text_lower(a[i]) != text_lower(b[i]))
			return false;
	return true;
}

bool route_self_has(const struct route_self *self, const struct net_ip *ip)
{
	if (net_ip_is_loopback(ip) || net_ip_is_any(ip))
		return true;
	for (size_t i = 0; i < self->ip_count; i++)
		if (net_ip_equal(&self->ips[i], ip))
			return true;
	return false;
}

static bool is_own(const struct route_self *self, const struct route_mx *mx)
{
	struct net_ip literal;
	for (size_t i = 0; i < self->name_count; i++)
		if (same_host(self->names[i], mx->host))
			return true;
	if (mail_literal_parse(mx->host, &literal) == OK && route_self_has(self, &literal))
		return true;
	for (size_t i = 0; i < mx->ip_count; i++)
		if (route_self_has(self, &mx->ips[i]))
			return true;
	return false;
}

bool route_mx_drop_own(struct route_mx *list, size_t *count, const struct route_self *self)
{
	size_t kept = 0;
	unsigned worst = 0; /* preference of our best host */
	bool ours = false;
	for (size_t i = 0; i < *count; i++) {
		if (is_own(self, &list[i]) && (!ours || list[i].preference < worst)) {
			ours = true;
			worst = list[i].preference;
		}
	}
	for (size_t i = 0; i < *count; i++)
		if (!ours || list[i].preference < worst)
			list[kept++] = list[i];
	*count = kept;
	return kept > 0;
}

static int by_preference(const void *a, const void *b)
{
	unsigned x = ((const struct route_mx *)a)->preference,
		 y = ((const struct route_mx *)b)->preference;
	return (x > y) - (x < y);
}

/* splitmix64: one seed gives as many draws as a shuffle needs. */
static uint64_t draw(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Fisher and Yates over the whole list; the sort by preference comes after it and need not be
 * stable. */
static void shuffle(struct route_mx *list, size_t n, uint64_t seed)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)(draw(&seed) % i);
		struct route_mx swap = list[i - 1];
		list[i - 1] = list[k];
		list[k] = swap;
	}
}

/* Takes out "." entries; how many are left. */
static size_t drop_null(struct route_mx *list, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!same_host(list[i].host, "."))
			list[kept++] = list[i];
	return kept;
}

enum route_mx_kind route_mx_order(struct route_mx *list, size_t *count, const char *domain,
				  const struct route_self *self, uint64_t random)
{
	enum route_mx_kind kind = ROUTE_MX_HOSTS;
	size_t n = drop_null(list, *count);
	if (!n && *count) {
		*count = 0;
		return ROUTE_MX_NULL;
	}
	if (!n) {
		list[0] = (struct route_mx){.preference = 0};
		text_copy(list[0].host, sizeof list[0].host, domain);
		kind = ROUTE_MX_IMPLICIT;
		n = 1;
	}
	*count = n;
	shuffle(list, n, random);
	qsort(list, n, sizeof *list, by_preference);
	return route_mx_drop_own(list, count, self) ? kind : ROUTE_MX_LOOP;
}
