/* win's settings of IPv6, checked. Touches nothing outside the process. */
#include "win/win.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MAX 127u /* an address of ours and a peer */

/* One host's address, of a network or of the link. */
static bool read_host(const char *text, uint8_t out[WIN_IP6_LEN])
{
	static const uint8_t loopback[WIN_IP6_LEN] = {[15] = 1};
	return inet_pton(AF_INET6, text, out) == 1 && out[0] != 0xff && !win_ip6_is_zero(out) &&
	       memcmp(out, loopback, sizeof loopback) != 0;
}

/* "fd77::26/64" */
static bool read_source(struct win_six *six, const char *text)
{
	char host[INET6_ADDRSTRLEN], *end;
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : sizeof host;
	if (n >= sizeof host)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	unsigned long bits = strtoul(slash + 1, &end, 10);
	if (end == slash + 1 || *end || bits < 1 || bits > BITS_MAX)
		return false;
	six->bits = (unsigned)bits;
	return read_host(host, six->source);
}

static enum sgt_result check_gateway(const struct sgt_stack *stack, const char *text,
				     struct sgt_error *error)
{
	const struct win_six *six = &stack->six;
	if (memcmp(six->gateway, six->source, WIN_IP6_LEN) == 0)
		return error_set(error, SGT_BAD_SETTING,
				 "gateway6 = %.100s: that is our own address", text);
	if (!win_six_is_near(stack, six->gateway))
		return error_set(error, SGT_BAD_SETTING,
				 "gateway6 = %.100s: not a host of the network of `source6`", text);
	return SGT_OK;
}

static enum sgt_result read_gateway(struct sgt_stack *stack, const struct sgt_value *v,
				    struct sgt_error *error)
{
	if (!v->count)
		return SGT_OK;
	if (!stack->six.set)
		return error_set(error, SGT_BAD_SETTING, "gateway6 = %.100s: source6 is missing",
				 v->texts[0]);
	if (!read_host(v->texts[0], stack->six.gateway))
		return error_set(error, SGT_BAD_SETTING, "gateway6 = %.100s: not an IPv6 address",
				 v->texts[0]);
	return check_gateway(stack, v->texts[0], error);
}

enum sgt_result win_create6(struct sgt_stack *stack, const struct sgt_value *source,
			    const struct sgt_value *gateway, struct sgt_error *error)
{
	if (source->count && !read_source(&stack->six, source->texts[0]))
		return error_set(error, SGT_BAD_SETTING,
				 "source6 = %.100s: not an IPv6 address with the length of its "
				 "network (1 to %u), as in fd77::26/64",
				 source->texts[0], BITS_MAX);
	if (source->count && (ntohl(stack->address) & WIN_HOP_MASK) == WIN_HOP_NET)
		return error_set(error, SGT_BAD_SETTING,
				 "source6 = %.100s: IPv6 needs 240.0.0.0/8 inside of win, and "
				 "`address` is there",
				 source->texts[0]);
	stack->six.set = source->count > 0;
	return read_gateway(stack, gateway, error);
}
