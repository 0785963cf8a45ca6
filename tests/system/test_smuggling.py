"""SMTP smuggling (CVE-2023-51764 and its kin): no false end of data ends a message, on the way in and on the way out."""

import itertools
import re

import harness

HEAD = b"From: me@client.test\r\nSubject: outer\r\n\r\n"
SMUGGLED = b"MAIL FROM:<evil@client.test>%(e)sRCPT TO:<jdoe@example.test>%(e)sDATA%(e)sSubject: smuggled%(e)s%(e)sx"
LINE_ENDS = {"CRLF": b"\r\n", "LF": b"\n", "CR": b"\r", "NUL CRLF": b"\0\r\n", "CR NUL LF": b"\r\0\n", "NEL": b"\x85",
             "VT": b"\x0b", "FF": b"\x0c", "LF CR": b"\n\r", "CR CR LF": b"\r\r\n"}

BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")


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

    def both(self, policy):
        g = self.gateway(listen="bare_newline = %s\nmax_connections_client = 1000\n" % policy).start()
        taken = 0
        for name, content in attacks():
            with self.subTest(name):
                replies = self.attack(g, content)
                # exactly one answer to all that was DATA, then that to QUIT
                self.assertEqual([r[0] for r in replies][1:], [221], replies)
                wanted = 550 if policy == "reject" and BARE.search(content) else 250
                self.assertEqual(replies[0][0], wanted, replies)
                taken += replies[0][0] == 250
        harness.wait_for("%d messages" % taken, lambda: g.count() == taken)
        for message in g.messages():
            self.assertIn(b"Subject: outer", message.split(b"\n\n")[0])
        self.assertFalse([m for m in g.history().values() if m["from"] != "me@client.test"])
        g.stop()
        return taken

    def test_reject(self):
        self.assertGreater(self.both("reject"), 0)  # those without a bare CR or LF are mere text

    def test_normalise(self):
        self.both("normalise")

    def test_note(self):
        self.both("note")


class Chunks(harness.Case):
    """BDAT (RFC 3030): what was announced as content is never a command, and no message has a hole."""

    COMMANDS = b"MAIL FROM:<evil@client.test>\r\nRCPT TO:<jdoe@example.test>\r\nBDAT 0 LAST\r\n"
    # (name, what is sent behind RCPT, the codes of all replies, messages taken)
    ATTACKS = (
        ("commands as content", b"BDAT %d LAST\r\n" % len(HEAD + COMMANDS) + HEAD + COMMANDS + b"NOOP\r\n", [250, 250], 1),
        ("a false end as content", b"BDAT %d\r\n" % len(HEAD) + HEAD + b"BDAT 5 LAST\r\n\r\n.\r\nNOOP\r\n", [250, 250, 250], 1),
        ("DATA behind BDAT", b"BDAT %d\r\n" % len(HEAD) + HEAD + b"DATA\r\nBDAT 3 LAST\r\nx\r\n", [250, 503, 250], 1),
        ("BDAT in place of the content of DATA", b"DATA\r\n" + HEAD + b"BDAT 3 LAST\r\nx\r\n.\r\nNOOP\r\n", [354, 250, 250], 1),
        ("a second one behind LAST", b"BDAT %d LAST\r\n" % len(HEAD) + HEAD + b"BDAT %d LAST\r\n" % len(COMMANDS) + COMMANDS, [250, 503], 1),
        ("behind RSET", b"BDAT %d\r\n" % len(HEAD) + HEAD + b"RSET\r\nBDAT %d LAST\r\n" % len(COMMANDS) + COMMANDS, [250, 250, 503], 0),
        ("behind RSET, nothing", b"BDAT %d\r\n" % len(HEAD) + HEAD + b"RSET\r\nBDAT 0 LAST\r\n", [250, 250, 503], 0),
        ("RCPT between", b"BDAT %d\r\n" % len(HEAD) + HEAD + b"RCPT TO:<admin@example.test>\r\nBDAT 0 LAST\r\n", [250, 503, 250], 1),
        ("too small a size", b"BDAT %d LAST\r\n" % (len(HEAD) - 2) + HEAD + b"NOOP\r\n", [250, 500, 250], 1),
        ("too big, and more of it", b"BDAT 2000 LAST\r\n" + b"MAIL FROM:<>\r\n" * 142 + b"xxxxxxxxxx\r\nBDAT %d LAST\r\n" % len(HEAD) + HEAD,
         [552, 503], 0),
        ("one byte too big in all", b"BDAT 1000\r\n" + b"x" * 998 + b"\r\nBDAT 25 LAST\r\n" + b"RSET\r\n" * 4 + b"\n",
         [250, 552], 0),
        ("bare LF", b"BDAT %d LAST\r\n" % (len(HEAD) + 10) + HEAD + b"x\n.\nNOOP\r\n", [550], 0),
        ("a CR at the end, LF in the next", b"BDAT %d\r\n" % (len(HEAD) + 2) + HEAD + b"x\rBDAT 1 LAST\r\n\n", [250, 250], 1),
        ("no size", b"BDAT\r\n" + COMMANDS, [501, 0], 0),
        ("a size below nothing", b"BDAT -1\r\n" + COMMANDS, [501, 0], 0),
        ("a size of more than 64 bits", b"BDAT 18446744073709551622\r\n" + COMMANDS, [552, 0], 0),
        ("more than is thrown away", b"BDAT 67108865\r\n" + COMMANDS, [552, 0], 0),
    )

    def attack(self, g, sent):
        with g.smtp() as c:
            for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>":
                self.assertEqual(c.say(line)[0], 250)
            c.raw(sent)
            c.sock.settimeout(harness.LIMIT)
            c.raw(b"QUIT\r\n")
            codes = [c.reply()[0]]
            while codes[-1]:
                codes.append(c.reply()[0])
            return codes[:-1] if 221 in codes else codes

    def test_all(self):
        g = self.gateway(gateway="max_size = 1024\n").start()
        with g.smtp() as c:
            self.assertIn("CHUNKING", c.say("EHLO client.test")[1].split("\n"))
            self.assertIn("LIMITS RCPTMAX=10000", c.say("EHLO client.test")[1].split("\n"))
        taken = 0
        for name, sent, codes, messages in self.ATTACKS:
            with self.subTest(name):
                self.assertEqual(self.attack(g, sent), codes + ([] if 0 in codes else [221]))
                taken += messages
        harness.wait_for("%d messages" % taken, lambda: g.count() == taken)
        self.assertEqual(g.count("admin"), 0)
        for message in g.messages():
            self.assertIn(b"Subject: outer", message.split(b"\n\n")[0])
        self.assertFalse([m for m in g.history().values() if m["from"] != "me@client.test"])
        g.stop()

    def test_large_in_small_chunks(self):
        """A message that is a file in the spool, in chunks that part it anywhere; the peer's socket is cut in the midst of another."""
        g = self.gateway().start()
        content = HEAD + b"".join(b"%d .\r\n.\r\n" % i for i in range(60000))
        with g.smtp() as c:
            for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>":
                c.say(line)
            for at in range(0, len(content), 7919):
                piece = content[at:at + 7919]
                c.raw(b"BDAT %d%s\r\n" % (len(piece), b"" if at + 7919 < len(content) else b" LAST") + piece)
                self.assertEqual(c.reply()[0], 250)
        with g.smtp() as c:
            for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>":
                c.say(line)
            c.raw(b"BDAT 1000 LAST\r\n" + HEAD)
        harness.wait_for("the message", lambda: g.count() == 1)
        self.assertEqual(harness.body_of(g.messages()[0]).replace(b"\r\n", b"\n"), harness.body_of(content).replace(b"\r\n", b"\n"))
        g.stop()
        self.assertEqual(len(g.messages()), 1)


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
