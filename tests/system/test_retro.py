"""doc/retro.md as it stands: its postoffice, its gateway as a host on a virtual Ethernet, mail both ways from and to a machine there, and its
Dovecot over the mailboxes by IMAP and POP3, and its share. The page's addresses and folders become this test's own, nothing else of it."""

import email
import email.policy
import imaplib
import os
import poplib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import dovecot
import harness

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "doc", "retro.md")
MAIL = b"From: ann@retro.test\r\nTo: jdoe@HQ.company.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nhello\r\n"


def login(protocol, port):
    return ("service %s-login {{\n  chroot =\n  inet_listener %s {{\n    port = %s\n  }}\n  inet_listener %ss {{\n    port = 0\n  }}\n}}\n"
            % (protocol, protocol, port, protocol))


class Network(harness.VdeNetwork):
    """The virtual Ethernet by the page's own commands: its switch, and the machine on it by TAP and bridge."""

    def __init__(self, switch, join, host):
        self.words, self.join_words = switch, join
        super().__init__(host=host)

    def mend(self):
        self.pid_file = os.path.join(self.folder, "pid")
        self.run(shlex.split(self.words.replace("/run/vde.ctl", self.dir)) + ["-tap", "vde0", "-pidfile", self.pid_file])
        self.switch = True
        harness.wait_for("the switch", self.running)
        harness.wait_for("its device", self.has_device)
        self.run(["ip", "link", "add", "br0", "type", "bridge"])
        self.run(shlex.split(self.join_words))
        self.run(["ip", "address", "add", self.address, "dev", "br0"])
        for device in ("vde0", "br0"):
            self.run(["ip", "link", "set", device, "up"])

    def cut(self):
        with open(self.pid_file) as f:
            os.kill(int(f.read()), signal.SIGTERM)
        self.switch = None


class Retro(harness.Case):
    def setUp(self):
        super().setUp()
        with open(PAGE, encoding="utf-8") as f:
            self.page = f.read()
        (join,) = re.findall(r"`(ip link set vde0 master br0)`", self.page)
        self.assertIn("(`-tap vde0`)", self.page)
        self.net = Network(self.block("sh", 0).strip(), join, "10.1.0.1/16")
        self.addCleanup(self.net.close)
        self.far = self.sink()
        self.g = self.gateway(host="10.1.0.25", mailboxes=())
        self.g.port = 25

    def block(self, language, n=0):
        return re.findall(r"^```%s\n(.*?)^```$" % language, self.page, re.M | re.S)[n]

    def office(self):
        """The folder by the page's own commands."""
        commands = self.block("sh", 1)
        self.assertIn("/srv/maildata/smtp", commands)
        subprocess.run(["sh", "-ec", commands.replace("/srv/maildata", self.g.mail)], check=True, timeout=harness.LIMIT)

    def settings(self):
        text = self.block("ini")
        for old, new in (("vde:///run/vde.ctl", self.net.url), ("/srv/maildata", self.g.mail), ("smtp.example.net:587", "127.0.0.1:%d" % self.far.port),
                         ("[gateway]\n", "[gateway]\nspool = %s\ncontrol = %s/control\naliases = none\n%s"
                          % (self.g.spool, self.g.folder, self.g.plugin_lines))):
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        with open(self.g.ini, "w") as f:
            f.write(text)

    def start(self):
        """check, mailbox add and run, in the page's order."""
        words = [line.split()[1:] for line in self.block("sh", 2).splitlines()]
        self.assertEqual(words, [["check"], ["mailbox", "add", "jdoe"], ["run"]])
        for command in words[:2]:
            r = self.g.command(*command)
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.g.start()

    def dovecot(self):
        """The page's settings, with ports and folders of our own; mailboxes belong to a user that is not root, as Dovecot wants it."""
        ports = {"imap": harness.free_port(), "pop3": harness.free_port()}
        d = dovecot.Dovecot(["jdoe"], settings="")
        self.addCleanup(d.close)
        text = self.block("dovecot")
        for old, new in (("listen = 10.1.0.2", "listen = 127.0.0.1"), ("/srv/maildata", self.g.mail), ("/etc/dovecot/users", d.folder + "/passwords"),
                         ("mail_uid = smtpgate", "mail_uid = %d" % d.uid), ("mail_gid = smtpgate", "mail_gid = %d" % d.gid),
                         ("/var/lib/dovecot", d.folder + "/mail")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        d.settings = text.replace("{", "{{").replace("}", "}}") + dovecot.UNPACKED + "".join(login(p, n) for p, n in ports.items())
        with open(d.folder + "/passwords", "w") as f:
            f.write("jdoe:{PLAIN}password\n")
        d.port = ports["imap"]
        return d.start(), ports

    def own(self, d):
        """What the gateway, which runs as another user here than on the page, has put there."""
        for folder, _, files in os.walk(self.g.mail):
            os.chown(folder, d.uid, d.gid)
            for name in files:
                os.chown(os.path.join(folder, name), d.uid, d.gid)

    def test_mail_both_ways_and_the_mailbox_by_imap_and_pop3(self):
        self.office()
        self.settings()
        self.start()
        for n in (1, 2):
            with self.net.client("10.1.0.25", 25) as c:
                self.assertEqual(c.send(MAIL, ["jdoe@HQ.company.com"], "ann@retro.test")[0], 250)
            harness.wait_for("the mail", lambda: self.g.count() == n)
        with self.net.client("10.1.0.25", 25) as c:  # out of the old network
            self.assertEqual(c.send(MAIL, ["joe@far.test"], "jdoe@HQ.company.com")[0], 250)
        harness.wait_for("what leaves", lambda: self.far.count() == 1)
        harness.wait_for("the log of 1993", lambda: "Mapped to \"CSI:COMPANY/HQ/jdoe\"" in self.classic())
        d, ports = self.dovecot()
        self.own(d)
        self.imap(ports["imap"])
        self.pop3(ports["pop3"])
        self.assertEqual(self.g.count(), 0)
        self.assertEqual(set(os.listdir(os.path.join(self.g.mail, "jdoe"))), {"new", "cur", "tmp"})  # none of Dovecot's own files
        self.g.stop()

    def samba(self):
        """The page's share, on a port and in a folder of our own, for whoever comes. Returns the port."""
        port, folder = harness.free_port(), tempfile.mkdtemp(prefix="smtpgate-smb.")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        text = self.block("smb")
        for old, new in (("interfaces = 10.1.0.2/16", "interfaces = lo"), ("/srv/maildata", self.g.mail), ("force user = smtpgate", "force user = root\nguest ok = yes"),
                         ("[global]\n", "[global]\nsmb ports = %d\nmap to guest = bad user\nguest account = root\ndisable spoolss = yes\nlog file = %s/log\n%s" % (
                             port, folder, "".join("%s = %s\n" % (key, folder) for key in (
                                 "private dir", "lock directory", "state directory", "cache directory", "pid directory", "ncalrpc dir"))))):
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        self.smb_conf = os.path.join(folder, "smb.conf")
        with open(self.smb_conf, "w") as f:
            f.write(text)
        with open(os.path.join(folder, "out"), "wb") as out:
            p = subprocess.Popen([harness.peer("smbd", "samba"), "-F", "--no-process-group", "-s", self.smb_conf], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 start_new_session=True)

        def stop():
            os.killpg(p.pid, signal.SIGTERM)
            p.wait(harness.LIMIT)
        self.addCleanup(stop)

        def up():
            with open(out.name) as f:
                self.assertIsNone(p.poll(), f.read())
            return harness.listening(port)
        harness.wait_for("the share", up)
        return port

    def test_a_message_comes_over_the_share(self):
        """As a client of then puts it there, by NT1: at first beside, then, whole, into the mailbag."""
        self.office()
        for name in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(self.g.mail, "outgoing", name))
        self.settings()
        self.start()
        port = self.samba()
        message = os.path.join(self.g.folder, "message")
        with open(message, "wb") as f:
            f.write(b"VERSION:3.00\rTO:SMTP:joe@far.test\rFROM:CSI:COMPANY/HQ/jdoe\rSUBJECT:share\rTEXT:6\rhello\r")
        said = subprocess.run([harness.peer("smbclient", "samba"), "-s", self.smb_conf, "-p", str(port), "//127.0.0.1/maildata", "-U%", "-m", "NT1",
                               "--option=client min protocol=LANMAN1", "-c",
                               "put %s \\outgoing\\tmp\\1; rename \\outgoing\\tmp\\1 \\outgoing\\new\\1" % message],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT)
        harness.wait_for(lambda: "it leaves\n%s\n%s" % (said.stdout, self.g.log()[-2000:]), lambda: self.far.count() == 1)
        left = email.message_from_bytes(self.far.messages[0]["data"])
        self.assertEqual((left["From"], left["Subject"]), ("jdoe@HQ.company.com", "share"))
        self.g.stop()

    def classic(self):
        try:
            with open(os.path.join(self.g.mail, "log/SMTPGATE.LOG")) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def imap(self, port):
        with imaplib.IMAP4("127.0.0.1", port, harness.LIMIT) as c:
            c.login("jdoe", "password")
            self.assertEqual(c.select()[1], [b"2"])
            got = email.message_from_bytes(c.fetch("1", "(RFC822)")[1][0][1], policy=email.policy.default)
            self.assertEqual((got["Subject"], got.get_content().strip()), ("Grüße", "hello"))
            c.store("1", "+FLAGS", "\\Deleted")
            c.expunge()
            c.close()

    def pop3(self, port):
        c = poplib.POP3("127.0.0.1", port, harness.LIMIT)
        c.user("jdoe")
        c.pass_("password")
        self.assertEqual(c.stat()[0], 1)
        got = email.message_from_bytes(b"\r\n".join(c.retr(1)[1]), policy=email.policy.default)
        self.assertEqual(got["Subject"], "Grüße")
        c.dele(1)
        c.quit()


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: namespaces need root")
        sys.exit(77)
    harness.main()
