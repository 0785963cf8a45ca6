"""TLS from clients: STARTTLS and implicit, every version, certificates, reload, injection, slow and wrong handshakes."""

import os
import re
import ssl
import subprocess
import threading
import time

import harness
from tls import UNTRUSTING, Authority, Secure, openssl, s_client

TEXT = b"From: me@client.test\r\nTo: jdoe@example.test\r\nSubject: secret\r\n\r\nover TLS\r\n"
OLD = "@SECLEVEL=0:ALL"  # suites that a client of TLS 1.0 needs today


class TlsIn(harness.Case):
    def secure(self, listen="certificate = auto\n", **more):
        return self.gateway(listen=listen, **more).start()

    def logged(self, g, words):
        return harness.wait_for(lambda: "%s\n%s" % (words, g.log()[-2000:]),
                                lambda: [x for x in g.log().splitlines() if words in x])[0]

    def client(self, g):
        c = Secure("127.0.0.1", g.port)
        self.addCleanup(c.close)
        return c


class Certificates(TlsIn):
    def test_auto_is_made_once(self):
        g = self.secure()
        path = os.path.join(g.spool, "certificate.pem")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        subject = openssl("x509", "-in", path, "-noout", "-subject", "-ext", "subjectAltName").decode()
        self.assertIn("gw.example.test", subject)
        first = openssl("x509", "-in", path, "-noout", "-fingerprint")
        c = self.client(g)
        seen = c.starttls().getpeercert(binary_form=True)
        self.assertEqual(openssl("x509", "-in", path, "-outform", "der"), seen)
        c.say("QUIT")
        g.stop()
        g.start()
        self.assertEqual(openssl("x509", "-in", path, "-noout", "-fingerprint"), first)
        g.stop()

    def test_reload_takes_new_ones_and_refuses_faulty_ones(self):
        g = self.gateway()
        ca = Authority(g.folder)
        path = ca.make("gw.example.test", file="live.pem")
        g.write(listen="certificate = %s\n" % path)
        g.start()
        trusting = ssl.create_default_context(cafile=ca.path)
        c = self.client(g)
        first = c.starttls(trusting).getpeercert()["serialNumber"]
        ca.make("gw.example.test", file="live.pem")
        g.reload()
        self.assertEqual(c.say("NOOP")[0], 250)  # nobody is dropped
        second = harness.wait_for("the new certificate", lambda: self.other_serial(g, trusting, first))
        with open(path, "w") as f:
            f.write("nothing\n")
        r = g.command("reload")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("[listen lan]", r.stderr)
        self.assertIn(path + " has no certificate", r.stderr)
        self.assertEqual(self.client(g).starttls(trusting).getpeercert()["serialNumber"], second)
        g.stop()

    def other_serial(self, g, context, first):
        with Secure("127.0.0.1", g.port) as c:
            serial = c.starttls(context).getpeercert()["serialNumber"]
        return serial if serial != first else None

    def test_faults_end_the_start_and_are_named_by_check(self):
        g = self.gateway()
        ca = Authority(g.folder)
        one, two = ca.make("gw.example.test"), ca.make("gw.example.test")
        key = os.path.join(g.folder, "other.key")
        with open(key, "wb") as f:
            f.write(openssl("pkey", "-in", two))
        for lines, words in (
                ("certificate = %s.none\n" % one, one + ".none"),
                ("certificate = %s\nkey = %s\n" % (one, key), "is not that of the certificate in"),
                ("certificate = %s\n" % ca.path, "has no private key")):
            g.write(listen=lines)
            for command in ("check", "run"):
                r = g.command(command)
                self.assertEqual(r.returncode, 78, (command, lines, r.stderr))
                self.assertIn(words, r.stderr)
                self.assertIn("[listen lan]", r.stderr)
        self.assertFalse(os.path.exists(g.spool))

    def test_expired_and_early_ones_are_used_and_noted(self):
        g = self.gateway()
        ca = Authority(g.folder)
        for times, words in ((("20200101000000Z", "20200201000000Z"), "expired at 2020-02-01"),
                             (("20990101000000Z", "20990201000000Z"), "not yet valid: it begins at 2099-01-01")):
            g.write(listen="certificate = %s\n" % ca.make("gw.example.test", *times))
            g.start()
            self.assertIn(words, self.logged(g, "certificate noted"))
            c = self.client(g)
            c.starttls()
            self.assertEqual(c.send(TEXT, ["jdoe@example.test"])[0], 250)
            g.stop()
            g.clear_log()


class Sessions(TlsIn):
    def test_starttls_and_received(self):
        g = self.secure()
        c = self.client(g)
        self.assertIn("STARTTLS", c.say("EHLO client.test")[1])
        self.assertEqual(c.say("STARTTLS")[0], 220)
        c.secure()
        self.assertEqual(c.say("MAIL FROM:<me@client.test>")[0], 503)  # all is forgotten, EHLO too
        self.assertNotIn("STARTTLS", c.say("EHLO client.test")[1])
        self.assertEqual(c.say("STARTTLS")[0], 503)
        big = TEXT + b"x" * 70 + (b"\r\n" + b"y" * 998) * 3000 + b"\r\n"
        self.assertEqual(c.send(big, ["jdoe@example.test"])[0], 250)
        self.assertEqual(c.say("QUIT")[0], 221)
        harness.wait_for("the message", g.count)
        head, body = g.messages()[0].split(b"\n\n", 1)
        self.assertRegex(b" ".join(head.split()), rb"with ESMTPS \(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384\) id m1")
        self.assertEqual(body, harness.body_of(big).replace(b"\r\n", b"\n"))
        self.assertIn("tls=\"TLSv1.3 TLS_AES_256_GCM_SHA384\"", self.logged(g, "session secured"))
        self.assertIn("ESMTPS TLSv1.3 TLS_AES_256_GCM_SHA384", g.command("queue", "show", "1").stdout)
        g.stop()

    def test_implicit(self):
        g = self.secure("certificate = auto\ntls = implicit\n")
        c = Secure.__new__(Secure)
        c.sock = UNTRUSTING.wrap_socket(harness.socket.create_connection(("127.0.0.1", g.port), 60))
        c.file = c.sock.makefile("rb")
        self.addCleanup(c.close)
        self.assertEqual(c.reply()[0], 220)
        self.assertNotIn("STARTTLS", c.say("EHLO client.test")[1])
        self.assertEqual(c.send(TEXT, ["jdoe@example.test"])[0], 250)
        harness.wait_for("the message", g.count)
        self.assertIn(b"with ESMTPS", g.messages()[0])
        g.stop()

    def test_required(self):
        g = self.secure("certificate = auto\ntls = required\n")
        c = self.client(g)
        c.say("EHLO client.test")
        self.assertEqual(c.say("MAIL FROM:<me@client.test>")[0], 530)
        c.starttls()
        self.assertEqual(c.send(TEXT, ["jdoe@example.test"])[0], 250)
        g.stop()

    def test_not_offered(self):
        g = self.secure("")
        c = self.client(g)
        self.assertNotIn("STARTTLS", c.say("EHLO client.test")[1])
        self.assertEqual(c.say("STARTTLS")[0], 502)
        g.stop()

    def test_swaks(self):
        g = self.secure()
        r = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(g.port), "--tls", "--to", "jdoe@example.test",
                            "--from", "me@client.test"], stdout=subprocess.PIPE, timeout=60)
        self.assertEqual(r.returncode, 0, r.stdout.decode())
        harness.wait_for("the message", g.count)
        self.assertIn(b"with ESMTPS", g.messages()[0])
        g.stop()

    def test_many_at_once(self):
        g = self.secure("certificate = auto\nmax_connections_client = 200\n")
        failures = []

        def one():
            try:
                with Secure("127.0.0.1", g.port) as c:
                    c.starttls()
                    for _ in range(3):
                        if c.send(TEXT, ["jdoe@example.test"])[0] != 250:
                            failures.append("refused")
            except OSError as e:
                failures.append(repr(e))

        threads = [threading.Thread(target=one) for _ in range(40)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(failures, [])
        harness.wait_for("120 messages", lambda: g.count() == 120)
        g.stop()


class Versions(TlsIn):
    def test_1_2_and_1_3(self):
        g = self.secure()
        for flag, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
            status, out = s_client(g.port, flag)
            self.assertEqual(status, 0, out)
            self.assertIn("New, %s" % name, out)
            self.assertIn("221 2.0.0", out)
        g.stop()

    def test_1_0_and_1_1_are_refused_with_what_was_offered(self):
        g = self.secure()
        for flag, name in (("-tls1", "TLSv1.0"), ("-tls1_1", "TLSv1.1")):
            g.clear_log()
            status, out = s_client(g.port, flag, "-cipher", OLD)
            self.assertNotEqual(status, 0, out)
            line = self.logged(g, "session insecure")
            self.assertIn("no TLS version in common", line)
            self.assertIn("versions up to " + name, line)
            self.assertIn("AES128-SHA", line)
        g.stop()

    def test_renegotiation_is_refused(self):
        g = self.secure()
        client = subprocess.Popen(["openssl", "s_client", "-connect", "127.0.0.1:%d" % g.port, "-starttls", "smtp", "-tls1_2"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.logged(g, "session secured")
        late = threading.Timer(harness.LIMIT, client.kill)
        late.start()
        client.stdin.write(b"R\n")  # its command for a new handshake
        client.stdin.flush()
        out = client.stdout.read()  # it gives up
        late.cancel()
        client.stdin.close()
        client.stdout.close()
        client.wait(60)
        self.assertIn(b"no renegotiation", out)
        c = self.client(g)
        c.starttls()
        self.assertEqual(c.send(TEXT, ["jdoe@example.test"])[0], 250)
        g.stop()


class Attacks(TlsIn):
    def test_injection_with_starttls(self):
        g = self.secure()
        c = self.client(g)
        c.say("EHLO client.test")
        c.raw(b"STARTTLS\r\nMAIL FROM:<evil@client.test>\r\nRCPT TO:<jdoe@example.test>\r\n")
        self.assertEqual(c.reply()[0], 503)
        self.assertEqual(c.reply()[0], 0)  # closed
        self.assertIn("injection", self.logged(g, "injection"))
        g.stop()

    def test_plain_words_instead_of_a_handshake(self):
        g = self.secure()
        c = self.client(g)
        c.say("EHLO client.test")
        c.say("STARTTLS")
        c.raw(b"MAIL FROM:<evil@client.test>\r\n")
        c.file.read()
        self.assertIn("the peer does not speak TLS", self.logged(g, "session insecure"))
        g.stop()

    def test_a_client_that_goes_in_the_middle(self):
        g = self.secure()
        c = self.client(g)
        c.say("EHLO client.test")
        c.say("STARTTLS")
        c.raw(b"\x16\x03\x01")
        c.close()
        self.assertIn("in the middle of the handshake", self.logged(g, "session insecure"))
        g.stop()

    def test_a_trickled_handshake_ends(self):
        g = self.secure()
        c = self.client(g)
        c.say("EHLO client.test")
        c.say("STARTTLS")
        end = time.monotonic() + 90

        def trickle():
            try:
                c.raw(b"\x16\x03\x01\x40\x00")
                while time.monotonic() < end:
                    c.raw(b"\x01")
                    time.sleep(1)
            except OSError:
                pass

        thread = threading.Thread(target=trickle)
        thread.start()
        harness.wait_for("the end of the handshake", lambda: "the handshake took longer" in g.log(), 90)
        end = 0
        thread.join()
        g.stop()

    def test_stop_with_a_handshake_under_way(self):
        g = self.gateway(listen="certificate = auto\n", gateway="stop_wait = 1s\n").start()
        c = self.client(g)
        c.say("EHLO client.test")
        c.say("STARTTLS")
        g.stop()


if __name__ == "__main__":
    harness.main()
