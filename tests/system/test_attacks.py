"""Attacks that are none of another test's: commands and headers by injection, thousands of slow senders, everything oversized.
Each is refused or bounded, and mail goes on meanwhile. Others: test_smuggling, test_relay, test_tls_in (injection by STARTTLS,
renegotiation), test_auth_in (guessing)."""

import os
import resource
import selectors
import shutil
import socket
import subprocess
import tempfile

import harness
from harness import wait_for

TEXT = b"From: me@client.test\r\nTo: jdoe@example.test\r\nSubject: hi\r\nMessage-ID: <1@client.test>\r\n\r\nhello\r\n"
SLOW = 10000
PER_SENDER = 100 << 10  # bytes of memory at most that one who waits costs, also with a sanitizer's own


def memory(pid):
    """Resident bytes of a process."""
    with open("/proc/%d/status" % pid) as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1]) << 10


class Attack(harness.Case):
    def sessions(self, g):
        return g.json("status")["listeners"][0]["sessions"]

    def served(self, g):
        """Everybody else is."""
        before = g.count()
        self.assertEqual(g.send(TEXT)[0], 250)
        wait_for("the mail", lambda: g.count() == before + 1)


class Slow(Attack):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < SLOW + 2000 and os.geteuid() != 0:
            self.skipTest("ulimit -Hn is %d, and only root may raise it" % hard)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, SLOW + 2000), max(hard, SLOW + 2000)))
        self.socks = []
        self.addCleanup(lambda: [s.close() for s in self.socks])

    def connect(self, g, count):
        """From several addresses, 100 at a time, each having been greeted."""
        while len(self.socks) < count:
            some = [socket.create_connection(("127.0.0.1", g.port), harness.LIMIT,
                                             source_address=("127.0.0.%d" % (2 + (len(self.socks) + i) // 500), 0))
                    for i in range(min(100, count - len(self.socks)))]
            self.socks += some
            for s in some:
                self.assertEqual(s.recv(4), b"220 ")

    def answers(self, count):
        """That many have an answer to read."""
        with selectors.DefaultSelector() as selector:
            for s in self.socks:
                selector.register(s, selectors.EVENT_READ)
            got = 0
            while got < count:
                ready = selector.select(harness.LIMIT)
                self.assertTrue(ready, "%d of %d have an answer" % (got, count))
                for key, _ in ready:
                    key.fileobj.recv(4096)
                    selector.unregister(key.fileobj)
                    got += 1

    def each(self, data):
        for s in self.socks:
            s.sendall(data)

    def served(self, g):
        """And their connections are gone again: there is room for one more only."""
        super().served(g)
        wait_for("it is gone", lambda: self.sessions(g) == len(self.socks))

    def test_ten_thousand_slow_senders(self):
        g = self.gateway(gateway="memory_max = 4G\n", listen="max_connections = %d\nmax_connections_client = 500\n" % (SLOW + 1)).start()
        self.served(g)
        before = memory(g.process.pid)
        self.connect(g, SLOW)
        self.each(b"E")  # and then nothing, a letter at a time
        self.served(g)
        self.each(b"HLO client.test\r\nMAIL FROM:<me@client.test>\r\nRCPT TO:<jdoe@example.test>\r\nDATA\r\n")
        self.answers(SLOW)
        self.each(b"Subject: so")
        self.served(g)
        grown = (memory(g.process.pid) - before) // SLOW
        print("%d slow senders: %d bytes of memory each" % (SLOW, grown))
        self.assertLess(grown, PER_SENDER)
        with g.smtp():  # one more is one too many, and those that are there stay
            with g.smtp() as c:
                self.assertEqual(c.greeting[0], 421)
        self.socks[0].sendall(b"on\r\n\r\ndone\r\n.\r\n")
        wait_for("the slow one's mail", lambda: any(b"Subject: soon" in m for m in g.messages()))
        for s in self.socks:
            s.close()
        wait_for("they are gone", lambda: self.sessions(g) == 0)
        self.assertEqual(len(g.history()), 4)  # nothing of what was begun is kept
        g.stop()


class Injection(Attack):
    def test_commands(self):
        g = self.gateway(postoffice="mailboxes = any\n").start()
        inside = sorted(os.listdir(g.folder))
        with g.smtp() as c:
            for line in ("EHLO a\0b", "EHLO a\rMAIL FROM:<x@y.test>", "EHLO a\x1b[2J", "NOOP \x7f", "HELP\x08"):
                self.assertEqual(c.say(line)[0], 500, repr(line))
            self.assertEqual(c.say("EHLO client.test")[0], 250)
            for line in ("MAIL FROM:<a@b.test>\rRCPT TO:<x@far.test>", "MAIL FROM:<a\0@b.test>", "MAIL FROM:<a@b.test\x0b>"):
                self.assertEqual(c.say(line)[0], 500, repr(line))
            self.assertEqual(c.say("MAIL FROM:<a@b.test> SIZE=1;id")[0], 501)
            self.assertEqual(c.say("MAIL FROM:<a@b.test> BODY=$(id)")[0], 501)
            self.assertEqual(c.say("MAIL FROM:<me@client.test>")[0], 250)
            for name in ("../jdoe", "../../etc/passwd", "..", "/etc/passwd", "a/../../b", "\"../x\"", "\"a\\/b\"", "\".\"", "\"a\\\rb\"",
                         "\"\\..\""):
                reply = c.say("RCPT TO:<%s@example.test>" % name)
                self.assertGreaterEqual(reply[0], 500, "%s: %s" % (name, reply))
        for name in ("|touch${IFS}%s/made" % g.folder, "`id`", "$(id)", "jdoe;id", "-oQ/tmp", "*", "jdoe&", "%s%n%x"):
            reply = g.send(TEXT, ('"%s"@example.test' % name,))
            self.assertIn(reply[0], (250, 550, 501), name)
        wait_for("all is done", lambda: not g.queue())
        self.served(g)
        self.assertEqual(sorted(os.listdir(g.folder)), sorted(set(inside) | {"spool", "control"}))
        log = g.log()
        self.assertFalse([c for c in log if (ord(c) < 32 and c != "\n") or ord(c) == 127], "control characters in the log")
        g.stop()

    def headers(self, data):
        return data.split(b"\r\n\r\n")[0]

    def arrives(self, far, count):
        wait_for("%d mails" % count, lambda: far.count() == count)
        for m in far.messages:
            self.assertNotIn(b"\nInjected:", self.headers(m["data"]))
            self.assertNotIn(b"\rInjected:", self.headers(m["data"]))

    def test_headers_by_send(self):
        far = self.sink()
        g = self.gateway(ini=harness.route(far.port)).start()
        sent = 0
        for end in "\n", "\r\n", "\r":
            evil = "A%sInjected: yes" % end
            for args in (["-F", evil, "x@far.test"], ["-f", "me@here.test%sInjected: yes" % end, "x@far.test"],
                         ["x@far.test%sInjected: yes" % end], ["x@far.test", "y@far.test%s%sInjected: body" % (end, end)]):
                done = g.command("send", *args, input="Subject: s\n\nbody\n")
                self.assertIn(done.returncode, (0, 1, 64), "%r: %s" % (args, done.stderr))
                sent += done.returncode == 0
        done = g.command("send", "x@far.test", input="Subject: one\n\nInjected: in the body\n")
        self.assertEqual(done.returncode, 0)
        self.arrives(far, sent + 1)
        g.stop()

    def test_headers_by_pickup(self):
        far = self.sink()
        g = self.gateway()
        folder = os.path.join(g.folder, "in")
        os.makedirs(folder)
        g.write(ini=harness.route(far.port) + "[pickup in]\npath = %s\nsettle = 0\npoll = 1s\n" % folder)
        g.start()
        files = {"cr": b"X-Sender: me@here.test\rInjected: yes\r\nX-Receiver: x@far.test\r\nSubject: s\r\n\r\nbody\r\n",
                 "fold": b"X-Sender: me@here.test\r\nX-Receiver: x@far.test\r\n Injected: yes\r\nSubject: s\r\n\r\nbody\r\n",
                 "nul": b"X-Sender: me@here.test\0\nInjected: yes\r\nX-Receiver: x@far.test\r\n\r\nbody\r\n",
                 "nul2": b"X-Sender: me@here.test\r\nX-Receiver: x@far.test\r\nSubject: s\0\nInjected: yes\r\n\r\nbody\r\n",
                 "good": b"X-Sender: me@here.test\r\nX-Receiver: x@far.test\r\nSubject: good\r\n\r\nbody\r\n"}
        for name, data in files.items():
            with open(os.path.join(folder, name + ".tmp"), "wb") as f:
                f.write(data)
            os.rename(os.path.join(folder, name + ".tmp"), os.path.join(folder, name + ".eml"))
        wait_for(lambda: "each is taken or set aside: %s" % os.listdir(folder),
                 lambda: not [n for n in os.listdir(folder) if n.endswith(".eml")])
        bad = [n for n in os.listdir(folder) if n.endswith(".bad")]
        self.assertLessEqual({"nul.eml.bad", "nul2.eml.bad"}, set(bad))
        self.assertIn("fold.eml.bad", bad)  # nor is what was put behind an address another recipient
        wait_for("the mails", lambda: far.count() == len(files) - len(bad))
        self.assertEqual({r for m in far.messages for r in m["rcpt"]}, {"x@far.test"})
        for m in far.messages:
            self.assertNotIn(b"\nInjected:", self.headers(m["data"]))
            self.assertNotIn(b"\rInjected:", self.headers(m["data"]))
        self.assertTrue([m for m in far.messages if b"Subject: good" in m["data"]])
        g.stop()


class Oversized(Attack):
    def test_commands(self):
        g = self.gateway().start()
        self.served(g)
        before = memory(g.process.pid)
        huge = 8 << 20
        with g.smtp() as c:
            c.raw(b"EHLO " + b"x" * huge + b"\r\n")
            self.assertEqual(c.reply()[0], 500)
            self.assertEqual(c.say("EHLO client.test")[0], 250)
            for line in ("MAIL FROM:<%s@b.test>" % ("a" * 2100), "MAIL FROM:<a@%s.test>" % ("b" * 300),
                         "MAIL FROM:<a@b.test> SIZE=" + "9" * 30, "MAIL FROM:<a@b.test> " + "X" * 1500,
                         "MAIL FROM:<%s:a@b.test>" % ",".join(["@a.test"] * 400)):
                self.assertIn(c.say(line)[0] // 100, (5,), line[:40])
            self.assertEqual(c.say("MAIL FROM:<a@b.test> SIZE=18446744073709551615")[0], 552)
            self.assertEqual(c.say("MAIL FROM:<me@client.test>")[0], 250)
            for to in "a" * 65 + "@example.test", "jdoe@" + "b" * 300, "jdoe@" + "b." * 150 + "test":
                self.assertEqual(c.say("RCPT TO:<%s>" % to)[0] // 100, 5, to)
            self.assertEqual(c.say("RCPT TO:<jdoe@example.test>")[0], 250)
        with g.smtp() as c:  # a line without an end
            try:
                for _ in range(64):
                    c.raw(b"y" * (1 << 20))
            except OSError:
                pass
        self.served(g)
        self.assertLess(memory(g.process.pid) - before, 64 << 20)
        g.stop()

    def test_messages(self):
        g = self.gateway(listen="max_size = 16M\nprofile = legacy\n").start()
        self.served(g)
        head = b"From: me@client.test\r\nSubject: "
        for what, data in (("a line", head + b"x\r\n\r\n" + b"y" * (8 << 20) + b"\r\n"),
                           ("a field", head + b"x" * (4 << 20) + b"\r\n\r\nbody\r\n"),
                           ("fields", head + b"x\r\n" + b"X-A: 1\r\n" * 200000 + b"\r\nbody\r\n"),
                           ("folds", head + b"x\r\n" + b" y\r\n" * 400000 + b"\r\nbody\r\n"),
                           ("recipients", head + b"x\r\nTo: " + b"a@b.test,\r\n " * 200000 + b"a@b.test\r\n\r\nbody\r\n"),
                           ("no body", head + b"x" * 1000),
                           ("parts", head + b"x\r\nMIME-Version: 1.0\r\n" + b"".join(
                               b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(20000))
                               + b"\r\n.x\r\n")):
            reply = g.send(data)
            self.assertIn(reply[0], (250, 550, 552, 554), "%s: %s" % (what, reply))
        self.assertEqual(g.send(head + b"x\r\n\r\n" + b"z" * 78 + (b"\r\n" + b"z" * 78) * 300000)[0], 552)
        before = len(g.history())
        self.served(g)
        self.assertEqual(len(g.history()), before + 1)
        wait_for("all went", lambda: not g.queue())
        self.assertEqual(g.health()[0], 0)
        g.stop()

    def test_a_session_without_end(self):
        """Commands that mean nothing come to an end; the spool holds nothing of them."""
        g = self.gateway().start()
        with g.smtp() as c:
            c.say("EHLO client.test")
            codes = []
            try:
                for _ in range(1000):
                    codes.append(c.say("X" * 100)[0])
                    if codes[-1] in (421, 0):
                        break
            except OSError:
                codes.append(0)
        self.assertIn(codes[-1], (421, 0))
        self.assertLess(len(codes), 100)
        self.served(g)
        g.stop()

    def aliases(self, **names):
        path = os.path.join(tempfile.mkdtemp(prefix="smtpgate-attacks."), "aliases")
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        with open(path, "w") as f:
            for name, count in names.items():
                f.write("%s: %s\n" % (name, ", ".join("%s%d@far.test" % (name, i) for i in range(count))))
        return "aliases = %s\n" % path

    def used(self, g):
        return g.json("status")["memory"]["used"]

    def begin(self, g):
        c = g.smtp()
        self.addCleanup(c.close)
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>":
            self.assertEqual(c.say(line)[0], 250)
        return c

    def test_an_alias_costs_what_it_stands_for(self):
        g = self.gateway(gateway="memory_max = 80M\n" + self.aliases(one=5000, other=5001, all=10000)).start()
        c = self.begin(g)
        before = self.used(g)
        self.assertEqual(c.say("RCPT TO:<one@example.test>")[0], 250)
        once = self.used(g)
        self.assertGreater(once - before, 5000 * (128 + len("one@far.test")))
        self.assertEqual(c.say("RCPT TO:<ONE@example.test>")[0], 250)  # the same people
        self.assertEqual(self.used(g), once)
        reply = c.say("RCPT TO:<other@example.test>")
        self.assertEqual((reply[0], "stands for 5001, and 5000 were named before" in reply[1]), (452, True), reply)
        self.assertEqual(c.say("RSET")[0], 250)
        self.assertEqual(self.used(g), before)
        self.assertEqual(c.say("MAIL FROM:<me@client.test>")[0], 250)
        self.assertEqual(c.say("RCPT TO:<all@example.test>")[0], 250)  # by itself there is room for it
        g.stop()

    def test_aliases_of_many_clients(self):
        """Those who find no room are told so at RCPT, and what they send to others goes to nobody of the alias."""
        g = self.gateway(gateway="memory_max = 80M\n" + self.aliases(all=10000)).start()
        taken, refused = [], []
        for _ in range(20):
            c = self.begin(g)
            reply = c.say("RCPT TO:<all@example.test>")
            self.assertIn(reply[0], (250, 451), reply)
            (taken if reply[0] == 250 else refused).append(c)
        self.assertGreater(len(taken), 3)
        self.assertGreater(len(refused), 3)
        memory = g.json("status")["memory"]
        self.assertLessEqual(memory["peak"], memory["most"])
        for c in taken:
            c.close()
        wait_for("there is room", lambda: self.sessions(g) == len(refused))
        c = refused[-1]
        for line in "RCPT TO:<jdoe@example.test>", "DATA":
            self.assertLess(c.say(line)[0], 400)
        c.raw(TEXT + b".\r\n")
        self.assertEqual(c.reply()[0], 250)
        wait_for("the mail", lambda: g.count() == 1)
        self.assertEqual([r["address"] for r in g.show(1)["recipients_list"]], ["jdoe@example.test"])
        for c in refused:
            c.close()
        wait_for("all is given back", lambda: self.used(g) == 0)
        g.stop()

    def test_files(self):
        g = self.gateway(gateway="max_size = 1M\n").start()
        self.served(g)
        done = g.command("send", "jdoe@example.test", input="Subject: big\n\n" + "x\n" * (1 << 20))
        self.assertEqual(done.returncode, 1, done.stderr)
        done = subprocess.run(["sh", "-c", "head -c 400000000 /dev/zero | %s send --config %s jdoe@example.test"
                               % (harness.PROGRAM, g.ini)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=harness.LIMIT)
        self.assertNotEqual(done.returncode, 0)
        self.served(g)
        g.stop()


if __name__ == "__main__":
    harness.main()
