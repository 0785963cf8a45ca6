/* report: the block of socket error (123), byte for byte. */
#include "transport/report.h"
#include "mem.h"
#include "support/suite.h"

#include <stdio.h>
#include <string.h>

static struct sgt_module as(const char *code, const char *vendor, const char *provider)
{
	struct sgt_module m = SGT_MODULE(mem);
	m.code = code;
	m.vendor = vendor;
	m.provider = provider;
	return m;
}

static void same(const struct transport_report *r, const char *want)
{
	struct buf out;
	buf_init(&out, 0);
	ck_assert_int_eq(report_format(r, &out), OK);
	ck_assert_str_eq(buf_string(&out), want);
	buf_free(&out);
}

/* The example of the manual. */
START_TEST(not_running)
{
	static struct sgt_module lmn, xln;
	const struct sgt_module ftp = as("ftp", "PC/TCP Kernel, FTP Software, Inc.", "lwIP");
	const struct sgt_report found = {
		.state = SGT_NOT_RUNNING,
		.detail = "vde:///run/vde.ctl",
		.cause = "no switch at /run/vde.ctl",
		.remedy = "vde_switch -sock /run/vde.ctl -mod 660 -group vde2-net -daemon"};
	struct transport_report r;
	lmn = as("lmn", "", "");
	xln = as("xln", "", "");
	transport_preload("xln", &xln);
	transport_preload("lmn", &lmn);
	report_detect(&r, "ftp", &ftp, &found);
	report_others(&r, NULL, NULL, 0);
	ck_assert_int_eq(r.kind, REPORT_NOT_RUNNING);
	ck_assert_int_eq(r.number, 123);
	same(&r, "socket error (123)\n"
		 "  vendor: ftp, PC/TCP Kernel, FTP Software, Inc. (lwIP over vde:///run/vde.ctl)\n"
		 "  cause:  TCP/IP is not running: no switch at /run/vde.ctl\n"
		 "  remedy: vde_switch -sock /run/vde.ctl -mod 660 -group vde2-net -daemon\n"
		 "  or:     vendor = lmn (running here: lmn, xln)\n");
}
END_TEST

START_TEST(plugin)
{
	const struct err gone = {E_NOTFOUND, "no xln.so in /usr/lib/x", "install it"};
	const struct err bad = {E_DENIED, "/usr/lib/x/me.so is writable by others (mode 0777)",
				"chmod go-w /usr/lib/x/me.so"};
	struct transport_report r;
	report_load(&r, "ring", "xln", LOAD_NOT_FOUND, &gone);
	report_others(&r, NULL, NULL, 0);
	ck_assert_int_eq(r.kind, REPORT_PLUGIN);
	same(&r, "socket error (123)\n"
		 "  vendor: ring (plugin xln), Excelan EXOS 205T Intelligent Ethernet Controller"
		 " (io_uring)\n"
		 "  cause:  the plugin is missing: no xln.so in /usr/lib/x\n"
		 "  remedy: install it\n");
	report_load(&r, "me", "me", LOAD_OWNER, &bad);
	same(&r, "socket error (123)\n"
		 "  vendor: me\n"
		 "  cause:  the plugin was refused: /usr/lib/x/me.so is writable by others (mode "
		 "0777)\n"
		 "  remedy: chmod go-w /usr/lib/x/me.so\n");
}
END_TEST

START_TEST(states)
{
	static const struct {
		enum sgt_state state;
		enum report_kind kind;
		const char *cause;
	} rows[] = {
		{SGT_FORBIDDEN, REPORT_FORBIDDEN, "TCP/IP is running, but rights keep us out: why"},
		{SGT_ABSENT, REPORT_ABSENT, "TCP/IP is not on this machine: why"},
		{SGT_NOT_RUNNING, REPORT_NOT_RUNNING, "TCP/IP is not running: why"},
		{SGT_RUNNING, REPORT_INIT, "TCP/IP cannot be started: why"},
	};
	const struct sgt_module lmn = as("lmn", "V", "epoll");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct sgt_report found = {
			.state = rows[i].state, .detail = "IPv4, IPv6", .cause = "why"};
		struct transport_report r;
		report_detect(&r, "lmn", &lmn, &found);
		ck_assert_int_eq(r.kind, rows[i].kind);
		ck_assert_str_eq(r.cause, rows[i].cause);
		ck_assert_str_eq(r.provider, "epoll");
	}
}
END_TEST

START_TEST(errors)
{
	const struct sgt_module lmn = as("lmn", "V", "epoll");
	const struct sgt_error taken = {SGT_IN_USE, 110, "0.0.0.0:25 is held by master (812)",
					"kill 812"};
	const struct sgt_error bad = {SGT_BAD_SETTING, 0, "source: no", ""};
	const struct sgt_report found = {.detail = "io://x"};
	const struct err faulty = {E_CONFIG, "a.ini:3: mark = x: it takes a number", ""};
	struct transport_report r;
	report_error(&r, "lmn", &lmn, &found, &taken);
	ck_assert_int_eq(r.kind, REPORT_INIT);
	ck_assert_int_eq(r.number, 110);
	ck_assert_str_eq(r.cause, "TCP/IP cannot be started: 0.0.0.0:25 is held by master (812)");
	ck_assert_str_eq(r.provider, "epoll over io://x");
	ck_assert_str_eq(r.remedy, "kill 812");
	report_error(&r, "lmn", &lmn, NULL, &bad);
	ck_assert_int_eq(r.kind, REPORT_SETTINGS);
	ck_assert_int_eq(r.number, 123);
	ck_assert_str_eq(r.cause, "bad settings: source: no");
	report_settings(&r, "lmn", &lmn, &faulty);
	ck_assert_str_eq(r.cause, "bad settings: a.ini:3: mark = x: it takes a number");
	ck_assert_str_eq(report_word(r.kind), "settings");
}
END_TEST

/* One that ran: the network that it ran over is named, as at a start. */
START_TEST(lost)
{
	const struct sgt_module win = as("win", "V", "libslirp");
	const struct sgt_report found = {.detail = "vde:///run/sw"};
	const struct sgt_error gone = {SGT_SOCKET, 0, "the switch is gone", "vde_switch"};
	struct transport_report r;
	report_lost(&r, "retro", &win, &found, &gone);
	ck_assert_int_eq(r.kind, REPORT_NOT_RUNNING);
	same(&r, "socket error (123)\n"
		 "  vendor: retro (plugin win), V (libslirp over vde:///run/sw)\n"
		 "  cause:  TCP/IP was lost: the switch is gone\n"
		 "  remedy: vde_switch\n");
}
END_TEST

/* Whatever a module says, the block holds together. */
START_TEST(long_words)
{
	static char many[SGT_TEXT_MAX];
	memset(many, 'x', sizeof many - 1);
	const struct sgt_module m = as("ftp", many, many);
	struct sgt_report found = {.state = SGT_ABSENT};
	memcpy(found.cause, many, sizeof many);
	memcpy(found.remedy, many, sizeof many);
	memcpy(found.detail, many, sizeof many);
	memcpy(found.detail, "a://", 4);
	struct transport_report r;
	struct buf out;
	report_detect(&r, many, &m, &found);
	buf_init(&out, 0);
	ck_assert_int_eq(report_format(&r, &out), OK);
	const char *text = buf_string(&out);
	ck_assert_ptr_nonnull(strstr(text, "\n  cause:  TCP/IP is not on this machine: xxx"));
	ck_assert_ptr_nonnull(strstr(text, "\n  remedy: xxx"));
	buf_free(&out);
	buf_init(&out, 20);
	ck_assert_int_eq(report_format(&r, &out), E_LIMIT);
	buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/report");
	SUITE_CASE(s, "block", not_running, plugin, states, errors, lost, long_words);
	return s;
}
SUITE_MAIN(suite)
