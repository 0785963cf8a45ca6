/* TNEF through the program tnef: files out of it, and what it cannot read, is cut off, or is no TNEF at all, whole and as it came. */
#include "translating.h"

#include <glib.h>
#include <stdio.h>

#define VERSION 0x00089006u
#define RENDERED 0x00069002u
#define TITLE 0x00018010u
#define DATA 0x0006800fu

static struct buf tnef;

static void number(uint32_t value, int bytes)
{
	for (int i = 0; i < bytes; i++, value >>= 8) {
		char c = (char)(value & 0xff);
		buf_append(&tnef, &c, 1);
	}
}

/* MS-OXTNEF 2.1.3: level, name, length, bytes, sum of them. */
static void attribute(int level, uint32_t id, const char *bytes, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += (unsigned char)bytes[i];
	number((uint32_t)level, 1);
	number(id, 4);
	number((uint32_t)len, 4);
	buf_append(&tnef, bytes, len);
	number(sum & 0xffff, 2);
}

static void begin(void)
{
	buf_init(&tnef, 0);
	number(0x223e9f78, 4);
	number(1, 2);
	attribute(1, VERSION, "\0\0\1", 4);
}

static void add(const char *name, const char *bytes, size_t len)
{
	attribute(2, RENDERED, "\1\0\xff\xff\xff\xff\0\0\0\0\0\0\0", 14);
	attribute(2, TITLE, name, strlen(name) + 1);
	attribute(2, DATA, bytes, len);
}

static void send_as(const char *type)
{
	gchar *text = g_base64_encode((const guchar *)buf_head(&tnef), tnef.len);
	struct buf mail;
	buf_init(&mail, 0);
	buf_printf(&mail,
		   "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n"
		   "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n",
		   type);
	buf_puts(&mail, text);
	buf_puts(&mail, "\r\n--b--\r\n");
	translate_n(buf_head(&mail), mail.len, TRANSLATING_SHEET);
	ck_assert_str_eq(body(), "text");
	buf_free(&mail);
	g_free(text);
}

static void is_bytes(size_t i, const char *name, const char *bytes, size_t len)
{
	ck_assert_uint_lt(i, n.parts.count);
	ck_assert_str_eq(n.parts.items[i].name, name);
	ck_assert_uint_eq(n.parts.items[i].content.size, len);
	ck_assert_int_eq(memcmp(string(&n.parts.items[i].content), bytes, len), 0);
}

START_TEST(files)
{
	static const char *const types[] = {"application/ms-tnef", "application/vnd.ms-tnef",
					    "application/octet-stream; name=\"WinMail.dat\""};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		begin();
		add("b.txt", "hello", 5);
		add("B\xfcro.bin", "\0\1\xff", 3);
		send_as(types[i]);
		ck_assert_uint_eq(n.parts.count, 2);
		is_bytes(0, "B\x81ro.bin", "\0\1\xff", 3);
		is_bytes(1, "b.txt", "hello", 5);
		buf_free(&tnef);
	}
}
END_TEST

START_TEST(unreadable)
{
	begin();
	send_as("application/ms-tnef");
	is_bytes(0, "ATT1.DAT", buf_head(&tnef), tnef.len);
	add("a.txt", "hello", 5);
	add("b.txt", "lost, if it were not for the whole", 34);
	for (size_t cut = 3; cut < tnef.len; cut += 37) {
		struct buf all = tnef;
		tnef.len -= cut;
		send_as("application/ms-tnef; name=x.dat");
		/* cut between two files there is nothing that it could miss */
		bool fewer = n.parts.count == 1 && strcmp(n.parts.items[0].name, "a.txt") == 0;
		if (!fewer)
			is_bytes(0, "x.dat", buf_head(&tnef), tnef.len);
		ck_assert_uint_eq(n.parts.count, 1);
		tnef = all;
	}
	buf_free(&tnef);
}
END_TEST

/* Where there is no such program, and what it leaves behind. */
START_TEST(program)
{
	char *path = strdup(getenv("PATH"));
	begin();
	add("a.txt", "hello", 5);
	setenv("PATH", "/nonexistent", 1);
	send_as("application/ms-tnef");
	is_bytes(0, "ATT1.DAT", buf_head(&tnef), tnef.len);
	setenv("PATH", path, 1);
	send_as("application/ms-tnef");
	is_bytes(0, "a.txt", "hello", 5);
	buf_free(&tnef);
	free(path);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const all[] = {files, unreadable, program};
	return translating_suite("translate/mime_tnef", all, sizeof all / sizeof *all);
}
SUITE_MAIN(suite)
