"""Mail in and out over xln, alone and beside lmn: every byte, one connection after another, many at once."""

import os
import subprocess

import harness

HEADER = harness.HEADER


class Xln(harness.Case):
    def between(self, inside, outside):
        """A gateway whose listener is on one vendor and whose route leaves over another, and its smart host."""
        sink = self.sink()
        g = self.gateway(listen="vendor = %s\n" % inside, gateway="vendor = %s\n" % inside,
                         ini="[route out]\nmatch = *\nvendor = %s\nsmart_host = 127.0.0.1:%d\n" % (outside, sink.port),
                         vendor="[vendor xln]\nentries = 4096\nsqpoll = no\nbuffers = 8M\n").start()
        for vendor in {inside, outside}:
            self.assertIn("%s transport up" % vendor, g.log())
        return g, sink

    def pour(self, g, count, sessions):
        """count messages, a connection each, `sessions` at once."""
        r = subprocess.run([harness.peer("smtp-source"), "-s", str(sessions), "-m", str(count), "-l", "2000",
                            "-f", "me@client.test", "-t", "jdoe@example.test", "127.0.0.1:%d" % g.port],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT * 5)
        self.assertEqual(r.returncode, 0, r.stdout)
        harness.wait_for("%d messages" % count, lambda: g.count() == count)

    def test_25_mib_both_ways(self):
        for inside, outside in ("xln", "xln"), ("xln", "lmn"), ("lmn", "xln"):
            with self.subTest(inside + " to " + outside):
                g, sink = self.between(inside, outside)
                content = HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (25 * 1024 * 1024 // 122)
                self.assertEqual(g.send(content, to=["jdoe@example.test", "far@remote.test"])[0], 250)
                harness.wait_for("both copies", lambda: g.count() == 1 and sink.count() == 1)
                self.assertTrue(sink.messages[0]["data"].endswith(content))
                self.assertTrue(g.messages()[0].endswith(content.replace(b"\r\n", b"\n")))
                g.stop()

    def test_thousand_one_after_another(self):
        g, _ = self.between("xln", "xln")
        self.pour(g, 1000, 1)
        g.stop()

    def test_three_hundred_at_once(self):
        sink = self.sink()
        g = self.gateway(listen="vendor = xln\nmax_connections_client = 400\n", gateway="vendor = xln\n",
                         ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % sink.port).start()
        self.pour(g, 600, 300)
        g.stop()


if __name__ == "__main__":
    harness.main()
