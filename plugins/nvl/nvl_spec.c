/* The settings of a private network, read and held against each other. Pure. */
#include "nvl/nvl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_OF_IPV6 1280 /* RFC 8200, section 5 */

static enum sgt_result bad(struct sgt_error *error, const char *key, const char *value,
			   const char *why)
{
	return error_set(error, SGT_BAD_SETTING, "%s = %.100s: %s", key, value, why);
}

static unsigned bits_of(const struct nvl_cidr *a)
{
	return a->family == AF_INET ? 32 : 128;
}

static bool read_host(const char *text, struct nvl_cidr *a)
{
	if (inet_pton(AF_INET, text, a->bytes) == 1)
		a->family = AF_INET;
	else if (inet_pton(AF_INET6, text, a->bytes) == 1)
		a->family = AF_INET6;
	return a->family != 0;
}

/* ADDRESS/BITS */
static bool read_cidr(const char *text, struct nvl_cidr *a)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : 0, digits = slash ? strlen(slash + 1) : 0;
	if (!n || n >= sizeof host || !digits || digits > 3 ||
	    strspn(slash + 1, "0123456789") != digits)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	unsigned long bits = strtoul(slash + 1, NULL, 10);
	if (!read_host(host, a) || bits < 1 || bits > bits_of(a))
		return false;
	a->bits = (uint8_t)bits;
	return true;
}

const char *nvl_spec_print(const struct nvl_cidr *a, char out[SGT_ADDRESS_MAX])
{
	return inet_ntop(a->family, a->bytes, out, SGT_ADDRESS_MAX);
}

/* Is other in the network that a lies in? */
static bool contains(const struct nvl_cidr *a, const struct nvl_cidr *other)
{
	if (a->family != other->family)
		return false;
	for (unsigned i = 0; i < a->bits; i++)
		if ((a->bytes[i / 8] ^ other->bytes[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

/* ---- keys ---- */

static enum sgt_result read_network(struct nvl_spec *spec, const struct sgt_value *v,
				    struct sgt_error *error)
{
	static const char *const schemes[] = {"vde://", "tap://", "udp://", "switch://"};
	const char *url = v->texts[0];
	bool known = strcmp(url, NVL_LOOPBACK) == 0;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		known = known || strncmp(url, schemes[i], strlen(schemes[i])) == 0;
	if (!known)
		return bad(error, "network", url,
			   "write vde://DIR, tap://DEVICE, udp://PORT->HOST:PORT, switch://DIR or "
			   "loopback");
	if (strlen(url) >= sizeof spec->network)
		return bad(error, "network", url, "too long");
	memcpy(spec->network, url, strlen(url));
	return SGT_OK;
}

static enum sgt_result read_addresses(struct nvl_spec *spec, const struct sgt_value *v,
				      struct sgt_error *error)
{
	if (v->count > NVL_ADDRESSES)
		return bad(error, "address", v->texts[NVL_ADDRESSES],
			   "a private network has at most 16 addresses");
	for (size_t i = 0; i < v->count; i++, spec->address_count++)
		if (!read_cidr(v->texts[i], &spec->addresses[i]))
			return bad(error, "address", v->texts[i],
				   "write the address with the bits of its network, 10.1.0.25/16");
	if (spec->address_count || nvl_is_loopback(spec))
		return SGT_OK;
	error_set(error, SGT_BAD_SETTING, "address is not set: a stack on %.100s needs one",
		  spec->network);
	error_remedy(error, "address = 10.1.0.25/16    ; a free one of that network");
	return SGT_BAD_SETTING;
}

static bool is_near(const struct nvl_spec *spec, const struct nvl_cidr *gateway)
{
	for (uint32_t i = 0; i < spec->address_count; i++)
		if (contains(&spec->addresses[i], gateway))
			return true;
	return false;
}

static enum sgt_result read_gateways(struct nvl_spec *spec, const struct sgt_value *v,
				     struct sgt_error *error)
{
	for (size_t i = 0; i < v->count; i++) {
		struct nvl_cidr *g = &spec->gateways[spec->gateway_count];
		if (spec->gateway_count == NVL_GATEWAYS || !read_host(v->texts[i], g))
			return bad(error, "gateway", v->texts[i],
				   "not an address, or more than one of IPv4 and one of IPv6");
		g->bits = (uint8_t)bits_of(g);
		if (spec->gateway_count && g->family == spec->gateways[0].family)
			return bad(error, "gateway", v->texts[i], "a second one of this family");
		if (!is_near(spec, g))
			return bad(error, "gateway", v->texts[i],
				   "not in the network of any address of this stack");
		spec->gateway_count++;
	}
	return SGT_OK;
}

static enum sgt_result read_name_servers(const struct sgt_value *v, struct sgt_error *error)
{
	struct ipaddr a;
	for (size_t i = 0; i < v->count; i++)
		if (ipaddr_parse(v->texts[i], 53, &a, error) != SGT_OK || a.any)
			return bad(error, "name_server", v->texts[i], "not an IP address");
	return SGT_OK;
}

static enum sgt_result check_mtu(const struct nvl_spec *spec, struct sgt_error *error)
{
	for (uint32_t i = 0; i < spec->address_count; i++)
		if (spec->addresses[i].family == AF_INET6 && spec->mtu < MTU_OF_IPV6)
			return error_set(error, SGT_BAD_SETTING, "mtu = %u: IPv6 needs at least %d",
					 spec->mtu, MTU_OF_IPV6);
	return SGT_OK;
}

/* ---- the device's address ---- */

/* FNV-1a: the same device each time, so that neighbours need not learn another. */
static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	for (const unsigned char *p = data; n--; p++)
		h = (h ^ *p) * 0x100000001b3u;
	return h;
}

static void choose_mac(struct nvl_spec *spec, const char *name)
{
	uint64_t h = mix(0xcbf29ce484222325u, name, strlen(name));
	h = mix(h, spec->network, strlen(spec->network));
	h = mix(h, spec->addresses, sizeof spec->addresses);
	for (int i = 1; i < 6; i++)
		spec->mac[i] = (uint8_t)(h >> (8 * i));
	spec->mac[0] = 2; /* locally administered, one device */
}

enum sgt_result nvl_spec_read(struct nvl_spec *spec, const char *name, const struct sgt_value *v,
			      struct sgt_error *error)
{
	memset(spec, 0, sizeof *spec);
	spec->mtu = (uint32_t)v[NVL_KEY_MTU].number;
	enum sgt_result r = read_network(spec, &v[NVL_KEY_NETWORK], error);
	if (r == SGT_OK)
		r = read_addresses(spec, &v[NVL_KEY_ADDRESS], error);
	if (r == SGT_OK)
		r = read_gateways(spec, &v[NVL_KEY_GATEWAY], error);
	if (r == SGT_OK)
		r = read_name_servers(&v[NVL_KEY_NAME_SERVER], error);
	if (r == SGT_OK)
		r = check_mtu(spec, error);
	if (r == SGT_OK)
		choose_mac(spec, name);
	return r;
}
