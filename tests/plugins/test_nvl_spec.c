/* nvl: which settings are taken, and the sentence for each that is not. */
#include "plugins/nvl_rig.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

#define URL "vde:///run/vde.ctl"

static const struct {
	struct conformance_setting settings[5];
	const char *sentence;
} faulty[] = {
	{{{"network", "ether7"}},
	 "network = ether7: write vde://DIR, tap://DEVICE, udp://PORT->HOST:PORT, switch://DIR or "
	 "loopback"},
	{{{"network", URL}}, "address is not set: a stack on " URL " needs one"},
	{{{"network", URL}, {"address", "10.1.0.25"}},
	 "address = 10.1.0.25: write the address with the bits of its network, 10.1.0.25/16"},
	{{{"network", URL}, {"address", "10.1.0.25/33"}},
	 "address = 10.1.0.25/33: write the address with the bits of its network, 10.1.0.25/16"},
	{{{"network", URL}, {"address", "10.1.0.25/1x"}},
	 "address = 10.1.0.25/1x: write the address with the bits of its network, 10.1.0.25/16"},
	{{{"network", URL}, {"address", "gateway/16"}},
	 "address = gateway/16: write the address with the bits of its network, 10.1.0.25/16"},
	{{{"network", URL}, {"address", "10.1.0.25/16"}, {"gateway", "10.2.0.1"}},
	 "gateway = 10.2.0.1: not in the network of any address of this stack"},
	{{{"network", URL}, {"address", "10.1.0.25/16"}, {"gateway", "fd00::1"}},
	 "gateway = fd00::1: not in the network of any address of this stack"},
	{{{"network", URL}, {"address", "10.1.0.25/16"}, {"gateway", "10.1.0.1, 10.1.0.2"}},
	 "gateway = 10.1.0.2: a second one of this family"},
	{{{"network", URL}, {"address", "10.1.0.25/16"}, {"gateway", "router"}},
	 "gateway = router: not an address, or more than one of IPv4 and one of IPv6"},
	{{{"network", "loopback"}, {"name_server", "ns.example.net"}},
	 "name_server = ns.example.net: not an IP address"},
	{{{"network", URL}, {"address", "fd00::25/64"}, {"mtu", "1000"}},
	 "mtu = 1000: IPv6 needs at least 1280"},
};

START_TEST(faulty_settings)
{
	struct nvl_case c;
	ck_assert(!nvl_create_with(&c, faulty[_i].settings, NULL, 0));
	ck_assert_str_eq(c.error.text, faulty[_i].sentence);
	ck_assert_int_eq(c.error.result, SGT_BAD_SETTING);
}
END_TEST

static const struct conformance_setting good[][6] = {
	{{"network", "loopback"}},
	{{"network", "loopback"}, {"address", "10.1.0.25/32, fd00::25/128"}},
	{{"network", URL}, {"address", "10.1.0.25/16"}, {"gateway", "10.1.255.254"}},
	{{"network", URL},
	 {"address", "10.1.0.25/16, fd00::25/64"},
	 {"gateway", "fd00::1, 10.1.0.1"},
	 {"name_server", "10.1.0.53, [fd00::53]:5353"},
	 {"mtu", "9000"}},
	{{"network", "udp://20000->192.0.2.1:20000"}, {"address", "10.1.0.25/1"}, {"mtu", "576"}},
};

START_TEST(good_settings)
{
	struct nvl_case c;
	nvl_make(&c, good[_i]);
	nvl_end(&c);
}
END_TEST

START_TEST(too_many_addresses)
{
	struct nvl_case c;
	char list[512] = "10.1.0.1/16", one[32];
	struct conformance_setting settings[] = {
		{"network", "loopback"}, {"address", list}, {NULL, NULL}};
	for (int i = 2; i <= 16; i++) {
		snprintf(one, sizeof one, ", 10.1.0.%d/16", i);
		strcat(list, one);
	}
	nvl_make(&c, settings);
	nvl_end(&c);
	strcat(list, ", 10.1.0.17/16");
	ck_assert(!nvl_create_with(&c, settings, NULL, 0));
	ck_assert_str_eq(c.error.text,
			 "address = 10.1.0.17/16: a private network has at most 16 addresses");
}
END_TEST

static unsigned known;

static void count_address(void *ctx, const char *address)
{
	static const char *const own[] = {"127.0.0.1", "::1", "10.1.0.25", "fd00::25"};
	(void)ctx;
	for (unsigned i = 0; i < 4; i++)
		known |= (unsigned)(strcmp(own[i], address) == 0) << i;
}

START_TEST(own_addresses)
{
	static const struct conformance_setting settings[] = {
		{"network", "loopback"}, {"address", "10.1.0.25/32, fd00::25/128"}, {NULL, NULL}};
	struct nvl_case c;
	nvl_make(&c, settings);
	c.rig.module->own_addresses(c.rig.stack, count_address, NULL);
	ck_assert_uint_eq(known, 15);
	nvl_end(&c);
}
END_TEST

/* The devices of a private network are not the host's. */
START_TEST(zones)
{
	struct nvl_case c;
	char out[SGT_ADDRESS_MAX];
	struct sgt_error e;
	nvl_make(&c, nvl_loopback);
	ck_assert_int_eq(c.rig.module->address(c.rig.stack, "[fe80::1%vde0]:25", 0, out, &e),
			 SGT_OK);
	ck_assert_str_eq(out, "[fe80::1%vde0]:25");
	ck_assert_int_eq(c.rig.module->address(c.rig.stack, "[fe80::1%eth0]:25", 0, out, &e),
			 SGT_BAD_ADDRESS);
	nvl_end(&c);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/nvl_spec");
	TCase *tc = tcase_create("faulty");
	tcase_add_loop_test(tc, faulty_settings, 0, (int)(sizeof faulty / sizeof *faulty));
	suite_add_tcase(s, tc);
	tc = tcase_create("good");
	tcase_add_loop_test(tc, good_settings, 0, (int)(sizeof good / sizeof *good));
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "bounds", too_many_addresses, own_addresses, zones);
	return s;
}
SUITE_MAIN(suite)
