/* users: what is read of a file, what is refused and why, and what SCRAM is told of people who are not there. */
#include "auth/users.h"
#include "base/base64.h"
#include "support/scarce.h"
#include "support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SALT "MDEyMzQ1Njc4OTAx"
#define KEY "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
#define TAIL ":$y$hash:4096:" SALT ":" KEY ":" KEY "\n"

static char path[512];

static void write_file(const char *content, mode_t mode)
{
	snprintf(path, sizeof path, "%s/users", suite_scratch());
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static struct users *read_users(const char *content)
{
	struct users *u;
	struct err e;
	write_file(content, 0600);
	ck_assert_msg(users_read(path, &u, &e) == OK, "%s", e.text);
	return u;
}

START_TEST(names_are_found_whatever_their_case)
{
	struct users *u = read_users("# people\n\nzoe" TAIL "Anna" TAIL "b\xc3\xb6rge" TAIL
				     "m@x.org:$6$x:1:" SALT ":" KEY ":" KEY "\r\nlast" TAIL);
	ck_assert_uint_eq(users_count(u), 5);
	ck_assert_str_eq(users_find(u, "anna")->name, "Anna");
	ck_assert_str_eq(users_find(u, "ZOE")->name, "zoe");
	ck_assert_str_eq(users_find(u, "B\xc3\xb6RGE")->name, "b\xc3\xb6rge");
	ck_assert_ptr_null(users_find(u, "ann"));
	ck_assert_ptr_null(users_find(u, ""));
	const struct user *m = users_find(u, "m@x.org");
	ck_assert_str_eq(m->crypt, "$6$x");
	ck_assert_uint_eq(m->iterations, 1);
	ck_assert_str_eq(m->salt, SALT);
	ck_assert_str_eq(m->server_key, KEY);
	ck_assert_str_eq(users_at(u, 0)->name, "Anna");
	users_destroy(&u);
	ck_assert_ptr_null(u);
}
END_TEST

static const struct {
	const char *content, *words;
} faulty[] = {
	{"anna\n", "users:1: a user has six fields"},
	{"#\nanna:x:4096:" SALT ":" KEY "\n", "users:2: a user has six fields"},
	{"anna:x:4096:" SALT ":" KEY ":" KEY ":more\n", "six fields"},
	{":x:4096:" SALT ":" KEY ":" KEY "\n", "empty"},
	{"anna::4096:" SALT ":" KEY ":" KEY "\n", "empty"},
	{"anna:x:0:" SALT ":" KEY ":" KEY "\n", "iterations"},
	{"anna:x:many:" SALT ":" KEY ":" KEY "\n", "iterations"},
	{"anna:x:4096::" KEY ":" KEY "\n", "salt"},
	{"anna:x:4096:" SALT ":" SALT ":" KEY "\n", "Base64"},
	{"anna:x:4096:" SALT ":" KEY ":!\n", "Base64"},
	{"anna" TAIL "ANNA" TAIL, "twice"},
};

START_TEST(a_faulty_line_is_named)
{
	struct users *u;
	struct err e;
	write_file(faulty[_i].content, 0600);
	ck_assert_int_eq(users_read(path, &u, &e), E_SYNTAX);
	ck_assert_ptr_null(u);
	ck_assert_msg(strstr(e.text, faulty[_i].words), "%s", e.text);
}
END_TEST

START_TEST(a_file_that_others_read_is_refused)
{
	struct users *u;
	struct err e;
	write_file("anna" TAIL, 0644);
	ck_assert_int_eq(users_read(path, &u, &e), E_DENIED);
	ck_assert(strstr(e.text, path));
	unlink(path);
	ck_assert_int_eq(users_read(path, &u, &e), E_NOTFOUND);
}
END_TEST

START_TEST(who_is_not_there_looks_like_a_user)
{
	struct users *u = read_users("anna" TAIL);
	struct user_pretended one, two, three;
	const struct user *a = users_pretend(u, "nobody", &one),
			  *b = users_pretend(u, "Nobody", &two),
			  *c = users_pretend(u, "someone", &three);
	ck_assert_str_eq(a->salt, b->salt);
	ck_assert_str_ne(a->salt, c->salt);
	ck_assert_str_ne(a->stored_key, c->stored_key);
	ck_assert_uint_eq(strlen(a->salt), strlen(SALT));
	ck_assert_uint_eq(strlen(a->stored_key), strlen(KEY));
	ck_assert_uint_eq(a->iterations, USERS_ITERATIONS);
	users_destroy(&u);
	u = read_users("berta:x:4096:" SALT ":" KEY
		       ":S0RFUlRZU0RGR0hKS0xYQ1ZCTk1RV0VSVFlVSU9QTk0=\n");
	users_pretend(u, "nobody", &two);
	ck_assert_str_ne(one.salt, two.salt); /* another file, another secret */
	users_destroy(&u);
}
END_TEST

START_TEST(passwords_are_verified)
{
	/* as mkpasswd -m sha512crypt -S saltstring makes it */
	const struct user u = {.name = "anna",
			       .crypt = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
					"O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"};
	char longest[USERS_PASSWORD_MAX + 2];
	ck_assert(user_verify(&u, "Hello world!"));
	ck_assert(!user_verify(&u, "Hello world"));
	ck_assert(!user_verify(&u, ""));
	ck_assert(!user_verify(NULL, "Hello world!"));
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	ck_assert(!user_verify(&u, longest));
	const struct user locked = {.name = "anna", .crypt = "*"};
	ck_assert(!user_verify(&locked, "*"));
}
END_TEST

START_TEST(passwords_are_compared_prepared)
{
	char out[USERS_PASSWORD_MAX + 1];
	ck_assert(
		user_prepare("I\xc2\xadX", out)); /* RFC 4013 section 3: a soft hyphen is nothing */
	ck_assert_str_eq(out, "IX");
	ck_assert(user_prepare("\xe4\xf6", out)); /* Latin-1 of an old device: as it is */
	ck_assert_str_eq(out, "\xe4\xf6");
}
END_TEST

START_TEST(memory_that_is_short)
{
	struct users *u = NULL;
	struct err e;
	unsigned tries = 0;
	write_file("anna" TAIL "berta" TAIL, 0600);
	for (unsigned i = 1;; i++) {
		scarce_fail_at(i);
		enum result r = users_read(path, &u, &e);
		scarce_end();
		if (r == OK)
			break;
		tries++;
		ck_assert_ptr_null(u);
	}
	ck_assert_uint_gt(tries, 2);
	ck_assert_uint_eq(users_count(u), 2);
	users_destroy(&u);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("users");
	SUITE_CASE(s, "file", names_are_found_whatever_their_case,
		   a_file_that_others_read_is_refused, memory_that_is_short);
	TCase *tc = tcase_create("faulty");
	tcase_add_loop_test(tc, a_faulty_line_is_named, 0, sizeof faulty / sizeof *faulty);
	suite_add_tcase(s, tc);
	SUITE_CASE(s, "keys", who_is_not_there_looks_like_a_user, passwords_are_verified,
		   passwords_are_compared_prepared);
	return s;
}

SUITE_MAIN(suite)
