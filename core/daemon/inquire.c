/* One question to one name server: see inquire.h. */
#include "daemon/inquire.h"

#include "base/text.h"
#include "dns/dns.h"

#include <string.h>

struct asked {
	struct dns_query query; /* first: done gets this */
	bool done;
};

static void answered(struct dns_query *q)
{
	((struct asked *)q)->done = true;
}

bool inquire(struct stack *s, const char *server, const char *name, bool mx, struct err *err)
{
	struct dns *dns;
	struct dns_options o = {
		.servers = &server, .server_count = 1, .tries = 2, .inbox = stack_inbox(s)};
	struct asked a = {
		.query = {.type = mx ? DNS_MX : DNS_ADDRESSES, .ipv4 = true, .done = answered}};
	int64_t until = clock_mono(stack_clock(s)) + INQUIRE_LIMIT_MS;
	text_copy(a.query.name, sizeof a.query.name, name);
	if (dns_new(&dns, s, &o, err) != OK)
		return false;
	dns_ask(dns, &a.query);
	while (!a.done && clock_mono(stack_clock(s)) < until)
		stack_turn(s, 50);
	if (!a.done)
		dns_forget(dns, &a.query);
	dns_destroy(&dns);
	if (!a.done)
		err_set(&a.query.err, E_TIMEOUT, "no answer within the time limit");
	*err = a.query.err;
	return a.done && (a.query.result == OK || a.query.result == E_NOTFOUND);
}
