"""No open relay: a stranger gets mail to local domains in, and nothing further, in whatever form the address comes."""

import harness

STRANGER = "relay_from = 192.0.2.0/24\n"
FORMS = ["far@remote.test", "far%remote.test@example.test", "\"far@remote.test\"@example.test", "\"far%remote.test\"@example.test",
         "@example.test:far@remote.test", "@a.test,@example.test:far@remote.test", "remote.test!far@example.test",
         "remote.test!far", "example.test!remote.test!far", "far%remote.test", "far@remote.test@example.test",
         "far%remote.test%example.test@example.test", "far@[127.0.0.1]", "far@[IPv6:::1]", "far@remote.test.",
         "far@remote.test@", "jdoe@example.test@remote.test", "\"jdoe@example.test\"@remote.test", "far@example.test.remote.test",
         "far@xexample.test", "far@[example.test]", "<far@remote.test>", "far@remote.test,jdoe@example.test", "|/bin/sh",
         "\"|/bin/sh\"@example.test", "/etc/passwd@example.test", "../../jdoe@example.test", "..@example.test",
         "jdoe/../admin@example.test", "JDOE\0@example.test"]


class Relay(harness.Case):
    def test_a_stranger(self):
        sink = self.sink()
        g = self.gateway(ini=harness.route(sink.port), listen=STRANGER).start()
        for form in FORMS:
            with self.subTest(form), g.smtp() as c:
                c.say("EHLO stranger.test")
                self.assertEqual(c.say("MAIL FROM:<admin@example.test>")[0], 250)  # a local sender proves nothing
                reply = c.say("RCPT TO:<%s>" % form)
                self.assertGreaterEqual(reply[0], 500, reply)
                self.assertLess(reply[0], 600, reply)
        self.assertEqual(g.send(b"Subject: local\r\n\r\nx\r\n")[0], 250)
        harness.wait_for("local mail goes in", g.count)
        self.assertEqual((sink.sessions, len(g.history())), (0, 1))
        self.assertIn("relay", g.send(b"\r\n", to=["far@remote.test"])[1].lower())
        g.stop()

    def test_a_friend(self):
        """The same forms from one who may relay: each goes where the part behind its last @ says, never further."""
        sink = self.sink()
        g = self.gateway(ini=harness.route(sink.port)).start()
        self.assertEqual(g.send(b"\r\n", to=["far@remote.test"])[0], 250)
        for form in "far%remote.test@example.test", "remote.test!far@example.test", "\"far@remote.test\"@example.test":
            self.assertEqual(g.send(b"\r\n", to=[form])[0], 550, form)  # no such mailbox here
        self.assertEqual(g.send(b"\r\n", to=["@example.test:far2@remote.test"])[0], 250)  # RFC 5321 C: the route is ignored
        harness.wait_for("two", lambda: sink.count() == 2)
        self.assertEqual(sorted(m["rcpt"][0] for m in sink.messages), ["far2@remote.test", "far@remote.test"])
        g.stop()

    def test_who_may_not_even_connect(self):
        g = self.gateway(listen="accept_from = 192.0.2.0/24\nrelay_from = 192.0.2.0/24\n").start()
        with g.smtp() as c:
            self.assertEqual(c.greeting[0] // 100, 5)
        g.stop()

    def test_two_gateways_on_one_spool(self):
        first, second = self.gateway().start(), self.gateway()
        second.spool = first.spool
        second.write()
        done = second.command("run")
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(str(first.process.pid), done.stderr.split("\n")[0])
        self.assertEqual(first.send(b"Subject: still\r\n\r\nx\r\n")[0], 250)
        first.kill()
        second.start()  # what a killed one left behind keeps nobody out
        self.assertEqual(second.send(b"Subject: now\r\n\r\nx\r\n")[0], 250)
        second.stop()


if __name__ == "__main__":
    harness.main()
