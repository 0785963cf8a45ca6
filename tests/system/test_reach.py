"""Ways to and from the gateway, in a network of their own: dead addresses of each kind beside a live one, threads that share
a port, and a reload under open sessions. Runs itself again in a network namespace."""

import os
import socket
import subprocess
import sys
import threading

import harness
from names import A, AAAA, Names

INSIDE = "SMTPGATE_TEST_NETWORK"
LIVE4, LIVE6 = "10.9.0.1", "fd00:9::1"
DEAD = {  # kind: (IPv4, IPv6)
    "refused": ("10.9.0.2", "fd00:9::2"),  # ours, but nobody listens
    "silent": ("10.9.0.66", "fd00:9::66"),  # its neighbour never answers
    "no route": ("10.77.0.1", "fd00:77::1"),
    "prohibited": ("10.78.0.1", "fd00:78::1"),
}
SETUP = """
ip link set lo up
ip link add cable type veth peer name far
for i in cable far; do
    if [ -e /proc/sys/net/ipv6/conf/$i/accept_dad ]; then echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad; fi
    ip link set $i up
done
ip addr add 10.9.0.1/24 dev cable
ip addr add 10.9.0.2/24 dev cable
ip addr add fd00:9::1/64 dev cable nodad
ip addr add fd00:9::2/64 dev cable nodad
ip neigh add 10.9.0.66 lladdr 02:00:00:00:00:66 dev cable
ip neigh add fd00:9::66 lladdr 02:00:00:00:00:66 dev cable
ip route add prohibit 10.78.0.0/24
ip route add prohibit fd00:78::/64
"""


class Dead(harness.Case):
    def deliver(self, addresses, live, family):
        sink = self.sink(host=live, family=family)
        names = Names({("mx.far.test", kind): [a for k, a in addresses if k == kind] for kind in {k for k, _ in addresses}})
        self.addCleanup(names.close)
        g = self.gateway(vendor="[vendor lmn]\nname_server = 127.0.0.1:%d\n" % names.port,
                         ini="[route out]\nsmart_host = mx.far.test:%d\n" % sink.port).start()
        self.assertEqual(g.send(b"Subject: reach\r\n\r\nx\r\n", to=["x@far.test"])[0], 250)
        harness.wait_for(lambda: "delivery in spite of %r\n%s" % (addresses, g.log()), sink.count)
        harness.wait_for("it is noted", lambda: not g.queue())
        self.assertEqual(g.show(1)["attempts_list"][0]["state"], "delivered")  # at the first attempt
        self.assertNotIn("destination rests", g.log())
        g.stop()

    def test_one_family_is_dead(self):
        for kind, (dead4, dead6) in DEAD.items():
            with self.subTest("IPv6 " + kind):
                self.deliver([(AAAA, dead6), (A, LIVE4)], LIVE4, socket.AF_INET)
            with self.subTest("IPv4 " + kind):
                self.deliver([(A, dead4), (AAAA, LIVE6)], LIVE6, socket.AF_INET6)

    def test_all_are_dead(self):
        """Each address is named once, with what it said."""
        dead = DEAD["refused"]
        names = Names({("mx.far.test", A): [dead[0]], ("mx.far.test", AAAA): [dead[1]]})
        self.addCleanup(names.close)
        g = self.gateway(vendor="[vendor lmn]\nname_server = 127.0.0.1:%d\n" % names.port,
                         ini="[route out]\nsmart_host = mx.far.test:2500\n").start()
        self.assertEqual(g.send(b"Subject: reach\r\n\r\nx\r\n", to=["x@far.test"])[0], 250)
        why = harness.wait_for("it was tried", lambda: g.show(1).get("attempts_list"))[0]["reason"]
        self.assertTrue(why.startswith("no connection to mx.far.test: "), why)
        self.assertEqual([why.count(a) for a in dead], [1, 1], why)
        self.assertEqual(why.count("efused"), 2, why)
        g.stop()

    def test_the_first_of_a_family_is_dead(self):
        for kind, (dead4, dead6) in DEAD.items():
            with self.subTest(kind):
                self.deliver([(A, dead4), (A, LIVE4)], LIVE4, socket.AF_INET)
                self.deliver([(AAAA, dead6), (AAAA, LIVE6)], LIVE6, socket.AF_INET6)

    def test_all_of_them_beside_one_that_lives(self):
        every = [(A, four) for four, _ in DEAD.values()] + [(AAAA, six) for _, six in DEAD.values()]
        self.deliver(every + [(A, LIVE4)], LIVE4, socket.AF_INET)

    def test_all_dead_is_told(self):
        names = Names({("mx.far.test", A): [DEAD["refused"][0]], ("mx.far.test", AAAA): [DEAD["no route"][1]]})
        self.addCleanup(names.close)
        g = self.gateway(vendor="[vendor lmn]\nname_server = 127.0.0.1:%d\n" % names.port,
                         ini="[route out]\nsmart_host = mx.far.test\nretry = 1h\n").start()
        self.assertEqual(g.send(b"Subject: reach\r\n\r\nx\r\n", to=["x@far.test"])[0], 250)
        harness.wait_for("the reason", lambda: g.queue()[0]["first"].get("reason"))
        reason = g.queue()[0]["first"]["reason"]
        for part in DEAD["refused"][0], DEAD["no route"][1]:
            self.assertIn(part, reason)
        g.stop()


class Threads(harness.Case):
    def test_threads_share_the_port(self):
        g = self.gateway(listen="threads = 4\nmax_connections_client = 200\n").start()
        harness.wait_for("each thread's listener", lambda: g.log().count("listener open") == 4)
        table = subprocess.run(["ss", "-Hltn", "sport", "= :%d" % g.port], stdout=subprocess.PIPE, text=True).stdout
        self.assertEqual(len(table.splitlines()), 4, table)
        clients = [g.smtp() for _ in range(60)]  # the kernel deals them out: each thread has some to serve
        for c in clients:
            self.assertEqual(c.greeting[0], 220)
        for c in clients:
            with c:
                self.assertEqual(c.send(b"Subject: thread\r\n\r\nx\r\n", ["jdoe@example.test"])[0], 250)
        harness.wait_for("all", lambda: g.count() == 60)
        self.assertEqual(sorted(g.history()), list(range(1, 61)))
        g.stop()


class Reload(harness.Case):
    def test_no_session_is_dropped(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def script(verb, argument, session):
            if verb == "END":
                go_on.wait(harness.LIMIT)
        sink = self.sink(script)
        route = harness.route(sink.port)
        g = self.gateway(ini=route).start()
        self.assertEqual(g.send(b"Subject: out\r\n\r\nx\r\n", to=["far@remote.test"])[0], 250)
        harness.wait_for("it is on its way", lambda: sink.sessions)
        clients = [g.smtp() for _ in range(20)]
        for c in clients:
            c.say("EHLO client.test")
        for c in clients[::2]:
            for line in "MAIL FROM:<a@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
                self.assertLess(c.say(line)[0], 400)
            c.raw(b"Subject: half\r\n\r\nfirst half\r\n")
        for _ in range(5):
            g.write(ini=route, gateway="max_size = 1M", listen="max_recipients = 7\n")
            g.reload()
            g.write(ini=route)
            g.reload()
        for i, c in enumerate(clients):
            with c:
                if i % 2 == 0:
                    c.raw(b"second half\r\n.\r\n")
                    self.assertEqual(c.reply()[0], 250)
                self.assertEqual(c.say("NOOP")[0], 250)
                self.assertEqual(c.say("QUIT")[0], 221)
        go_on.set()
        harness.wait_for("all ten", lambda: g.count() == 10)
        harness.wait_for("the one that was on its way", lambda: not g.queue())
        self.assertEqual((sink.count(), sink.sessions), (1, 1))
        g.stop()


if __name__ == "__main__":
    if not os.environ.get(INSIDE):
        flags = "-n" if os.geteuid() == 0 else "-rn"
        os.execvpe("unshare", ["unshare", flags, "sh", "-ec", SETUP + 'exec "$@"', "sh", sys.executable, *sys.argv],
                   dict(os.environ, **{INSIDE: "1"}))
    harness.main()
