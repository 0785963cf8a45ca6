/* Default routes out of files like those of /proc/net. */
#include "support/hostroute.h"

#include "support/suite.h"

#include <string.h>

#define HEAD "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"

static struct hostroute r;
static char text[SGT_ADDRESS_MAX];

static bool read_by(bool (*read)(FILE *, const char *, struct hostroute *), const char *content,
		    const char *device)
{
	FILE *f = fmemopen((void *)(uintptr_t)content, strlen(content), "r");
	ck_assert_ptr_nonnull(f);
	bool found = read(f, device, &r);
	fclose(f);
	if (found && r.has_gateway)
		ipaddr_format_host(&r.gateway, text);
	return found;
}

/* The kernel writes an address as the number that it has in memory. */
static const char *line4(const char *device, const char *gateway, unsigned flags, unsigned metric)
{
	static char line[4][128];
	static unsigned next;
	char *l = line[next++ % 4];
	struct sgt_error error;
	struct ipaddr a;
	ck_assert_int_eq(ipaddr_parse_host(gateway, &a, &error), SGT_OK);
	snprintf(l, sizeof line[0], "%s\t00000000\t%08X\t%04X\t0\t0\t%u\t00000000\t0\t0\t0\n",
		 device, a.u.in4.sin_addr.s_addr, flags, metric);
	return l;
}

START_TEST(ipv4)
{
	char file[1024];
	snprintf(file, sizeof file,
		 HEAD "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n%s%s%s%s",
		 line4("eth9", "10.9.0.1", 2, 1), line4("wlan0", "10.2.0.1", 3, 600),
		 line4("eth0", "10.1.0.1", 3, 100), line4("ppp0", "0.0.0.0", 1, 700));
	ck_assert(read_by(hostroute_read4, file, ""));
	ck_assert_str_eq(r.device, "eth0"); /* the least metric of those that are up */
	ck_assert_str_eq(text, "10.1.0.1");
	ck_assert(read_by(hostroute_read4, file, "wlan0"));
	ck_assert_str_eq(text, "10.2.0.1");
	ck_assert(read_by(hostroute_read4, file, "ppp0") && !r.has_gateway);
	ck_assert(!read_by(hostroute_read4, file, "eth9"));
	ck_assert(!read_by(hostroute_read4, HEAD, ""));
	ck_assert(!read_by(hostroute_read4, "no table\n\n", ""));
}
END_TEST

#define ZERO "00000000000000000000000000000000"
#define LINE6(to, bits, hop, metric, flags, device) \
	to " " bits " " ZERO " 00 " hop " " metric " 00000001 00000000 " flags "     " device "\n"

START_TEST(ipv6)
{
	static const char file[] =
		LINE6("fd780000000000000000000000000000", "40", ZERO, "00000100", "00000001",
		      "eth0") LINE6(ZERO, "00", ZERO, "ffffffff", "00200200", "lo")
			LINE6(ZERO, "00", "fd780000000000000000000000000009", "00000200",
			      "00000003", "eth1")
				LINE6(ZERO, "00", "fd780000000000000000000000000001", "00000100",
				      "00000003", "eth0");
	ck_assert(read_by(hostroute_read6, file, ""));
	ck_assert_str_eq(r.device, "eth0");
	ck_assert_str_eq(text, "fd78::1");
	ck_assert(read_by(hostroute_read6, file, "eth1"));
	ck_assert_str_eq(text, "fd78::9");
	ck_assert(!read_by(hostroute_read6, file, "lo"));
	ck_assert(!read_by(hostroute_read6,
			   LINE6(ZERO, "00", "fd78", "00000100", "00000003", "eth0"), ""));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/support/hostroute");
	SUITE_CASE(s, "routes", ipv4, ipv6);
	return s;
}
SUITE_MAIN(suite)
