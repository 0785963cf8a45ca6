"""Mail that leaves by LMTP, to a real Dovecot and to a scripted server; and drop folders, as those of IIS."""

import os
import socket
import subprocess
import threading

import dovecot
import harness
from harness import route, wait_for

MAIL = b"From: me@client.test\r\nSubject: lmtp\r\n\r\nText of %s.\r\n"


class Lmtp(threading.Thread):
    """Speaks LMTP by a script: finals maps a recipient's name to its last answer, HANGUP in it ends the connection there."""

    def __init__(self, finals, refuse=()):
        super().__init__(daemon=True)
        self.finals, self.refuse, self.said, self.taken = finals, refuse, [], []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            with conn, conn.makefile("rwb", 0) as f:
                try:
                    self.serve(f)
                except OSError:
                    pass

    def serve(self, f):
        f.write(b"220 lmtp\r\n")
        to = []
        for line in iter(f.readline, b""):
            verb = line.split()[0].upper()
            self.said.append(line.decode().strip())
            if verb == b"RCPT":
                name = line.split(b"<")[1].split(b"@")[0].decode()
                if name in self.refuse:
                    f.write(b"550 5.1.1 no such person\r\n")
                    continue
                to.append(name)
            if verb == b"DATA":
                f.write(b"354 go\r\n")
                while f.readline() not in (b".\r\n", b""):
                    pass
                for name in to:
                    final = self.finals.get(name, "250 2.1.5 kept")
                    if final == "HANGUP":
                        return
                    self.taken += [name] if final[0] == "2" else []
                    f.write(final.encode() + b"\r\n")
                to = []
                continue
            f.write(b"250-lmtp\r\n250 PIPELINING\r\n" if verb == b"LHLO" else
                    b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")

    def close(self):
        self.socket.close()


class Dovecot(harness.Case):
    def server(self):
        server = dovecot.Dovecot(["jdoe", "sue"])
        self.addCleanup(server.close)
        return server

    def test_postoffice(self):
        server = self.server().start()
        g = self.gateway()
        g.write(ini="[postoffice TEST/IMAP]\ndomain = imap.test\nformat = lmtp\nlmtp = 127.0.0.1:%d\n" % server.port)
        g.start()
        to = ["jdoe@imap.test", "nobody-here@imap.test", "Sue@imap.test"]
        self.assertEqual(g.send(MAIL % b"postoffice", to=to, sender="jdoe@example.test")[0], 250)
        wait_for(lambda: "mail at Dovecot\n" + server.log(), lambda: server.messages("jdoe") and server.messages("sue"))
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(g.history()[1]["states"], {"delivered": 2, "bounced": 1})
        mail, = server.messages("jdoe")
        self.assertIn(b"Return-Path: <jdoe@example.test>", mail)
        self.assertIn(b"with LMTP", mail)
        self.assertIn(b"Text of postoffice.", mail)
        story = {r["address"]: r for r in g.show(1)["recipients_list"]}
        self.assertIn("Saved", story["jdoe@imap.test"]["reason"])
        self.assertIn("doesn't exist", story["nobody-here@imap.test"]["reason"])
        self.assertEqual(story["jdoe@imap.test"]["rule"], "postoffice TEST/IMAP")
        wait_for("the report", lambda: g.count() == 1)
        route = g.command("route", "sue@imap.test").stdout
        self.assertIn("delivered by LMTP to 127.0.0.1:%d" % server.port, route)
        g.stop()

    def test_file_of_a_socket(self):
        """A postoffice and a route by Dovecot's Unix socket."""
        server = self.server().start()
        path = "unix:%s/lmtp" % server.folder
        other = self.gateway(ini=route(1).replace("127.0.0.1:1", path) + "do = lmtp\nretry = 1s\n"
                             "[postoffice TEST/IMAP]\ndomain = imap.test\nformat = lmtp\nlmtp = %s\n" % path)
        other.start()
        self.assertEqual(other.send(MAIL % b"file", to=["jdoe@imap.test", "nobody-here@imap.test"], sender="jdoe@example.test")[0], 250)
        self.assertEqual(other.send(MAIL % b"route", to=["sue@far.test"])[0], 250)
        wait_for(lambda: "mail at Dovecot\n" + server.log(), lambda: server.messages("jdoe") and server.messages("sue"))
        wait_for("the end", lambda: not other.queue())
        self.assertEqual(other.history()[1]["states"], {"delivered": 1, "bounced": 1})
        story = {r["address"]: r for r in other.show(1)["recipients_list"]}
        self.assertIn("Saved", story["jdoe@imap.test"]["reason"])
        self.assertIn("delivered by LMTP to %s" % path, other.command("route", "sue@imap.test").stdout)
        self.assertIn("delivered by LMTP over lmn to %s" % path, other.command("route", "sue@far.test").stdout)
        probe = other.command("probe", "lmn")
        self.assertIn("route out, %s: 220 " % path, probe.stdout + probe.stderr)
        server.stop()
        self.assertEqual(other.send(MAIL % b"away", to=["sue@far.test"])[0], 250)
        wait_for("the reason", lambda: "%s: " % path in str(other.queue()))
        server.start()
        wait_for(lambda: "mail at Dovecot\n" + server.log(), lambda: len(server.messages("sue")) == 2)
        other.stop()

    def test_route_and_a_server_that_is_away(self):
        server = self.server()
        g = self.gateway(ini=route(server.port, do="lmtp", retry="1s")).start()
        self.assertEqual(g.send(MAIL % b"away", to=["jdoe@far.test"])[0], 250)
        wait_for("the rest", lambda: "destination rests" in g.log())
        server.start()
        wait_for(lambda: "mail at Dovecot\n" + server.log(), lambda: server.messages("jdoe"))
        wait_for("the end", lambda: not g.queue())
        g.stop()


class Answers(harness.Case):
    def server(self, *args, **more):
        server = Lmtp(*args, **more)
        self.addCleanup(server.close)
        return server

    def test_each_recipient_has_its_own(self):
        server = self.server({"full": "452 4.2.2 over quota", "bad": "552 5.2.3 too large"}, refuse=["never"])
        g = self.gateway(ini=route(server.port, do="lmtp", retry="1h")).start()
        names = ["one", "never", "full", "bad", "two"]
        self.assertEqual(g.send(MAIL % b"each", to=[n + "@far.test" for n in names], sender="jdoe@example.test")[0], 250)
        wait_for("the report", lambda: g.count() == 1)
        states = {r["address"].split("@")[0]: r["state"] for r in g.show(1)["recipients_list"]}
        self.assertEqual(states, {"one": "delivered", "never": "bounced", "full": "waiting", "bad": "bounced", "two": "delivered"})
        self.assertEqual(server.taken, ["one", "two"])
        self.assertTrue(server.said[0].startswith("LHLO "), server.said)
        g.stop()

    def test_lost_between_two_answers(self):
        server = self.server({"two": "HANGUP"})
        g = self.gateway(ini=route(server.port, do="lmtp", retry="1s")).start()
        self.assertEqual(g.send(MAIL % b"lost", to=["one@far.test", "two@far.test"])[0], 250)
        wait_for("the first has its answer", lambda: g.show(1)["recipients_list"][0]["state"] == "delivered")
        server.finals.clear()
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(server.taken.count("one"), 1, "what was answered is not sent again")
        self.assertEqual(server.taken.count("two"), 1)
        g.stop()


class Taken(harness.Case):
    """mode = lmtp: the gateway is the one who is handed mail by LMTP."""

    def start(self, more=""):
        g = self.gateway(listen="mode = lmtp\nmax_size = 1M\n" + more)
        return g.start()

    def test_from_another_gateway(self):
        g = self.start()
        far = self.gateway()
        far.write(ini="[postoffice FAR/GW]\ndomain = example.test\nformat = lmtp\nlmtp = 127.0.0.1:%d\n" % g.port)
        with open(far.ini) as f:
            text = f.read()
        with open(far.ini, "w") as f:  # its own postoffice has another domain
            f.write(text.replace("domain = example.test", "domain = own.test", 1))
        far.start()
        to = ["jdoe@example.test", "nobody@example.test", "admin@example.test"]
        self.assertEqual(far.send(MAIL % b"by LMTP", to=to, sender="jdoe@own.test")[0], 250)
        wait_for("both", lambda: g.count() == 1 and g.count("admin") == 1)
        wait_for("the report", lambda: far.count() == 1)
        self.assertEqual(far.history()[1]["states"], {"delivered": 2, "bounced": 1})
        self.assertEqual(g.show(1)["protocol"], "LMTP")
        far.stop()
        g.stop()

    def swaks(self, g, *args):
        return subprocess.run(["swaks", "--protocol", "LMTP", "--server", "127.0.0.1", "--port", str(g.port), "--from", "me@client.test",
                               *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=harness.LIMIT, text=True).stdout

    def test_swaks(self):
        g = self.start()
        said = self.swaks(g, "--to", "jdoe@example.test,nobody@example.test,admin@example.test")
        self.assertIn("<-  220 gw.example.test LMTP smtpgate", said)
        self.assertIn("LHLO ", said)
        self.assertNotIn("CHUNKING", said)
        wait_for("both", lambda: g.count() == 1 and g.count("admin") == 1)
        self.assertIn(b"with LMTP", g.messages()[0])
        self.assertEqual(len(g.history()), 1)
        g.stop()

    def test_utf8(self):
        """RFC 6531 section 4.3 has a protocol of its own for it."""
        g = self.start()
        with g.smtp() as c:
            self.assertIn("SMTPUTF8", c.say("LHLO client.test")[1].split())
            self.assertEqual(c.say("MAIL FROM:<me@client.test> SMTPUTF8")[0], 250)
            self.assertEqual(c.say("RCPT TO:<jdoe@example.test>")[0], 250)
            self.assertEqual(c.say("DATA")[0], 354)
            c.raw("Subject: Grüße\r\n\r\n.\r\n".encode())
            self.assertEqual(c.reply()[0], 250)
        wait_for("the mail", lambda: g.count() == 1)
        self.assertEqual(g.show(1)["protocol"], "UTF8LMTP")
        self.assertIn(b"with UTF8LMTP", g.messages()[0])
        self.assertIn("Grüße".encode(), g.messages()[0])
        g.stop()

    def test_one_reply_for_each(self):
        g = self.start()
        with g.smtp() as c:
            self.assertEqual(c.say("EHLO client.test")[0], 500)
            self.assertEqual(c.say("LHLO client.test")[0], 250)
            for size, code in ((10, 250), (2 << 20, 552), (10, 250)):
                self.assertEqual(c.say("MAIL FROM:<me@client.test>")[0], 250)
                for to, answer in (("jdoe", 250), ("nobody", 550), ("admin", 250)):
                    self.assertEqual(c.say("RCPT TO:<%s@example.test>" % to)[0], answer)
                self.assertEqual(c.say("DATA")[0], 354)
                c.raw(harness.HEADER + b"x" * 70 + (b"\r\n" + b"x" * 70) * (size // 72) + b"\r\n.\r\n")
                self.assertEqual([c.reply()[0], c.reply()[0]], [code, code])
            self.assertEqual(c.say("NOOP")[0], 250)
        wait_for("two messages", lambda: g.count() == 2 and g.count("admin") == 2)
        g.stop()


class Drop(harness.Case):
    def files(self, folder):
        """Whole ones: what is being written has a dot in front."""
        return [name for name in os.listdir(folder) if not name.startswith(".")]

    def test_a_file_a_message(self):
        g = self.gateway()
        folder = os.path.join(g.folder, "drop")
        os.makedirs(folder)
        g.write(ini="[postoffice TEST/DROP]\ndomain = drop.test\nformat = drop\npath = %s\n" % folder)
        g.start()
        self.assertEqual(g.send(MAIL % b"drop", to=["any@drop.test", "jdoe@example.test", "other@drop.test"])[0], 250)
        name, = wait_for("the file", lambda: g.count() == 1 and self.files(folder))
        self.assertTrue(name.endswith(".eml") and name.startswith("m1-"), name)
        with open(os.path.join(folder, name), "rb") as f:
            text = f.read()
        self.assertTrue(text.startswith(b"x-sender: me@client.test\r\nx-receiver: any@drop.test\r\n"
                                        b"x-receiver: other@drop.test\r\nReceived: "), text)
        self.assertTrue(text.endswith(b"\r\n\r\nText of drop.\r\n"), text)
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(g.history()[1]["states"], {"delivered": 3})
        self.assertIn("put as a file into the folder %s" % folder, g.command("route", "x@drop.test").stdout)
        g.stop()

    def test_what_was_dropped_can_be_picked_up(self):
        far = self.sink()
        g = self.gateway()
        drop, pickup = os.path.join(g.folder, "drop"), os.path.join(g.folder, "in")
        os.makedirs(drop)
        os.makedirs(pickup)
        g.write(ini="[postoffice TEST/DROP]\ndomain = drop.test\nformat = drop\npath = %s\n"
                "[pickup again]\npath = %s\nsettle = 0\npoll = 1s\n%s" % (drop, pickup, route(far.port, listener="again")))
        g.start()
        self.assertEqual(g.send(MAIL % b"circle", to=["any@drop.test"])[0], 250)
        name, = wait_for("the file", lambda: self.files(drop))
        with open(os.path.join(drop, name), "rb") as f:
            text = f.read().replace(b"any@drop.test", b"far@remote.test", 1)
        with open(os.path.join(pickup, "x.tmp"), "wb") as f:
            f.write(text)
        os.rename(os.path.join(pickup, "x.tmp"), os.path.join(pickup, "x.eml"))
        wait_for("the mail", far.count)
        self.assertEqual(far.messages[0]["rcpt"], ["far@remote.test"])
        g.stop()

    def test_a_folder_that_is_away_waits(self):
        g = self.gateway()
        folder = os.path.join(g.folder, "drop")
        g.write(ini="[postoffice TEST/DROP]\ndomain = drop.test\nformat = drop\npath = %s\n[queue]\nretry = 1s\n" % folder)
        g.start()
        self.assertEqual(g.send(MAIL % b"share", to=["any@drop.test"])[0], 250)
        wait_for("the remedy", lambda: "mkdir -p %s, or mount" % folder in str(g.queue()))
        wait_for("the rest", lambda: "is not there" in g.log())
        os.makedirs(folder)
        wait_for("the file", lambda: self.files(folder))
        g.stop()


if __name__ == "__main__":
    harness.main()
