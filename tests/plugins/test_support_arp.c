/* ARP frames, and the question "who has it?" over a pair of sockets that stands for an Ethernet. */
#include "support/arp.h"

#include "support/suite.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG 60000 /* ms */

static const uint8_t our_mac[ARP_MAC_LEN] = {2, 0, 0, 0, 0, 1};
static const uint8_t their_mac[ARP_MAC_LEN] = {2, 0, 0, 0, 0, 2};

static uint32_t ip(const char *text)
{
	return inet_addr(text);
}

static struct arp made(unsigned op, const uint8_t *mac, const char *sender, const char *target)
{
	struct arp a = {.op = op, .sender = ip(sender), .target = ip(target)};
	memcpy(a.sender_mac, mac, ARP_MAC_LEN);
	return a;
}

START_TEST(what_is_written_is_read)
{
	uint8_t frame[ARP_FRAME_LEN + 18] = {0};
	struct arp got, a = made(ARP_REPLY, our_mac, "10.1.0.25", "10.1.0.7");
	char text[ARP_MAC_TEXT];
	arp_write(frame, &a, their_mac);
	ck_assert_mem_eq(frame, their_mac, ARP_MAC_LEN);
	ck_assert(arp_read(frame, sizeof frame, &got)); /* padded, as Ethernet does */
	ck_assert_uint_eq(got.op, ARP_REPLY);
	ck_assert_uint_eq(got.sender, a.sender);
	ck_assert_uint_eq(got.target, a.target);
	ck_assert_str_eq(arp_print_mac(got.sender_mac, text), "02:00:00:00:00:01");
	arp_write(frame, &a, NULL);
	ck_assert_mem_eq(frame, "\xff\xff\xff\xff\xff\xff", ARP_MAC_LEN);
}
END_TEST

/* Every shorter frame, and every other value in the bytes that say what it is; nothing behind n is read. */
START_TEST(what_is_none_is_refused)
{
	uint8_t frame[ARP_FRAME_LEN];
	struct arp got, a = made(ARP_REQUEST, our_mac, "10.1.0.25", "10.1.0.7");
	arp_write(frame, &a, NULL);
	for (size_t n = 0; n < sizeof frame; n++) {
		uint8_t *exact = malloc(n + 1);
		memcpy(exact, frame, n);
		exact = realloc(exact, n ? n : 1);
		ck_assert(!arp_read(exact, n, &got));
		free(exact);
	}
	for (size_t i = 12; i < 20; i++) {
		frame[i] ^= 0x10;
		ck_assert(!arp_read(frame, sizeof frame, &got));
		frame[i] ^= 0x10;
	}
	ck_assert(arp_read(frame, sizeof frame, &got));
}
END_TEST

/* ---- asking ---- */

static int ends[2]; /* ours, theirs: a datagram is a frame */
static unsigned asked;

static bool send_frame(void *ctx, const void *frame, size_t n)
{
	(void)ctx;
	asked++;
	return send(ends[0], frame, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
}

static long receive(void *ctx, void *frame, size_t size)
{
	(void)ctx;
	ssize_t n = recv(ends[0], frame, size, MSG_DONTWAIT);
	return n > 0 ? n : n == 0 ? -1 : 0;
}

static struct arp_port port_of(void)
{
	struct arp_port port = {.fd = ends[0], .send = send_frame, .receive = receive};
	memcpy(port.mac, our_mac, sizeof our_mac);
	return port;
}

static void say(const struct arp *a)
{
	uint8_t frame[ARP_FRAME_LEN];
	arp_write(frame, a, NULL);
	ck_assert_int_eq(send(ends[1], frame, sizeof frame, 0), sizeof frame);
}

static void setup(void)
{
	asked = 0;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void teardown(void)
{
	close(ends[0]);
	close(ends[1]);
}

START_TEST(answered)
{
	struct arp_port port = port_of();
	uint8_t mac[ARP_MAC_LEN] = {0}, frame[ARP_FRAME_LEN];
	struct arp question, others = made(ARP_REPLY, their_mac, "10.1.0.8", "0.0.0.0"),
			     ours = made(ARP_REPLY, our_mac, "10.1.0.7", "0.0.0.0"),
			     theirs = made(ARP_REPLY, their_mac, "10.1.0.7", "0.0.0.0");
	say(&others); /* of another address, and of ourselves: no answers */
	say(&ours);
	say(&theirs);
	ck_assert_int_eq(arp_ask(&port, ip("10.1.0.7"), LONG, mac), ARP_ANSWERED);
	ck_assert_mem_eq(mac, their_mac, sizeof mac);
	ck_assert_int_eq(recv(ends[1], frame, sizeof frame, 0), sizeof frame);
	ck_assert(arp_read(frame, sizeof frame, &question));
	ck_assert_uint_eq(question.op, ARP_REQUEST);
	ck_assert_uint_eq(question.sender, 0); /* nobody's table changes by it */
	ck_assert_uint_eq(question.target, ip("10.1.0.7"));
}
END_TEST

START_TEST(silence)
{
	struct arp_port port = port_of();
	uint8_t mac[ARP_MAC_LEN];
	ck_assert_int_eq(arp_ask(&port, ip("10.1.0.7"), 30, mac), ARP_SILENCE);
	ck_assert_uint_eq(asked, 3);
	ck_assert_int_eq(arp_ask(&port, ip("10.1.0.7"), 0, mac), ARP_SILENCE);
}
END_TEST

START_TEST(lost)
{
	struct arp_port port = port_of();
	uint8_t mac[ARP_MAC_LEN];
	shutdown(ends[1], SHUT_RDWR);
	ck_assert_int_eq(arp_ask(&port, ip("10.1.0.7"), LONG, mac), ARP_LOST);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/support/arp");
	SUITE_CASE(s, "frames", what_is_written_is_read, what_is_none_is_refused);
	TCase *t = tcase_create("asking");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answered);
	tcase_add_test(t, silence);
	tcase_add_test(t, lost);
	suite_add_tcase(s, t);
	return s;
}
SUITE_MAIN(suite)
