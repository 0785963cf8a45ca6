"""doc/migrate.md as it stands: its settings load, mail goes through them, its commands are there, and every word that it says is ours is."""

import os
import re
import subprocess
import textwrap

import dovecot
import harness
from smarthost import NAME, SmartHost
from tls import Authority, Secure

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "doc", "migrate.md")
USER = "scanner@company.com"
TEXT = b"From: you@company.com\r\nTo: a\r\nSubject: moved\r\n\r\nhello\r\n"


class Migrate(harness.Case):
    def setUp(self):
        super().setUp()
        self.g = self.gateway()
        self.authority = Authority(self.g.folder)
        self.host = SmartHost(self.authority.make(NAME), accounts={USER: "secret-word"}, offer=["PLAIN"])
        self.addCleanup(self.host.close)
        with open(PAGE, encoding="utf-8") as f:
            self.page = f.read()
        password = os.path.join(self.g.folder, "password")
        subprocess.run(["install", "-m", "600", "/dev/null", password], check=True)
        with open(password, "w") as f:
            f.write("secret-word\n")

    def blocks(self, language):
        return [textwrap.dedent(b) for b in re.findall(r"^ *```%s\n(.*?)^ *```$" % language, self.page, re.M | re.S)]

    def settle(self, n, **places):
        """Settings number n with this test's own addresses and folders."""
        text = self.blocks("ini")[n]
        for old, new in dict({
                "192.168.1.5:25": "127.0.0.1:%d" % self.g.port, "/etc/smtpgate/password": self.g.folder + "/password",
                "/srv/mail": self.g.folder, "smtp.example.net:587": "127.0.0.1:%d\ntls_ca = %s\ntls_name = %s" % (
                    self.host.port, self.authority.path, NAME)}, **places).items():
            self.assertIn(old, text + "/srv/mail")
            text = text.replace(old, new)
        text = text.replace("[gateway]\n", "[gateway]\nspool = %s\ncontrol = %s/control\n%s" % (
            self.g.spool, self.g.folder, self.g.plugin_lines), 1)
        with open(self.g.ini, "w") as f:
            f.write(text)
        return text

    def done(self, *words, **more):
        r = self.g.command(*words, **more)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        return r.stdout

    def test_iis(self):
        for name in ("Pickup", "Drop"):
            os.makedirs(os.path.join(self.g.folder, name))
        self.settle(0)
        self.assertIn("no faults", self.done("check"))
        self.g.start()
        self.assertEqual(self.g.send(TEXT, to=["a@far.test", "erp@drop.company.com"], sender="you@company.com")[0], 250)
        harness.wait_for("the smart host", lambda: self.host.messages)
        self.assertEqual(self.host.logins[-1], ("PLAIN", USER))
        drop = os.path.join(self.g.folder, "Drop")
        harness.wait_for("the Drop folder", lambda: [n for n in os.listdir(drop) if n.endswith(".eml")])
        pickup = os.path.join(self.g.folder, "Pickup", "x.tmp")
        with open(pickup, "w") as f:
            f.write("X-Sender: you@company.com\nX-Receiver: b@far.test\nSubject: file\n\nhi\n")
        os.rename(pickup, pickup[:-3] + "eml")
        harness.wait_for("the file", lambda: len(self.host.messages) == 2)
        harness.wait_for("the queue", lambda: not self.g.queue())
        self.g.stop()

    def test_postfix(self):
        store = dovecot.Dovecot(["jane"])
        self.addCleanup(store.close)
        store.start()
        partner = self.sink()
        aliases = os.path.join(self.g.folder, "aliases")
        with open(aliases, "w") as f:
            f.write("sales: jane, far@far.test\n")
        self.settle(1, **{"lmtp = 127.0.0.1:24\n": "lmtp = 127.0.0.1:%d\n" % store.port, "/etc/aliases": aliases,
                          "smart_host = mail.partner.example": "smart_host = 127.0.0.1:%d" % partner.port})
        self.assertIn("no faults", self.done("check"))
        said = self.done("route", "a@partner.example", "a@example.org", "jane@company.com")
        for words in ("[route partner]", "[route default]", "delivered by LMTP"):
            self.assertIn(words.strip("[]"), said)
        self.g.start()
        to = ["sales@company.com", "a@partner.example"]
        self.assertEqual(self.g.send(TEXT, to=to, sender="you@company.com")[0], 250)
        harness.wait_for("all of them", lambda: store.messages("jane") and partner.count() and self.host.messages)
        harness.wait_for("the queue", lambda: not self.g.queue())
        self.done("send", "-f", "you@company.com", "b@far.test", input="Subject: test\n\nhello\n")
        harness.wait_for("the sent one", lambda: len(self.host.messages) == 2)
        self.g.stop()

    def test_commands_are_there(self):
        verbs = set()
        for block in self.blocks("sh"):
            verbs |= set(re.findall(r"\bsmtpgate +([a-z-]+)", block))
        verbs |= set(re.findall(r"`smtpgate ([a-z-]+)", self.page))
        self.assertGreater(len(verbs), 6)
        for verb in sorted(verbs):
            self.done(verb, "--help")

    def test_extensions(self):
        """The table's last column, against the answer to EHLO over TLS and what comes of the words."""
        table = self.page.split("## Extensions of SMTP")[1]
        shown, not_shown = set(), set()
        for names, here in re.findall(r"^\| (`[^|]*`) \|.*\| ([^|]*) \|$", table, re.M):
            (not_shown if here.startswith(("none", "not shown")) else shown).update(re.findall(r"`([A-Z0-9]+)`", names))
        users = os.path.join(self.g.folder, "users")
        self.g.write(listen="certificate = auto\nauth = offered\nusers = %s\nmax_recipients = 77\nmax_size = 1M\n" % users)
        self.done("user", "add", "anna", input="secret\n")
        self.g.start()
        c = Secure("127.0.0.1", self.g.port)
        self.addCleanup(c.close)
        clear = c.say("EHLO client.test")[1]
        c.say("STARTTLS")
        c.secure()
        said = c.say("EHLO client.test")[1]
        words = {line.split()[0] for line in (clear + "\n" + said).splitlines()[1:]}
        self.assertEqual((shown - words, not_shown & words), (set(), set()))
        self.assertEqual(words - shown - not_shown - {"gw.example.test"}, set(), "an extension that the page does not know")
        self.assertIn("RCPTMAX=77", said)
        self.assertIn("SIZE 1048576", said)
        self.assertNotIn("AUTH", clear)
        self.assertNotIn("REQUIRETLS", clear)
        self.assertEqual(c.say("MAIL FROM:<a@b.test> BODY=BINARYMIME")[0] // 100, 5)
        self.assertEqual(c.say("ETRN company.com")[0] // 100, 5)
        self.assertEqual(c.say("VRFY jane")[0], 252)
        self.assertEqual(c.say("MAIL FROM:<a@b.test> RET=HDRS ENVID=x REQUIRETLS")[0], 250)
        self.assertEqual(c.say("RCPT TO:<jdoe@example.test> NOTIFY=SUCCESS")[0], 250)
        c.raw(b"BDAT %d LAST\r\n%s" % (len(TEXT), TEXT))
        self.assertEqual(c.reply()[0], 250)
        self.assertEqual(self.g.show(1)["asks"], "RET=HDRS ENVID=x REQUIRETLS")
        self.g.stop()

    def test_keys_are_there(self):
        """The right column names keys: each is one, of some section."""
        self.settle(0)
        with open(os.path.join(os.path.dirname(PAGE), "smtpgate.ini.5"), encoding="utf-8") as f:
            keys = set(re.findall(r"It Ic ([a-z_]+)", f.read()))
        named = set()
        for row in re.findall(r"^\|[^|]*\|(.*)\|$", self.page, re.M):
            for code in re.findall(r"`([^`]*)`", row):
                word = re.sub(r"^\[[a-z]+\] ", "", code).split(" = ")[0]
                if re.fullmatch(r"[a-z]+(_[a-z]+)+", word) or " = " in code:
                    named.add(word)
        self.assertGreater(len(named), 15)
        self.assertEqual(named - keys, set())


if __name__ == "__main__":
    harness.main()
