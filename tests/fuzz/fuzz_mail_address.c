/* Any bytes as an address: what is read must be readable again in its canonical form, and that form
 * is stable. */
#include "base/text.h"
#include "mail/address.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_canonical(const char *text)
{
	char one[MAIL_ADDRESS_MAX + 1], two[MAIL_ADDRESS_MAX + 1];
	char local[MAIL_LOCAL_MAX + 1], domain[MAIL_DOMAIN_MAX + 1];
	assert(mail_address_canonical(text, one, sizeof one) == OK);
	assert(mail_address_canonical(one, two, sizeof two) == OK && strcmp(one, two) == 0);
	assert(mail_address_same(text, one));
	assert(mail_address_split(one, local, sizeof local, domain, sizeof domain) == OK);
	for (const char *p = one; *p; p += text_utf8(p))
		assert(text_utf8(p) && text_code(p) >= ' ' && *p != 0x7f);
	for (const char *p = domain; *p; p++)
		assert(*p >= ' ' && *p <= '~');
	assert(mail_address_narrow(text, two, sizeof two) == OK && mail_address_same(text, two));
}

static void check_read(const struct mail_address *a)
{
	char text[MAIL_ADDRESS_MAX + 1], name[MAIL_LOCAL_MAX + 1];
	assert(strlen(a->local) > 0 && strlen(a->local) <= MAIL_LOCAL_MAX);
	assert(strlen(a->domain) <= MAIL_DOMAIN_MAX);
	assert(mail_local_unquote(a->local, name, sizeof name) == OK && name[0]);
	int len =
		snprintf(text, sizeof text, "%s%s%s", a->local, a->domain[0] ? "@" : "", a->domain);
	assert(len > 0 && (size_t)len < sizeof text);
	check_canonical(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mail_address a, b;
	struct err err;
	size_t used;
	const char *text = (const char *)data;
	enum result whole = mail_address_parse(text, n, &a, NULL, &err);
	if (whole == OK)
		check_read(&a);
	enum result part = mail_address_parse(text, n, &b, &used, NULL);
	assert(used <= n);
	if (part == OK)
		check_read(&b);
	assert(whole != OK || (part == OK && used == n));
	return 0;
}
