/* Conformance: addresses are checked and printed one way, and the own ones are addresses. */
#include "conformance/test.h"

#include <string.h>

void conformance_addresses_good(struct test *t)
{
	static const struct {
		const char *text;
		unsigned port;
		const char *out;
		uint64_t needs;
	} rows[] = {
		{"192.0.2.1:25", 0, "192.0.2.1:25", 0},
		{"192.0.2.1", 25, "192.0.2.1:25", 0},
		{"192.0.2.1:2525", 25, "192.0.2.1:2525", 0},
		{"192.0.2.1:65535", 0, "192.0.2.1:65535", 0},
		{"*:25", 0, "*:25", 0},
		{"*", 25, "*:25", 0},
		{"127.0.0.1:0", 0, "127.0.0.1:0", 0},
		{"[2001:db8::1]:25", 0, "[2001:db8::1]:25", SGT_CAP_IPV6_CONNECT},
		{"[2001:DB8:0:0::1]:25", 0, "[2001:db8::1]:25", SGT_CAP_IPV6_CONNECT},
		{"[2001:db8::1]", 25, "[2001:db8::1]:25", SGT_CAP_IPV6_CONNECT},
		{"2001:db8::1", 25, "[2001:db8::1]:25", SGT_CAP_IPV6_CONNECT},
		{"[::]:25", 0, "[::]:25", SGT_CAP_IPV6_LISTEN},
		{"[::1]:25", 0, "[::1]:25", SGT_CAP_IPV6_CONNECT},
	};
	const struct sgt_module *m = t->rig.module;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char out[SGT_ADDRESS_MAX] = "", again[SGT_ADDRESS_MAX] = "";
		struct sgt_error e = {.text = ""};
		if ((m->caps & rows[i].needs) != rows[i].needs)
			continue;
		enum sgt_result r = m->address(t->rig.stack, rows[i].text, rows[i].port, out, &e);
		NEED(t, r == SGT_OK, "%s is refused: %s", rows[i].text, e.text);
		NEED(t, strcmp(out, rows[i].out) == 0, "%s is printed as %s, not %s", rows[i].text,
		     out, rows[i].out);
		r = m->address(t->rig.stack, out, 0, again, &e);
		NEED(t, r == SGT_OK && strcmp(out, again) == 0, "%s does not stay what it is", out);
	}
}

void conformance_addresses_bad(struct test *t)
{
	static const struct {
		const char *text;
		unsigned port;
	} rows[] = {
		{"", 25},
		{":25", 0},
		{"192.0.2.1", 0},
		{"192.0.2.1:", 25},
		{"192.0.2.1:x", 25},
		{"192.0.2.1:25x", 25},
		{"192.0.2.1:65536", 25},
		{"192.0.2.1:-1", 25},
		{"192.0.2.1:99999999999999999999", 25},
		{"192.0.2.1: 25", 25},
		{" 192.0.2.1:25", 25},
		{"192.0.2.1:25:25", 25},
		{"[192.0.2.1:25", 25},
		{"[2001:db8::1:25", 25},
		{"[2001:db8::1]25", 25},
		{"[2001:db8::g]:25", 25},
		{"[2001:db8::1]", 0},
		{"[]:25", 25},
	};
	const struct sgt_module *m = t->rig.module;
	char out[SGT_ADDRESS_MAX], text[1024];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sgt_error e = {.text = ""};
		enum sgt_result r = m->address(t->rig.stack, rows[i].text, rows[i].port, out, &e);
		NEED(t, r == SGT_BAD_ADDRESS, "\"%s\" gives %d", rows[i].text, r);
		NEED(t, e.result == SGT_BAD_ADDRESS && e.text[0],
		     "\"%s\" is refused without a word", rows[i].text);
	}
	memset(text, '1', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	struct sgt_error e;
	NEED(t, m->address(t->rig.stack, text, 25, out, &e) == SGT_BAD_ADDRESS,
	     "1023 digits are an address");
}

struct own {
	struct test *t;
	unsigned count;
	bool host; /* the bed's was among them */
};

static void see_own(void *ctx, const char *address)
{
	struct own *own = ctx;
	char out[SGT_ADDRESS_MAX];
	struct sgt_error e;
	struct test *t = own->t;
	own->count++;
	NEED(t, t->rig.module->address(t->rig.stack, address, 25, out, &e) == SGT_OK,
	     "own address \"%s\": %s", address, e.text);
	own->host = own->host || strcmp(address, t->bed->host) == 0;
}

void conformance_own_addresses_are_addresses(struct test *t)
{
	struct own own = {.t = t};
	t->rig.module->own_addresses(t->rig.stack, see_own, &own);
	NEED(t, own.count, "the stack has no own address");
	NEED(t, own.host, "%s is not among the own addresses", t->bed->host);
}
