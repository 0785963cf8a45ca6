/* world: the machine as it is, and a name made full by the text of a hosts file. */
#include "conf/load.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *host, *hosts, *full;
} names[] = {
	{"gw", "127.0.0.1 localhost\n127.0.1.1 gw.company.com gw\n", "gw.company.com"},
	{"gw", "127.0.1.1\tgw\tgw.company.com # mine\n", "gw.company.com"},
	{"GW", "127.0.1.1 gw.company.com gw", "gw.company.com"},
	{"gw", "127.0.1.1 localhost.localdomain # gw\n", "gw"},
	{"gw", "127.0.1.1 gw\n", "gw"},
	{"gw", "#127.0.1.1 gw.company.com gw\n", "gw"},
	{"gw", "\r\n\r\n::1 gw.v6.example gw\r\n127.0.1.1 gw.company.com gw\r\n", "gw.v6.example"},
	{"gw.own", "127.0.1.1 gw.company.com gw.own\n", "gw.own"},
	{"gw", "gw.company.com", "gw"},
	{"gw", "", "gw"},
	{"", "127.0.1.1 gw.company.com gw\n", ""},
};

START_TEST(full_name)
{
	char out[256];
	ck_assert_str_eq(conf_world_full_name(names[_i].host, names[_i].hosts, out, sizeof out),
			 names[_i].full);
}
END_TEST

START_TEST(long_lines_do_no_harm)
{
	char *hosts = malloc(5000), out[16];
	memset(hosts, 'x', 4990);
	strcpy(hosts + 4990, "\n1 a.b a");
	ck_assert_str_eq(conf_world_full_name("a", hosts, out, sizeof out), "a.b");
	free(hosts);
}
END_TEST

START_TEST(this_machine)
{
	const struct conf_world *w = conf_world_host();
	char name[256], small[2];
	ck_assert(w->has_user("root"));
	ck_assert(!w->has_user("no-such-user-here"));
	ck_assert(w->has_group("root"));
	ck_assert(!w->has_group("no-such-group-here"));
	w->hostname(name, sizeof name);
	ck_assert_uint_lt(strlen(name), sizeof name);
	w->hostname(small, sizeof small);
	ck_assert_uint_lt(strlen(small), sizeof small);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf/world");
	TCase *loops = tcase_create("names");
	tcase_add_loop_test(loops, full_name, 0, sizeof names / sizeof *names);
	suite_add_tcase(s, loops);
	SUITE_CASE(s, "machine", this_machine, long_lines_do_no_harm);
	return s;
}
SUITE_MAIN(suite)
