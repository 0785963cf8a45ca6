/*
 * smtp/proxy: any bytes, whole and one by one: the same verdict after the same byte, an address or words, no more taken than the longest
 * header has; and what is a header claims to be one.
 */
#include "smtp/proxy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static size_t one_by_one(struct smtp_proxy *p, const char *bytes, size_t n)
{
	size_t used = 0;
	while (used < n && smtp_proxy_feed(p, bytes + used, 1))
		used++;
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *bytes = (const char *)data;
	struct smtp_proxy p = {0}, q = {0};
	struct smtp_proxy_look look = {0};
	size_t used = smtp_proxy_feed(&p, bytes, n);
	check(used <= n && used <= 16 + 65535);
	check(one_by_one(&q, bytes, n) == used && p.state == q.state && p.known == q.known);
	check(used == n || p.state >= SMTP_PROXY_DONE);
	check((p.state == SMTP_PROXY_FAILED) == (p.why != NULL));
	check(!p.known || net_ip_equal(&p.client, &q.client));
	if (p.state == SMTP_PROXY_DONE)
		check(smtp_proxy_claimed(&look, bytes, n));
	return 0;
}
