/* Default routes: see hostroute.h. Of several the one with the least metric counts, as for the kernel. */
#include "support/hostroute.h"

#include <linux/route.h>
#include <string.h>

#define LINE_BYTES 512

static bool is_better(const struct hostroute *out, const char *device, const char *name,
		      unsigned long metric)
{
	return (!*device || strcmp(device, name) == 0) && (!out->device[0] || metric < out->metric);
}

static void take(struct hostroute *out, const char *name, unsigned long metric, bool has_gateway)
{
	memset(out, 0, sizeof *out);
	snprintf(out->device, sizeof out->device, "%s", name);
	out->metric = metric;
	out->has_gateway = has_gateway;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask ...: addresses as the machine has them in memory, in hex. */
bool hostroute_read4(FILE *f, const char *device, struct hostroute *out)
{
	char line[LINE_BYTES], name[IF_NAMESIZE];
	unsigned to, gateway, flags, mask;
	unsigned long metric;
	memset(out, 0, sizeof *out);
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%15s %x %x %x %*s %*s %lu %x", name, &to, &gateway, &flags,
			   &metric, &mask) != 6 ||
		    to || mask || !(flags & RTF_UP) || !is_better(out, device, name, metric))
			continue;
		take(out, name, metric, flags & RTF_GATEWAY);
		out->gateway.u.in4.sin_family = AF_INET;
		out->gateway.u.in4.sin_addr.s_addr = gateway;
	}
	return out->device[0];
}

static bool read_hex(const char *text, struct in6_addr *in)
{
	for (size_t i = 0; i < sizeof in->s6_addr; i++)
		if (sscanf(text + 2 * i, "%2hhx", &in->s6_addr[i]) != 1)
			return false;
	return true;
}

/* Destination bits source bits next-hop metric references uses flags device; all in hex, addresses as they are written. */
bool hostroute_read6(FILE *f, const char *device, struct hostroute *out)
{
	char line[LINE_BYTES], to[33], hop[33], name[IF_NAMESIZE];
	unsigned bits, flags;
	unsigned long metric;
	struct in6_addr in;
	memset(out, 0, sizeof *out);
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%32s %x %*s %*s %32s %lx %*s %*s %x %15s", to, &bits, hop,
			   &metric, &flags, name) != 6 ||
		    bits || !(flags & RTF_UP) || flags & RTF_REJECT || strcmp(name, "lo") == 0 ||
		    strlen(hop) != 32 || !read_hex(hop, &in) ||
		    !is_better(out, device, name, metric))
			continue;
		take(out, name, metric, flags & RTF_GATEWAY);
		out->gateway.u.in6.sin6_family = AF_INET6;
		out->gateway.u.in6.sin6_addr = in;
		if (IN6_IS_ADDR_LINKLOCAL(&in))
			out->gateway.u.in6.sin6_scope_id = if_nametoindex(name);
	}
	return out->device[0];
}

bool hostroute_find(const char *device, struct hostroute *out)
{
	bool (*const read[])(FILE *, const char *, struct hostroute *) = {hostroute_read4,
									  hostroute_read6};
	static const char *const files[] = {"/proc/net/route", "/proc/net/ipv6_route"};
	bool found = false;
	for (int i = 0; i < 2 && !found; i++) {
		FILE *f = fopen(files[i], "re");
		if (!f)
			continue;
		found = read[i](f, device, out);
		fclose(f);
	}
	return found;
}
