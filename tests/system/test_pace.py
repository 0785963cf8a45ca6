"""How fast mail leaves, and by which way: limits learned from servers' complaints, priorities, fallbacks."""

import threading
import time

import harness
from harness import route, wait_for

MAIL = b"From: me@client.test\r\nSubject: pace\r\n\r\nText of %d.\r\n"
FAR = ["far@remote.test"]


def send(g, n, to=FAR, first=0):
    with g.smtp() as c:
        for i in range(first, first + n):
            assert c.send(MAIL % i, to)[0] == 250


class Crowd:
    """Takes messages of at most `most` sessions at a time; the others hear 432 at MAIL."""

    def __init__(self, most):
        self.most, self.lock, self.inside, self.refused = most, threading.Lock(), set(), 0
        self.met = threading.Event()

    def __call__(self, verb, argument, session):
        key = id(session)
        with self.lock:
            if verb == "MAIL" and key not in self.inside:
                if len(self.inside) >= self.most:
                    self.refused += 1
                    self.met.set()
                    return "432 4.3.2 Concurrent connections limit exceeded"
                self.inside.add(key)
        if verb == "END":
            self.met.wait(harness.LIMIT)  # the first ones stay inside until another has met them
        if verb == "QUIT":
            with self.lock:
                self.inside.discard(key)
        return None


class Learned(harness.Case):
    def slowed(self, g):
        return [d["last"] for d in g.json("status")["destinations"] if "slowed down" in d["last"]]

    def test_fewer_connections(self):
        crowd = Crowd(2)
        sink = self.sink(crowd)
        g = self.gateway(ini=route(sink.port, max_connections=6, retry="1s")).start()
        send(g, 40)
        wait_for("all", lambda: sink.count() == 40)
        wait_for("the end", lambda: not g.queue())
        self.assertIn("destination slowed", g.log())
        self.assertIn("connections=", g.log())
        self.assertTrue(self.slowed(g), g.json("status")["destinations"])
        self.assertEqual({"delivered": 40}, {k: sum(m["states"].get(k, 0) for m in g.history().values())
                                             for k in ("delivered",)})
        learned, = self.slowed(g)
        refused = crowd.refused
        send(g, 20, first=40)  # now it knows
        wait_for("all", lambda: sink.count() == 60)
        self.assertLess(crowd.refused - refused, 20, learned)
        g.stop()

    def test_fewer_messages_in_a_time(self):
        seen = []

        def hasty(verb, argument, session):
            if verb != "MAIL":
                return None
            seen.append(time.monotonic())
            return "451 4.7.1 Submission rate for this client has exceeded the configured limit" if len(seen) == 5 else None
        sink = self.sink(hasty)
        g = self.gateway(ini=route(sink.port, max_connections=1, retry="2s")).start()
        send(g, 5)
        wait_for("what came before", lambda: sink.count() == 4)
        wait_for("the complaint", lambda: "destination slowed" in g.log())
        self.assertIn("rate=3/1m", g.log())
        self.assertTrue(self.slowed(g))
        wait_for("the deferral", lambda: "Submission rate" in g.show(5)["recipients_list"][0]["reason"])
        self.assertEqual(g.show(5)["recipients_list"][0]["state"], "waiting")
        self.assertEqual(len(seen), 5)
        g.stop()

    def test_try_again_later_rests_the_way(self):
        def busy(verb, argument, session):
            return "451 4.3.2 Server busy, try again later" if verb == "MAIL" and busy.on else None
        busy.on = True
        sink = self.sink(busy)
        g = self.gateway(ini=route(sink.port, max_connections=1, retry="1h")).start()
        send(g, 1)
        wait_for("the rest", lambda: "destination rests" in g.log())
        send(g, 5, first=1)
        wait_for("all wait", lambda: [m["claimed"] for m in g.queue()] == [False] * 6)
        self.assertEqual([m["first"]["attempts"] for m in g.queue()], [1, 0, 0, 0, 0, 0])
        self.assertIn("try again later", g.queue()[5]["first"]["reason"])
        busy.on = False
        self.assertEqual(g.command("queue", "flush").returncode, 0)
        wait_for("all", lambda: sink.count() == 6)
        g.stop()


class Priority(harness.Case):
    def test_urgent_goes_first(self):
        gate = threading.Event()

        def slow(verb, argument, session):
            if verb == "END" and not gate.is_set():
                gate.wait(harness.LIMIT)
            return None
        sink = self.sink(slow)
        hosts = "smart_host = 127.0.0.1:%d\nmax_connections = 1\n" % sink.port
        # one line for both: the destination is the route's, so urgency comes with the listener here
        second = harness.free_port()
        g = self.gateway(ini="[route out]\n%s[listen urgent]\naddress = 127.0.0.1:%d\npriority = urgent\n" % (hosts, second))
        g.start()
        send(g, 4)
        with harness.Client("127.0.0.1", second, harness.LIMIT) as c:
            self.assertEqual(c.send(MAIL % 99, FAR)[0], 250)
        wait_for("five in memory", lambda: g.json("status")["destinations"][0]["waiting"] == 4)
        gate.set()
        wait_for("all", lambda: sink.count() == 5)
        order = [int(m["data"].split(b"Text of ")[1].split(b".")[0]) for m in sink.messages]
        self.assertEqual(order, [0, 99, 1, 2, 3])
        g.stop()

    def test_a_route_has_the_last_word(self):
        gate = threading.Event()

        def slow(verb, argument, session):
            if verb == "END" and not gate.is_set():
                gate.wait(harness.LIMIT)
            return None
        sink = self.sink(slow)
        second = harness.free_port()
        g = self.gateway(ini="%s[listen urgent]\naddress = 127.0.0.1:%d\npriority = urgent\n" % (
            route(sink.port, max_connections=1, priority="bulk"), second)).start()
        send(g, 3)
        with harness.Client("127.0.0.1", second, harness.LIMIT) as c:
            self.assertEqual(c.send(MAIL % 99, FAR)[0], 250)
        wait_for("four in memory", lambda: g.json("status")["destinations"][0]["waiting"] == 3)
        gate.set()
        wait_for("all", lambda: sink.count() == 4)
        order = [int(m["data"].split(b"Text of ")[1].split(b".")[0]) for m in sink.messages]
        self.assertEqual(order, [0, 1, 2, 99])
        g.stop()


class Fallback(harness.Case):
    def ini(self, first, second, **keys):
        return route(first, name="main", fallback="spare", retry="1s", **keys) + route(second, name="spare", match="!*, *")

    def test_taken_when_the_first_is_down_for_long(self):
        port = harness.free_port()
        spare = self.sink()
        g = self.gateway(ini=self.ini(port, spare.port, fallback_after="2s")).start()
        send(g, 3)
        wait_for("all by the other way", lambda: spare.count() == 3)
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(g.show(3)["recipients_list"][0]["rule"], "route main, fallback spare")
        self.assertIn("refused", str(g.show(1)["attempts_list"]).lower())
        # mail that comes while it is down goes there at once
        send(g, 2, first=3)
        wait_for("five", lambda: spare.count() == 5)
        # and the first way is looked at again by itself
        main = self.sink(port=port)
        def back():
            send(g, 1, first=9)
            return main.count() > 0
        wait_for("the way back", back)
        wait_for("it is told", lambda: "destination back" in g.log())
        wait_for("what is under way has gone", lambda: not g.queue())
        spare_had = spare.count()
        send(g, 3, first=20)
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(spare.count(), spare_had)
        g.stop()

    def test_not_for_a_message_that_is_refused(self):
        main = self.sink(lambda verb, argument, session: "550 5.1.1 nobody" if verb == "RCPT" else None)
        spare = self.sink()
        g = self.gateway(ini=self.ini(main.port, spare.port, fallback_after="1s")).start()
        self.assertEqual(g.send(MAIL % 1, to=FAR, sender="jdoe@example.test")[0], 250)
        wait_for("the report", lambda: g.count() == 1)
        self.assertEqual(spare.count(), 0)
        g.stop()

    def test_may_hold_instead(self):
        g = self.gateway(ini=route(harness.free_port(), name="main", fallback="keep", fallback_after="1s", retry="1s") +
                         "[route keep]\nmatch = !*, *\ndo = hold\n").start()
        send(g, 1)
        wait_for("it is held", lambda: g.queue()[0]["first"]["state"] == "held")
        self.assertEqual(g.queue()[0]["first"]["reason"], "held by route keep")
        g.stop()


class Copies(harness.Case):
    def test_all_that_goes_a_way(self):
        sink = self.sink()
        g = self.gateway(ini=route(sink.port, match="remote.test", bcc="jdoe@example.test, boss@remote.test")).start()
        self.assertEqual(g.send(MAIL % 1, to=["far@remote.test", "near@remote.test"])[0], 250)
        wait_for("both", lambda: sink.count() == 1 and g.count() == 1)
        self.assertEqual(sink.messages[0]["rcpt"], ["far@remote.test", "near@remote.test", "boss@remote.test"])
        for text in (sink.messages[0]["data"], g.messages()[0]):
            self.assertNotIn(b"boss@remote.test", text)
        self.assertEqual(g.send(MAIL % 2, to=["jdoe@example.test"])[0], 250)  # local mail goes no such way
        wait_for("it alone", lambda: g.count() == 2 and not g.queue())
        r = g.command("send", "-f", "me@client.test", "far@remote.test", input="Subject: sent\n\nhi\n")
        self.assertEqual(r.returncode, 0, r.stderr)
        wait_for("copies of what programs send", lambda: sink.count() == 2 and g.count() == 3)
        g.stop()

    def test_the_sender_hears_nothing_of_a_copy_that_fails(self):
        sink = self.sink(lambda verb, argument, session: "550 5.1.1 nobody" if "archive" in argument else None)
        g = self.gateway()
        g.write(ini=route(sink.port, match="remote.test", bcc="archive@remote.test"), gateway="admin = admin@example.test\n")
        g.start()
        self.assertEqual(g.send(MAIL % 1, to=FAR, sender="jdoe@example.test")[0], 250)
        wait_for("the report", lambda: g.count("admin") == 1)
        report, = g.messages("admin")
        self.assertIn(b"archive@remote.test", report)
        self.assertIn(b"A message could not be delivered", report)
        wait_for("the end", lambda: not g.queue())
        self.assertEqual(g.count(), 0)
        g.stop()


if __name__ == "__main__":
    harness.main()
