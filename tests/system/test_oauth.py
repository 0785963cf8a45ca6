"""Tokens fetched inside: every flow, every trouble of a token server, tokens that end in mid-queue, the command, and secrecy."""

import base64
import os
import subprocess
import time
import unittest

import harness
from smarthost import NAME, SmartHost
from tls import Authority
from tokenserver import TokenServer

TEXT = b"From: a@client.test\r\nTo: b@far.test\r\nSubject: out\r\n\r\nwith a token\r\n"
USER = "scanner@tenant.test"
SECRET = "app secret &=+"


def read(path):
    with open(path, "rb") as f:
        return f.read()


class OAuth(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.keeper = harness.Gateway()  # never started: its folder holds the certificates
        cls.authority, cls.other = Authority(cls.keeper.folder), Authority(cls.keeper.folder, "Token CA")
        cls.pem, cls.token_pem = cls.authority.make(NAME), cls.other.make("localhost")

    @classmethod
    def tearDownClass(cls):
        cls.keeper.close()

    def server(self, **more):
        t = TokenServer(self.token_pem, secret=SECRET, **more)
        self.addCleanup(t.close)
        return t

    def host(self, server, offer=("XOAUTH2",)):
        h = SmartHost(self.pem, token=server.takes, offer=offer)
        self.addCleanup(h.close)
        return h

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.keeper.folder, name)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def oauth(self, server, **keys):
        keys = dict({"provider": "custom", "flow": "client", "user": USER, "client_id": "app-id", "scope": "mail.send",
                     "client_secret": "file:" + self.file("secret", SECRET + "\n"), "token_url": server.url + "token",
                     "device_url": server.url + "device", "tls_ca": self.other.path}, **keys)
        return "[oauth tenant]\n" + "".join("%s = %s\n" % (k, v) for k, v in keys.items() if v)

    def gate(self, server, host=None, more="", route=(), **keys):
        g = self.gateway()
        keys.setdefault("token_file", os.path.join(g.folder, "tokens", "tenant"))
        way = harness.route(host.port if host else 9, oauth="tenant", retry="1h", tls_ca=self.authority.path, tls_name=NAME,
                            **dict(route))
        g.write(ini=way + self.oauth(server, **keys) + more)
        g.tokens = keys["token_file"]
        return g

    def send(self, g):
        self.assertEqual(g.send(TEXT, to=["b@far.test"])[0], 250)

    def line(self, g, words, count=1):
        return harness.wait_for(lambda: "%s\n%s" % (words, g.log()[-3000:]),
                                lambda: [x for x in g.log().splitlines() if words in x][count - 1:])[0]

    def delivers(self, g, host, count=1):
        self.send(g)
        self.line(g, "recipient delivered", count)
        self.assertEqual(len(host.messages), count)
        return host.logins[-1]

    def waits(self, g, words):
        self.send(g)
        self.line(g, "recipient deferred")
        self.assertIn(words, " ".join(g.command("queue", "show", "1").stdout.split()))
        self.assertNotIn("recipient bounced", g.log())
        state = g.json("status")["destinations"][0]
        self.assertIn(words, state["last"])
        self.assertGreater(state["wait_until"], 0)


class Flows(OAuth):
    def test_client_secret(self):
        server = self.server()
        for offer in ("XOAUTH2", "OAUTHBEARER"):
            host = self.host(server, offer=[offer])
            g = self.gate(server, host).start()
            self.assertEqual(self.delivers(g, host), (offer, USER))
            self.assertEqual(os.stat(g.tokens).st_mode & 0o777, 0o600)
            form = server.forms[-1]
            self.assertEqual((form["grant_type"], form["scope"]), ("client_credentials", "mail.send"))
            g.stop()

    def test_client_certificate(self):
        pem = self.other.make("app.test")
        os.chmod(pem, 0o600)
        server = self.server(certificate=pem)
        host = self.host(server)
        g = self.gate(server, host, client_secret=None, client_certificate=pem, warn_before="60d").start()
        self.delivers(g, host)
        self.assertNotIn("client_secret", server.forms[-1])
        self.assertIn("what=client_certificate", self.line(g, "token ending"))  # in 30 days

    def test_a_token_is_used_for_all_and_over_restarts(self):
        server = self.server()
        host = self.host(server)
        g = self.gate(server, host).start()
        for n in range(1, 4):
            self.delivers(g, host, n)
        g.stop()
        g.start()
        self.delivers(g, host, 4)
        self.assertEqual(len(server.given), 1)

    def test_device_code(self):
        server = self.server()
        host = self.host(server)
        g = self.gate(server, host, flow="device").start()
        self.waits(g, "nobody has logged in (smtpgate oauth login tenant)")
        p = subprocess.Popen([harness.PROGRAM, "oauth", "--config", g.ini, "login", "tenant"], stdout=subprocess.PIPE, text=True)
        self.assertIn("https://login.test/device", p.stdout.readline())
        self.assertIn("ABCD-EFGH", p.stdout.readline())
        harness.wait_for("a question", lambda: len(server.forms) > 2)
        server.agreed = True
        out, _ = p.communicate(timeout=harness.LIMIT)
        self.assertEqual(p.returncode, 0)
        self.assertIn("refresh token: of ", out)
        g.command("queue", "flush")
        self.line(g, "recipient delivered")
        self.assertEqual(host.logins[-1], ("XOAUTH2", USER))

    def test_refresh_token_that_the_operator_brings(self):
        server = self.server()
        host = self.host(server)
        g = self.gate(server, host, flow="refresh")
        r = g.command("oauth", "login", "tenant", input="a-wrong-one\n")
        self.assertEqual(r.returncode, 1)
        self.assertIn("the refresh token was not used for too long and has ended", r.stderr)
        self.assertNotIn("a-wrong-one", r.stderr)
        asked = len(server.forms)
        r = g.command("oauth", "login", "tenant", input="\n")
        self.assertEqual(r.returncode, 1)
        self.assertIn("no refresh token came", r.stderr)
        self.assertEqual(len(server.forms), asked)
        self.assertFalse(os.path.exists(g.tokens))
        self.assertEqual(g.command("oauth", "login", input=server.refresh + "\n").returncode, 0)
        g.start()
        self.delivers(g, host)

    def test_each_refresh_token_is_kept(self):
        server = self.server(life=4)  # fetched anew after 3 s
        host = self.host(server)
        host.once = True  # so that each message logs in
        g = self.gate(server, host, flow="refresh")
        g.command("oauth", "login", input=server.refresh + "\n")
        g.start()

        def another():
            self.send(g)
            time.sleep(0.5)
            return len(server.given) > 3

        harness.wait_for("four tokens", another)
        harness.wait_for("the file", lambda: server.refresh.encode() in read(g.tokens))
        self.assertNotIn("token failed", g.log())


class Trouble(OAuth):
    def test_a_token_that_ends_in_mid_queue(self):
        server = self.server()
        host = self.host(server)
        g = self.gate(server, host, route={"max_connections": 1}).start()
        self.delivers(g, host)
        server.valid.clear()  # withdrawn: the smart host takes it no longer
        harness.wait_for("the kept connection ends", lambda: not self.established(host.port))
        self.delivers(g, host, 2)
        self.assertEqual(len(server.given), 2)
        self.assertIn("unauthenticated", g.log())

    def established(self, port):
        """Is anybody connected to that port of ours?"""
        with open("/proc/net/tcp") as f:
            rows = [line.split() for line in f]
        return any(row[2].endswith(":%04X" % port) and row[3] == "01" for row in rows)

    def test_a_token_that_is_never_taken(self):
        server = self.server()
        host = self.host(server)
        host.token = lambda user, token: False
        g = self.gate(server, host).start()
        self.waits(g, "{\"status\": \"400\", \"schemes\": \"Bearer\"")
        self.assertEqual(len(server.given), 2)  # one more was tried
        self.assertEqual(len(host.tries), 2)

    def test_faults_of_the_token_server(self):
        server = self.server()
        host = self.host(server)
        for trouble, words in (
                ((500, b"oops"), "the token server answers 500"),
                ((503, {"error": "temporarily_unavailable"}), "the token server answers 503"),
                ((429, b""), "the token server answers 429"),
                ((200, b"<html>log in here</html>"), "is no JSON object"),
                ((200, {"access_token": 7}), "holds no access token"),
                ((200, {"access_token": "a b", "expires_in": 60}), "holds no access token"),
                ((200, b"x" * 70000), "more than 65536 bytes"),
                ((404, b"nothing here"), "without saying why: is token_url right?"),
                ((401, {"error": "invalid_client", "error_description": "AADSTS7000222: keys are expired\r\nTrace ID: 1"}),
                 "the secret of the application has ended"),
                ((400, {"error": "unauthorized_client", "error_description": "AADSTS700016: x"}), "knows no application"),
                ((400, {"error": "something_new"}), "the provider says no (something_new)")):
            server.trouble = lambda form: trouble
            g = self.gate(server, host).start()
            self.waits(g, words)
            self.assertNotIn("Trace ID", g.log())
            server.trouble = None
            g.command("queue", "flush")
            self.line(g, "recipient delivered")
            g.stop()

    def test_a_slow_token_server_holds_nobody_up(self):
        server = self.server()
        host = self.host(server)
        server.trouble = lambda form: "hang"
        g = self.gate(server, host).start()
        for _ in range(20):
            self.send(g)
        harness.wait_for("the question", lambda: server.forms)
        self.assertEqual(g.send(TEXT)[0], 250)  # local delivery goes on
        harness.wait_for("the mailbox", lambda: g.count() == 1)
        self.assertEqual(g.command("status").returncode, 0)
        self.assertEqual(len(server.forms), 1)  # one question for all
        g.stop()  # within its time, whatever hangs
        server.ended.set()

    def test_a_server_that_is_not_there_or_not_trusted(self):
        server = self.server()
        host = self.host(server)
        g = self.gate(server, host, token_url="https://localhost:%d/token" % harness.free_port()).start()
        self.waits(g, "[oauth tenant]: no token can be fetched: https://localhost:")
        g.stop()
        g = self.gate(server, host, tls_ca=self.authority.path).start()
        self.waits(g, "certificate")
        self.assertEqual(server.forms, [])


class Command(OAuth):
    def test_status_and_test(self):
        server = self.server()
        g = self.gate(server)
        r = g.command("oauth", "status")
        self.assertIn("access token: none yet", " ".join(r.stdout.split()))
        r = g.command("oauth", "test", "tenant")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("the provider gives tokens", r.stdout)
        r = g.command("oauth", "status", "tenant")
        self.assertRegex(r.stdout, r"access token:  20\S+ \(in \d+ \S+\)")
        server.secret = "another"
        r = g.command("oauth", "test", "tenant")
        self.assertEqual(r.returncode, 1)
        self.assertIn("client_secret is wrong", r.stderr)
        self.assertIn("Value, not its Secret ID", r.stderr)
        self.assertNotIn(SECRET, r.stderr)

    def test_usage(self):
        server = self.server()
        g = self.gate(server)
        for words, what in ((("dance",), "there is no dance"), (("test", "none"), "there is no [oauth none]")):
            r = g.command("oauth", *words)
            self.assertEqual(r.returncode, 64)
            self.assertIn(what, r.stderr)

    def test_faulty_token_files(self):
        server = self.server()
        g = self.gate(server, flow="refresh")
        os.makedirs(os.path.dirname(g.tokens))
        for text, mode, words in (("{}", 0o644, "others could read"), ("[1]", 0o600, "holds no tokens"), ("", 0o600, "no tokens")):
            with open(g.tokens, "w") as f:
                f.write(text)
            os.chmod(g.tokens, mode)
            r = g.command("oauth", "status", "tenant")
            self.assertEqual(r.returncode, 1)
            self.assertIn(words, r.stderr)

    @unittest.skipIf(os.geteuid(), "only root gives files away")
    def test_files_belong_to_the_gateways_user(self):
        server = self.server()
        g = self.gate(server)
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("[gateway]\n", "[gateway]\nuser = nobody\n"))
        r = g.command("oauth", "login")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(os.stat(g.tokens).st_uid, 65534)


    @unittest.skipIf(os.geteuid(), "only root gives files away")
    def test_files_belong_to_whose_the_folder_is(self):
        """A service's user is named by its unit alone."""
        server = self.server()
        g = self.gate(server)
        state = os.path.join(g.folder, "tokens")
        os.makedirs(state)
        os.chown(state, 65534, 65534)
        r = g.command("oauth", "test")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(os.stat(g.tokens).st_uid, 65534)


class Secrecy(OAuth):
    def test_no_token_gets_out(self):
        server = self.server()
        host = self.host(server)
        g = self.gate(server, host, more="[log]\nlevel = debug\nprotocol = all\n", flow="refresh")
        said = []
        r = g.command("oauth", "login", input=server.refresh + "\n")
        self.assertEqual(r.returncode, 0, r.stderr)
        g.start()
        self.delivers(g, host)
        host.token = lambda user, token: False
        self.send(g)
        for words in (["config"], ["oauth", "status"], ["queue", "show", "1"], ["status"], ["oauth", "test"]):
            r = g.command(*words)
            said.append(r.stdout + r.stderr)
        for name in ("cmdline", "environ"):
            said.append(read("/proc/%d/%s" % (g.process.pid, name)).decode("latin-1"))
        g.stop()
        secrets = [SECRET, "refresh-", "access-"]
        secrets += [base64.b64encode(b"user=" + USER.encode())[:-4].decode()]
        for folder, _, names in os.walk(g.folder):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and path != g.tokens:
                    said.append(read(path).decode("latin-1"))
        for text in said:
            for secret in secrets:
                self.assertNotIn(secret, text)


if __name__ == "__main__":
    harness.main()
