/* auth/smtp_try: what is said of servers that are away, refuse, or want a password in the clear. Logging in over TLS:
 * tests/daemon/test_cmd_setup.py. */
#include "auth/smtp_try.h"
#include "support/suite.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server of one connection on loopback: says the lines one after the other, each but the first when one has come; "": it closes. */
struct server {
	int fd;
	char host[32];
	const char *const *lines;
	char heard[2048];
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct server *s = arg;
	size_t at = 0;
	int conn = accept(s->fd, NULL, NULL);
	if (conn < 0)
		return NULL;
	for (const char *const *line = s->lines; *line; line++) {
		if (!**line || send(conn, *line, strlen(*line), MSG_NOSIGNAL) < 0)
			break;
		ssize_t n = recv(conn, s->heard + at, sizeof s->heard - 1 - at, 0);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	close(conn);
	return NULL;
}

static void open_server(struct server *s, const char *const *lines)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	memset(s, 0, sizeof *s);
	s->lines = lines;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&a, &n), 0);
	snprintf(s->host, sizeof s->host, "127.0.0.1:%u", ntohs(a.sin_port));
}

static void start_server(struct server *s, const char *const *lines)
{
	open_server(s, lines);
	ck_assert_int_eq(listen(s->fd, 1), 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void end_server(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR); /* nobody came */
	pthread_join(s->thread, NULL);
	close(s->fd);
}

#define PLAIN "250-srv\r\n250 AUTH PLAIN LOGIN\r\n"

START_TEST(what_is_said)
{
	static const struct {
		const char *lines[4];
		const char *user, *ca;
		enum result result;
		const char *words;
	} rows[] = {
		{{"220 srv\r\n", PLAIN, NULL}, NULL, NULL, E_DENIED, "it does not offer TLS"},
		{{"220 srv\r\n", PLAIN, NULL},
		 "joe",
		 NULL,
		 E_DENIED,
		 "it does not offer TLS, and no password is sent without"},
		{{"220 srv\r\n", "250-srv\r\n250 STARTTLS\r\n", "454 not now\r\n", NULL},
		 "joe",
		 NULL,
		 E_DENIED,
		 "it does not offer TLS, and no password is sent without"},
		{{"220 srv\r\n", "250-srv\r\n250 STARTTLS\r\n", "220 go\r\n", NULL},
		 "joe",
		 "/nowhere/ca.pem",
		 E_DENIED,
		 "/nowhere/ca.pem"},
		{{"554 5.3.2 go away\r\n", NULL}, "joe", NULL, E_NETWORK, "554"},
		{{"", NULL}, "joe", NULL, E_NETWORK, ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct server s;
		struct err err = {.code = OK};
		start_server(&s, rows[i].lines);
		const struct smtp_try t = {.host = s.host,
					   .ca = rows[i].ca,
					   .user = rows[i].user,
					   .password = "hunter2"};
		enum result r = smtp_try(&t, &err);
		end_server(&s);
		ck_assert_msg(r == rows[i].result, "row %zu: %d, %s", i, r, err.text);
		ck_assert_msg(err.code == r, "row %zu", i);
		ck_assert_msg(strncmp(err.text, s.host, strlen(s.host)) == 0 &&
				      strstr(err.text, rows[i].words),
			      "row %zu: %s", i, err.text);
		ck_assert_msg(!strstr(err.text, "hunter2"), "row %zu: %s", i, err.text);
		/* "\0joe\0hunter2" and "joe", in Base64 */
		ck_assert_msg(!strstr(s.heard, "AUTH") && !strstr(s.heard, "hunter2") &&
				      !strstr(s.heard, "aHVudGVyMg") && !strstr(s.heard, "MAIL"),
			      "row %zu: %s", i, s.heard);
	}
}
END_TEST

START_TEST(nobody_is_there)
{
	struct server s;
	struct err err = {.code = OK};
	open_server(&s, NULL); /* bound, and does not listen */
	struct smtp_try t = {.host = s.host};
	ck_assert_int_eq(smtp_try(&t, &err), E_NETWORK);
	ck_assert_msg(strncmp(err.text, s.host, strlen(s.host)) == 0, "%s", err.text);
	close(s.fd);
	t.host = "no such host:25";
	ck_assert_int_eq(smtp_try(&t, &err), E_NETWORK);
	ck_assert_msg(strncmp(err.text, t.host, strlen(t.host)) == 0, "%s", err.text);
}
END_TEST

/* A name as long as it may be typed: cut, not written beyond. */
START_TEST(long_name)
{
	struct err err = {.code = OK};
	char host[3000];
	memset(host, 'x', sizeof host - 1);
	host[sizeof host - 1] = '\0';
	const struct smtp_try t = {.host = host};
	ck_assert_int_eq(smtp_try(&t, &err), E_NETWORK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("auth/smtp_try");
	SUITE_CASE(s, "smtp_try", what_is_said, nobody_is_there, long_name);
	return s;
}
SUITE_MAIN(suite)
