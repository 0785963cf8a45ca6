/* native: who gets a message of Microsoft Mail from whom; and with memory short, nobody is lost of it and nobody told to have no address. */
#include "deliver/native.h"

#include "support/scarce.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

#define PEOPLE 300u /* enough that a region grows */

static struct err err;

/* Every third mailbox has no address. */
static enum result address(void *ctx, const char *native, struct region *region, const char **out)
{
	unsigned number = 0;
	(void)ctx;
	if (sscanf(native, "A/B/u%u", &number) != 1 || number % 3 == 0)
		return E_NOTFOUND;
	*out = region_printf(region, "user%u@hq.example", number);
	return *out ? OK : E_NOMEM;
}

static const struct native *way(void)
{
	static struct native x;
	x = (struct native){.clock = clock_system(),
			    .charset = "cp437",
			    .hostname = "gw.example",
			    .address = address};
	return &x;
}

static void make(struct neutral *n, struct region *region)
{
	neutral_init(n, region);
	n->from = (struct neutral_address){"CSI", "A/B/u1"};
	n->text = content_memory("hi\r", 3);
	for (unsigned i = 1; i <= PEOPLE; i++)
		neutral_add_address(n, i % 2 ? &n->to : &n->cc, "CSI",
				    region_printf(region, "A/B/u%u", i));
}

static enum result try_envelope(unsigned fail_at)
{
	struct region *region = region_new(0);
	struct neutral n, refused;
	struct mail_envelope e;
	make(&n, region);
	neutral_init(&refused, region);
	mail_envelope_init(&e, region);
	scarce_fail_at(fail_at);
	enum result r = native_envelope(way(), &n, &e, &refused, &err);
	scarce_end();
	if (r == OK) {
		ck_assert_str_eq(e.reverse_path, "user1@hq.example");
		ck_assert_uint_eq(e.count, PEOPLE - PEOPLE / 3);
		ck_assert_uint_eq(refused.to.count, PEOPLE / 3);
	}
	region_destroy(&region);
	return r;
}

static enum result try_write(unsigned fail_at)
{
	struct region *region = region_new(0);
	struct neutral n;
	struct buf out;
	struct sink to;
	unsigned found = 0;
	make(&n, region);
	buf_init(&out, 0);
	sink_buffer(&to, &out);
	scarce_fail_at(fail_at);
	enum result r = native_write(way(), &n, &to, &err);
	scarce_end();
	if (r == OK)
		for (const char *p = buf_string(&out); (p = strstr(p, "@hq.example")); p++)
			found++;
	if (r == OK)
		ck_assert_uint_eq(found, PEOPLE - PEOPLE / 3 + 1);
	buf_free(&out);
	region_destroy(&region);
	return r;
}

static void until_it_is_enough(enum result (*try)(unsigned fail_at))
{
	unsigned i = 1;
	enum result r;
	while ((r = try(i)) == E_NOMEM)
		i++;
	ck_assert_int_eq(r, OK);
	ck_assert_uint_gt(i, 5);
}

START_TEST(memory_short)
{
	until_it_is_enough(try_envelope);
	until_it_is_enough(try_write);
}
END_TEST

/* Nobody's errors go back to a Postmaster [Q98067], and who has no address is no sender. */
START_TEST(senders)
{
	static const char *const rows[][3] = {
		{"CSI", "A/B/u1", "user1@hq.example"},
		{"CSI", "A/B/u3", ""},
		{"CSI", "A/B/postmaster", ""},
		{"SMTP", "joe@far.test", "joe@far.test"},
		{"SMTP", "Postmaster", ""},
		{"FAX", "123", ""},
		{"CSI", NULL, ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct region *region = region_new(0);
		struct neutral n, refused;
		struct mail_envelope e;
		neutral_init(&n, region);
		neutral_init(&refused, region);
		mail_envelope_init(&e, region);
		n.from = (struct neutral_address){rows[i][0], rows[i][1]};
		ck_assert_int_eq(native_envelope(way(), &n, &e, &refused, &err), OK);
		ck_assert_str_eq(e.reverse_path, rows[i][2]);
		region_destroy(&region);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("deliver/native");
	TCase *tc = tcase_create("messages");
	tcase_add_test(tc, memory_short);
	tcase_add_test(tc, senders);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}
SUITE_MAIN(suite)
