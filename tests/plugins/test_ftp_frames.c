/*
 * What ftp does for lwIP, which is made for devices among friends: each precaution is met here by the frames that it is
 * against, from a station that says what it is told. Without the precaution its test fails.
 */
#include "conformance/vde_bed.h"
#include "plugins/station.h"
#include "support/suite.h"

#include <stdlib.h>
#include <string.h>

extern const struct sgt_module SGT_MODULE(ftp);

#define OURS 0x0a4d0019u /* 10.77.0.25 */
#define QUIET 50         /* turns, of a millisecond at least */
#define MANY 10000
#define HALF_OPEN 256u /* of ftp.h */

static struct vde_bed network;
static struct arena arena;
static struct rig rig;
static struct station station;
static char told[4096]; /* the log */

static void keep_log(void *ctx, enum sgt_level level, const char *text)
{
	(void)ctx;
	(void)level;
	strncat(told, text, sizeof told - strlen(told) - 1);
}

static void begin(void)
{
	static struct conformance_setting settings[] = {
		{"network", network.url}, {"address", "10.77.0.25/24, fd77::25/64"}, {NULL, NULL}};
	static struct conformance_bed bed = {.name = "ftp", .module = &SGT_MODULE(ftp)};
	vde_bed_open_plain(&network, NULL);
	ck_assert_msg(rig_open(&rig, &bed, &arena, settings), "%s", rig.failure);
	rig.host.log = keep_log;
	station_open(&station, network.url, &rig, OURS);
}

static void end(void)
{
	station_close(&station);
	rig_close(&rig);
	ck_assert_msg(!rig.failure[0], "%s", rig.failure);
}

static unsigned port_of(const char *address)
{
	return (unsigned)strtoul(strrchr(address, ':') + 1, NULL, 10);
}

static struct segment to_door(const struct door *d, unsigned from, unsigned flags)
{
	return (struct segment){.from_ip = STATION_IP,
				.to_ip = OURS,
				.from = from,
				.to = port_of(d->address),
				.seq = 1000,
				.flags = flags};
}

/* The next segment to a port of ours (0: any) with all of these flags; false: none came. */
static bool segment_to(unsigned port, unsigned flags, struct segment *out, unsigned turns)
{
	while (station_next(&station, turns))
		if (station_is_tcp(&station, out) && (!port || out->to == port) &&
		    (out->flags & flags) == flags)
			return true;
	return false;
}

/* ---- it still works ---- */

/* A handshake of ours, and its end. */
static void still_works(struct door *d)
{
	struct segment s = to_door(d, 999, STATION_SYN), got;
	unsigned before = d->accepted;
	station_tcp(&station, &s);
	ck_assert_msg(segment_to(999, STATION_SYN | STATION_ACK, &got, MANY), "no answer");
	s.flags = STATION_ACK;
	s.seq = got.ack;
	s.ack = got.seq + 1;
	station_tcp(&station, &s);
	for (int i = 0; i < MANY && d->accepted == before; i++)
		station_next(&station, 1);
	ck_assert_uint_eq(d->accepted, before + 1);
	s.flags = STATION_RST | STATION_ACK;
	station_tcp(&station, &s);
	station_next(&station, QUIET);
}

/* ---- from us to us ---- */

static void meets_itself(const char *host)
{
	char text[SGT_ADDRESS_MAX];
	snprintf(text, sizeof text, "%s:0", host);
	struct door *d = door_open(&rig, text, 0);
	struct end *out = d ? end_connect(&rig, d->address) : NULL;
	ck_assert_ptr_nonnull(out);
	ck_assert_msg(end_wait(out, END_OPEN, 30000), "no CONNECTED to %s", d->address);
	struct end *in = end_accept(d, 30000);
	ck_assert_ptr_nonnull(in);
	ck_assert(end_send(out, "to us", 5) && end_wait_received(in, 5, 30000));
}

/* This build of lwIP wants to hand such packets to a thread of its own, and aborts without it. */
START_TEST(packets_to_ourselves)
{
	begin();
	meets_itself("10.77.0.25");
	meets_itself("[fd77::25]");
	end();
}
END_TEST

/* ---- who claims to be us ---- */

static bool got_one(const void *ctx)
{
	const struct post *p = ctx;
	return p->count > 0;
}

/* A datagram from our own address comes from nobody; the same from another host arrives. */
START_TEST(packets_in_our_name)
{
	begin();
	struct post *p = post_open(&rig, "10.77.0.25:5300");
	ck_assert_ptr_nonnull(p);
	for (int i = 0; i < 5; i++)
		station_udp(&station, OURS, 5301, 5300, "from you");
	station_next(&station, QUIET);
	ck_assert_uint_eq(p->count, 0);
	station_udp(&station, STATION_IP, 5301, 5300, "from me");
	ck_assert(arena_until(&arena, got_one, p, 30000));
	end();
}
END_TEST

/* A connection that we seem to make to ourselves (the "land" attack). */
START_TEST(connections_in_our_name)
{
	begin();
	struct door *d = door_open(&rig, "10.77.0.25:0", 0);
	struct segment s = to_door(d, port_of(d->address), STATION_SYN);
	s.from_ip = OURS;
	for (int i = 0; i < 5; i++)
		station_tcp(&station, &s);
	station_next(&station, QUIET);
	still_works(d);
	ck_assert_uint_eq(d->accepted, 1);
	end();
}
END_TEST

START_TEST(frames_with_our_mac)
{
	unsigned op;
	uint32_t sender, target;
	begin();
	while (station_next(&station, QUIET))
		;
	memcpy(station.from, station.theirs, sizeof station.from);
	station_arp(&station, 1, STATION_IP, OURS);
	while (station_next(&station, QUIET))
		ck_assert_msg(!station_is_arp(&station, &op, &sender, &target) || op != 2,
			      "a frame with our own MAC was answered");
	end();
}
END_TEST

/* Another host takes our address: said once, contradicted, and not believed. */
START_TEST(address_is_taken)
{
	unsigned op = 0;
	uint32_t sender = 0, target = 0;
	begin();
	for (int i = 0; i < 3; i++)
		station_arp(&station, 1, OURS, OURS);
	bool claimed = false;
	while (!claimed && station_next(&station, MANY))
		claimed = station_is_arp(&station, &op, &sender, &target) && sender == OURS &&
			  target == OURS && memcmp(station.frame + 6, station.theirs, 6) == 0;
	ck_assert_msg(claimed, "our address is not claimed again");
	station_next(&station, QUIET);
	const char *said = strstr(told, "10.77.0.25: another host of ");
	ck_assert_msg(said && strstr(said, "02:00:00:00:77:01"), "the log says \"%s\"", told);
	ck_assert_ptr_null(strstr(said + 20, "another host of "));
	meets_itself("10.77.0.25");
	end();
}
END_TEST

/* ---- who is not meant for us ---- */

/* lwIP as it is packaged routes, and takes 127.0.0.1 from any side. */
START_TEST(packets_for_others)
{
	struct segment got;
	begin();
	struct door *d = door_open(&rig, "*:0", 0);
	static const uint32_t others[] = {0x7f000001u, 0x0a4d0063u, 0xc0000201u};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct segment s = to_door(d, 2000, STATION_SYN);
		s.to_ip = others[i];
		station_tcp(&station, &s);
		ck_assert_msg(!segment_to(0, 0, &got, QUIET), "%08x was answered by %08x",
			      others[i], got.from_ip);
	}
	still_works(d);
	end();
}
END_TEST

/* ---- handshakes ---- */

/* Its listeners know no backlog: who begins and never ends would fill the memory. */
START_TEST(handshakes_have_a_bound)
{
	static unsigned char answered[65536];
	struct segment s, got;
	unsigned count = 0;
	begin();
	struct door *d = door_open(&rig, "10.77.0.25:0", 0);
	still_works(d);
	for (unsigned i = 0; i < 2 * HALF_OPEN; i++) {
		s = to_door(d, 10000 + i, STATION_SYN);
		station_tcp(&station, &s);
		while (segment_to(0, STATION_SYN | STATION_ACK, &got, 1)) {
			count += !answered[got.to];
			answered[got.to] = 1;
		}
	}
	while (segment_to(0, STATION_SYN | STATION_ACK, &got, QUIET)) {
		count += !answered[got.to];
		answered[got.to] = 1;
	}
	ck_assert_uint_eq(count, HALF_OPEN);
	for (unsigned i = 0; i < 2 * HALF_OPEN; i++) { /* one end makes room for one */
		s = to_door(d, 10000 + i, STATION_RST);
		s.seq = 1001;
		station_tcp(&station, &s);
		station_next(&station, 1);
	}
	still_works(d);
	end();
}
END_TEST

static bool asked_by_syn6(const char *from, const struct door *d, unsigned header, unsigned turns)
{
	station_syn6(&station, from, "fd77::25", port_of(d->address), header);
	while (station_next(&station, turns))
		if (station_is_asked6(&station, from))
			return true;
	return false;
}

/* Behind a further header of IPv6 nobody would count them. Who is answered is asked for first. */
START_TEST(handshakes_behind_headers)
{
	enum { PIECE = 44, OPTIONS = 60 };
	begin();
	struct door *d = door_open(&rig, "[fd77::25]:0", 0);
	ck_assert(asked_by_syn6("fd77::2", d, 0, MANY));
	ck_assert(!asked_by_syn6("fd77::3", d, OPTIONS, QUIET));
	ck_assert(!asked_by_syn6("fd77::4", d, PIECE, QUIET));
	end();
}
END_TEST

/* ---- what cannot be guessed ---- */

/* Its own numbers count up from a fixed one, some thousands a second. */
START_TEST(sequence_numbers_are_random)
{
	enum { N = 16 };
	uint32_t last = 0;
	unsigned near = 0;
	struct segment s, got;
	begin();
	struct door *d = door_open(&rig, "10.77.0.25:0", 0);
	for (unsigned i = 0; i < N; i++) {
		s = to_door(d, 10000 + i, STATION_SYN);
		station_tcp(&station, &s);
		ck_assert(segment_to(s.from, STATION_SYN | STATION_ACK, &got, MANY));
		near += i && got.seq - last < 0x1000000u;
		last = got.seq;
	}
	ck_assert_msg(near < N / 4, "%u of %d numbers come close behind the one before", near, N);
	end();
}
END_TEST

START_TEST(ports_are_random)
{
	enum { N = 16 };
	unsigned last = 0, near = 0;
	struct segment got;
	begin();
	for (unsigned i = 0; i < N; i++) {
		ck_assert_ptr_nonnull(end_connect(&rig, "10.77.0.1:25"));
		do
			ck_assert(segment_to(25, STATION_SYN, &got, MANY));
		while (got.from == last); /* sent again */
		near += i && got.from - last < 16;
		last = got.from;
	}
	ck_assert_msg(near < N / 4, "%u of %d ports come close behind the one before", near, N);
	end();
}
END_TEST

/* ---- what nobody means ---- */

static void spoil(unsigned char *frame, size_t len)
{
	for (int i = rand() % 8; i >= 0; i--)
		frame[12 + (size_t)rand() % (len - 12)] = (unsigned char)rand();
}

/* Frames of every kind with wrong bytes in them, and noise; lwIP asserts, and our filter reads them first. */
START_TEST(spoiled_frames)
{
	static const unsigned kinds[] = {0x0800, 0x86dd, 0x0806, 0x8100};
	unsigned char frame[200];
	begin();
	struct door *d = door_open(&rig, "*:0", 0);
	srand(1);
	for (int i = 0; i < 8000; i++) {
		size_t len = 14 + (size_t)rand() % (sizeof frame - 14);
		for (size_t k = 0; k < len; k++)
			frame[k] = (unsigned char)rand();
		memcpy(frame, station.theirs, 6);
		memcpy(frame + 6, station.mac, 6);
		frame[12] = (unsigned char)(kinds[i % 4] >> 8);
		frame[13] = (unsigned char)kinds[i % 4];
		if (i % 3 && station.len > 14) { /* what was seen before, spoiled */
			len = (size_t)station.len < sizeof frame ? (size_t)station.len
								 : sizeof frame;
			memcpy(frame + 14, station.frame + 14, len - 14);
			memcpy(frame + 12, station.frame + 12, 2);
			spoil(frame, len);
		}
		station_send(&station, frame, len);
		if (i % 16 == 0)
			station_arp(&station, 1, STATION_IP, OURS);
		station_next(&station, 1);
	}
	still_works(d);
	end();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plugins/ftp_frames");
	SUITE_CASE(s, "ourselves", packets_to_ourselves, packets_in_our_name,
		   connections_in_our_name, frames_with_our_mac, address_is_taken);
	SUITE_CASE(s, "others", packets_for_others);
	SUITE_CASE(s, "handshakes", handshakes_have_a_bound, handshakes_behind_headers);
	SUITE_CASE(s, "random", sequence_numbers_are_random, ports_are_random);
	SUITE_CASE(s, "noise", spoiled_frames);
	return s;
}
SUITE_MAIN(suite)
