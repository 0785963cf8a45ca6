"""What happens to mail that is not taken at once: retries, rests, the operator's hand, limits in time and size."""

import email
import re
import threading
import time
import harness
from harness import route, wait_for

MAIL = b"From: me@client.test\r\nSubject: queue\r\n\r\nText of %s.\r\n"
FAR = ["far@remote.test"]


class Script:
    """A sink's script: for each recipient (or "END") the replies in turn, the last one repeating."""

    def __init__(self, **replies):
        self.replies = {k: list(v) for k, v in replies.items()}
        self.asked = []

    def __call__(self, verb, argument, session):
        if verb == "RCPT":
            who = re.search("<([^@>]*)", argument).group(1)
        elif verb == "END":
            who = "END"
        else:
            return None
        self.asked.append((who, time.monotonic()))
        left = self.replies.get(who)
        if not left:
            return None
        return left.pop(0) if len(left) > 1 else left[0]

    def times(self, who):
        return [at for name, at in self.asked if name == who]


def reports(g, name="jdoe"):
    """The reports in a local mailbox, parsed."""
    return [email.message_from_bytes(m) for m in g.messages(name) if b"report-type=delivery-status" in m]


class Retry(harness.Case):
    def test_schedule_4xx_then_taken(self):
        script = Script(END=["451 4.3.0 first no", "452 4.2.2 second no", "250 2.0.0 at last"])
        sink = self.sink(script)
        g = self.gateway(ini=route(sink.port, retry="8s, 2s")).start()
        self.assertEqual(g.send(MAIL % b"retry", to=FAR)[0], 250)
        first = wait_for("the first deferral", lambda: [m for m in g.queue() if m["first"]["attempts"] == 1])[0]
        self.assertEqual(first["first"]["state"], "waiting")
        self.assertIn("first no", first["first"]["reason"])
        self.assertEqual(first["first"]["rule"], "route out")
        self.assertGreater(first["first"]["next"], first["arrived"])
        story = g.command("queue", "show", first["id"]).stdout
        self.assertRegex(story, "attempt 2 at ")
        self.assertIn("first no", story)
        wait_for("the third attempt", sink.count)
        at = script.times("END")
        self.assertGreaterEqual(at[1] - at[0], 8.0)
        self.assertGreaterEqual(at[2] - at[1], 2.0)
        wait_for("the end", lambda: not g.queue())
        done = g.show(1)
        self.assertEqual([a["state"] for a in done["attempts_list"]], ["waiting", "waiting", "delivered"])
        self.assertIn("second no", done["attempts_list"][1]["reason"])
        self.assertIn("at last", done["recipients_list"][0]["reason"])
        g.stop()

    def test_mixed_recipients_of_one_message(self):
        script = Script(later=["451 4.2.0 come back", "250 2.1.5 Ok"], never=["550 5.1.1 no such person"])
        sink = self.sink(script)
        g = self.gateway(ini=route(sink.port, retry="1s")).start()
        to = ["now@remote.test", "later@remote.test", "never@remote.test", "jdoe@example.test"]
        self.assertEqual(g.send(MAIL % b"mixed", to=to, sender="jdoe@example.test")[0], 250)
        wait_for("both deliveries and the report", lambda: sink.count() == 2 and g.count() == 2)
        self.assertEqual([m["rcpt"] for m in sink.messages], [["now@remote.test"], ["later@remote.test"]])
        self.assertEqual(len(script.times("now")), 1)
        self.assertEqual(len(script.times("never")), 1)
        report, = reports(g)
        text = str(report)
        self.assertIn("never@remote.test", text)
        self.assertIn("no such person", text)
        self.assertNotIn("later@remote.test", str(report.get_payload(1)))
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(g.history()[1]["states"], {"delivered": 3, "bounced": 1})
        g.stop()

    def test_one_becomes_due_while_another_is_worked_on(self):
        """Two recipients of one message: the retry of the first comes while the second's server has not yet answered."""
        answered = threading.Event()
        self.addCleanup(answered.set)
        quick, slow = self.sink(Script(END=["451 4.3.0 not yet", "250 2.0.0 now"])), self.sink(
            lambda verb, argument, session: answered.wait(harness.LIMIT) and None if verb == "END" else None)
        g = self.gateway(ini=route(quick.port, name="quick", match="quick.test", retry="1s") +
                         route(slow.port, name="slow", match="slow.test")).start()
        self.assertEqual(g.send(MAIL % b"both", to=["a@quick.test", "b@slow.test"])[0], 250)
        next_at = wait_for("the deferral", lambda: [r["next"] for m in [g.show(1)] for r in m["recipients_list"] if r["attempts"]])[0]
        wait_for("the retry is due", lambda: time.time() * 1000 > next_at + 200)
        answered.set()
        wait_for("the retry", lambda: quick.count() == 1)
        g.stop()

    def test_connection_is_used_again(self):
        sink = self.sink()
        g = self.gateway(ini=route(sink.port, max_connections=1)).start()
        with g.smtp() as c:
            for i in range(30):
                self.assertEqual(c.send(MAIL % b"reuse", FAR)[0], 250)
        wait_for("30 messages", lambda: sink.count() == 30)
        self.assertEqual({m["session"] for m in sink.messages}, {1})
        g.stop()

    def test_server_that_hangs_up_after_each_message(self):
        def one_only(verb, argument, session):
            session["seen"] = session.get("seen", 0) + (verb == "MAIL")
            return "DROP" if session["seen"] > 1 else None
        sink = self.sink(one_only)
        g = self.gateway(ini=route(sink.port, max_connections=1)).start()
        with g.smtp() as c:
            for i in range(5):
                self.assertEqual(c.send(MAIL % b"drop", FAR)[0], 250)
        wait_for("5 messages", lambda: sink.count() == 5)
        self.assertEqual(sink.sessions, 5)
        self.assertNotIn("deferred", g.log())
        g.stop()


class SmartHost(harness.Case):
    def down(self, **keys):
        port = harness.free_port()
        g = self.gateway(ini=route(port, retry="1h", **keys)).start()
        self.assertEqual(g.send(MAIL % b"down", to=FAR)[0], 250)
        wait_for("the destination rests", lambda: "destination rests" in g.log())
        wait_for("it is with the spool", lambda: [m for m in g.queue() if not m["claimed"]])
        return g, port

    def test_down_is_told_and_rests(self):
        g, port = self.down()
        message, = g.queue()
        self.assertIn("refused", message["first"]["reason"].lower())
        self.assertEqual(message["first"]["state"], "waiting")
        code, line = g.health()
        self.assertEqual(code, 1, line)
        self.assertIn("127.0.0.1:%d is down" % port, line)
        # a second message waits for the destination without an attempt of its own
        self.assertEqual(g.send(MAIL % b"two", to=FAR)[0], 250)
        wait_for("two wait", lambda: [m["claimed"] for m in g.queue()] == [False, False])
        self.assertEqual(g.queue()[1]["first"]["attempts"], 0)
        self.assertEqual(g.log().count("destination rests"), 1)
        g.stop()

    def test_flush_brings_it(self):
        g, port = self.down()
        sink = self.sink(port=port)
        r = g.command("queue", "flush")
        self.assertEqual((r.returncode, r.stdout), (0, "flush: 1 message\n"))
        wait_for("the message", sink.count)
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(g.health(), (0, "smtpgate well"))
        g.stop()

    def test_retry_of_one_brings_it(self):
        g, port = self.down()
        self.assertEqual(g.send(MAIL % b"two", to=FAR)[0], 250)
        wait_for("two wait", lambda: [m["claimed"] for m in g.queue()] == [False, False])
        sink = self.sink(port=port)
        self.assertEqual(g.command("queue", "retry", "m2").returncode, 0)
        wait_for("the message", sink.count)
        self.assertIn(b"Text of two.", sink.messages[0]["data"])
        self.assertEqual([m["number"] for m in wait_for("one", lambda: len(g.queue()) == 1 and g.queue())], [1])
        g.stop()

    def test_comes_back_by_itself(self):
        port = harness.free_port()
        g = self.gateway(ini=route(port, retry="1s")).start()
        for i in range(3):
            self.assertEqual(g.send(MAIL % b"self", to=FAR)[0], 250)
        wait_for("the destination rests", lambda: "destination rests" in g.log())
        sink = self.sink(port=port)
        wait_for("all", lambda: sink.count() == 3)
        wait_for("it is told", lambda: "destination back" in g.log())
        g.stop()

    def test_second_host_is_tried(self):
        refuses = self.sink(lambda verb, argument, session: "554 5.3.2 no service" if verb == "CONNECT" else None)
        sink = self.sink()
        g = self.gateway(ini="[route out]\nsmart_host = 127.0.0.1:%d, 127.0.0.1:%d, 127.0.0.1:%d\n" % (
            harness.free_port(), refuses.port, sink.port)).start()
        self.assertEqual(g.send(MAIL % b"second", to=FAR)[0], 250)
        wait_for("the message", sink.count)
        self.assertNotIn("bounced", g.log())
        g.stop()

    def test_restart_with_waiting_mail(self):
        port = harness.free_port()
        g = self.gateway(ini=route(port, retry="3s")).start()
        for i in range(3):
            self.assertEqual(g.send(MAIL % b"restart", to=FAR)[0], 250)
        wait_for("all wait", lambda: [m["claimed"] for m in g.queue()] == [False] * 3)
        g.stop()
        sink = self.sink(port=port)
        g.start()
        wait_for("all", lambda: sink.count() == 3)
        self.assertEqual(sorted(g.history()), [1, 2, 3])
        g.stop()


class Hand(harness.Case):
    """queue as a command, over messages without a route: held, with the reason, until a route is there."""

    def setUp(self):
        self.g = g = self.gateway().start()
        for i, to in enumerate(("one@remote.test", "two@remote.test", "three@other.test")):
            self.assertEqual(g.send(MAIL % b"held", to=[to], sender="s%d@client.test" % i)[0], 250)
        wait_for("all are held", lambda: [m["first"]["state"] for m in g.queue()] == ["held"] * 3)

    def act(self, *args):
        r = self.g.command("queue", *args)
        return r.returncode, r.stdout.strip() or r.stderr.strip()

    def numbers(self, *args):
        return [m["number"] for m in self.g.queue(*args)]

    def test_no_route_then_reload_and_release(self):
        g, sink = self.g, self.sink()
        self.assertEqual({m["first"]["reason"] for m in g.queue()}, {"no route"})
        self.assertIn("no route", g.command("queue", "list").stdout)
        self.assertIn("smtpgate queue release m1", g.command("queue", "show", "m1").stdout)
        g.write(ini=route(sink.port))
        g.reload()
        self.assertEqual(self.act("release", "--error", "no route"), (0, "release: 3 messages"))
        wait_for("all", lambda: sink.count() == 3)
        wait_for("the end", lambda: not g.queue())
        g.stop()

    def test_filters_and_faults(self):
        self.assertEqual(self.numbers("--from", "s1@client.test"), [2])
        self.assertEqual(self.numbers("--to", "three@other.test"), [3])
        self.assertEqual(self.numbers("--error", "no route"), [1, 2, 3])
        self.assertEqual(self.numbers("m1", "3"), [1, 3])
        self.assertEqual(self.act("hold")[0], 64)
        self.assertEqual(self.act("remove", "m99")[0], 1)
        self.assertEqual(self.act("show", "m99")[0], 1)
        self.assertEqual(self.act("lst")[0], 64)
        self.assertEqual(self.act("list", "mm")[0], 64)
        self.g.stop()
        self.assertEqual(self.act("list")[0], 69)

    def test_remove(self):
        g = self.g
        self.assertEqual(g.json("queue", "remove", "m2"), [{"matched": 1}])
        self.assertEqual(self.numbers(), [1, 3])
        self.assertEqual(g.history()[2]["states"], {"removed": 1})
        self.assertIn("removed", g.command("queue", "show", "m2").stdout)
        self.assertEqual(self.act("remove", "--all"), (0, "remove: 2 messages"))
        self.assertEqual(g.command("queue", "list").stdout, "the queue is empty\n")
        spool = g.json("status")["spool"]
        self.assertEqual((spool["accepted"], spool["states"]["removed"]), (3, 3))
        self.assertEqual(g.count("admin"), 0)
        g.stop()

    def test_hold_and_release_of_what_waits(self):
        g, port = self.g, harness.free_port()
        g.write(ini=route(port, retry="1h"))
        g.reload()
        self.act("release", "--all")
        wait_for("all wait", lambda: [(m["first"]["state"], m["claimed"]) for m in g.queue()] == [("waiting", False)] * 3)
        self.assertEqual(self.act("hold", "m1", "m2"), (0, "hold: 2 messages"))
        self.assertEqual([m["first"]["state"] for m in g.queue()], ["held", "held", "waiting"])
        self.assertIn("hold by the operator", g.show(1)["recipients_list"][0]["reason"])
        sink = self.sink(port=port)
        self.assertEqual(self.act("flush")[0], 0)
        wait_for("what was not held", sink.count)
        self.assertEqual([m["rcpt"] for m in sink.messages], [["three@other.test"]])
        wait_for("they alone are left", lambda: self.numbers() == [1, 2])
        g.stop()
        g.start()
        self.assertEqual([m["first"]["state"] for m in g.queue()], ["held", "held"])
        self.assertEqual(self.act("release", "1", "2")[0], 0)
        wait_for("the held ones", lambda: sink.count() == 3)
        g.stop()


class Limits(harness.Case):
    def test_max_size_of_a_route(self):
        sink = self.sink()
        g = self.gateway(ini=route(sink.port, max_size="10K")).start()
        self.assertEqual(g.send(MAIL % (b"x" * 500 + b"\r\n") * 40, to=FAR, sender="jdoe@example.test")[0], 250)
        wait_for("the report", g.count)
        report, = reports(g)
        self.assertIn("5.3.4", str(report))
        self.assertIn("10240", str(report))
        self.assertEqual(sink.count(), 0)
        self.assertEqual(g.send(MAIL % b"small", to=FAR)[0], 250)
        wait_for("a small one", sink.count)
        g.stop()

    def test_size_that_the_next_server_offers(self):
        sink = self.sink(ehlo=("PIPELINING", "SIZE 10240"))
        g = self.gateway(ini=route(sink.port)).start()
        self.assertEqual(g.send(MAIL % (b"x" * 500 + b"\r\n") * 40, to=FAR, sender="jdoe@example.test")[0], 250)
        wait_for("the report", g.count)
        self.assertIn("10240", str(reports(g)[0]))
        self.assertEqual(sink.count(), 0)
        g.stop()

    def test_rate_of_a_route(self):
        sink = self.sink()
        g = self.gateway(ini=route(sink.port, rate="2/1s")).start()
        begin = time.monotonic()
        for i in range(5):
            self.assertEqual(g.send(MAIL % b"rate", to=FAR)[0], 250)
        wait_for("all", lambda: sink.count() == 5)
        self.assertGreaterEqual(sink.messages[2]["at"] - begin, 1.0)
        self.assertGreaterEqual(sink.messages[4]["at"] - begin, 2.0)
        g.stop()

    def test_rate_of_a_client(self):
        g = self.gateway(listen="rate = 3/1h\n").start()
        codes = [g.send(MAIL % b"rate")[0] for i in range(4)]
        self.assertEqual(codes, [250, 250, 250, 450])
        wait_for("three", lambda: g.count() == 3)
        g.stop()

    def test_lifetime_ends_with_a_report(self):
        sink = self.sink(Script(END=["451 4.3.2 never today"]))
        g = self.gateway(ini=route(sink.port, retry="1s", lifetime="2s")).start()
        self.assertEqual(g.send(MAIL % b"life", to=FAR, sender="jdoe@example.test")[0], 250)
        wait_for("the report", g.count)
        status = reports(g)[0].get_payload(1)
        self.assertEqual(status.get_payload(1)["Action"], "failed")
        self.assertTrue(status.get_payload(1)["Status"].startswith("4."), status)
        self.assertIn("never today", status.get_payload(1)["Diagnostic-Code"])
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(g.history()[1]["states"], {"expired": 1})
        g.stop()

    def test_lifetime_of_a_dead_host(self):
        g = self.gateway(ini=route(harness.free_port(), retry="1s", lifetime="2s")).start()
        self.assertEqual(g.send(MAIL % b"dead", to=FAR, sender="jdoe@example.test")[0], 250)
        wait_for("the report", g.count)
        self.assertIn("refused", str(reports(g)[0]).lower())
        g.stop()

    def test_delay_is_told_once(self):
        script = Script(END=["451 4.3.2 not yet"])
        sink = self.sink(script)
        g = self.gateway(ini=route(sink.port, retry="1s", warn_after="1s")).start()
        self.assertEqual(g.send(MAIL % b"warn", to=FAR, sender="jdoe@example.test")[0], 250)
        self.assertEqual(g.send(MAIL % b"null", to=FAR, sender="")[0], 250)
        wait_for("five attempts", lambda: len(script.asked) >= 10)
        wait_for("the report", lambda: reports(g))
        report, = reports(g)
        self.assertEqual(report.get_payload(1).get_payload(1)["Action"], "delayed")
        self.assertIsNotNone(report.get_payload(1).get_payload(1)["Will-Retry-Until"])
        self.assertEqual(reports(g, "admin"), [])
        self.assertTrue(g.show(1)["recipients_list"][0]["warned"])
        self.assertIn("the sender was told", g.command("queue", "show", "1").stdout)
        g.stop()


if __name__ == "__main__":
    harness.main()
