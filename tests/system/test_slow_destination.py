"""A destination that is slow, or hangs, and has more mail than the gateway has memory for: nobody else waits, nothing turns round meanwhile, and
all of it goes out in the end."""

import os
import socket
import time

import harness
from harness import wait_for

TEXT = b"Subject: large\r\n\r\n" + (b"x" * 98 + b"\r\n") * 2000  # 200 kB: kept in memory while it is on its way
MESSAGES = 80  # twice what there is room for
SMALL = "memory_max = 80M\n"  # above the gateway's own: 8 MiB for what goes out


def processor(pid):
    """Seconds of it that a process has used."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class SlowDestination(harness.Case):
    def backlog(self, g):
        with g.smtp() as c:
            for _ in range(MESSAGES):
                self.assertEqual(c.send(TEXT, ["x@far.test"])[0], 250)
                c.say("RSET")

    def others_go_on(self, g):
        for n in range(1, 4):
            self.assertEqual(g.send(TEXT)[0], 250)
            wait_for("mail for here", lambda: g.count() == n)

    def test_a_route_at_its_rate(self):
        far = self.sink()
        g = self.gateway(gateway=SMALL, ini=harness.route(far.port, rate="2/1h")).start()
        self.backlog(g)
        self.others_go_on(g)
        self.assertLessEqual(far.count(), 3)
        waiting = g.queue()
        self.assertGreaterEqual(len(waiting), MESSAGES - 3)
        before, began = processor(g.process.pid), time.monotonic()
        time.sleep(3)
        # what has no room is not looked at again and again; a twentieth would be much
        self.assertLess(processor(g.process.pid) - before, (time.monotonic() - began) / 2)
        self.assertTrue(any("others that go there" in g.command("queue", "show", str(m["number"])).stdout for m in reversed(waiting)))
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("rate = 2/1h\n", ""))
        g.reload()
        self.assertEqual(g.command("queue", "flush").returncode, 0)
        wait_for("all came", lambda: far.count() == MESSAGES)
        wait_for("it is over", lambda: not g.queue())
        g.stop()

    def test_a_server_that_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
            g = self.gateway(gateway=SMALL, ini=harness.route(silent.getsockname()[1])).start()
            self.backlog(g)
            self.others_go_on(g)
            wait_for("they alone are over", lambda: len(g.queue()) == MESSAGES)
            g.process.kill()
            g.process.wait(harness.LIMIT)

    def test_a_server_that_says_a_byte_now_and_then(self):
        """RFC 5321 4.5.3.2: 5 minutes are for the reply, not for each byte of it, or the message would never come back."""
        with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
            g = self.gateway(ini=harness.route(server.getsockname()[1]))
            offset = harness.shift_clock(g, 0, mono=True)
            g.start()
            self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n", ["x@far.test"])[0], 250)
            conn, _ = server.accept()
            with conn:
                conn.settimeout(harness.LIMIT)
                for passed in range(0, 1800, 200):
                    harness.set_clock(offset, passed)
                    try:
                        conn.sendall(b"220-"[passed // 200:][:1] or b"x")
                    except OSError:
                        break
                    time.sleep(0.1)  # a piece of its own
            wait_for(lambda: "it is given up: %s" % g.queue(), lambda: "did not answer within 5 m" in str(g.queue()), 10)
            g.kill()  # the kernel, which would wake it, has a clock of its own


if __name__ == "__main__":
    harness.main()
