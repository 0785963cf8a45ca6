/* loader: a module that libtool preloaded (-dlpreopen) is found by its bare name, without any folder. */
#include "transport/loader.h"
#include "support/suite.h"

#include <string.h>

START_TEST(preloaded)
{
	const struct sgt_module *m = NULL;
	struct err err;
	ck_assert_msg(transport_load(NULL, "mem", &m, &err) == LOAD_OK, "%s", err.text);
	ck_assert_str_eq(m->code, "mem");
	ck_assert_int_eq(transport_load(NULL, "lmn", &m, &err), LOAD_NOT_FOUND);
}
END_TEST

START_TEST(scanned)
{
	struct transport_list list;
	ck_assert_int_eq(transport_scan(NULL, &list), OK);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.found[0].code, "mem");
	ck_assert_ptr_null(list.found[0].file);
	ck_assert_int_eq(list.found[0].result, LOAD_OK);
	transport_list_free(&list);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transport/preload");
	SUITE_CASE(s, "preload", preloaded, scanned);
	return s;
}
SUITE_MAIN(suite)
