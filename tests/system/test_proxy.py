"""PROXY headers: mail through a real HAProxy in both versions, with TLS and without, is its client's for every rule, log and
record; what is malformed, missing, late or from somebody else is refused in words."""

import os
import socket
import struct
import subprocess

import harness
from tls import UNTRUSTING, Secure

TEXT = b"From: me@client.test\r\nTo: jdoe@example.test\r\nSubject: hi\r\nMessage-ID: <1@client.test>\r\n\r\nhello\r\n"
PROXY, CLIENT, OTHER = "127.0.0.1", "127.0.0.9", "127.0.0.8"
FROM = "proxy_from = 127.0.0.1\n"
LINE = b"PROXY TCP4 198.51.100.7 192.0.2.1 40000 25\r\n"
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def binary(command=0x21, family=0x11, rest=socket.inet_aton("198.51.100.7") + socket.inet_aton("192.0.2.1") + b"\x9c\x40\0\x19"):
    return SIGNATURE + struct.pack(">BBH", command, family, len(rest)) + rest


class Peer(harness.Client):
    """A client that sends some bytes before it waits for the greeting."""

    def __init__(self, port, first=b"", pieces=(), source=PROXY):
        self.sock = socket.create_connection(("127.0.0.1", port), harness.LIMIT, source_address=(source, 0))
        self.file = self.sock.makefile("rb")
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if first:
            self.raw(first)
        for i in pieces:
            self.raw(bytes([i]))
        try:
            self.greeting = self.reply()
        except OSError:  # reset
            self.greeting = 0, ""


class HaProxy:
    """HAProxy before a port: `options` is what its server line has beside the address. Each client keeps its own address."""

    def __init__(self, folder, to, options):
        self.socket = socket.create_server(("127.0.0.1", 0))  # handed over: who connects before it is ready waits
        self.port = self.socket.getsockname()[1]
        self.config = os.path.join(folder, "haproxy-%d.cfg" % self.port)
        with open(self.config, "w") as f:
            f.write("global\n  maxconn 100\ndefaults\n  mode tcp\n  timeout connect 60s\n  timeout client 60s\n"
                    "  timeout server 60s\nlisten mail\n  bind fd@%d\n  unique-id-format smtpgate-%%rt\n"
                    "  server gateway 127.0.0.1:%d source 127.0.0.1 %s\n" % (self.socket.fileno(), to, options))
        self.log = open(self.config + ".log", "wb")
        self.process = subprocess.Popen([harness.peer("haproxy", "haproxy"), "-db", "-f", self.config],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        pass_fds=[self.socket.fileno()])

    def close(self):
        self.process.kill()
        self.process.wait(harness.LIMIT)
        self.log.close()
        self.socket.close()


class Proxy(harness.Case):
    def serve(self, listen=FROM, **more):
        self.g = self.gateway(listen=listen, **more).start()
        return self.g

    def haproxy(self, options):
        h = HaProxy(self.g.folder, self.g.port, options)
        self.addCleanup(h.close)
        return h

    def peer(self, *args, **more):
        p = Peer(self.g.port, *args, **more)
        self.addCleanup(p.close)
        return p

    def client(self, port, source=CLIENT):
        c = harness.Client("127.0.0.1", port, source=(source, 0))
        self.addCleanup(c.close)
        return c

    def logged(self, words):
        return harness.wait_for(lambda: "%s\n%s" % (words, self.g.log()[-2000:]),
                                lambda: [x for x in self.g.log().splitlines() if words in x])[-1]


class Through(Proxy):
    """A real proxy."""

    def test_both_versions(self):
        self.serve()
        for n, options in enumerate(("send-proxy", "send-proxy-v2",
                                     "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority"), 1):
            self.g.clear_log()
            c = self.client(self.haproxy(options).port)
            self.assertEqual(c.greeting[0], 220)
            self.assertEqual(c.send(TEXT, ["jdoe@example.test"])[0], 250)
            harness.wait_for("delivery", lambda: self.g.count() == n)
            self.assertIn(b"[%s]" % CLIENT.encode(), self.g.messages()[-1].split(b"\nFrom:")[0])
            self.assertEqual(self.g.history()[n]["client"], CLIENT)
            self.assertIn("client=%s" % CLIENT, self.logged("session proxied"))
            self.assertIn("by=%s" % PROXY, self.logged("session proxied"))
        self.g.stop()

    def test_rules_are_those_of_the_client(self):
        self.serve(FROM + "relay_from = %s\naccept_from = 127.0.0.9\nmax_connections_client = 1\n" % CLIENT,
                   ini="[route out]\ndo = discard\n[profile old]\nclients = %s\nhelo = any\n" % CLIENT)
        port = self.haproxy("send-proxy-v2").port
        first = self.client(port)
        self.assertEqual(first.say("HELO my pc")[0], 250)  # by its profile
        self.assertEqual(first.say("MAIL FROM:<me@client.test>")[0], 250)
        self.assertEqual(first.say("RCPT TO:<x@far.test>")[0], 250)
        self.assertEqual(self.client(port).greeting[0], 421)
        self.assertEqual(self.client(port, OTHER).greeting[0], 554)
        self.assertEqual({r["client"] for r in self.g.json("status")["refused"]}, {CLIENT, OTHER})
        self.g.stop()

    def test_tls_within(self):
        self.serve(FROM + "certificate = auto\n")
        with Secure("127.0.0.1", self.haproxy("send-proxy-v2").port, source=(CLIENT, 0)) as c:
            c.starttls()
            self.assertEqual(c.send(TEXT, ["jdoe@example.test"])[0], 250)
        harness.wait_for("delivery", lambda: self.g.count() == 1)
        self.assertEqual(self.g.history()[1]["client"], CLIENT)
        self.g.stop()

    def test_tls_from_the_first_byte(self):
        self.serve(FROM + "certificate = auto\ntls = implicit\n")
        for options in ("send-proxy", "send-proxy-v2"):
            sock = socket.create_connection(("127.0.0.1", self.haproxy(options).port), harness.LIMIT,
                                            source_address=(CLIENT, 0))
            with UNTRUSTING.wrap_socket(sock, server_hostname="gw.example.test") as s:
                self.assertTrue(s.recv(100).startswith(b"220 "))
            self.assertIn("client=%s" % CLIENT, self.logged("session secured"))
            self.g.clear_log()
        self.g.stop()

    def test_looks_whether_we_are_there(self):
        self.serve()
        self.haproxy("send-proxy-v2 check inter 100ms check-send-proxy")
        self.assertIn("client=%s" % PROXY, self.logged("session proxied"))  # LOCAL: the proxy itself
        self.assertEqual(self.g.json("status")["refused"], [])
        self.g.stop()


class Raw(Proxy):
    """Peers that send what they like."""

    def test_in_pieces_and_with_the_first_command(self):
        self.serve()
        for header in (LINE, binary(), binary(rest=binary()[16:] + b"\x04\0\x64" + 100 * b"n")):
            c = self.peer(pieces=header)
            self.assertEqual(c.greeting[0], 220)
            c = self.peer(header + b"EHLO client.test\r\n")
            self.assertEqual((c.greeting[0], c.reply()[0]), (220, 250))
            self.assertIn("client=198.51.100.7", self.logged("session proxied"))
        self.g.stop()

    def test_who_is_not_known_is_the_proxy(self):
        self.serve()
        for header in b"PROXY UNKNOWN\r\n", binary(0x20), binary(0x21, 0, b""), binary(0x21, 0x31, 216 * b"s"):
            self.g.clear_log()
            self.assertEqual(self.peer(header).greeting[0], 220)
            self.assertIn("client=%s" % PROXY, self.logged("session proxied"))
        self.g.stop()

    def test_an_address_of_ipv6(self):
        self.serve()
        self.assertEqual(self.peer(b"PROXY TCP6 2001:db8::7 ::1 40000 25\r\n").send(TEXT, ["jdoe@example.test"])[0], 250)
        self.assertEqual(self.g.history()[1]["client"], "2001:db8::7")
        self.g.stop()

    def test_faulty_ones_end_the_connection(self):
        self.serve()
        for first, words in ((b"EHLO client.test\r\n", "it begins with other bytes"),
                             (LINE.replace(b" 25", b" 99999"), "a port in it is none"),
                             (binary(0x21, 0x12), "none that mail can come by"),
                             (b"\x16\x03\x01\0\xa0", "it begins with other bytes")):
            self.g.clear_log()
            self.assertEqual(self.peer(first).greeting[0], 0)
            self.assertIn(words, self.logged("no good PROXY header"))
        self.g.clear_log()
        sock = socket.create_connection(("127.0.0.1", self.g.port), harness.LIMIT)
        sock.sendall(LINE[:20])
        sock.close()
        self.assertIn("in the middle of it", self.logged("no good PROXY header"))
        row = self.g.json("status")["refused"][0]
        self.assertEqual((row["client"], row["lines"]), (PROXY, ""))
        self.g.stop()

    def test_late_ones_end_it(self):
        self.serve()
        silent, slow = (socket.create_connection(("127.0.0.1", self.g.port), harness.LIMIT) for i in range(2))
        slow.sendall(LINE[:-1])
        for sock in silent, slow:
            with self.assertRaises(OSError):
                if not sock.recv(100):
                    raise OSError("closed")
            sock.close()
        self.assertIn("not there within 10 s", self.logged("no good PROXY header"))
        self.g.stop()

    def test_those_who_wait_are_bounded(self):
        self.serve(FROM + "max_connections = 2\n")
        waiting = [socket.create_connection(("127.0.0.1", self.g.port), harness.LIMIT) for i in range(2)]
        harness.wait_for("the third is refused", lambda: self.refused())
        self.assertIn("client=%s" % PROXY, self.logged("reason=\"too many connections\""))
        self.g.stop()
        for sock in waiting:
            sock.close()

    def refused(self):
        try:
            with socket.create_connection(("127.0.0.1", self.g.port), harness.LIMIT) as sock:
                sock.settimeout(0.2)
                return sock.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    def test_of_somebody_else(self):
        self.serve("proxy_from = 192.0.2.0/24\n")
        for first in LINE, binary():
            self.g.clear_log()
            c = self.peer(first)
            self.assertEqual((c.greeting[0], c.reply()[0]), (220, 421))
            self.assertEqual(c.reply()[0], 0)
            self.assertIn("client=%s" % PROXY, self.logged("a PROXY header from it"))
        c = self.peer(pieces=binary(), source=OTHER)
        replies = [c.reply()[0] for i in range(8)]
        self.assertEqual([r for r in replies if r not in (500, 0)], [421])
        with self.peer(b"PROXX\r\n") as c:  # nothing but a word that nobody knows
            self.assertEqual((c.reply()[0], c.say("NOOP")[0]), (500, 250))
        rows = {r["client"]: r for r in self.g.json("status")["refused"]}
        self.assertEqual((rows[PROXY]["section"], rows[PROXY]["lines"]), ("", ""))  # nobody becomes a proxy by asking for it
        self.assertIn("is not in proxy_from", rows[PROXY]["reason"])
        self.g.write(listen="proxy_from = 192.0.2.0/24, 127.0.0.1\n")
        self.g.reload()
        harness.wait_for("it is a proxy now", lambda: self.proxied())
        self.g.stop()

    def proxied(self):
        with self.peer(LINE) as c:
            return c.greeting[0] == 220 and c.say("NOOP")[0] == 250


if __name__ == "__main__":
    harness.main()
