"""What leaves over win: to IPv6, to hosts behind the gateway of either family, and by names asked over TCP; and what each says when
it cannot."""

import os
import re
import socket
import subprocess

import harness
from names import A, MX, Names

HEADER = harness.HEADER
OURS, SOURCE, SOURCE6 = "10.77.0.35", "10.77.0.36", "fd77::36"
FAR, FAR6 = "192.0.2.1", "2001:db8::1"  # behind the gateway
SIX = "source6 = fd77::36/64\n"
BOTH = SIX + "gateway = 10.77.0.1\ngateway6 = fd77::1\n"


class WinOut(harness.Case):
    def setUp(self):
        super().setUp()
        self.net = self.network()

    def between(self, host, more=""):
        return self.gateway(gateway="vendor = lmn\n", vendor="[vendor win]\nnetwork = %s\naddress = %s/24\nsource = %s\nrestart = 1s\n%s"
                            % (self.net.url, OURS, SOURCE, more),
                            ini="[route out]\nvendor = win\nretry = 1s\nsmart_host = %s\n" % host).start()

    def sink(self, host, space=None, **more):
        six = socket.AF_INET6 if ":" in host else socket.AF_INET
        sink = (space or self.net).enter(lambda: harness.Sink(host=host, family=six, **more))
        self.addCleanup(sink.close)
        return sink

    def sends(self, g, content=HEADER + b"text\r\n", to="far@remote.test"):
        with g.smtp() as c:
            self.assertEqual(c.send(content, [to])[0], 250)

    def trouble(self, g, pattern):
        harness.wait_for(pattern, lambda: re.search(pattern, g.command("queue", "list").stdout + g.log()))

    def far(self):
        """A machine behind the one that is the gateway: it has no part in the switch."""
        space = harness.Space()
        self.addCleanup(space.close)
        self.net.run(["ip", "link", "add", "r0", "type", "veth", "peer", "name", "f0", "netns", str(space.keeper.pid)])
        for where, device, four, six in ((self.net, "r0", "192.0.2.254/24", "2001:db8::fe/64"),
                                         (space, "f0", FAR + "/24", FAR6 + "/64")):
            where.run(["ip", "address", "add", four, "dev", device])
            where.run(["ip", "address", "add", six, "dev", device, "nodad"])
            where.run(["ip", "link", "set", device, "up"])
        space.run(["ip", "route", "add", "default", "via", "192.0.2.254"])
        space.run(["ip", "-6", "route", "add", "default", "via", "2001:db8::fe"])
        self.net.run(["ip", "link", "set", "r0", "mtu", "1280"])  # the least that IPv6 has: only what was bounded passes
        self.net.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"])
        return space

    # ---- IPv6

    def test_ipv6_25_mib(self):
        sink = self.sink("fd77::1")
        g = self.between("[fd77::1]:%d" % sink.port, SIX)
        content = HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (25 * 1024 * 1024 // 122)
        before = self.net.counted()
        self.sends(g, content)
        harness.wait_for("the copy there", lambda: sink.count() == 1, harness.LIMIT * 2)
        self.assertTrue(sink.messages[0]["data"].endswith(content))
        self.assertEqual(sink.messages[0]["peer"][0], SOURCE6)
        self.assertGreater(self.net.counted() - before, len(content))
        g.stop()

    def test_ipv6_many_at_once(self):
        sink = self.sink("fd77::1")
        g = self.between("[fd77::1]:%d" % sink.port, SIX)
        for n in range(60):
            self.sends(g, HEADER + b"number %d\r\n" % n)
        harness.wait_for("all of them", lambda: sink.count() == 60)
        g.stop()

    def test_ipv6_refused(self):
        with self.net.enter(lambda: socket.create_server(("fd77::1", 0), family=socket.AF_INET6)) as held:
            port = held.getsockname()[1]
        g = self.between("[fd77::1]:%d" % port, SIX)
        self.sends(g)
        self.trouble(g, r"\[fd77::1\]:%d.*refused" % port)
        g.stop()

    def test_ipv6_without_an_address(self):
        g = self.between("[fd77::1]:25")
        self.sends(g)
        self.trouble(g, r"\[fd77::1\]:25 is IPv6, and \[vendor win\] has no source6")
        g.stop()

    def echoes(self, host, limit=harness.LIMIT):
        """Does it answer a ping with what that held?"""
        ping = bytes([128, 0, 0, 0, 0, 1, 0, 1]) + bytes(range(256)) * 4
        with self.net.enter(lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)) as s:
            s.settimeout(limit)
            s.sendto(ping, (host, 0))
            try:
                while True:
                    data, peer = s.recvfrom(4096)  # others' packets come here as well
                    if data[0] == 129 and peer[0] == host:
                        return data[4:] == ping[4:]
            except TimeoutError:
                return False

    def test_we_are_found(self):
        """Others ask where source6 is, and ping it; nobody answers for an address that is not ours."""
        g = self.between("10.77.0.1:25", SIX)
        self.assertTrue(self.echoes(SOURCE6))
        shown = self.net.run(["ip", "-6", "neighbour", "show", SOURCE6], stdout=subprocess.PIPE, text=True).stdout
        self.assertIn("52:55:0a:4d:00:24", shown)
        self.assertFalse(self.echoes("fd77::37", 3))
        g.stop()

    def test_ipv6_shuts_what_is_closed(self):
        """A port of source6 is refused at once, and the machine's own [::1] is out of reach."""
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as secret:
            secret.settimeout(0.1)
            g = self.between("10.77.0.1:25", SIX)
            self.net.run(["ip", "-6", "route", "add", "2001:db8:1::/64", "via", SOURCE6])
            probe = ("import socket,sys\ns=socket.socket(socket.AF_INET6);s.settimeout(float(sys.argv[3]))\n"
                     "try: s.connect((sys.argv[1],int(sys.argv[2])));print('open')\nexcept OSError as e: print(type(e).__name__)")
            for host, said, limit in ((SOURCE6, "ConnectionRefusedError\n", 50), ("2001:db8:1::1", "TimeoutError\n", 3)):
                done = self.net.run(["/usr/bin/python3", "-c", probe, host, str(secret.getsockname()[1]), str(limit)],
                                    stdout=subprocess.PIPE, text=True)
                self.assertEqual(done.stdout, said, host)
            self.assertRaises(TimeoutError, secret.accept)
            g.stop()

    # ---- behind the gateway

    def behind(self, host, source):
        sink = self.sink(host, self.far())
        g = self.between(("[%s]:%d" if ":" in host else "%s:%d") % (host, sink.port), BOTH)
        content = HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (1024 * 1024 // 122)
        self.sends(g, content)
        harness.wait_for("the copy there", lambda: sink.count() == 1)
        self.assertTrue(sink.messages[0]["data"].endswith(content))
        self.assertEqual(sink.messages[0]["peer"][0], source)
        g.stop()

    def test_behind_the_gateway(self):
        self.behind(FAR, SOURCE)

    def test_behind_the_gateway_by_ipv6(self):
        self.behind(FAR6, SOURCE6)

    def test_no_way_back_from_the_gateway(self):
        """It says that there is no such network: the route fails with that, not with a time."""
        self.net.run(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"])
        self.net.run(["ip", "-6", "route", "add", "unreachable", "2001:db8::/32"])
        g = self.between("[%s]:25" % FAR6, BOTH)
        self.sends(g)
        self.trouble(g, r"\[2001:db8::1\]:25.*(?i:no route|unreachable)")
        g.stop()

    def test_without_a_gateway(self):
        g = self.between("%s:25" % FAR, SIX)
        self.sends(g)
        self.trouble(g, r"192.0.2.1:25 is not on the network of 10.77.0.36, and \[vendor win\] has no gateway")
        g.stop()

    def test_without_a_gateway_by_ipv6(self):
        g = self.between("[%s]:25" % FAR6, SIX)
        self.sends(g)
        self.trouble(g, r"\[2001:db8::1\]:25 is not on the network of fd77::36, and \[vendor win\] has no gateway6")
        g.stop()

    # ---- names

    def named(self, host, more):
        names = self.net.enter(lambda: Names({("far.test", MX): [(10, "mx.far.test")], ("mx.far.test", A): ["10.77.0.1"]}, host=host))
        self.addCleanup(names.close)
        sink = self.sink("10.77.0.1", port=25)
        at = ("[%s]:%d" if ":" in host else "%s:%d") % (host, names.port)
        g = self.between("mx", "name_server = %s\n%s" % (at, more))
        self.sends(g, to="b@far.test")
        harness.wait_for("the message", lambda: sink.count() == 1)
        self.assertIn(("far.test", MX), names.asked)
        self.assertEqual(names.by_tcp, len(names.asked))  # no datagram, ever
        self.assertGreater(names.by_tcp, 1)
        g.stop()

    def test_names_by_tcp(self):
        self.named("10.77.0.1", "")

    def test_names_by_tcp_over_ipv6(self):
        self.named("fd77::1", SIX)


if __name__ == "__main__":
    harness.main()
