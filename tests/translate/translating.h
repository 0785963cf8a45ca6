/*
 * What tests of the mail reader share: a mail through incoming_translate, and the message that came of it as our MMFF reader
 * has it. One message at a time; of static storage.
 */
#ifndef SMTPGATE_TESTS_TRANSLATE_TRANSLATING_H
#define SMTPGATE_TESTS_TRANSLATE_TRANSLATING_H

#include "translate/incoming.h"
#include "translate/mmff.h"

#include "support/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TRANSLATING_SHEET "charset CP437\nsender SMTP env@x.test\nto CSI A/B/c\n"

static struct region *region;
static struct neutral n;
static struct mime_told told;
static int out = -1;

static int file_of(const char *bytes, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	return fd;
}

static void translate_n(const char *mail, size_t len, const char *sheet)
{
	static struct mmff_reader reader;
	struct err err;
	if (out >= 0)
		close(out);
	struct incoming i = {.mail = file_of(mail, len),
			     .out = out = file_of("", 0),
			     .sheet = file_of(sheet, strlen(sheet)),
			     .scratch = file_of("", 0)};
	ck_assert_msg(incoming_translate(&i, &told, &err) == OK, "%s", err.text);
	struct content c = content_file(out, 0, (uint64_t)lseek(out, 0, SEEK_END));
	mmff_reader_init(&reader, &c, 0);
	ck_assert_msg(mmff_next(&reader, region, &n, &err) == OK, "%s", err.text);
	close(i.mail);
	close(i.sheet);
	close(i.scratch);
}

static inline void translate(const char *mail)
{
	translate_n(mail, strlen(mail), TRANSLATING_SHEET);
}

static const char *string(const struct content *c)
{
	char *s = region_alloc(region, (size_t)c->size + 1);
	size_t got = 0;
	for (size_t at = 0; at < c->size; at += got)
		ck_assert_int_eq(content_read(c, at, s + at, (size_t)c->size - at, &got), OK);
	s[c->size] = '\0';
	return s;
}

/* The text behind the header's lines. */
static inline const char *body(void)
{
	const char *text = string(&n.text);
	const char *lines = neutral_field(&n, "HEADLEN");
	for (int i = lines ? atoi(lines) : 0; i; i--)
		text = strchr(text, '\r') + 1;
	return text;
}

static inline void is_part(size_t i, const char *name, const char *bytes)
{
	ck_assert_uint_lt(i, n.parts.count);
	ck_assert_str_eq(n.parts.items[i].name, name);
	ck_assert_str_eq(string(&n.parts.items[i].content), bytes);
}

static void setup(void)
{
	mime_begin();
	region = region_new(0);
}

static void teardown(void)
{
	region_destroy(&region);
	mime_end();
}

static inline Suite *translating_suite(const char *name, const TTest *const *all, size_t count)
{
	Suite *s = suite_create(name);
	TCase *tc = tcase_create("mails");
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tc, all[i]);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return s;
}

#endif
