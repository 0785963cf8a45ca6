/* net: addresses, networks against a bit loop, host and port with every trap. */
#include "base/net.h"
#include "support/suite.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COUNT_OF(a) ((int)(sizeof(a) / sizeof *(a)))

/* shown: what net_ip_format gives back; NULL: refused */
static const struct {
	const char *text, *shown;
} ips[] = {
	{"192.0.2.1", "192.0.2.1"},
	{"[192.0.2.1]", "192.0.2.1"},
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"2001:db8::1", "2001:db8::1"},
	{"[2001:DB8:0:0::1]", "2001:db8::1"},
	{"::ffff:192.0.2.1", "192.0.2.1"},
	{"::ffff:c000:201", "192.0.2.1"},
	{"::", "::"},
	{"::1", "::1"},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	{"", NULL},
	{"[]", NULL},
	{"[", NULL},
	{"]", NULL},
	{"[192.0.2.1", NULL},
	{"192.0.2.1]", NULL},
	{"[[::1]]", NULL},
	{"192.0.2", NULL},
	{"192.0.2.1.", NULL},
	{"192.0.2.256", NULL},
	{"192.0.2.01", NULL}, /* octal to some, decimal to others */
	{"0x7f.0.0.1", NULL},
	{"2130706433", NULL},
	{" 192.0.2.1", NULL},
	{"192.0.2.1 ", NULL},
	{"192.0.2.1:25", NULL},
	{"fe80::1%eth0", NULL},
	{"1::2::3", NULL},
	{"12345::", NULL},
	{"localhost", NULL},
	{"*", NULL},
	{"all", NULL},
	{"0000000000000000000000000000000000000000000000000000000000000000000001::", NULL},
};

START_TEST(an_address_is_read_and_shown)
{
	struct net_ip ip;
	char text[46];
	enum result r = net_ip_parse(ips[_i].text, &ip);
	ck_assert_msg(r == (ips[_i].shown ? OK : E_SYNTAX), "\"%s\": %s", ips[_i].text,
		      result_word(r));
	if (ips[_i].shown)
		ck_assert_str_eq(net_ip_format(&ip, text, sizeof text), ips[_i].shown);
}
END_TEST

static struct net_ip ip_of(const char *text)
{
	struct net_ip ip;
	ck_assert_int_eq(net_ip_parse(text, &ip), OK);
	return ip;
}

START_TEST(an_address_knows_its_kind)
{
	static const struct {
		const char *text;
		bool v4, loopback, any;
	} rows[] = {
		{"127.0.0.1", true, true, false},     {"127.255.255.254", true, true, false},
		{"128.0.0.1", true, false, false},    {"::1", false, true, false},
		{"::2", false, false, false},         {"::ffff:127.0.0.1", true, true, false},
		{"0.0.0.0", true, false, true},       {"::", false, false, true},
		{"::127.0.0.1", false, false, false}, {"0.0.0.1", true, false, false},
	};
	for (int i = 0; i < COUNT_OF(rows); i++) {
		struct net_ip ip = ip_of(rows[i].text);
		ck_assert_msg(net_ip_is_v4(&ip) == rows[i].v4, "%s", rows[i].text);
		ck_assert_msg(net_ip_is_loopback(&ip) == rows[i].loopback, "%s", rows[i].text);
		ck_assert_msg(net_ip_is_any(&ip) == rows[i].any, "%s", rows[i].text);
	}
	struct net_ip a = ip_of("::ffff:10.0.0.1"), b = ip_of("10.0.0.1"), c = ip_of("10.0.0.2");
	ck_assert(net_ip_equal(&a, &b));
	ck_assert(!net_ip_equal(&a, &c));
}
END_TEST

START_TEST(too_little_room_gives_an_empty_text)
{
	struct net_ip ip = ip_of("192.0.2.1");
	char out[4] = "abc";
	ck_assert_str_eq(net_ip_format(&ip, out, sizeof out), "");
}
END_TEST

static const struct {
	const char *text;
	enum result result;
	unsigned bits;
} blocks[] = {
	{"192.0.2.0/24", OK, 120},
	{"0.0.0.0/0", OK, 96},
	{"192.0.2.1", OK, 128},
	{"192.0.2.1/32", OK, 128},
	{"[2001:db8::]/32", OK, 32},
	{"2001:db8::/32", OK, 32},
	{"::/0", OK, 0},
	{"::1/128", OK, 128},
	{"::ffff:10.0.0.0/104", OK, 104},
	{"all", OK, 0},
	{"", E_SYNTAX, 0},
	{"/8", E_SYNTAX, 0},
	{"ALL", E_SYNTAX, 0},
	{"all/0", E_SYNTAX, 0},
	{"none", E_SYNTAX, 0},
	{"10/8", E_SYNTAX, 0},
	{"[10.0.0.0/8]", E_SYNTAX, 0},
	{"10.0.0.0/", E_RANGE, 0},
	{"10.0.0.0/33", E_RANGE, 0},
	{"10.0.0.0/-1", E_RANGE, 0},
	{"10.0.0.0/+8", E_RANGE, 0},
	{"10.0.0.0/ 8", E_RANGE, 0},
	{"10.0.0.0/8 ", E_RANGE, 0},
	{"10.0.0.0/8/8", E_RANGE, 0},
	{"10.0.0.0/18446744073709551624", E_RANGE, 0}, /* 2^64 + 8 */
	{"10.0.0.0/255.0.0.0", E_RANGE, 0},
	{"10.0.0.1/8", E_RANGE, 0},
	{"10.0.0.1/31", E_RANGE, 0},
	{"2001:db8::/129", E_RANGE, 0},
	{"2001:db8::1/64", E_RANGE, 0},
	{"::ffff:10.0.0.0/95", E_RANGE, 0},
};

START_TEST(a_network_is_read)
{
	struct net_block b;
	struct err e = {0};
	enum result r = net_block_parse(blocks[_i].text, &b, &e);
	ck_assert_msg(r == blocks[_i].result, "\"%s\": %s", blocks[_i].text, result_word(r));
	if (r == OK) {
		ck_assert_uint_eq(b.bits, blocks[_i].bits);
	} else {
		ck_assert_int_eq(e.code, r);
		ck_assert_ptr_nonnull(strstr(e.text, blocks[_i].text));
	}
	ck_assert_int_eq(net_block_parse(blocks[_i].text, &b, NULL), r);
}
END_TEST

/* Slow and plain: every bit of the prefix is the same. */
static bool has_by_bits(const struct net_block *b, const struct net_ip *ip)
{
	if (b->v6 && net_ip_is_v4(ip))
		return false;
	for (unsigned i = 0; i < b->bits; i++) {
		unsigned mask = 0x80u >> i % 8;
		if ((b->ip.bytes[i / 8] & mask) != (ip->bytes[i / 8] & mask))
			return false;
	}
	return true;
}

START_TEST(membership_is_that_of_a_bit_loop)
{
	uint64_t dice = (uint64_t)_i + 1;
	for (unsigned bits = 0; bits <= 128; bits++) {
		struct net_block b = {.bits = bits};
		for (int k = 0; k < 16; k++) {
			dice = dice * 6364136223846793005u + 1442695040888963407u;
			b.ip.bytes[k] = (unsigned char)(dice >> 33);
		}
		for (int flip = -1; flip < 128;
		     flip++) { /* the address itself, and with one bit turned */
			struct net_ip ip = b.ip;
			if (flip >= 0)
				ip.bytes[flip / 8] ^= (unsigned char)(0x80 >> flip % 8);
			ck_assert_int_eq(net_block_has(&b, &ip), flip < 0 || flip >= (int)bits);
			ck_assert_int_eq(net_block_has(&b, &ip), has_by_bits(&b, &ip));
		}
	}
}
END_TEST

START_TEST(families_do_not_mix)
{
	static const struct {
		const char *block, *ip;
		bool in;
	} rows[] = {
		{"all", "192.0.2.1", true},
		{"all", "2001:db8::1", true},
		{"::/0", "2001:db8::1", true},
		{"::/0", "192.0.2.1", false},
		{"::/0", "::ffff:192.0.2.1", false},
		{"::/64", "192.0.2.1", false},
		{"::/64", "::5", true},
		{"0.0.0.0/0", "192.0.2.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"0.0.0.0/0", "::1", false},
		{"::ffff:10.0.0.0/104", "10.9.9.9", true},
		{"10.0.0.0/8", "::ffff:10.9.9.9", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"127.0.0.0/8", "127.0.0.53", true},
		{"::1", "::1", true},
		{"::1", "127.0.0.1", false},
	};
	for (int i = 0; i < COUNT_OF(rows); i++) {
		struct net_block b;
		struct net_ip ip = ip_of(rows[i].ip);
		ck_assert_int_eq(net_block_parse(rows[i].block, &b, NULL), OK);
		ck_assert_msg(net_block_has(&b, &ip) == rows[i].in, "%s in %s", rows[i].ip,
			      rows[i].block);
	}
}
END_TEST

/* port 0: none was given; host NULL: E_SYNTAX; port > 65535: E_RANGE */
static const struct {
	const char *text, *host;
	unsigned port;
} hostports[] = {
	{"smtp.example.net:587", "smtp.example.net", 587},
	{"smtp.example.net", "smtp.example.net", 0},
	{"192.0.2.1:25", "192.0.2.1", 25},
	{"[2001:db8::1]:25", "2001:db8::1", 25},
	{"[2001:db8::1]", "2001:db8::1", 0},
	{"2001:db8::1", "2001:db8::1", 0},
	{"::1:25", "::1:25", 0}, /* an address, whatever was meant: brackets make it clear */
	{"[smtp.example.net]:25", "smtp.example.net", 25},
	{"*:25", "*", 25},
	{"*:65535", "*", 65535},
	{"", NULL, 0},
	{":25", NULL, 0},
	{"[]:25", NULL, 0},
	{"[::1", NULL, 0},
	{"[::1]25", NULL, 0},
	{"[::1] :25", NULL, 0},
	{"host:", "", 65536},
	{"host:0", "", 65536},
	{"host:65536", "", 65536},
	{"host:-1", "", 65536},
	{"host:+25", "", 65536},
	{"host: 25", "", 65536},
	{"host:25 ", "", 65536},
	{"host:smtp", "", 65536},
	{"host:0x19", "", 65536},
	{"host:18446744073709551641", "", 65536}, /* 2^64 + 25 */
	{"[::1]:", "", 65536},
};

START_TEST(host_and_port_are_parted)
{
	const char *text = hostports[_i].text, *host = hostports[_i].host;
	char got[64];
	unsigned port = 4711;
	enum result wanted = !host ? E_SYNTAX : hostports[_i].port > 65535 ? E_RANGE : OK;
	enum result r = net_hostport(text, got, sizeof got, &port, true);
	ck_assert_msg(r == wanted, "\"%s\": %s", text, result_word(r));
	if (wanted == OK) {
		ck_assert_str_eq(got, host);
		ck_assert_uint_eq(port, hostports[_i].port);
		r = net_hostport(text, got, sizeof got, &port, false);
		ck_assert_int_eq(r, hostports[_i].port ? OK : E_SYNTAX);
		ck_assert_int_eq(net_hostport(text, got, strlen(host) + 1, &port, true), OK);
		ck_assert_int_eq(net_hostport(text, got, strlen(host), &port, true), E_SYNTAX);
	}
}
END_TEST

START_TEST(files_are_told_from_hosts)
{
	ck_assert(net_is_file("unix:/run/lmtp"));
	ck_assert(!net_is_file("unix:24"));
	ck_assert(!net_is_file("/run/lmtp"));
	ck_assert(!net_is_file("unix"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("base/net");
	TCase *tc = tcase_create("tables");
	tcase_add_loop_test(tc, an_address_is_read_and_shown, 0, COUNT_OF(ips));
	tcase_add_loop_test(tc, a_network_is_read, 0, COUNT_OF(blocks));
	tcase_add_loop_test(tc, host_and_port_are_parted, 0, COUNT_OF(hostports));
	tcase_add_loop_test(tc, membership_is_that_of_a_bit_loop, 0, 4);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "files", files_are_told_from_hosts);
	SUITE_CASE(s, "kinds", an_address_knows_its_kind, families_do_not_mix,
		   too_little_room_gives_an_empty_text);
	return s;
}
SUITE_MAIN(suite)
