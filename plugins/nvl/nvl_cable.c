/* The cable: see nvl_cable.h. A worker has one; it ends with the process. */
#include "nvl/nvl_cable.h"
#include "support/wire.h"

#include <stdio.h>
#include <unistd.h>

#define TURN 64 /* frames each way before others have their turn, at most */

struct nvl_cable {
	struct wire wire;
	int tap;
	size_t waiting; /* bytes of the frame that found no room; 0: none */
	/* Frames of a turn, each way: one, so that nothing is read in vain where they come singly; twice as many each time
	 * that there is something again at once. */
	int turn[NVL_CABLE_FDS];
	unsigned char out[WIRE_FRAME_MAX], in[WIRE_FRAME_MAX];
};

enum { AT_WIRE, AT_TAP };

static void refuse(struct nvl_word *why, const struct sgt_error *error)
{
	nvl_refuse(why, error->result == SGT_DENIED ? SGT_FORBIDDEN : SGT_NOT_RUNNING,
		   error->remedy, "%s", error->text);
}

/* Refused by what detect says of it: it tells absent, dead and forbidden apart. */
static bool is_there(struct nvl_cable *c, struct nvl_word *why)
{
	struct sgt_report report;
	wire_detect(&c->wire, &report);
	return report.state == SGT_RUNNING ||
	       nvl_refuse(why, report.state, report.remedy, "%s", report.cause);
}

struct nvl_cable *nvl_cable_open(const char *network, struct nvl_word *why)
{
	static struct nvl_cable cable;
	struct sgt_error error;
	cable.tap = -1;
	if (wire_init(&cable.wire, network, &error) != SGT_OK) {
		refuse(why, &error);
		return NULL;
	}
	if (!is_there(&cable, why))
		return NULL;
	if (wire_prepare(&cable.wire, &error) == SGT_OK && wire_open(&cable.wire, &error) == SGT_OK)
		return &cable;
	refuse(why, &error);
	return NULL;
}

void nvl_cable_close(struct nvl_cable **cable)
{
	wire_free(&(*cable)->wire);
	*cable = NULL;
}

void nvl_cable_join(struct nvl_cable *c, int tap)
{
	c->tap = tap;
}

void nvl_cable_wait(struct nvl_cable *c, struct pollfd p[NVL_CABLE_FDS])
{
	p[AT_WIRE] = (struct pollfd){.fd = wire_fd(&c->wire), .events = POLLIN};
	p[AT_TAP] = (struct pollfd){.fd = c->waiting ? -1 : c->tap, .events = POLLIN};
}

/* The frame in hand goes out, or waits for room; false: lost. */
static bool send_one(struct nvl_cable *c, size_t len)
{
	int sent = wire_send(&c->wire, c->out, len);
	if (sent == WIRE_LOST)
		return false;
	bool waits = sent == 0;
	if (waits != (c->waiting > 0))
		wire_want_room(&c->wire, waits);
	c->waiting = waits ? len : 0;
	return true;
}

/* How many frames of this way are taken now. */
static int turn_of(struct nvl_cable *c, int way, bool ready)
{
	if (!ready)
		c->turn[way] = 0;
	else if (c->turn[way] < TURN)
		c->turn[way] = c->turn[way] ? 2 * c->turn[way] : 1;
	return c->turn[way];
}

static bool pump_out(struct nvl_cable *c, int turn)
{
	for (int i = 0; i < turn && !c->waiting; i++) {
		ssize_t n = read(c->tap, c->out, sizeof c->out);
		if (n == 0)
			c->tap = -1; /* a socket whose other end was closed */
		if (n <= 0)
			return true; /* nothing more; a device that went down is seen by its watch */
		if (!send_one(c, (size_t)n))
			return false;
	}
	return true;
}

static bool pump_in(struct nvl_cable *c, int turn)
{
	for (int i = 0; i < turn; i++) {
		long n = wire_recv(&c->wire, c->in, sizeof c->in);
		if (n == WIRE_LOST)
			return false;
		if (n == 0)
			return true;
		ssize_t w = write(c->tap, c->in, (size_t)n);
		(void)w;
	}
	return true;
}

bool nvl_cable_pump(struct nvl_cable *c, const struct pollfd p[NVL_CABLE_FDS], struct nvl_word *why)
{
	struct sgt_error error;
	int in = turn_of(c, AT_WIRE, p[AT_WIRE].revents),
	    out = turn_of(c, AT_TAP, p[AT_TAP].revents);
	bool good = true;
	if (in) {
		good = !c->waiting || send_one(c, c->waiting);
		good = good && pump_in(c, in);
	}
	if (good && out)
		good = pump_out(c, out);
	if (good)
		return true;
	wire_lost(&c->wire, &error);
	refuse(why, &error);
	return false;
}
