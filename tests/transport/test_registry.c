/* registry: the table of the five, names of programs, and who runs here. */
#include "transport/registry.h"
#include "transport/loader.h"
#include "mem.h"
#include "support/suite.h"

#include <string.h>

START_TEST(five)
{
	static const char *const codes[] = {"lmn", "ftp", "nvl", "win", "xln"};
	size_t n = 0;
	for (const struct registry_vendor *v = registry_vendors(); v->code; v++, n++) {
		ck_assert_str_eq(v->code, codes[n]);
		ck_assert_ptr_eq(registry_vendor(codes[n]), v);
		ck_assert_ptr_nonnull(v->provider);
		ck_assert_str_eq(registry_vendor_of_program(v->program), v->code);
	}
	ck_assert_uint_eq(n, 5);
	ck_assert_str_eq(registry_vendor("ftp")->vendor, "PC/TCP Kernel, FTP Software, Inc.");
	ck_assert_ptr_nonnull(strstr(registry_vendor("win")->note, "Q96244"));
	ck_assert_ptr_nonnull(registry_vendor("xln")->note);
	ck_assert_ptr_null(registry_vendor("lmn")->note);
	ck_assert_ptr_null(registry_vendor("mem"));
}
END_TEST

START_TEST(programs)
{
	ck_assert_str_eq(registry_vendor_of_program("/usr/sbin/smtpwin"), "win");
	ck_assert_ptr_null(registry_vendor_of_program("smtpgate"));
	ck_assert_ptr_null(registry_vendor_of_program("/smtpwin/"));
}
END_TEST

START_TEST(detect)
{
	struct sgt_report r;
	registry_detect(&SGT_MODULE(mem), &r);
	ck_assert_int_eq(r.state, SGT_RUNNING);
	ck_assert_str_eq(r.detail, "mem://mem");
	mem_state("mem", SGT_FORBIDDEN);
	registry_detect(&SGT_MODULE(mem), &r);
	ck_assert_int_eq(r.state, SGT_FORBIDDEN);
	ck_assert_str_eq(r.cause, "the network is locked");
}
END_TEST

/* A module that cannot do with its defaults is one that is not here. */
START_TEST(detect_bad_defaults)
{
	static struct sgt_module m;
	static struct sgt_key keys[8];
	struct sgt_report r;
	m = SGT_MODULE(mem);
	for (size_t i = 0; m.keys[i].name; i++)
		keys[i] = m.keys[i];
	keys[1].standard = "no such address";
	m.keys = keys;
	registry_detect(&m, &r);
	ck_assert_int_eq(r.state, SGT_ABSENT);
	ck_assert_ptr_nonnull(strstr(r.cause, "no such address"));
	keys[2].standard = "soon";
	registry_detect(&m, &r);
	ck_assert_int_eq(r.state, SGT_ABSENT);
	ck_assert_ptr_nonnull(strstr(r.cause, "window = soon"));
}
END_TEST

static struct sgt_module as(const char *code)
{
	struct sgt_module m = SGT_MODULE(mem);
	m.code = code;
	return m;
}

START_TEST(running)
{
	static struct sgt_module xln, lmn, abc;
	struct buf out;
	buf_init(&out, 0);
	ck_assert_ptr_null(registry_running(NULL, NULL, 0, NULL, &out));
	ck_assert_uint_eq(out.len, 0);
	xln = as("xln");
	lmn = as("lmn");
	abc = as("abc");
	transport_preload("abc", &abc);
	transport_preload("xln", &xln);
	transport_preload("lmn", &lmn);
	ck_assert_str_eq(registry_running(NULL, NULL, 0, NULL, &out), "lmn");
	ck_assert_str_eq(buf_string(&out), "lmn, xln, abc");
	buf_clear(&out);
	ck_assert_str_eq(registry_running(NULL, NULL, 0, "lmn", &out), "xln");
	ck_assert_str_eq(buf_string(&out), "xln, abc");
	buf_clear(&out);
	mem_state("mem", SGT_NOT_RUNNING);
	ck_assert_ptr_null(registry_running(NULL, NULL, 0, NULL, &out));
	buf_free(&out);
}
END_TEST

/* A module that is configured is asked by its sections, and answers under their names. */
START_TEST(running_by_sections)
{
	static struct sgt_module xln, lmn;
	const struct instance_setting bad = {"nothing", "1", "file.ini", 7};
	const struct registry_section sections[] = {
		{"retro", "xln", NULL, 0}, {"broken", "xln", &bad, 1}, {"newer", "xln", NULL, 0}};
	struct buf out;
	buf_init(&out, 0);
	xln = as("xln");
	lmn = as("lmn");
	transport_preload("xln", &xln);
	transport_preload("lmn", &lmn);
	ck_assert_str_eq(registry_running(NULL, sections, 3, NULL, &out), "lmn");
	ck_assert_str_eq(buf_string(&out), "lmn, retro, newer");
	buf_clear(&out);
	ck_assert_str_eq(registry_running(NULL, sections, 3, "lmn", &out), "retro");
	buf_clear(&out);
	ck_assert_str_eq(registry_running(NULL, sections, 3, "retro", &out), "lmn");
	ck_assert_str_eq(buf_string(&out), "lmn, newer");
	buf_free(&out);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/registry");
	SUITE_CASE(s, "vendors", five, programs);
	SUITE_CASE(s, "machine", detect, detect_bad_defaults, running, running_by_sections);
	return s;
}
SUITE_MAIN(suite)
