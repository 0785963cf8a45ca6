/* The text of a destination: see destination.h. Fails for memory or the buffer's bound. */
#include "route/destination.h"

#include "base/net.h"
#include "base/text.h"
#include "route/local.h"

#include <string.h>

static enum result put_lower(struct buf *out, const char *text)
{
	size_t n = strlen(text);
	enum result r = buf_append(out, text, n);
	char *p = r == OK ? buf_head(out) + out->len - n : NULL;
	for (; p && n--; p++)
		*p = text_lower(*p);
	return r;
}

/* Names mean the same in any letter case, files do not. */
static enum result put_host(struct buf *out, const char *host)
{
	return net_is_file(host) ? buf_puts(out, host) : put_lower(out, host);
}

static enum result put_smart(struct buf *out, const struct conf_route *r)
{
	enum result result = buf_printf(out, "%s|smart:", r->name);
	for (size_t i = 0; result == OK && i < r->smart_hosts.count; i++) {
		if (i)
			result = buf_puts(out, ",");
		if (result == OK)
			result = put_host(out, r->smart_hosts.items[i]);
	}
	return result;
}

enum result route_destination_format(const struct route_decision *d, struct buf *out)
{
	enum result result;
	switch (d->kind) {
	case ROUTE_LOCAL:
		return buf_printf(out, "%s:%s",
				  route_local_unpacks(d->postoffice, d->mailbox) ? "unpack"
										 : "postoffice",
				  d->postoffice->name);
	case ROUTE_SMART:
		return put_smart(out, d->route);
	case ROUTE_MX:
		result = buf_printf(out, "%s|mx:", d->route->name);
		return result == OK ? put_lower(out, d->domain) : result;
	case ROUTE_HOLD:
	case ROUTE_DISCARD:
	case ROUTE_REFUSE:
		break;
	}
	return OK;
}

static bool same_host(const char *a, const char *b)
{
	return net_is_file(a) ? strcmp(a, b) == 0 : text_same(a, b);
}

static bool same_hosts(const struct conf_texts *a, const struct conf_texts *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_host(a->items[i], b->items[i]))
			return false;
	return true;
}

bool route_destination_same(const struct route_decision *a, const struct route_decision *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ROUTE_LOCAL:
		return strcmp(a->postoffice->name, b->postoffice->name) == 0 &&
		       route_local_unpacks(a->postoffice, a->mailbox) ==
			       route_local_unpacks(b->postoffice, b->mailbox);
	case ROUTE_SMART:
		return strcmp(a->route->name, b->route->name) == 0 &&
		       same_hosts(&a->route->smart_hosts, &b->route->smart_hosts);
	case ROUTE_MX:
		return strcmp(a->route->name, b->route->name) == 0 &&
		       text_same(a->domain, b->domain);
	case ROUTE_HOLD:
	case ROUTE_DISCARD:
	case ROUTE_REFUSE:
		break;
	}
	return false;
}
