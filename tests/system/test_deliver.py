"""Mail in by SMTP, into Maildirs and on to a smart host: every byte as it was sent."""

import os
import subprocess
import harness


HEADER = harness.HEADER
CONTENTS = {
    "plain": b"Hello.\r\n",
    "dots": b".\r\n..\r\n.a\r\n...\r\nend.\r\n.\r\n",
    "eight bit": bytes(range(1, 10)) + bytes(range(11, 13)) + bytes(range(14, 256)) + b"\r\n",
    "empty body": b"",
    "no final newline": b"the last line has no end",
    "long lines": b"x" * 5000 + b"\r\n" + b"y" * 100000 + b"\r\n",
    "blank lines": b"\r\n\r\n\r\n",
}


class Content(harness.Case):
    def check(self, content, stored):
        want = content if not content or content.endswith(b"\r\n") else content + b"\r\n"
        self.assertEqual(harness.body_of(stored).replace(b"\r\n", b"\n"), want.replace(b"\r\n", b"\n"))

    def test_maildir_keeps_every_byte(self):
        g = self.gateway().start()
        for i, (name, content) in enumerate(CONTENTS.items()):
            with self.subTest(name):
                self.assertEqual(g.send(HEADER + content)[0], 250)
                harness.wait_for("message %d" % i, lambda: g.count() == i + 1)
                self.check(content, g.messages()[-1])
        g.stop()

    def test_smart_host_gets_every_byte(self):
        sink = self.sink()
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % sink.port).start()
        for i, (name, content) in enumerate(CONTENTS.items()):
            with self.subTest(name):
                self.assertEqual(g.send(HEADER + content, to=["far@remote.test"])[0], 250)
                harness.wait_for("message %d" % i, lambda: sink.count() == i + 1)
                want = HEADER + content
                want = want if want.endswith(b"\r\n") else want + b"\r\n"
                got = sink.messages[-1]["data"]
                self.assertTrue(got.startswith(b"Received: "), got[:200])
                self.assertTrue(got.endswith(want), name)
                self.assertEqual(sink.messages[-1]["rcpt"], ["far@remote.test"])
        g.stop()

    def test_25_mib_both_ways(self):
        sink = self.sink()
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % sink.port).start()
        content = HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (25 * 1024 * 1024 // 122)
        self.assertEqual(g.send(content, to=["jdoe@example.test", "far@remote.test"])[0], 250)
        harness.wait_for("both copies", lambda: g.count() == 1 and sink.count() == 1)
        self.assertTrue(sink.messages[0]["data"].endswith(content))
        self.assertTrue(g.messages()[0].endswith(content.replace(b"\r\n", b"\n")))
        g.stop()

    def test_swaks(self):
        g = self.gateway().start()
        r = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(g.port), "--to", "JDoe@Example.TEST",
                            "--from", "me@client.test", "--body", "from swaks"], stdout=subprocess.PIPE, timeout=60)
        self.assertEqual(r.returncode, 0, r.stdout.decode())
        harness.wait_for("the message", g.count)
        text = g.messages()[0]
        self.assertIn(b"from swaks", text)
        self.assertIn(b"Return-Path: <me@client.test>\n", text)
        self.assertIn(b"Delivered-To: JDoe@Example.TEST\n", text)
        self.assertNotIn(b"\r", text)
        g.stop()

    def test_swaks_without_mailbox(self):
        g = self.gateway().start()
        self.assertEqual(g.send(HEADER, to=["nobody@example.test"])[0], 550)
        self.assertEqual(g.send(HEADER, to=["postmaster@example.test"])[0], 250)
        harness.wait_for("Postmaster's mail in admin", lambda: g.count("admin") == 1)
        g.stop()


class Load(harness.Case):
    def source(self, g, to, count, sessions, size=4096):
        r = subprocess.run([harness.peer("smtp-source"), "-d", "-c", "-s", str(sessions), "-m", str(count), "-l", str(size),
                            "-f", "me@client.test", "-t", to, "127.0.0.1:%d" % g.port],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        self.assertEqual(r.returncode, 0, r.stdout.decode()[-500:])

    def test_1000_to_a_maildir_over_100_sessions(self):
        g = self.gateway(listen="max_connections_client = 200\n").start()
        self.source(g, "jdoe@example.test", 1000, 100)
        harness.wait_for("1000 messages", lambda: g.count() == 1000)
        g.stop()

    def test_1000_to_smtp_sink_over_100_sessions(self):
        port = harness.free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        sink = subprocess.Popen([harness.peer("smtp-sink"), *user, "127.0.0.1:%d" % port, "200"],
                                stdout=subprocess.DEVNULL)
        self.addCleanup(lambda: (sink.kill(), sink.wait()))
        harness.wait_for("smtp-sink", lambda: harness.listening(port))
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % port,
                         listen="max_connections_client = 200\n").start()
        self.source(g, "far@remote.test", 1000, 100)
        harness.wait_for("1000 deliveries", lambda: g.log().count("recipient delivered") == 1000)
        g.stop()


if __name__ == "__main__":
    harness.main()
