"""The wall clock jumps by days while the gateway runs, forward and back: nothing expires or is bounced for time that did not go by,
what waits is tried on, the history stays, and it is told."""

import os
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "system"))
import harness  # noqa: E402
from harness import wait_for  # noqa: E402

DAY = 86400
ROUTE = "[queue]\nretry = %s\n[route far]\nmatch = far.test\nsmart_host = 127.0.0.1:%d\ntls = off\n"
MAIL = b"Subject: clock\r\n\r\nx\r\n"


class Clock(harness.Case):
    def setUp(self):
        super().setUp()
        self.answer = "451 4.3.0 not now"
        self.server = self.sink(lambda verb, argument, session: self.answer if verb == "RCPT" else None)

    def shifted(self, retry="1s"):
        """A gateway whose wall clock is ours."""
        g = self.gateway(ini=ROUTE % (retry, self.server.port))
        self.file = harness.shift_clock(g, 0)
        return g.start()

    def jump(self, g, seconds):
        before = g.log().count("clock jumped")
        with open(self.file, "r+b") as f:
            now = struct.unpack("q", f.read(8))[0]
            f.seek(0)
            f.write(struct.pack("q", now + seconds))
        wait_for("the jump is told", lambda: g.log().count("clock jumped") > before)

    def tried(self, g, number, more=3):
        """It goes on being tried, and waits."""
        def count():
            return g.show(number)["first"]["attempts"]
        now = count()
        wait_for("message %d is tried on" % number, lambda: count() >= now + more)
        self.assertEqual(g.show(number)["first"]["state"], "waiting")

    def got(self):
        """Messages that the server took; it also takes the empty ones that pipelining makes of a refused recipient."""
        return len([m for m in self.server.messages if m["rcpt"]])

    def arrives(self, g, count):
        self.answer = None
        wait_for("it arrives", lambda: self.got() == count)
        wait_for("it is noted", lambda: not g.queue())
        self.assertEqual(g.count(), 0)  # no report
        self.assertEqual(g.count("admin"), 0)

    def waiting(self, g):
        self.assertEqual(g.send(MAIL, to=["you@far.test"], sender="jdoe@example.test")[0], 250)
        self.tried(g, 1, 1)

    def test_forward(self):
        g = self.shifted()
        self.waiting(g)
        self.jump(g, 6 * DAY)  # more than the lifetime
        self.tried(g, 1)
        self.assertEqual(g.health()[0], 0, g.health()[1])  # nor is the queue old
        g.kill()
        g.start()
        self.tried(g, 1)
        self.assertEqual(g.send(MAIL, to=["you@far.test"], sender="jdoe@example.test")[0], 250)
        self.arrives(g, 2)
        g.stop()

    def test_back(self):
        for restart in False, True:
            with self.subTest(restart=restart):
                self.answer = "451 4.3.0 not now"
                had = self.got()
                g = self.shifted()
                self.waiting(g)
                if restart:  # while nobody looks
                    g.stop()
                    with open(self.file, "wb") as f:
                        f.write(struct.pack("q", -6 * DAY))
                    g.start()
                else:
                    self.jump(g, -6 * DAY)
                self.tried(g, 1)
                self.arrives(g, had + 1)
                g.stop()

    def test_there_and_back(self):
        g = self.shifted()
        self.waiting(g)
        self.jump(g, 400 * DAY)
        self.assertEqual(g.send(MAIL, to=["you@far.test"], sender="jdoe@example.test")[0], 250)
        self.tried(g, 2, 1)
        self.jump(g, -400 * DAY)
        self.tried(g, 1)
        self.tried(g, 2)
        self.jump(g, 2 * DAY)  # and it was too far back: no delay is reported for that either
        self.tried(g, 1)
        self.tried(g, 2)
        self.assertNotIn('delay="-', g.log())
        self.assertLess(g.log().count("rests"), 300)  # no loop that is busy
        self.arrives(g, 2)
        g.stop()

    def test_history_stays(self):
        g = self.shifted()
        self.assertEqual(g.send(MAIL)[0], 250)
        wait_for("it is delivered", lambda: g.count() == 1 and not g.queue())
        self.jump(g, 40 * DAY)  # more than [queue] keep
        time.sleep(2.5)  # it is looked through every second
        self.assertEqual(list(g.history()), [1])
        g.stop()


if __name__ == "__main__":
    harness.main()
