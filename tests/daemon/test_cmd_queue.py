#!/usr/bin/env python3
"""queue: list, show and every action, over a running gateway."""

import json
import os

import testbed
from testbed import wait_for


class Queue(testbed.Case):
    def ids(self, g, *args):
        done = self.check(g.command("queue", "list", "--json", *args), 0)
        return [json.loads(line)["id"] for line in done.stdout.splitlines()]

    def test_list(self):
        g = self.gateway().start()
        self.check(g.command("queue", "list"), 0, out="the queue is empty")
        self.held(g, 3)
        self.held(g, 1, to="other@faraway.test")
        self.check(g.command("queue", "list"), 0,
                   out=["ID ", "<me@client.test>", "someone@elsewhere.test", "held", "no route", "-- 4 messages"])
        self.assertEqual(self.ids(g), ["m1", "m2", "m3", "m4"])
        self.assertEqual(self.ids(g, "--to", "faraway.test"), ["m4"])
        self.assertEqual(self.ids(g, "--from", "nobody@client.test"), [])
        self.assertEqual(self.ids(g, "--error", "NO ROUTE"), ["m1", "m2", "m3", "m4"])
        self.assertEqual(self.ids(g, "m2", "3"), ["m2", "m3"])
        self.check(self.called(g, "mailq"), 0, out="-- 4 messages")
        self.check(self.called(g, "sendmail", "-bp"), 0, out="-- 4 messages")
        g.stop()

    def test_by_route(self):
        """Whatever was decided last: by a route's name, a postoffice's, or that there is none."""
        g = self.gateway(ini="[route out]\nmatch = far.test\nsmart_host = 127.0.0.1:%d\n[route kept]\nmatch = kept.test\ndo = hold\n"
                         % testbed.free_port()).start()
        for to in "a@far.test", "b@kept.test", "c@far.test", "d@elsewhere.test":
            self.assertEqual(g.send(b"Subject: s\r\n\r\nx\r\n", (to,))[0], 250)
        wait_for("all were decided", lambda: len(self.ids(g, "--error", "no route")) == 1 and
                 len(self.ids(g, "--route", "out")) == 2 and len(self.ids(g, "--route", "kept")) == 1)
        self.assertEqual(self.ids(g, "--route", "out"), ["m1", "m3"])
        self.assertEqual(self.ids(g, "--route", "out", "--to", "c@far.test"), ["m3"])
        self.assertEqual(self.ids(g, "--route", "ou"), [])
        self.check(g.command("queue", "hold", "--route", "out"), 0, out="hold: 2 messages")
        self.check(g.command("queue", "remove", "--route", "kept"), 0, out="remove: 1 message")
        self.assertEqual(self.ids(g), ["m1", "m3", "m4"])
        g.stop()

    def test_many_pages(self):
        g = self.gateway().start()
        with g.smtp() as c:
            c.say("EHLO x")
            for _ in range(230):
                c.say("MAIL FROM:<a@client.test>")
                c.say("RCPT TO:<x@elsewhere.test>")
                c.say("DATA")
                self.assertEqual(c.say("Subject: x\r\n\r\nx\r\n.")[0], 250)
        self.assertEqual(self.ids(g), ["m%d" % n for n in range(1, 231)])
        g.stop()

    def test_show(self):
        g = self.gateway().start()
        self.held(g)
        done = self.check(g.command("queue", "show", "m1"), 0,
                          out=["from      <me@client.test>", "by ESMTP from 127.0.0.1 (client.test), at lan",
                               "to <someone@elsewhere.test>: held", "why     no route",
                               "nothing, until: a [route] that takes it, smtpgate reload, and smtpgate queue release m1"])
        shown = json.loads(self.check(g.command("queue", "show", "1", "--json"), 0).stdout)
        self.assertEqual(shown["recipients_list"][0]["state"], "held")
        self.assertEqual(len(shown["hash"]), 64)
        self.assertIn(shown["hash"], done.stdout)
        self.check(g.command("queue", "show", "m99"), 1, err="there is no such message")
        g.stop()

    def test_waiting_says_when_and_why(self):
        port = testbed.free_port()
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\nlifetime = 2d\n" % port).start()
        self.held(g)
        wait_for("a failed attempt", lambda: "attempts\n" in g.command("queue", "show", "m1").stdout)
        self.check(g.command("queue", "show", "m1"), 0,
                   out=["to <someone@elsewhere.test>: waiting", "rule    route out", "127.0.0.1:%d" % port,
                        "next    attempt 2 at ", "; then it is returned to the sender"])
        self.check(g.command("queue", "list"), 0, out=["waiting", "in "])
        sink = self.sink(port=port)
        self.check(g.command("queue", "flush"), 0, out="flush: 1 message")
        wait_for("it is delivered", lambda: not self.ids(g))
        self.assertEqual(len(sink.messages), 1)
        g.stop()

    def test_actions(self):
        g = self.gateway().start()
        self.held(g, 3)
        self.check(g.command("queue", "remove", "m1"), 0, out="remove: 1 message")
        self.assertEqual(self.ids(g), ["m2", "m3"])
        self.check(g.command("queue", "remove", "m1"), 1, out="remove: 0 messages")
        self.check(g.command("queue", "retry", "m2"), 1, err="what is held goes by: smtpgate queue release")
        self.check(g.command("queue", "hold", "--from", "me@client.test"), 0, out="hold: 0 messages", err="hold takes what waits")
        self.check(g.command("queue", "hold", "m2", "m1"), 1, err="queue list shows the states")
        self.check(g.command("history", "m1"), 0, out="removed")
        sink = self.sink()
        g.write(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % sink.port)
        self.check(g.command("reload"), 0, out="reloaded")
        self.check(g.command("queue", "release", "m2"), 0, out="release: 1 message")
        wait_for("m2 is delivered", lambda: self.ids(g) == ["m3"])
        self.check(g.command("queue", "release", "--to", "@elsewhere.test"), 0, out="release: 1 message")
        wait_for("m3 is delivered", lambda: self.ids(g) == [])
        self.check(g.command("status"), 0, out=["2 delivered", "1 removed"])
        g.stop()

    def test_hold_keeps_what_waits(self):
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % testbed.free_port()).start()
        self.held(g)
        wait_for("a failed attempt", lambda: "attempts\n" in g.command("queue", "show", "m1").stdout)
        self.check(g.command("queue", "hold", "--all"), 0, out="hold: 1 message")
        self.check(g.command("queue", "show", "m1"), 0, out=[": held", "by the operator (uid %d)" % os.geteuid()])
        self.check(g.command("queue", "release", "--all", "--json"), 0, out='{"matched":1}')
        g.stop()

    def test_each_verb_by_each_filter(self):
        """One of two messages is chosen by its ID, sender, recipient, route and error text, for each verb; the other is left alone."""
        busy = self.sink(lambda verb, argument, session: "450 4.2.0 Busy Mailbox" if verb == "RCPT" else None)
        g = self.gateway(ini="[queue]\nretry = 1d\n[route gone]\nmatch = gone.test\nsmart_host = 127.0.0.1:%d\n"
                         "[route busy]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % (testbed.free_port(), busy.port)).start()
        shown = lambda number: g.show(number)  # noqa: E731

        def tried(number, times):
            def rests():
                m = shown(number)
                return not m["claimed"] and len(m["attempts_list"]) == times and m["recipients_list"][0]["state"] == "waiting"
            wait_for("message %d to have been tried %d times" % (number, times), rests)

        def send(number, sender, to):
            self.assertEqual(g.send(b"Subject: s\r\n\r\nx\r\n", (to,), sender=sender)[0], 250)
            tried(number, 1)

        send(1, "left@here.test", "left@gone.test")
        for number, way in enumerate([["ID"], ["--from", "A@chosen.test"], ["--to", "b@busy.test"], ["--route", "busy"],
                                      ["--error", "busy mailbox"]], start=2):
            send(number, "a@chosen.test", "b@busy.test")
            way = ["m%d" % number] if way == ["ID"] else way
            chosen = "m%d" % number
            self.assertEqual(self.ids(g, *way), [chosen])
            self.check(g.command("queue", "show", *way), 0, out=chosen + "  ")
            for times, verb in enumerate(["retry", "flush"], start=2):
                self.check(g.command("queue", verb, *way), 0, out=verb + ": 1 message\n")
                tried(number, times)
            self.check(g.command("queue", "hold", *way), 0, out="hold: 1 message\n")
            self.assertEqual(shown(number)["recipients_list"][0]["state"], "held")
            held = ["--error", "by the operator"] if "--error" in way else way  # the reason that it has now
            self.check(g.command("queue", "release", *held), 0, out="release: 1 message\n")
            tried(number, 4)
            self.check(g.command("queue", "remove", *way), 0, out="remove: 1 message\n")
            self.assertEqual(self.ids(g), ["m1"])
        self.assertEqual((len(shown(1)["attempts_list"]), shown(1)["recipients_list"][0]["state"]), (1, "waiting"))
        g.stop()

    def test_wrong_usage(self):
        g = self.gateway()
        self.check(g.command("queue"), 64)
        self.check(g.command("queue", "lst"), 64, err="did you mean list?")
        self.check(g.command("queue", "remove"), 64, err="name IDs, a filter, or --all")
        self.check(g.command("queue", "show", "mail"), 64, err="they look like m42")
        self.check(g.command("queue", "list"), 69, err=["the gateway is not running (no answer at ", "smtpgate run"])


if __name__ == "__main__":
    testbed.main()
