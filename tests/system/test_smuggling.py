"""SMTP smuggling (CVE-2023-51764 and its kin): no false end of data ends a message, on the way in and on the way out."""

import itertools

import harness

HEAD = b"From: me@client.test\r\nSubject: outer\r\n\r\n"
SMUGGLED = b"MAIL FROM:<evil@client.test>%(e)sRCPT TO:<jdoe@example.test>%(e)sDATA%(e)sSubject: smuggled%(e)s%(e)sx"
LINE_ENDS = {"CRLF": b"\r\n", "LF": b"\n", "CR": b"\r", "NUL CRLF": b"\0\r\n", "CR NUL LF": b"\r\0\n", "NEL": b"\x85",
             "VT": b"\x0b", "FF": b"\x0c", "LF CR": b"\n\r", "CR CR LF": b"\r\r\n"}


def attacks():
    """(name, content): a false end of data made of each pair of line ends, and commands behind it in each likely line end."""
    for (a, before), (b, after) in itertools.product(LINE_ENDS.items(), repeat=2):
        if before.endswith(b"\r\n") and after.startswith(b"\r\n"):
            continue  # that is the true end, whatever stands before it
        for newline in (b"\r\n", b"\n"):
            yield "%s . %s" % (a, b), HEAD + b"text" + before + b"." + after + SMUGGLED.replace(b"%(e)s", newline)
    for dots in (b"..", b". ", b" .", b".\0", b"\0."):
        yield repr(dots), HEAD + b"text\r\n" + dots + b"\r\n" + SMUGGLED.replace(b"%(e)s", b"\r\n")


class In(harness.Case):
    """The bytes go out as they are, without stuffing; one more line end and dot end the message truly."""

    def attack(self, g, content):
        with g.smtp() as c:
            for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
                self.assertLess(c.say(line)[0], 400)
            c.raw(content + b"\r\n.\r\n")
            replies = [c.reply()]
            c.raw(b"QUIT\r\n")
            while replies[-1][0]:
                replies.append(c.reply())
        return replies[:-1]

    def both(self, policy, codes):
        g = self.gateway(listen="bare_newline = %s\nmax_connections_client = 1000\n" % policy).start()
        taken = 0
        for name, content in attacks():
            with self.subTest(name):
                replies = self.attack(g, content)
                # exactly one answer to all that was DATA, then that to QUIT
                self.assertEqual([r[0] for r in replies][1:], [221], replies)
                self.assertIn(replies[0][0], codes)
                taken += replies[0][0] == 250
        harness.wait_for("%d messages" % taken, lambda: g.count() == taken)
        for message in g.messages():
            self.assertIn(b"Subject: outer", message.split(b"\n\n")[0])
        self.assertFalse([m for m in g.history().values() if m["from"] != "me@client.test"])
        g.stop()
        return taken

    def test_reject(self):
        self.assertGreater(self.both("reject", {250, 550}), 0)  # those without a bare CR or LF are mere text

    def test_normalise(self):
        self.both("normalise", {250})

    def test_note(self):
        self.both("note", {250})


class Out(harness.Case):
    """What a legacy listener took goes to servers of each kind: one that ends only at CRLF.CRLF, and one that takes any."""

    def lax(self, data):
        """How many messages a server would see that takes bare CR and bare LF for line ends and drops NUL."""
        text = data.replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return (b"\n" + text).count(b"\n.\n") + 1

    def test_nothing_leaves_that_a_lax_server_would_split(self):
        raw = []
        sink = self.sink()
        take = sink.take

        def spy(conn, file, session):
            class Tee:
                def readline(self):
                    line = file.readline()
                    raw.append(line)
                    return line
            return take(conn, Tee(), session)
        sink.take = spy
        g = self.gateway(ini=harness.route(sink.port, max_connections=1), listen="bare_newline = note\n").start()
        sent = 0
        with g.smtp() as c:
            c.say("EHLO client.test")
            for name, content in attacks():
                for line in "MAIL FROM:<me@client.test>", "RCPT TO:<far@remote.test>", "DATA":
                    self.assertLess(c.say(line)[0], 400, name)
                c.raw(content + b"\r\n.\r\n")
                sent += 1
                self.assertEqual(c.reply()[0], 250, name)
        harness.wait_for("all", lambda: sink.count() == sent)
        g.stop()
        messages = b"".join(raw).split(b"\r\n.\r\n")
        self.assertEqual(messages.pop(), b"")
        self.assertEqual(len(messages), sent)
        for data in messages:
            self.assertEqual(self.lax(data), 1, data)
            self.assertNotIn(b"\n", data.replace(b"\r\n", b""))
            self.assertNotIn(b"\r", data.replace(b"\r\n", b""))

    def test_a_smuggled_command_is_no_command(self):
        """Addresses cannot carry line ends into the dialogue with the next server either."""
        sink = self.sink()
        g = self.gateway(ini=harness.route(sink.port)).start()
        for path in ("<a@remote.test\r>", "<\"a\rRSET\"@remote.test>", "<a@remote.test\n>", "<\"a\\\nb\"@remote.test>", "<a\0@remote.test>"):
            with g.smtp() as c:
                c.say("EHLO client.test")
                c.say("MAIL FROM:<me@client.test>")
                c.raw(b"RCPT TO:" + path.encode("latin-1") + b"\r\n")
                self.assertGreaterEqual(c.reply()[0], 500, path)
        self.assertEqual(sink.sessions, 0)
        g.stop()


if __name__ == "__main__":
    harness.main()
