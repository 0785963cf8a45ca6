"""[notify]: each trouble is told by mail and by a command, once, never more than so many, with a heartbeat between."""

import email
import json
import os
import shutil
import stat

import harness
from harness import route, wait_for

MAIL = b"From: me@client.test\r\nSubject: notify\r\n\r\nText.\r\n"
FAR = ["far@remote.test"]


class Notify(harness.Case):
    def ready(self, ini="", more="", **settings):
        """A gateway whose admin is a local mailbox, and whose command collects the events."""
        g = self.gateway(**settings)
        self.events_path = os.path.join(g.folder, "events")
        command = os.path.join(g.folder, "collect")
        with open(command, "w") as f:
            f.write("#!/bin/sh\ncat >>%s\n" % self.events_path)
        os.chmod(command, 0o755)
        self.section = "[notify]\ncommand = %s\nroute_down = 1s\n%s\n" % (command, more)
        g.write(ini=ini + self.section, gateway="admin = admin@example.test\n")
        return g

    def events(self):
        try:
            with open(self.events_path) as f:
                return [json.loads(line) for line in f]
        except FileNotFoundError:
            return []

    def kinds(self):
        return [e["event"] for e in self.events()]

    def mails(self, g):
        return [email.message_from_bytes(m) for m in g.messages("admin")]

    def test_route_down(self):
        port = harness.free_port()
        g = self.ready(ini=route(port, retry="1s")).start()
        self.assertEqual(g.send(MAIL, to=FAR)[0], 250)
        wait_for(lambda: "the event\n" + g.log()[-2000:], lambda: self.events() and self.mails(g))
        event, = self.events()
        self.assertEqual((event["event"], event["about"], event["hostname"]), ("route_down", "route out", "gw.example.test"))
        self.assertIn("refused", event["text"].lower())
        mail, = self.mails(g)
        self.assertEqual(mail["To"], "admin@example.test")
        self.assertIn("route_down: route out", mail["Subject"])
        self.assertIn("Return-Path: <>", str(mail))
        sink = self.sink(port=port)
        wait_for("the mail goes", sink.count)
        self.assertEqual(self.kinds(), ["route_down"])  # once, however often it failed
        g.stop()

    def test_disk_low_and_bad_file(self):
        g = self.ready()
        folder = os.path.join(g.folder, "in")
        os.makedirs(folder)
        g.write(ini=self.section + "[pickup erp]\npath = %s\nsettle = 0\npoll = 1s\n" % folder,
                gateway="admin = admin@example.test\n")
        g.start()
        with open(os.path.join(folder, "bad"), "w") as f:
            f.write("nonsense")
        wait_for("the file", lambda: self.events() and self.mails(g))
        event, = self.events()
        self.assertEqual((event["event"], event["about"]), ("bad_file", os.path.join(folder, "bad")))
        self.assertIn("it is no mail", event["text"])
        g.write(ini=self.section + "[pickup erp]\npath = %s\n[queue]\ndisk_min = 1000G\n" % folder,
                gateway="admin = admin@example.test\n")
        g.reload()
        wait_for("the disk", lambda: self.kinds() == ["bad_file", "disk_low"] and len(self.mails(g)) == 2)
        self.assertIn("disk_min", self.events()[1]["text"])
        g.stop()

    def test_nobody_can_be_told_by_mail(self):
        """The default admin where no route takes its mail: said with the remedy, and no mail piles up in the queue."""
        g = self.ready()
        folder = os.path.join(g.folder, "in")
        os.makedirs(folder)
        pickup = self.section + "[pickup erp]\npath = %s\nsettle = 0\npoll = 1s\n" % folder
        # names alone are kept here, and none of them is the admin's
        g.write(ini=pickup, postoffice="format = drop\n")
        remedy = ("mail for postmaster@gw.example.test would be held: no route (set admin in [gateway] to an address that a "
                  "postoffice or a route takes)")
        r = g.command("check")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn(remedy, r.stderr)
        g.start()
        self.assertIn("trouble untold error=\"mail for postmaster@gw.example.test", g.log())
        self.assertIn("trouble cannot be told by mail: " + remedy, " ".join(g.command("status").stdout.split()))
        with open(os.path.join(folder, "bad"), "w") as f:
            f.write("nonsense")
        wait_for("the command", self.events)
        self.assertIn("notify unsent event=bad_file", g.log())
        self.assertEqual(g.history(), {})
        self.assertEqual(g.send(MAIL, to=FAR)[0], 250)
        self.assertIn("nothing, until: a [route] that takes it, smtpgate reload, and smtpgate queue release m1",
                      wait_for("the hold", lambda: [t for t in [g.command("queue", "show", "1").stdout] if "held" in t])[0])
        g.write(ini=pickup, postoffice="format = drop\n", gateway="admin = admin@example.test\n")
        g.reload()
        self.assertNotIn("trouble cannot be told", g.command("status").stdout)
        self.assertEqual(g.command("check").stderr, "")
        g.write(ini=pickup.replace("collect\n", "collet -v\n"))
        self.assertRegex(g.command("check").stderr, r"warning: command of \[notify\]: .*collet cannot be started: No such file")
        g.write(ini=pickup)  # mailboxes: their admin is the gateway's, too
        self.assertEqual(g.command("check").stderr, "")

    def test_queue_old(self):
        g = self.ready(more="queue_old = 1s", ini="[route wait]\nsmart_host = 127.0.0.1:%d\nretry = 1h\n" % harness.free_port())
        g.start()
        self.assertEqual(g.send(MAIL, to=FAR)[0], 250)
        wait_for("the event", lambda: self.kinds() == ["queue_old"] and self.mails(g))
        self.assertIn("The oldest of 1 messages", self.events()[0]["text"])
        g.stop()

    def all_delivered(self, g):
        """Whatever mail there was has reached its mailbox: one that should not be would be seen."""
        wait_for("the maildrop is empty", lambda: not [n for n in os.listdir(os.path.join(g.spool, "maildrop"))])
        wait_for("nothing waits", lambda: not g.queue())

    def test_bounce_double_is_mailed_once(self):
        sink = self.sink(lambda verb, argument, session: "550 5.1.1 nobody" if verb == "RCPT" else None)
        g = self.ready(ini=route(sink.port)).start()
        self.assertEqual(g.send(MAIL, to=FAR, sender="gone@remote.test")[0], 250)
        wait_for("the event", lambda: self.kinds() == ["bounce_double"] and self.mails(g))
        self.all_delivered(g)
        mail, = self.mails(g)
        self.assertIn("double bounce", mail["Subject"])
        g.stop()

    def test_plugin_down(self):
        g = self.ready(ini="[route far]\nmatch = far.test\nvendor = nosuch\n")
        g.start()
        wait_for("the event", lambda: self.kinds() == ["plugin_down"] and self.mails(g))
        self.assertEqual(self.events()[0]["about"], "nosuch")
        g.stop()

    def test_at_most(self):
        g = self.ready(more="at_most = 2/3s")
        folder = os.path.join(g.folder, "in")
        os.makedirs(folder)
        g.write(ini=self.section + "[pickup erp]\npath = %s\nsettle = 0\npoll = 1s\n" % folder,
                gateway="admin = admin@example.test\n")
        for i in range(7):
            with open(os.path.join(folder, "bad%d" % i), "w") as f:
                f.write("nonsense")
        g.start()
        wait_for("the count", lambda: "untold" in self.kinds())
        wait_for("each is told or counted", lambda: self.kinds().count("bad_file") + sum(e["untold"] for e in self.events()) == 7)
        self.assertLess(self.kinds().count("bad_file"), 7)
        g.stop()

    def test_only_what_is_wanted(self):
        g = self.ready(more="on = disk_low\nto = none")
        g.write(ini=self.section + "[queue]\ndisk_min = 1000G\n[route far]\nmatch = far.test\nvendor = nosuch\n",
                gateway="admin = admin@example.test\n")
        g.start()
        wait_for("the event", lambda: self.kinds() == ["disk_low"])
        self.all_delivered(g)
        self.assertEqual((self.mails(g), g.history()), ([], {}))
        g.stop()

    def test_heartbeat(self):
        g = self.ready(more="heartbeat_every = 1s").start()
        wait_for("two", lambda: len(self.mails(g)) >= 2)
        self.assertIn("heartbeat: it runs", self.mails(g)[0]["Subject"])
        self.assertIn("smtpgate runs.", str(self.mails(g)[0]))
        self.assertEqual(self.events(), [])  # it is no trouble
        g.stop()

    def test_mail_is_what_fails(self):
        """The maildrop is away: the command has it all the same."""
        g = self.ready(ini=route(harness.free_port(), retry="1s")).start()
        drop = os.path.join(g.spool, "maildrop")
        wait_for("the maildrop", lambda: os.path.isdir(drop))
        shutil.rmtree(drop)
        with open(drop, "w"):
            pass
        self.assertTrue(stat.S_ISREG(os.stat(drop).st_mode))
        self.assertEqual(g.send(MAIL, to=FAR)[0], 250)
        wait_for("the event", lambda: self.kinds() == ["route_down"])
        wait_for("it is logged", lambda: "notify failed event=route_down by=mail" in g.log())
        g.stop()


if __name__ == "__main__":
    harness.main()
