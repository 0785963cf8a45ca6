/* lmn: descriptors of the service manager find their listener, or the sentence says why not. */
#include "plugins/lmn_rig.h"
#include "support/suite.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char address[SGT_ADDRESS_MAX];
static struct sgt_plan plan = {.name = "lan", .address = address};

static void plan_at(unsigned port)
{
	snprintf(address, sizeof address, "127.0.0.1:%u", port);
}

/* The stack serves at the handed socket: it accepts there, and the descriptor lives on after destroy. */
static void serves(struct lmn_case *c, int fd, unsigned port)
{
	ck_assert_msg(lmn_make_ready(c) == SGT_OK, "%s", c->error.text);
	ck_assert(rig_start(&c->rig));
	struct door *d = door_open(&c->rig, address, 0);
	ck_assert_ptr_nonnull(d);
	/* door_open names its plan "door": only the address can find it, or the name "door". */
	ck_assert(lmn_answers(port));
	ck_assert_ptr_nonnull(end_accept(d, 10000));
	lmn_end(c);
	ck_assert_msg(lmn_answers(port), "the service manager's socket does not listen any more");
	close(fd);
}

START_TEST(by_name)
{
	struct lmn_case c;
	unsigned port;
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	struct sgt_handed handed = {.fd = fd, .name = "door"};
	plan_at(port);
	plan.name = "door";
	lmn_make(&c, "sockets", "required", &plan, 1, &handed, 1);
	lmn_look(&c);
	ck_assert_int_eq(c.report.state, SGT_RUNNING);
	serves(&c, fd, port);
}
END_TEST

START_TEST(by_address)
{
	struct lmn_case c;
	unsigned port;
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	struct sgt_handed handed = {.fd = fd, .name = "smtpgate.socket"};
	plan_at(port);
	plan.name = "door";
	lmn_make(&c, "sockets", "required", &plan, 1, &handed, 1);
	serves(&c, fd, port);
}
END_TEST

/* Two sockets, two listeners, names crossed against the order: each gets its own. */
START_TEST(names_before_addresses)
{
	struct lmn_case c;
	unsigned ports[2];
	int fds[2] = {lmn_socket("127.0.0.1", 0, true, &ports[0]),
		      lmn_socket("0.0.0.0", 0, true, &ports[1])};
	char texts[2][32];
	snprintf(texts[0], sizeof texts[0], "*:%u", ports[1]);
	snprintf(texts[1], sizeof texts[1], "127.0.0.1:%u", ports[0]);
	struct sgt_handed handed[2] = {{fds[0], "b"}, {fds[1], "a"}};
	struct sgt_plan plans[2] = {{"a", texts[0], 0}, {"b", texts[1], 0}};
	lmn_make(&c, "sockets", "required", plans, 2, handed, 2);
	ck_assert_msg(lmn_make_ready(&c) == SGT_OK, "%s", c.error.text);
	ck_assert_msg(!strstr(c.log, "no listener wants"), "%s", c.log);
	lmn_end(&c);
}
END_TEST

/* A descriptor that has another listener's name is not taken for its address. */
START_TEST(name_belongs_to_another)
{
	struct lmn_case c;
	unsigned port;
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	struct sgt_handed handed = {.fd = fd, .name = "b"};
	plan_at(port);
	struct sgt_plan plans[2] = {{"a", address, 0}, {"b", "127.0.0.1:1", 0}};
	lmn_make(&c, "sockets", "required", plans, 2, &handed, 1);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_SOCKET);
	ck_assert_msg(strstr(c.error.text, "for listener a ") != NULL, "%s", c.error.text);
	lmn_end(&c);
	close(fd);
}
END_TEST

static void refused(struct lmn_case *c, const char *sentence)
{
	lmn_look(c);
	ck_assert_int_eq(c->report.state, SGT_NOT_RUNNING);
	ck_assert_str_eq(c->report.cause, sentence);
	ck_assert_str_ne(c->report.remedy, "");
	ck_assert_int_eq(lmn_make_ready(c), SGT_SOCKET);
	ck_assert_int_eq(c->error.number, 123);
	ck_assert_str_eq(c->error.text, sentence);
	ck_assert_str_eq(c->error.remedy, c->report.remedy);
	lmn_end(c);
}

START_TEST(required_and_none)
{
	struct lmn_case c;
	plan_at(2525);
	plan.name = "lan";
	lmn_make(&c, "sockets", "required", &plan, 1, NULL, 0);
	refused(&c,
		"SOCKETS was not started: no socket was handed over for listener lan (port 2525)");
}
END_TEST

START_TEST(another_port)
{
	static const char *const modes[] = {"required", "auto"};
	struct lmn_case c;
	unsigned port;
	char sentence[SGT_TEXT_MAX];
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	struct sgt_handed handed = {.fd = fd, .name = "lan"};
	plan_at(2525);
	plan.name = "lan";
	snprintf(sentence, sizeof sentence,
		 "SOCKETS was not started: the socket handed over for listener lan has port %u, "
		 "not 2525",
		 port);
	for (int i = 0; i < 2; i++) {
		lmn_make(&c, "sockets", modes[i], &plan, 1, &handed, 1);
		refused(&c, sentence);
	}
	close(fd);
}
END_TEST

START_TEST(not_listening)
{
	struct lmn_case c;
	unsigned port;
	int fds[] = {lmn_socket("127.0.0.1", 0, false, &port), socket(AF_UNIX, SOCK_STREAM, 0),
		     socket(AF_INET, SOCK_DGRAM, 0), dup(0)};
	char sentence[SGT_TEXT_MAX];
	plan_at(port);
	plan.name = "lan";
	snprintf(sentence, sizeof sentence,
		 "SOCKETS was not started: what was handed over for listener lan (port %u) is no "
		 "listening TCP socket",
		 port);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
		struct sgt_handed handed = {.fd = fds[i], .name = "lan"};
		lmn_make(&c, "sockets", "required", &plan, 1, &handed, 1);
		refused(&c, sentence);
	}
}
END_TEST

START_TEST(unmatched_is_named)
{
	struct lmn_case c;
	unsigned port;
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	struct sgt_handed handed = {.fd = fd, .name = "web"};
	char text[SGT_ADDRESS_MAX];
	plan_at(0);
	plan.name = "lan";
	lmn_make(&c, NULL, NULL, &plan, 1, &handed, 1);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	snprintf(text, sizeof text,
		 "descriptor %d \"web\" was handed over (a listening socket at 127.0.0.1:%u)", fd,
		 port);
	ck_assert_msg(strstr(c.log, text) != NULL, "%s", c.log);
	lmn_end(&c);
	close(fd);
}
END_TEST

START_TEST(off_looks_away)
{
	struct lmn_case c;
	unsigned port;
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	struct sgt_handed handed = {.fd = fd, .name = "lan"};
	plan_at(port);
	plan.name = "lan";
	lmn_make(&c, "sockets", "off", &plan, 1, &handed, 1);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_IN_USE); /* it binds itself, and cannot */
	lmn_end(&c);
	close(fd);
}
END_TEST

/* A reload that opens the listener once more finds the same descriptor. */
START_TEST(again_after_unlisten)
{
	struct lmn_case c;
	unsigned port;
	int fd = lmn_socket("127.0.0.1", 0, true, &port);
	struct sgt_handed handed = {.fd = fd, .name = "door"};
	plan_at(port);
	lmn_make(&c, "sockets", "required", NULL, 0, &handed, 1);
	ck_assert_int_eq(lmn_make_ready(&c), SGT_OK);
	ck_assert(rig_start(&c.rig));
	for (int i = 0; i < 3; i++) {
		struct door *d = door_open(&c.rig, address, 0);
		ck_assert_ptr_nonnull(d);
		ck_assert(lmn_answers(port));
		ck_assert_ptr_nonnull(end_accept(d, 10000));
		door_close(d);
	}
	lmn_end(&c);
	close(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/lmn_handed");
	SUITE_CASE(s, "found", by_name, by_address, names_before_addresses, name_belongs_to_another,
		   again_after_unlisten);
	SUITE_CASE(s, "refused", required_and_none, another_port, not_listening);
	SUITE_CASE(s, "left", unmatched_is_named, off_looks_away);
	return s;
}
SUITE_MAIN(suite)
