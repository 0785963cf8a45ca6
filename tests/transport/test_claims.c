/* claims: one address has one host on a network, whatever modules ask; who ends gives it back. */
#include "transport/claims.h"
#include "support/suite.h"
#include "transport/stack_internal.h"
#include "transport/twin.h"

#include <string.h>

struct row {
	const char *network, *address;
	int host;
};

static struct row says[3]; /* what the next stack claims; ends with one without network */
static int hosts[4];

static void tell(struct sgt_stack *stack, void (*fn)(void *ctx, const struct sgt_claim *claim),
		 void *ctx)
{
	(void)stack;
	for (const struct row *r = says; r->network; r++)
		fn(ctx, &(struct sgt_claim){.size = sizeof(struct sgt_claim),
					    .network = r->network,
					    .key = "address",
					    .address = r->address,
					    .host = &hosts[r->host]});
}

static struct sgt_module modules[2];
static struct sgt_error error;

static void begin(void)
{
	memset(says, 0, sizeof says);
	memset(&error, 0, sizeof error);
	for (size_t i = 0; i < 2; i++) {
		modules[i] = SGT_MODULE(mem);
		modules[i].claims = tell;
	}
}

struct party {
	struct instance *instance;
	struct stack *stack;
};

static enum sgt_result join(struct party *p, const char *name, int module, const char *network,
			    const char *address, int host)
{
	const struct instance_config config = {.name = name};
	const struct stack_config how = {.ops = &twin_ops};
	struct err err;
	says[0] = (struct row){network, address, host};
	p->stack = NULL;
	ck_assert_int_eq(instance_new(&p->instance, &modules[module], &config, &err), OK);
	return stack_create(&p->stack, p->instance, &how, &error);
}

static void leave(struct party *p)
{
	stack_destroy(&p->stack);
	instance_destroy(&p->instance);
}

START_TEST(one_address_has_one_host)
{
	static const struct {
		const char *network, *address;
		int module, host;
		bool good;
	} rows[] = {
		{"vde://a", "10.0.0.1", 1, 1, false}, {"vde://a", "10.0.0.1", 0, 1, false},
		{"vde://a", "10.0.0.1", 1, 0, false}, /* the same word of another module is another host */
		{"vde://a", "10.0.0.1", 0, 0, true}, /* it is that host */
		{"vde://a", "10.0.0.10", 1, 1, true}, {"vde://b", "10.0.0.1", 1, 1, true},
		{"VDE://a", "10.0.0.1", 1, 1, true}, /* a folder's name */
	};
	begin();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct party a, b;
		ck_assert_int_eq(join(&a, "first", 0, "vde://a", "10.0.0.1", 0), SGT_OK);
		enum sgt_result r = join(&b, "second", rows[i].module, rows[i].network,
					 rows[i].address, rows[i].host);
		ck_assert_msg(r == (rows[i].good ? SGT_OK : SGT_BAD_SETTING), "row %zu: %d", i, r);
		ck_assert_msg(!b.stack == !rows[i].good, "row %zu", i);
		leave(&b);
		leave(&a);
	}
}
END_TEST

START_TEST(both_are_named)
{
	struct party a, b;
	begin();
	ck_assert_int_eq(join(&a, "first", 0, "vde://a", "fd00::a", 0), SGT_OK);
	ck_assert_int_eq(join(&b, "second", 1, "vde://a", "FD00::A", 1), SGT_BAD_SETTING);
	ck_assert_int_eq(error.result, SGT_BAD_SETTING);
	ck_assert_str_eq(error.text, "address = FD00::A of [vendor second] is that of [vendor "
				     "first] on vde://a");
	ck_assert_str_eq(error.remedy,
			 "give [vendor second] an address of its own on that network");
	leave(&b);
	leave(&a);
}
END_TEST

/* Each of several is looked at, and who was refused holds nothing. */
START_TEST(every_one_is_looked_at)
{
	struct party a, b, c;
	begin();
	ck_assert_int_eq(join(&a, "first", 0, "vde://a", "10.0.0.1", 0), SGT_OK);
	says[1] = (struct row){"vde://a", "10.0.0.2", 1};
	ck_assert_int_eq(join(&b, "second", 1, "vde://a", "10.0.0.3", 1), SGT_OK);
	says[1] = (struct row){"vde://a", "10.0.0.2", 2};
	ck_assert_int_eq(join(&c, "third", 0, "vde://a", "10.0.0.4", 2), SGT_BAD_SETTING);
	leave(&c);
	says[1] = (struct row){"vde://a", "10.0.0.1", 2};
	ck_assert_int_eq(join(&c, "third", 0, "vde://a", "10.0.0.4", 2), SGT_BAD_SETTING);
	leave(&c);
	memset(says, 0, sizeof says);
	ck_assert_int_eq(join(&c, "fourth", 0, "vde://a", "10.0.0.4", 3), SGT_OK);
	leave(&b); /* from the midst of the list */
	leave(&c);
	leave(&a);
}
END_TEST

START_TEST(who_ends_gives_back)
{
	struct party a, b;
	begin();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(join(&a, "first", 0, "vde://a", "10.0.0.1", 0), SGT_OK);
		ck_assert_int_eq(join(&b, "second", 1, "vde://a", "10.0.0.1", 1), SGT_BAD_SETTING);
		leave(&a);
		leave(&b);
		ck_assert_int_eq(join(&b, "second", 1, "vde://a", "10.0.0.1", 1), SGT_OK);
		leave(&b);
	}
}
END_TEST

/* A module that says nothing, or was made before there were claims. */
START_TEST(who_claims_nothing)
{
	struct party a, b, c;
	begin();
	ck_assert_int_eq(join(&a, "first", 0, "vde://a", "10.0.0.1", 0), SGT_OK);
	modules[1].claims = NULL;
	ck_assert_int_eq(join(&b, "second", 1, "vde://a", "10.0.0.1", 1), SGT_OK);
	modules[1].claims = tell;
	modules[1].size = offsetof(struct sgt_module, claims);
	ck_assert_int_eq(join(&c, "third", 1, "vde://a", "10.0.0.1", 1), SGT_OK);
	leave(&c);
	leave(&b);
	leave(&a);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/claims");
	SUITE_CASE(s, "claims", one_address_has_one_host, both_are_named, every_one_is_looked_at,
		   who_ends_gives_back, who_claims_nothing);
	return s;
}
SUITE_MAIN(suite)
