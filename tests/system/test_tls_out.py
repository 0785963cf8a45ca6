"""TLS to servers: each policy, each fault of a certificate in words, fallback, injection. Python's ssl is the server, or a second gateway."""

import hashlib
import os
import re
import socket
import ssl
import threading
import time
import warnings

import harness
from tls import Authority, Secure, openssl

TEXT = b"From: a@client.test\r\nTo: b@far.test\r\nSubject: out\r\n\r\nover TLS\r\n"


class Server:
    """An SMTP server with STARTTLS (or TLS first) that takes every message; wrong: "refuse" STARTTLS, "break" the
    handshake, "inject" bytes behind 220, "none": does not offer it."""

    def __init__(self, pem=None, first=False, wrong="", most=None):
        self.context = None
        if pem:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pem)
            if most:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)
                    self.context.minimum_version = min(most, ssl.TLSVersion.TLSv1_2)
                    self.context.maximum_version = most
                if most < ssl.TLSVersion.TLSv1_2:
                    self.context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.first, self.wrong, self.taken = first, wrong, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                conn, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        held = [conn]
        try:
            self.talk(conn, held)
        except (OSError, ValueError):
            pass
        finally:
            for s in held:
                s.close()

    def secure(self, conn, held):
        held.append(self.context.wrap_socket(conn, server_side=True))
        return held[-1]

    def talk(self, conn, held):
        secure = None
        if self.first:
            conn = self.secure(conn, held)
            secure = conn.version()
        conn.sendall(b"220 peer\r\n")
        file = conn.makefile("rb")
        while True:
            verb = file.readline().strip().upper()
            if not verb or verb == b"QUIT":
                return
            if verb.startswith(b"EHLO"):
                offer = not secure and self.wrong != "none" and (self.context or self.wrong)
                conn.sendall(b"250-peer\r\n250 STARTTLS\r\n" if offer else b"250 peer\r\n")
            elif verb == b"STARTTLS" and self.wrong == "refuse":
                conn.sendall(b"454 4.7.0 not now\r\n")
            elif verb == b"STARTTLS" and self.wrong == "inject":
                conn.sendall(b"220 go\r\n250 forged\r\n")
            elif verb == b"STARTTLS" and self.wrong == "break":
                conn.sendall(b"220 go\r\n")
                conn.recv(1000)
                conn.sendall(b"this is no TLS at all\r\n")
                return
            elif verb == b"STARTTLS":
                conn.sendall(b"220 go\r\n")
                conn = self.secure(conn, held)
                secure, file = conn.version(), conn.makefile("rb")
            elif verb == b"DATA":
                conn.sendall(b"354 go\r\n")
                while file.readline() != b".\r\n":
                    pass
                self.taken.append(secure)
                conn.sendall(b"250 taken\r\n")
            else:
                conn.sendall(b"250 ok\r\n")

    def close(self):
        self.socket.close()


class TlsOut(harness.Case):
    def server(self, *args, **more):
        s = Server(*args, **more)
        self.addCleanup(s.close)
        return s

    def authority(self, name="Test CA"):
        g = self.gateway()  # never started: its folder is ours
        return Authority(g.folder, name)

    def send(self, server, clock=None, **keys):
        g = self.gateway(ini=harness.route(server.port, match="*", retry="1h", **keys))
        if clock:
            harness.shift_clock(g, clock - time.time())
        g.start()
        self.assertEqual(g.send(TEXT, to=["b@far.test"])[0], 250)
        return g

    def line(self, g, verb):
        return harness.wait_for(lambda: "recipient %s\n%s" % (verb, g.log()[-2000:]),
                                lambda: [x for x in g.log().splitlines() if "recipient " + verb in x])[0]

    def delivered(self, server, words, **keys):
        g = self.send(server, **keys)
        self.assertIn(words, self.line(g, "delivered"))
        self.assertIn(words, g.command("queue", "show", "1").stdout)
        g.stop()
        return server.taken[-1]

    def waits(self, server, words, **keys):
        g = self.send(server, **keys)
        self.assertIn(words, self.line(g, "deferred"))
        self.assertIn(words, " ".join(g.command("queue", "show", "1").stdout.split()))
        self.assertEqual(server.taken, [])
        self.assertNotIn("recipient bounced", g.log())
        g.stop()


class Policies(TlsOut):
    def test_opportunistic(self):
        pem = self.authority().make("elsewhere.test")
        self.assertEqual(self.delivered(self.server(pem), "(TLSv1.3 TLS_AES_256_GCM_SHA384, not verified)"), "TLSv1.3")
        self.assertEqual(self.delivered(self.server(pem, most=ssl.TLSVersion.TLSv1_2), "(TLSv1.2 "), "TLSv1.2")
        self.assertIsNone(self.delivered(self.server(wrong="none"), "127.0.0.1"))

    def test_opportunistic_goes_on_in_the_clear(self):
        self.assertIsNone(self.delivered(self.server(wrong="refuse"), "in the clear: the server refused STARTTLS: 454"))
        self.assertIsNone(self.delivered(self.server(wrong="break"), "in the clear: TLS failed: the peer does not speak TLS"))

    def test_injection_defers(self):
        self.waits(self.server(wrong="inject"), "injection: bytes came with the answer to STARTTLS")

    def test_off(self):
        pem = self.authority().make("elsewhere.test")
        self.assertIsNone(self.delivered(self.server(pem), "127.0.0.1", tls="off"))

    def test_required(self):
        pem = self.authority().make("elsewhere.test")
        self.assertEqual(self.delivered(self.server(pem), "not verified", tls="required"), "TLSv1.3")
        self.waits(self.server(wrong="none"), "the server does not offer STARTTLS", tls="required")
        self.waits(self.server(wrong="refuse"), "the server refused STARTTLS: 454", tls="required")
        self.waits(self.server(wrong="break"), "TLS failed: the peer does not speak TLS", tls="required")

    def test_old_versions(self):
        pem = self.authority().make("elsewhere.test")
        server = self.server(pem, most=ssl.TLSVersion.TLSv1_2)
        self.waits(server, "TLS failed: ", tls="required", tls_min="1.3")

    def test_a_server_of_old(self):
        """TLS 1.0 and 1.1 with servers of a route that says so, and with no other."""
        pem = self.authority().make("elsewhere.test")
        for version, name, floor in ((ssl.TLSVersion.TLSv1, "TLSv1", "1.0"), (ssl.TLSVersion.TLSv1_1, "TLSv1.1", "1.1")):
            server = self.server(pem, most=version)
            self.waits(server, "TLS failed: the peer wants another TLS version", tls="required")
            self.assertEqual(self.delivered(server, "(%s " % name, tls="required", tls_min=floor), name)

    def test_implicit(self):
        ca = self.authority()
        server = self.server(ca.make("peer.test"), first=True)
        self.assertEqual(self.delivered(server, ", verified)", tls="implicit", tls_ca=ca.path, tls_name="peer.test"),
                         "TLSv1.3")


class Verified(TlsOut):
    def test_every_fault_is_said(self):
        ca, other = self.authority(), self.authority("Other CA")
        keys = dict(tls="verified", tls_ca=ca.path, tls_name="peer.test")
        self.assertEqual(self.delivered(self.server(ca.make("peer.test")), ", verified)", **keys), "TLSv1.3")
        for pem, words in (
                (ca.make("peer.test", "20200101000000Z", "20200201000000Z"), "certificate is expired at 2020-02-01"),
                (ca.make("peer.test", "20990101000000Z", "20990201000000Z"), "certificate is not yet valid"),
                (ca.make("other.test"), "for another name: it is for other.test, not for peer.test"),
                (ca.make("peer.test", self_signed=True), "certificate is self-signed (if it is the right server: tls_pin = "),
                (other.make("peer.test"), "certificate is from an unknown CA: /CN=Other CA (if it is to be trusted, set tls_ca")):
            self.waits(self.server(pem), words, **keys)

    def test_the_remedy_for_a_self_signed_one_is_pasted(self):
        ca = self.authority()
        server = self.server(ca.make("peer.test", self_signed=True))
        g = self.send(server, tls="verified", tls_ca=ca.path)
        key, value = re.search(r"tls_pin = [0-9a-f]{64}", self.line(g, "deferred")).group(0).split(" = ")
        g.stop()
        self.assertEqual(self.delivered(server, ", verified)", tls="verified", **{key: value}), "TLSv1.3")

    def test_a_wrong_clock(self):
        """The same certificate is early by a clock that stands in 2019, as after a flat battery: that is told, not blamed on the server."""
        ca = self.authority()
        keys = dict(tls="verified", tls_ca=ca.path, tls_name="peer.test")
        server = self.server(ca.make("peer.test"))
        self.waits(server, "not yet valid, because the clock of this machine is wrong: it says 2019-01-02", clock=1546387200, **keys)
        self.delivered(server, ", verified)", **keys)

    def test_pin(self):
        ca = self.authority()
        pem = ca.make("elsewhere.test", self_signed=True)
        public = openssl("x509", "-in", pem, "-noout", "-pubkey")
        pin = hashlib.sha256(openssl("pkey", "-pubin", "-outform", "der", input=public)).hexdigest()
        self.delivered(self.server(pem), ", verified)", tls="verified", tls_pin=pin)
        self.waits(self.server(pem), "its key is " + pin, tls="verified", tls_pin="0" * 64)

    def test_a_ca_file_that_is_not_there(self):
        g = self.gateway(ini="[route out]\nsmart_host = h.test\nmatch = *\ntls = verified\ntls_ca = /nowhere/ca.pem\n")
        r = g.command("check")
        self.assertEqual(r.returncode, 78)
        self.assertIn("[route out]: tls_ca /nowhere/ca.pem", r.stderr)


class Gateways(TlsOut):
    def test_large_mail_from_one_to_another(self):
        far = self.gateway(listen="certificate = auto\ntls = required\nrelay_from = 127.0.0.1\n").start()
        public = openssl("x509", "-in", os.path.join(far.spool, "certificate.pem"), "-noout", "-pubkey")
        pin = hashlib.sha256(openssl("pkey", "-pubin", "-outform", "der", input=public)).hexdigest()
        g = self.gateway(ini=harness.route(far.port, match="*", tls="verified", tls_pin=pin)).start()
        big = TEXT + (b"z" * 998 + b"\r\n") * 3000
        for content in (big, TEXT, big):
            self.assertEqual(g.send(content, to=["b@far.test"])[0], 250)
        harness.wait_for(lambda: g.log()[-2000:], lambda: g.log().count("recipient delivered") == 3)
        taken = sorted(m["size"] for m in far.history().values())  # held there: it has no route
        self.assertEqual(len(taken), 3)
        self.assertGreater(taken[1], len(big))
        self.assertIn("ESMTPS TLSv1.3", far.command("queue", "show", "1").stdout)
        g.stop()
        far.stop()


class RequireTls(TlsOut):
    """REQUIRETLS (RFC 8689): taken over TLS only, handed on over verified TLS to who offers it, else returned."""

    def send(self, g, to="b@far.test"):
        with Secure("127.0.0.1", g.port) as c:
            c.starttls()
            self.assertIn("REQUIRETLS", c.say("EHLO client.test")[1].split("\n"))
            for line in "MAIL FROM:<admin@example.test> REQUIRETLS", "RCPT TO:<%s>" % to, "DATA":
                self.assertLess(c.say(line)[0], 400)
            c.raw(TEXT + b".\r\n")
            self.assertEqual(c.reply()[0], 250)

    def returned(self, words, **keys):
        g = self.gateway(ini=harness.route(match="*", **keys), listen="certificate = auto\n").start()
        self.send(g)
        harness.wait_for(lambda: "the report\n" + g.log()[-2000:], lambda: g.count("admin"))
        report = " ".join(g.messages("admin")[0].decode().split())
        self.assertNotIn("Remote-MTA", report)  # no server was asked
        for word in words, "Status: 5.7.30":
            self.assertIn(word, report)
        self.assertNotIn("over TLS", report)  # the content does not go back in the clear
        g.stop()

    def test_in_the_clear_it_is_refused(self):
        g = self.gateway(listen="certificate = auto\n").start()
        with g.smtp() as c:
            self.assertNotIn("REQUIRETLS", c.say("EHLO client.test")[1].split("\n"))
            self.assertEqual(c.say("MAIL FROM:<a@client.test> REQUIRETLS")[0], 530)
        self.send(g, "jdoe@example.test")
        harness.wait_for("the message", lambda: g.count() == 1)  # into a mailbox of ours it may go
        g.stop()

    def test_to_one_who_offers_it(self):
        far = self.gateway(listen="certificate = auto\nrelay_from = 127.0.0.1\n").start()
        public = openssl("x509", "-in", os.path.join(far.spool, "certificate.pem"), "-noout", "-pubkey")
        pin = hashlib.sha256(openssl("pkey", "-pubin", "-outform", "der", input=public)).hexdigest()
        g = self.gateway(ini=harness.route(far.port, match="*", tls="verified", tls_pin=pin), listen="certificate = auto\n").start()
        self.send(g)
        harness.wait_for(lambda: g.log()[-2000:], lambda: len(far.history()) == 1)
        self.assertEqual(far.show(1)["asks"], "REQUIRETLS")
        g.stop()
        self.returned("its route has no verified TLS", port=far.port, tls="required")
        far.stop()

    def test_to_the_next_one_who_offers_it(self):
        """A smart host without it is passed by; one whose TLS fails at the moment may have it later."""
        ca = self.authority()
        without, pem = self.server(ca.make("far.test")), ca.make("far.test")
        far = self.gateway(listen="certificate = %s\nrelay_from = 127.0.0.1\n" % pem).start()
        broken = self.server(wrong="break")
        hosts = "127.0.0.1:%d, 127.0.0.1:%d" % (without.port, far.port)
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = %s\ntls = verified\ntls_ca = %s\ntls_name = far.test\n" % (hosts, ca.path),
                         listen="certificate = auto\n").start()
        self.send(g)
        harness.wait_for(lambda: g.log()[-2000:], lambda: len(far.history()) == 1)
        self.assertEqual(without.taken, [])
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace(hosts, "127.0.0.1:%d, 127.0.0.1:%d" % (without.port, broken.port)).replace("tls = verified", "tls = opportunistic"))
        g.reload()
        self.send(g)
        harness.wait_for("it was tried", lambda: any(r["attempts"] for r in g.show(2)["recipients_list"]))
        self.assertIn("REQUIRETLS", g.command("queue", "show", "2").stdout)
        self.assertEqual((g.count("admin"), without.taken, broken.taken), (0, [], []))  # nothing went, nothing came back
        g.stop()
        far.stop()

    def test_to_one_who_does_not(self):
        ca = self.authority()
        server = self.server(ca.make("far.test"))
        self.returned("does not offer it", port=server.port, tls="verified", tls_ca=ca.path, tls_name="far.test")
        self.returned("does not offer it", port=server.port, tls="off")
        self.assertEqual(server.taken, [])


if __name__ == "__main__":
    harness.main()
