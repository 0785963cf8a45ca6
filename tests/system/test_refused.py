"""status lists clients lately refused, each with the ini lines that admit it: each kind of refusal is met, its lines are put into
the ini as they were printed, and the same client is taken."""

import re
import shutil
import ssl
import tempfile

import harness
from test_auth_in import b64
from tls import s_client

TEXT = b"From: me@client.test\r\nTo: jdoe@example.test\r\nSubject: hi\r\nMessage-ID: <1@client.test>\r\n\r\nhello\r\n"
CLIENT = "127.0.0.2"
NOBODY = "relay_from = none\n"


def with_lines(ini, section, lines):
    """The ini with these lines in that section: in place of those of the same keys, and the section made when it is not there."""
    lines = lines.splitlines()
    keys = [line.split(" = ")[0] for line in lines]
    out, inside, found = [], False, False
    for line in ini.splitlines():
        if line.startswith("["):
            inside = line == "[%s]" % section
            found |= inside
        if not inside or line.split(" = ")[0] not in keys:
            out.append(line)
        if inside and line.startswith("["):
            out += lines
    return "\n".join(out + ([] if found else ["[%s]" % section] + lines)) + "\n"


class Refused(harness.Case):
    def start(self, listen, ini="", users=False):
        self.g = self.gateway(listen=listen, ini="[route out]\ndo = discard\n" + ini)
        if users:
            self.g.command("user", "add", "anna", "--listener", "lan", input="right\n")
        self.g.start()

    def client(self):
        c = harness.Client("127.0.0.1", self.g.port, source=(CLIENT, 0))
        self.addCleanup(c.close)
        return c

    def one(self):
        """The only row, as `status --json` tells it."""
        rows = self.g.json("status")["refused"]
        self.assertEqual(len(rows), 1, rows)
        return rows[0]

    def admit(self, *expected, count=1, restart=False):
        """Puts what status prints for people into the ini."""
        row = self.one()
        self.assertEqual((row["client"], row["listener"], row["count"]), (CLIENT, "lan", count))
        self.assertLessEqual(row["since"], row["last"])
        printed = self.g.command("status").stdout
        self.assertIn("%s at lan: %d time" % (CLIENT, count), printed)
        self.assertIn(row["reason"], printed)
        block = re.search(r"REFUSED LATELY\n.*\n    \[(.*)\]\n((?:    .*\n)+)", printed)
        self.assertTrue(block, printed)
        lines = re.sub("(?m)^    ", "", block.group(2))
        self.assertEqual((block.group(1), lines), (row["section"], row["lines"]))
        for text in expected:
            self.assertIn(text, "[%s]\n%s" % (row["section"], lines))
        with open(self.g.ini) as f:
            ini = f.read()
        with open(self.g.ini, "w") as f:
            f.write(with_lines(ini, row["section"], lines))
        if restart:
            self.g.stop()
            self.g.start()
        else:
            self.g.reload()

    def settled(self):
        """What was put right is not asked for again, and not more of it."""
        row = self.one()
        self.assertEqual((row["settled"], row["section"], row["lines"]), (True, "", ""))
        self.assertIn("settled: the settings were changed since", self.g.command("status").stdout)

    def taken(self, what):
        """A listener's thread takes a reload a moment after the command has ended."""
        return harness.wait_for("it is admitted", what)

    def sends(self, to="jdoe@example.test"):
        with harness.Client("127.0.0.1", self.g.port, source=(CLIENT, 0)) as c:
            return c.greeting[0] == 220 and c.send(TEXT, (to,))[0] == 250

    def test_at_connect(self):
        self.start("accept_from = 192.0.2.0/24\n" + NOBODY)
        self.assertEqual(self.client().greeting[0], 554)
        self.assertEqual(self.client().greeting[0], 554)
        self.admit("[listen lan]\naccept_from = 192.0.2.0/24, 127.0.0.2\n", count=2)
        self.taken(self.sends)

    def test_relaying(self):
        self.start(NOBODY)
        self.assertEqual(self.client().send(TEXT, ("x@far.test",))[0], 550)
        self.admit("[listen lan]\nrelay_from = 127.0.0.2\n")
        self.taken(lambda: self.sends("x@far.test"))
        self.settled()

    def test_no_such_mailbox_is_none_of_it(self):
        self.start(NOBODY)
        self.assertEqual(self.client().send(TEXT, ("nobody@example.test",))[0], 550)
        self.assertEqual(self.g.json("status")["refused"], [])
        self.assertNotIn("REFUSED LATELY", self.g.command("status").stdout)

    def test_connections(self):
        self.start("max_connections_client = 1\n")
        held = self.client()
        self.assertEqual(self.client().greeting[0], 421)
        held.close()
        self.admit("max_connections_client = 2\n", restart=True)
        first, second = self.client(), self.client()
        self.assertEqual((first.greeting[0], second.greeting[0]), (220, 220))

    def test_connections_of_all(self):
        self.start("max_connections = 1\n")
        with self.g.smtp():
            self.assertEqual(self.client().greeting[0], 421)
        self.admit("max_connections = 2\n", restart=True)
        with self.g.smtp():
            self.assertEqual(self.client().greeting[0], 220)

    def test_rate(self):
        self.start("rate = 1/1h\n")
        self.assertTrue(self.sends())
        self.assertFalse(self.sends())
        self.admit("rate = 2/1h\n")
        self.taken(self.sends)
        self.settled()

    def test_size(self):
        big = TEXT + 40 * (b"x" * 70 + b"\r\n")

        def send():
            return self.client().send(big, ("jdoe@example.test",))[0]

        self.start("max_size = 2K\n")
        self.assertEqual(send(), 552)
        c = self.client()
        c.say("EHLO client.test")
        self.assertEqual(c.say("MAIL FROM:<me@client.test> SIZE=3000")[0], 552)
        self.admit("[listen lan]\nmax_size = 4K\n", count=2)
        self.taken(lambda: send() == 250)

    def chunk(self, content):
        c = self.client()
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>":
            self.assertEqual(c.say(line)[0], 250)
        c.raw(b"BDAT %d LAST\r\n" % len(content) + content)
        return c.reply()[0]

    def test_size_by_chunks(self):
        """As of DATA; also of a client that goes when it should send what is thrown away."""
        big = TEXT + 40 * (b"x" * 70 + b"\r\n")
        self.start("max_size = 2K\n")
        self.assertEqual(self.chunk(big), 552)
        c = self.client()
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>":
            c.say(line)
        c.raw(b"BDAT 3000 LAST\r\nFrom: me@client.test\r\n")
        c.close()
        harness.wait_for("both are known", lambda: self.one()["count"] == 2)
        self.admit("[listen lan]\nmax_size = 4K\n", count=2)
        self.taken(lambda: self.chunk(big) == 250)

    def test_bare_newlines_by_chunks(self):
        self.start("")
        bare = TEXT.replace(b"hello", b"hel\nlo")
        self.assertEqual(self.chunk(bare), 550)
        self.admit("bare_newline = normalise\n")
        self.taken(lambda: self.chunk(bare) == 250)

    def test_size_of_a_profile(self):
        def size():
            return self.client().say("EHLO client.test")[1]

        self.start("", "[profile small]\nclients = %s\nmax_size = 2K\n" % CLIENT)
        self.assertIn("SIZE 2048", size())
        c = self.client()
        c.say("EHLO client.test")
        self.assertEqual(c.say("MAIL FROM:<me@client.test> SIZE=3000")[0], 552)
        self.admit("[profile small]\nmax_size = 4K\n")
        self.taken(lambda: "SIZE 4096" in size())

    def test_recipients(self):
        def second():
            c = self.client()
            for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>":
                self.assertEqual(c.say(line)[0], 250)
            return c.say("RCPT TO:<admin@example.test>")[0]

        self.start("max_recipients = 1\n")
        self.assertEqual(second(), 452)
        self.admit("max_recipients = 2\n")
        self.taken(lambda: second() == 250)

    def lenient(self, listen, say, refused, *expected, ini="", before=("EHLO client.test",), users=False, taken=(250, 334)):
        def code():
            c = self.client()
            for line in before:
                c.say(line)
            return c.say(say)[0]

        self.start(listen, ini, users)
        self.assertEqual(code(), refused)
        self.admit(*expected)
        self.taken(lambda: code() in taken)
        self.settled()

    def test_helo(self):
        self.lenient("", "HELO my pc", 501, "[profile 127.0.0.2]\nlike = modern\nclients = 127.0.0.2\nhelo = any\n", before=())

    def test_helo_in_the_profile_that_names_it(self):
        self.lenient("", "HELO my pc", 501, "[profile old]\nhelo = any\n", ini="[profile old]\nclients = 127.0.0.0/8\n", before=())

    def test_brackets(self):
        self.lenient("", "MAIL FROM:me@client.test", 501, "brackets = optional\n")

    def test_an_address_that_no_profile_takes_is_none_of_it(self):
        self.start("")
        c = self.client()
        c.say("EHLO client.test")
        self.assertEqual(c.say("MAIL FROM:<me@@client.test>")[0], 501)
        self.assertEqual(self.g.json("status")["refused"], [])

    def test_bare_newlines(self):
        self.start("")
        bare = TEXT.replace(b"hello", b"hel\nlo")
        self.assertEqual(self.client().send(bare, ("jdoe@example.test",))[0], 550)
        self.admit("bare_newline = normalise\n")
        self.taken(lambda: self.client().send(bare, ("jdoe@example.test",))[0] == 250)

    def test_starttls_required(self):
        self.lenient("certificate = auto\ntls = required\n", "MAIL FROM:<me@client.test>", 530, "tls_offer = no\n")

    def test_starttls_required_of_chunks(self):
        self.lenient("certificate = auto\ntls = required\n", "BDAT 0 LAST", 530, "tls_offer = no\n", taken=(503,))

    def users(self):
        folder = tempfile.mkdtemp(prefix="smtpgate-refused.")
        self.addCleanup(shutil.rmtree, folder)
        return "certificate = auto\nusers = %s/users\n" % folder

    def test_login_required(self):
        self.lenient(self.users() + "auth = required\n" + NOBODY, "MAIL FROM:<me@client.test>", 530, "relay_from = 127.0.0.2\n",
                     users=True)

    def test_login_in_the_clear(self):
        self.lenient(self.users() + "auth = offered\n", "AUTH LOGIN", 538, "auth_clear = yes\n", users=True)

    def test_wrong_password(self):
        self.start(self.users() + "auth = offered\n" + NOBODY + "profile = open\n",
                   "[profile open]\nauth_clear = yes\nclients = 127.0.0.0/8\n", users=True)
        c = self.client()
        c.say("EHLO client.test")
        self.assertEqual(c.say("AUTH PLAIN " + b64("\0anna\0wrong"))[0], 535)
        row = self.one()
        self.assertEqual((row["reason"], row["lines"]), ("wrong name or password", ""))  # no line is better than one that lets a guesser in

    def handshake(self, *options):
        return s_client(self.g.port, *options, "-cipher", "@SECLEVEL=0:ALL", "-bind", CLIENT + ":0")

    def test_old_tls(self):
        for flag, version in ("-tls1", "1.0"), ("-tls1_1", "1.1"):
            self.start("certificate = auto\n")
            self.assertNotEqual(self.handshake(flag)[0], 0)
            harness.wait_for("it is known", lambda: self.g.json("status")["refused"])
            self.assertIn("no TLS version in common", self.one()["reason"])
            self.admit("like = modern\nclients = 127.0.0.2\ntls_min = %s\n" % version)
            self.taken(lambda: self.handshake(flag)[0] == 0)
            self.g.stop()

    def test_a_client_that_wants_our_ca(self):
        self.start("certificate = auto\n")
        with self.assertRaises(ssl.SSLError):
            c = self.client()
            c.say("EHLO client.test")
            c.say("STARTTLS")
            ssl.create_default_context().wrap_socket(c.sock, server_hostname="gw.example.test")
        harness.wait_for("it is known", lambda: self.g.json("status")["refused"])
        self.admit("tls_offer = no\n")
        self.taken(lambda: "STARTTLS" not in self.client().say("EHLO client.test")[1])

    def test_no_line_helps_where_tls_is_all_there_is(self):
        self.start("certificate = auto\ntls = implicit\n")
        self.assertNotEqual(s_client(self.g.port, "-tls1_2", "-cipher", "@SECLEVEL=0:NULL", "-bind", CLIENT + ":0",
                                     starttls=False)[0], 0)
        harness.wait_for("it is known", lambda: self.g.json("status")["refused"])
        row = self.one()
        self.assertEqual((row["section"], row["lines"]), ("", ""))
        self.assertIn(row["reason"] + "\n", self.g.command("status").stdout)


if __name__ == "__main__":
    harness.main()
