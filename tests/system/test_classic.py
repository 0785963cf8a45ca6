"""A postoffice folder with its CFG files and nothing else, started with a command line of 1993: port 25, the smart host of LOCAL.CFG, mail both
ways. In a network and with a plugin folder of its own, as if installed."""

import email
import email.policy
import email.utils
import os
import re
import shutil
import signal
import subprocess
import sys

import harness
from test_office_put import PDF, PUT, unpacked

INSIDE = "SMTPGATE_TEST_CLASSIC_INSIDE"
LETTERS = ["-cd", "-lacsy", "-w1", "-q180", "-p001"]


def plugins():
    """The folder where the program looks for modules, filled with those of this build."""
    said = subprocess.run([harness.PROGRAM, "config", "gateway", "--config", "/dev/null"], stdout=subprocess.PIPE, text=True, check=True).stdout
    path = re.search(r"(?m)^plugin_dir = (\S+)", said).group(1)
    there = path
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    if there == "/" or harness.BUILD.startswith(there + "/"):  # a stage beside the build, or nothing of it is there
        os.makedirs(path)
        there = path
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", there], check=True)
    os.makedirs(path, exist_ok=True)
    for code in os.listdir(harness.PLUGINS):
        module = os.path.join(harness.PLUGINS, code, ".libs", code + ".so")
        if os.path.exists(module) and code != "mem":
            shutil.copy(os.path.realpath(module), os.path.join(path, code + ".so"))


class Classic(harness.Case):
    def setUp(self):
        super().setUp()
        self.far = self.sink()
        self.g = self.gateway()  # for its folders, and its mailboxes admin and jdoe
        os.makedirs(os.path.join(self.g.mail, "smtp"))
        self.put_local(self.far.port)
        self.put("ADDR_MAP.CFG", "TEST/HQ\tcompany.test\nTEST/HQ hq.company.test\n")

    def put(self, name, text):
        with open(os.path.join(self.g.mail, "smtp", name), "w") as f:
            f.write(text)

    def put_local(self, port):
        self.put("Local.cfg", "Local Domain = \".company.test\"\nSMTP Gateway Host Name = gw.company.test\n"
                 "SMTP Smart-Host IP = \"127.0.0.1:%d\"\nLocal Post-Office: \"TEST/HQ\"\n" % port)

    def classic(self, *words):
        return subprocess.run([harness.PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT)

    def start(self, *words):
        log = open(os.path.join(self.g.folder, "said"), "wb")
        self.addCleanup(log.close)
        p = subprocess.Popen([harness.PROGRAM, *LETTERS, "-d" + self.g.mail, *words], stdout=log, stderr=log)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        ini = os.path.join(self.g.mail, "smtp/SMTPGATE.INI")

        def up():
            with open(log.name) as f:
                self.assertIsNone(p.poll(), f.read())
            return os.path.exists(ini) and subprocess.run([harness.PROGRAM, "status", "--config", ini], stdout=subprocess.DEVNULL,
                                                          stderr=subprocess.DEVNULL).returncode == 0
        harness.wait_for("the gateway", up)
        return p, ini

    def test_mail_both_ways_by_cfg_files_alone(self):
        p, ini = self.start("-MR", "-ms")
        pdf = os.path.join(self.g.folder, "Büro.pdf")
        with open(pdf, "wb") as f:
            f.write(PDF)
        subprocess.run(["swaks", "--server", "127.0.0.1", "--from", "joe@far.test", "--to", "jdoe@hq.company.test",
                        "--header", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "--body", "Größe 5\n", "--attach-type", "application/pdf",
                        "--attach-name", "Büro.pdf", "--attach", "@" + pdf, "--suppress-data"], check=True, stdout=subprocess.DEVNULL, timeout=harness.LIMIT)
        harness.wait_for("the mail", lambda: self.g.count() == 1)
        got = email.message_from_bytes(self.g.messages()[0], policy=email.policy.default)
        self.assertEqual((got["Subject"], got.get_body(("plain",)).get_content().strip()), ("Grüße", "Größe 5"))
        self.assertEqual([(a.get_filename(), a.get_content()) for a in got.iter_attachments()], [("Büro.pdf", PDF)])
        api = os.path.join(self.g.folder, "out.api")
        with open(api, "wb") as f:
            f.write(("VERSION:3.00\rTO:SMTP:joe@far.test\rFROM:CSI:TEST/HQ/jdoe\rSUBJECT:Re: Grüße\rATTACHMENT:Büro Ü.doc %d\rTEXT:6\rDanke\r"
                     % len(PDF)).encode("cp437") + PDF)
        subprocess.run([PUT, "-d" + self.g.mail, api], check=True, timeout=harness.LIMIT)
        harness.wait_for("the reply", lambda: self.far.count() == 1)
        left = email.message_from_bytes(self.far.messages[0]["data"], policy=email.policy.default)
        self.assertEqual((left.defects, left["From"], left["Subject"]), ([], "jdoe@company.test", "Re: Grüße"))
        self.assertEqual([(a.get_filename(), a.get_content()) for a in left.iter_attachments()], [("Büro Ü.doc", PDF)])
        self.assertEqual(unpacked(self.g, self.far.messages[0]["data"]), [PDF])
        said = subprocess.run([harness.PROGRAM, "config", "--config", ini, "-n"], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("lifetime = 3m", said)  # 180 attempts of 1 s
        self.assertIn("warn_after = 90s", said)
        with open(os.path.join(self.g.folder, "said")) as f:
            self.assertNotIn("warning", f.read())
        for name, address in (("RECV.LOG", "joe@far.test"), ("SENT.LOG", "jdoe")):
            harness.wait_for(name, lambda: address in self.text_of(name))
        refused = subprocess.run(["swaks", "--server", "127.0.0.1", "--from", "joe@far.test", "--to", "x@else.test"],
                                 stdout=subprocess.PIPE, text=True, timeout=harness.LIMIT)
        self.assertEqual(refused.returncode, 24)  # no recipient was taken: nobody is relayed
        self.assertTrue(os.path.getsize(os.path.join(self.g.mail, "log/SMTPGATE.LOG")))
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(harness.LIMIT), 0)

    def test_what_comes_in_is_left_for_another_program(self):
        """-MD, and -MR beside it."""
        p, _ = self.start("-md", "-MR")
        with harness.Client("127.0.0.1", 25) as c:
            self.assertEqual(c.send(harness.HEADER + b"for another program\r\n", ["jdoe@hq.company.test"])[0], 250)
        harness.wait_for("RECV.LOG", lambda: "me@client.test" in self.text_of("RECV.LOG"))
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(harness.LIMIT), 0)
        self.assertEqual(self.g.count(), 0)
        subprocess.run([PUT, "-d" + self.g.mail, os.path.join(self.g.mail, "smtp/to_nc.api.left")], check=True, timeout=harness.LIMIT)
        self.assertIn(b"for another program", self.g.messages()[0])

    def text_of(self, name):
        path = os.path.join(self.g.mail, "log", name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="latin-1") as f:
            return f.read()

    def shown(self):
        """The log of 1993 with what differs from run to run made alike, without the turns in which there was nothing to get."""
        text = self.text_of("SMTPGATE.LOG")
        for what, name in ((r"(?m)^\d\d:\d\d:\d\d - ", "hh:mm:ss - "), (r"socket=\d+|(?<=at socket )\d+", lambda m: re.sub(r"\d+", "N", m[0])),
                           (re.escape(self.g.mail), "/srv/maildata"), (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"), (r"queued as m\d+", "queued as mN"),
                           (r"\bSIZE=\d+", "SIZE=N"), (r"(Header: Date:) .*", r"\1 ..."),
                           (r"hh:mm:ss - spawning SMTPGET\nhh:mm:ss - spawn\(SMTPGET\)=0\n(?!hh:mm:ss - Outgoing)", "")):
            text = re.sub(what, name, text)
        return text

    def test_the_log_of_1993_line_for_line(self):
        """The published session, with addresses of our own: classic.log holds its conversations, parted by empty lines."""
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "classic.log")) as f:
            parts = [part.strip("\n") + "\n" for part in f.read().split("\n\n")]
        p, _ = self.start("-w60")
        with harness.Client("127.0.0.1", 25) as c:
            for line in ("HELO far.test", "MAIL FROM:<joe@far.test>", "RCPT TO:<jdoe@hq.company.test>", "RCPT TO:<who@hq.company.test>", "DATA"):
                c.say(line)
            c.raw(b"From: Joe <joe@far.test>\r\nTo: jdoe@hq.company.test\r\nSubject: Hello\r\nDate: %s\r\n"
                  b"Message-ID: <1@far.test>\r\n\r\nHow are you?\r\n.\r\n" % email.utils.formatdate().encode())
            self.assertEqual(c.reply()[0], 250)
            c.say("QUIT")
        harness.wait_for("the mail", lambda: self.g.count() == 1)
        api = os.path.join(self.g.folder, "out.api")
        with open(api, "wb") as f:
            f.write(b"VERSION:3.00\rTO:SMTP:joe@far.test\rFROM:CSI:TEST/HQ/jdoe\rSUBJECT:Re: Hello\rTEXT:5\rFine\r")
        subprocess.run([PUT, "-d" + self.g.mail, api], check=True, timeout=harness.LIMIT)
        harness.wait_for("the reply", lambda: self.far.count() == 1)
        harness.wait_for("the end of both conversations", lambda: self.shown().count("SMTP connection closed\n") == 2)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(harness.LIMIT), 0)
        got = left = self.shown()
        for part in parts:
            self.assertEqual(got.count(part), 1, "%s---- is not once in ----\n%s" % (part, got))
            left = left.replace(part, "")
        self.assertEqual(left, "", got)
        self.assertTrue(got.startswith(parts[0]), got)

    def test_the_log_never_stops_mail(self):
        """Its name is a folder: told once, and mail goes; -ln asks for none; what cannot connect is an ERROR."""
        os.makedirs(os.path.join(self.g.mail, "log/SMTPGATE.LOG"))
        self.put_local(harness.free_port())
        p, _ = self.start()
        for n in (1, 2):
            with harness.Client("127.0.0.1", 25) as c:
                self.assertEqual(c.send(harness.HEADER + b"x\r\n", ["jdoe@hq.company.test"])[0], 250)
            harness.wait_for("the mail", lambda: self.g.count() == n)
        os.rmdir(os.path.join(self.g.mail, "log/SMTPGATE.LOG"))
        subprocess.run([harness.PROGRAM, "send", "--config", os.path.join(self.g.mail, "smtp/SMTPGATE.INI"), "joe@far.test"],
                       input=b"Subject: x\n\nx\n", check=True, timeout=harness.LIMIT)
        log = os.path.join(self.g.mail, "log/SMTPGATE.LOG")
        harness.wait_for("the fault", lambda: os.path.exists(log) and "connection to smart host failed" in self.shown())
        self.assertIn("lines are missing here\n", self.shown())
        self.assertRegex(self.shown(), r"hh:mm:ss - Connecting to smart SMTP host\nhh:mm:ss - ERROR connect: \(121\) .*\n"
                         r"hh:mm:ss - ERROR connection to smart host failed\n")
        with open(os.path.join(self.g.folder, "said")) as f:
            self.assertEqual(f.read().count("classic-log failed"), 1)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(harness.LIMIT), 0)
        os.unlink(log)
        p, _ = self.start("-ln", "-gn")
        with harness.Client("127.0.0.1", 25) as c:
            self.assertEqual(c.send(harness.HEADER + b"x\r\n", ["jdoe@hq.company.test"])[0], 250)
        harness.wait_for("the mail", lambda: self.g.count() == 3)
        p.send_signal(signal.SIGTERM)
        self.assertEqual(p.wait(harness.LIMIT), 0)
        self.assertFalse(os.path.exists(log))
        with open(os.path.join(self.g.mail, "log/EVENTS.LOG")) as f:
            self.assertIn("message accepted", f.read())

    def test_it_ends_when_it_was_told_to(self):
        p, _ = self.start("-BR", "0:01")
        self.assertEqual(p.wait(2 * harness.LIMIT), 0)

    def test_what_is_missing_is_named(self):
        os.unlink(os.path.join(self.g.mail, "smtp/Local.cfg"))
        r = self.classic("-d" + self.g.mail)
        self.assertEqual(r.returncode, 78)
        self.assertIn("there is no LOCAL.CFG in %s/smtp" % self.g.mail, r.stdout)
        self.put("local.cfg", "nonsense\n")
        self.assertIn("%s/smtp/local.cfg: line 1: " % self.g.mail, self.classic("-d" + self.g.mail).stdout)
        self.put("local.cfg", "")
        self.put("ADDR_MAP.CFG", "; nothing\n")
        self.assertIn("names no postoffice", self.classic("-d" + self.g.mail).stdout)
        r = self.classic("-d" + self.g.folder)
        self.assertIn("%s is no postoffice: there is no folder smtp" % self.g.folder, r.stdout)
        wgpo = os.path.join(self.g.folder, "wgpo0000")
        os.mkdir(wgpo)
        for path in wgpo, wgpo + "/", self.g.folder:
            r = self.classic("-d" + path)
            self.assertEqual(r.returncode, 78)
            self.assertIn("%s is a workgroup postoffice, and such never had gateways" % path, r.stdout)
        r = self.classic("-d" + self.g.mail, "-k")
        self.assertEqual(r.returncode, 64)
        self.assertIn("-k: no such letter", r.stdout)
        self.assertFalse(os.path.exists(os.path.join(self.g.mail, "smtp/queue.01")))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("skipped: namespaces need root")
        sys.exit(77)
    if not os.environ.get(INSIDE):
        os.execvpe("unshare", ["unshare", "-nm", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh", sys.executable, *sys.argv],
                   dict(os.environ, **{INSIDE: "1"}))
    plugins()
    harness.main()
