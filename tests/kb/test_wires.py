"""The faults that the original gateway's support articles tell of, in how it kept to its time, its connections, its files and its command
line: one test an article, named by it. Each passes here and failed there."""

import datetime
import email
import email.policy
import os
import re
import select
import socket
import subprocess

import office
from office import GET, PUT, harness, mmff

HEAD = b"From: me@client.test\r\nSubject: kb\r\n"


class Clients(harness.Case):
    def test_Q105130_Q107087_old_words_are_taken_by_profile_and_noted(self):
        words = ("HELO", 250), ("MAIL FROM:scanner@lan.test", 250), ("RCPT TO:jdoe@example.test", 250), ("DATA", 354)
        g = self.gateway(listen="profile = legacy\n").start()
        with g.smtp() as c:
            for line, code in words:
                self.assertEqual(c.say(line)[0], code, line)
            c.raw(HEAD + b"\r\nx\r\n.\r\n")
            self.assertEqual(c.reply()[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertEqual(g.show(1)["from"], "scanner@lan.test")
        self.assertIn("path without brackets", g.log())
        g.stop()
        g.write()  # and nobody else has them
        g.start()
        with g.smtp() as c:
            self.assertEqual(c.say("HELO")[0], 501)
            self.assertEqual(c.say("HELO client.test")[0], 250)
            self.assertEqual(c.say("MAIL FROM:scanner@lan.test")[0], 501)
        g.stop()

    def test_Q131150_Q129140_Q105289_who_is_silent_is_given_up(self):
        """The gateway's own timers: time goes by while one client says nothing, one stops within its mail, and a server greets nobody."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            g = self.gateway(ini=harness.route(server.getsockname()[1], retry="1d"))
            offset = harness.shift_clock(g, 0, mono=True)
            g.start()
            self.assertEqual(g.send(HEAD + b"\r\nx\r\n", to=["far@remote.test"])[0], 250)
            self.assertTrue(select.select([server], [], [], harness.LIMIT)[0])
            with g.smtp() as idle, g.smtp() as half:
                for line in "EHLO a.test", "MAIL FROM:<a@a.test>", "RCPT TO:<jdoe@example.test>", "DATA":
                    half.say(line)
                half.raw(b"Subject: x\r\n")
                passed = 0

                def woken(what):
                    nonlocal passed
                    passed += 700  # the longest limit is 10 min
                    harness.set_clock(offset, passed)
                    with g.smtp():  # the kernel sleeps by its own clock
                        return what()
                for c in idle, half:
                    harness.wait_for("it is given up", lambda c=c: woken(lambda: select.select([c.sock], [], [], 0.1)[0]))
                    self.assertEqual(c.reply()[0], 421)
                    self.assertEqual(c.reply(), (0, ""))
            harness.wait_for("the server is given up", lambda: woken(lambda: g.show(1)["first"]["reason"]))
            self.assertIn("the server did not answer within 5 min: the greeting", g.show(1)["first"]["reason"])
            self.assertEqual(g.show(1)["first"]["state"], "waiting")
            g.stop()

    def test_Q118970_every_descriptor_is_closed_once(self):
        """What strace sees of sessions that end in every way: no descriptor is closed that is not open."""
        sink = self.sink(lambda verb, argument, session: "DROP" if verb == "MAIL" and session["number"] % 2 else None)
        g = self.gateway(ini=harness.route(sink.port, retry="1s"),
                         env={"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"})
        trace = os.path.join(g.folder, "trace")
        g.spawn(wrapper=["strace", "-f", "-o", trace, "-e", "trace=close,shutdown"])
        harness.wait_for("it listens", g.answers)
        for said in ((), ("EHLO a.test",), ("EHLO a.test", "MAIL FROM:<a@a.test>"), ("EHLO a.test", "QUIT")):
            with g.smtp() as c:
                for line in said:
                    c.say(line)
        for _ in range(4):
            self.assertEqual(g.send(HEAD + b"\r\nx\r\n", to=["far@remote.test"])[0], 250)
        harness.wait_for("all of them", lambda: sink.count() == 4)
        harness.wait_for("the queue is empty", lambda: not g.queue())
        self.assertEqual(g.command("stop").returncode, 0)
        self.assertEqual(g.process.wait(harness.LIMIT), 0)
        with open(trace, errors="replace") as f:
            lines = f.read().splitlines()
        self.assertGreater(len([x for x in lines if re.search(r"close\(\d+\) += 0", x)]), 8)
        self.assertEqual([x for x in lines if "EBADF" in x], [])

    def test_Q136379_a_busy_queue_is_no_failure(self):
        """A smart host whose queue is busy for a while makes nobody a report."""
        busy = {"left": 3}

        def script(verb, argument, session):
            if verb == "END" and busy["left"]:
                busy["left"] -= 1
                return "452 4.3.1 the queue is busy"
            return None
        sink = self.sink(script)
        g = self.gateway(ini=harness.route(sink.port, retry="1s")).start()
        self.assertEqual(g.send(HEAD + b"\r\nx\r\n", to=["far@remote.test"], sender="jdoe@example.test")[0], 250)
        harness.wait_for("it leaves", lambda: sink.count() == 1)
        harness.wait_for("it is noted", lambda: not g.queue())
        self.assertEqual((busy["left"], g.count()), (0, 0))
        self.assertEqual(list(g.history()), [1])  # no report was made
        g.stop()


class Postoffice(office.Office):
    def test_Q131150_Q129140_Q105289_a_program_that_hangs_is_ended(self):
        """The get and the put program have a time limit; those of SMTP are tests/kb/test_waits.c."""
        g = self.gateway()
        hangs = os.path.join(g.folder, "hangs.sh")
        with open(hangs, "w") as f:
            f.write("#!/bin/sh\nexec sleep 1000\n")
        os.chmod(hangs, 0o755)
        g.write(postoffice="format = mmff\nwait = 1s\nget_timeout = 1s\nget = %s\nput = %s\n" % (hangs, hangs))
        os.makedirs(os.path.join(g.mail, "smtp"))
        g.start()
        self.assertEqual(g.send(HEAD + b"\r\nx\r\n")[0], 250)
        words = "did not end within its time limit and was killed"
        harness.wait_for("the get program is ended", lambda: "mailbag failed" in g.log() and words in g.log())
        harness.wait_for("and the other", lambda: words in g.show(1)["first"]["reason"])
        self.assertEqual(g.show(1)["first"]["state"], "waiting")
        g.stop()

    def test_Q101458_one_message_and_one_report_over_a_backbone(self):
        """Two gateways, each with its postoffice: who is named twice over gets one message, and what fails one report."""
        far = self.gateway(postoffice="wait = 1s\n").start()
        g = self.gateway(ini=harness.route(far.port), postoffice="get = %s\nwait = 1s\n" % GET)
        os.makedirs(os.path.join(g.mail, "outgoing/new"))
        os.makedirs(os.path.join(g.mail, "smtp"))
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("domain = example.test", "domain = here.test"))
        g.start()
        path = os.path.join(g.folder, "in.api")
        with open(path, "wb") as f:
            f.write(mmff(["SMTP:jdoe@example.test", "SMTP:admin@example.test", "SMTP:jdoe@example.test", "SMTP:nobody@example.test"], "once"))
        subprocess.run([PUT, "-d" + g.mail, path], check=True, timeout=harness.LIMIT)
        harness.wait_for("the mails", lambda: far.count() and far.count("admin"))
        harness.wait_for("the report", g.count)
        harness.wait_for("it is over", lambda: not g.queue() and not far.queue())
        self.assertEqual((far.count(), far.count("admin"), g.count()), (1, 1, 1))
        report = email.message_from_bytes(g.messages()[0], policy=email.policy.default)
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertIn(b"nobody@example.test", g.messages()[0])
        for each in g, far:
            each.stop()

    def test_Q128512_received_mail_is_logged_also_where_it_stays(self):
        """-mr beside -md of smtpput: the message stays, and the log has its line. -MR beside -MD of the gateway: what it leaves for another
        program is in the log, and is there for that program. (The letters themselves: tests/system/test_classic.py.)"""
        g = self.gateway()
        os.makedirs(os.path.join(g.mail, "smtp"))
        path = os.path.join(g.folder, "in.api")
        with open(path, "wb") as f:
            f.write(mmff(["TEST/HQ/jdoe"], "x", more=["SUBJECT:logged"]))
        for words in (["-md", "-mr"], ["-mr", "-md"]):
            subprocess.run([PUT, "-d" + g.mail, *words, path], check=True, timeout=harness.LIMIT)
        self.assertTrue(os.path.getsize(path))
        with open(os.path.join(g.mail, "log/RECV.LOG")) as f:
            self.assertEqual(len([line for line in f if "TEST/HQ/jdoe" in line]), 2)
        g.write(postoffice="format = mmff\nwait = 1s\nput = %s --leave -mr\n" % PUT)
        g.start()
        count = g.count()
        for n in (3, 4):
            self.assertEqual(g.send(HEAD + b"\r\nfor another program\r\n")[0], 250)
        harness.wait_for("it is put", lambda: not g.queue())
        g.stop()
        left = os.path.join(g.mail, "smtp/to_nc.api.left")
        with open(left, "rb") as f:
            self.assertEqual(f.read().count(b"for another program"), 2)
        with open(os.path.join(g.mail, "log/RECV.LOG")) as f:
            self.assertEqual(len([line for line in f if "me@client.test > TEST/HQ/jdoe: kb" in line]), 2)
        self.assertEqual(g.count(), count)
        subprocess.run([PUT, "-d" + g.mail, left], check=True, timeout=harness.LIMIT)
        self.assertEqual((g.count(), os.path.exists(left)), (count + 2, False))

    def test_Q96203_an_hour_that_is_over_is_told(self):
        past = datetime.datetime.now() - datetime.timedelta(days=2)
        r = subprocess.run([harness.PROGRAM, "-d/srv/maildata", "-BT", past.strftime("%H:%M"), "-BD", past.strftime("%m-%d-%y")],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT)
        self.assertEqual(r.returncode, 64)
        self.assertIn("-BT %s -BD %s is over: the gateway would stop at once" % (past.strftime("%H:%M"), past.strftime("%m-%d-%y")), r.stdout)

    def test_Q127727_Q112237_a_file_without_rights_is_named(self):
        """As another user than root, whom no right stops: the log names the file and what is missing."""
        g = self.gateway(postoffice="get = %s\nwait = 1s\n" % GET)
        smtp = os.path.join(g.mail, "smtp")
        os.makedirs(smtp)
        os.makedirs(os.path.join(g.mail, "outgoing/new"))
        table = os.path.join(smtp, "from_nc.api")
        with open(table, "wb") as f:
            f.write(mmff(["SMTP:joe@far.test"], "x"))
        os.chmod(table, 0)
        for path, folders, _ in os.walk(g.folder):
            os.chown(path, 65534, 65534)
        g.prefix = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
        g.start()
        harness.wait_for("it is told", lambda: "mailbag failed" in g.log())
        line = [x for x in g.log().splitlines() if "mailbag failed" in x][0]
        self.assertIn(table, line)
        self.assertIn("Permission denied", line)
        g.stop()


if __name__ == "__main__":
    harness.main()
