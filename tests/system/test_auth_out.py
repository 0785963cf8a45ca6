"""Logging in at a smart host by passwords: each mechanism, what is refused and how it is told, and that no password gets out."""

import base64
import os
import resource
import signal

import harness
from smarthost import NAME, SmartHost
from tls import Authority

TEXT = b"From: a@client.test\r\nTo: b@far.test\r\nSubject: out\r\n\r\nwith a password\r\n"
USER = "scanner@tenant.test"
PASSWORD = "s3cr\u00e4t,=9Xk"


def read(path):
    with open(path, "rb") as f:
        return f.read()


class AuthOut(harness.Case):
    @classmethod
    def setUpClass(cls):
        cls.keeper = harness.Gateway()  # never started: its folder holds the certificates
        cls.authority = Authority(cls.keeper.folder)
        cls.pem = cls.authority.make(NAME)

    @classmethod
    def tearDownClass(cls):
        cls.keeper.close()

    def host(self, *args, **more):
        more.setdefault("accounts", {USER: PASSWORD})
        h = SmartHost(self.pem, *args, **more)
        self.addCleanup(h.close)
        return h

    def secret(self, text=PASSWORD, mode=0o600):
        path = os.path.join(self.keeper.folder, "password-%d" % os.getpid())
        with open(path, "w", encoding="utf-8") as f:
            f.write(text + "\n")
        os.chmod(path, mode)
        return path

    def route(self, host, password=None, **keys):
        keys = dict({"user": USER, "password": "file:" + self.secret() if password is None else password, "retry": "1h",
                     "tls_ca": self.authority.path, "tls_name": NAME}, **keys)
        return harness.route(host.port, **{k: v for k, v in keys.items() if v})

    def send(self, host, gateway="", start=True, **keys):
        g = self.gateway(ini=self.route(host, **keys), gateway=gateway).start()
        self.assertEqual(g.send(TEXT, to=["b@far.test"])[0], 250)
        return g

    def line(self, g, words):
        return harness.wait_for(lambda: "%s\n%s" % (words, g.log()[-3000:]),
                                lambda: [x for x in g.log().splitlines() if words in x])[0]

    def delivered(self, host, **keys):
        g = self.send(host, **keys)
        self.line(g, "recipient delivered")
        self.assertEqual(len(host.messages), 1)
        g.stop()
        return host.logins[-1]

    def waits(self, host, words, rests=True, **keys):
        """The message is kept, and both the queue and the status say why."""
        g = self.send(host, **keys)
        self.line(g, "recipient deferred")
        self.assertIn(words, " ".join(g.command("queue", "show", "1").stdout.split()))
        self.assertNotIn("recipient bounced", g.log())
        last = g.json("status")["destinations"][0]
        if rests:
            self.assertIn(words, last["last"])
            self.assertGreater(last["wait_until"], 0)
            self.assertNotEqual(g.health()[0], 0)
        else:
            self.assertEqual(last["wait_until"], 0)
        return g


class Mechanisms(AuthOut):
    def test_each(self):
        for name in ("PLAIN", "LOGIN", "SCRAM-SHA-256"):
            self.assertEqual(self.delivered(self.host(offer=[name])), (name, USER))

    def test_the_best_is_taken(self):
        self.assertEqual(self.delivered(self.host(offer=["LOGIN", "PLAIN", "X-NEW", "SCRAM-SHA-256"]))[0], "SCRAM-SHA-256")

    def test_the_one_that_the_route_names(self):
        self.assertEqual(self.delivered(self.host(), auth="login")[0], "LOGIN")
        self.waits(self.host(offer=["LOGIN"]), "offers AUTH LOGIN, not PLAIN as the route wants it", auth="plain")

    def test_tls_from_the_first_byte(self):
        self.assertEqual(self.delivered(self.host(first=True), tls="implicit")[0], "PLAIN")

    def test_one_login_for_many_messages(self):
        host = self.host()
        g = self.send(host)
        self.line(g, "recipient delivered")
        for _ in range(3):
            g.send(TEXT, to=["b@far.test"])
        harness.wait_for("four messages", lambda: len(host.messages) == 4)
        self.assertLess(len(host.logins), 4)

    def test_secrets_from_elsewhere(self):
        self.assertEqual(self.delivered(self.host(), password="command:cat " + self.secret())[1], USER)
        folder = self.keeper.folder
        os.rename(self.secret(), os.path.join(folder, "smtp-password"))
        host = self.host()
        g = self.gateway(ini=self.route(host, password="credential:smtp-password"), env={"CREDENTIALS_DIRECTORY": folder})
        g.start()
        g.send(TEXT, to=["b@far.test"])
        self.line(g, "recipient delivered")


class Refused(AuthOut):
    def test_a_wrong_password_waits_until_it_is_right(self):
        host = self.host()
        for offer in (["PLAIN"], ["LOGIN"], ["SCRAM-SHA-256"]):
            host.offer = offer
            g = self.waits(host, "535 5.7.8", password="file:" + self.secret("wrong"))
            self.assertIn("check user and password of the route", g.command("queue", "show", "1").stdout.replace("\n", " "))
            self.secret()
            g.reload()
            g.command("queue", "flush")
            self.line(g, "recipient delivered")
            g.stop()

    def test_known_answers_to_auth(self):
        for answer, words in (
                ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
                 "switched off for the whole organisation"),
                ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
                 "Set-CASMailbox"),
                ("535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.",
                 "security defaults forbid passwords"),
                ("550 5.7.30 Basic authentication is not supported for Client Submission.", "takes no passwords any more"),
                ("454 4.7.0 Temporary authentication failure", "cannot look at the account now"),
                ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "set max_connections = 3"),
                ("599 what is this", "does not take the account")):
            host = self.host()
            host.refuse = answer
            self.waits(host, words).stop()

    def test_known_answers_later(self):
        for verb, answer, words, rests in (
                ("mail", "530 5.7.57 Client not authenticated to send mail.", "wants us to log in", True),
                ("mail", "421 4.4.2 Message submission rate for this client has exceeded the configured limit",
                 "set rate = 30/1m", False),  # the way is not closed: test_pace.py sees it slowed down
                ("data", "432 4.3.2 concurrent connection limit exceeded", "set max_connections = 3", True),
                ("data", "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed",
                 "may not send as this message's sender", False)):
            host = self.host()
            setattr(host, verb, answer)
            self.waits(host, words, rests=rests).stop()

    def test_what_is_about_the_message_bounces(self):
        host = self.host()
        host.data = "550 5.7.1 This is spam"
        g = self.send(host)
        self.line(g, "recipient bounced")

    def test_a_server_that_does_not_prove_itself(self):
        host = self.host(offer=["SCRAM-SHA-256"], lie=True)
        self.waits(host, "without having proved that it knows the password")
        self.assertEqual(host.messages, [])

    def test_nothing_that_fits_is_offered(self):
        self.waits(self.host(offer=["GSSAPI", "NTLM"]), "none of which takes a password here")
        self.waits(self.host(offer=[]), "the server offers no AUTH on this port")


class Secrecy(AuthOut):
    def spellings(self, secret=PASSWORD):
        raw = secret.encode()
        for n in range(3):  # Base64 of it at each place within three bytes, without what hangs on its neighbours
            text = base64.b64encode(b"x" * n + raw)
            yield text[4 if n else 0:-4]
        yield raw

    def abort(self, g):
        """How it ended, as waitpid tells it; Popen would keep half of that to itself."""
        g.process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(g.process.pid, 0)
        g.process.returncode, g.process = -signal.SIGABRT, None
        return status

    def no_secret(self, where, data):
        for spelling in self.spellings():
            self.assertNotIn(spelling, data, "the password is in " + where)

    def test_never_in_the_clear(self):
        sink = self.sink(ehlo=("AUTH PLAIN LOGIN",))
        g = self.waits(sink, "the route wants TLS, and the server does not offer STARTTLS")
        g.stop()
        for tls in ("off", "opportunistic"):
            g = self.gateway(ini=self.route(sink, tls=tls))
            r = g.command("check")
            self.assertEqual(r.returncode, 78)
            self.assertIn("may send its password in the clear\n  set tls = verified, or take the line away", r.stderr)

    def test_faults_are_told_without_it(self):
        host = self.host()
        path = self.secret(mode=0o644)
        for password, words in ((PASSWORD, "a secret does not stand in this file"),
                                ("file:" + path, "others could read or change the secret"),
                                ("file:" + path + "-not-there", "No such file"),
                                ("credential:smtp", "CREDENTIALS_DIRECTORY is not set"),
                                ("command:sh -c exit", "is empty"),
                                ("command:false", "false ended with 1")):
            g = self.gateway(ini=self.route(host, password=password))
            for verb in ("check", "run"):
                r = g.command(verb)
                self.assertEqual(r.returncode, 78, r.stderr)
                self.assertIn(words, r.stderr)
                self.no_secret(verb, r.stderr.encode())

    def test_no_log_command_file_or_core_has_it(self):
        for offer in (["PLAIN"], ["LOGIN"], ["SCRAM-SHA-256"]):
            host = self.host(offer=offer)
            g = self.gateway(ini=self.route(host) + "[log]\nlevel = debug\nprotocol = all\n")
            g.start(cwd=g.folder, preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_CORE, [resource.getrlimit(resource.RLIMIT_CORE)[1]] * 2))
            g.send(TEXT, to=["b@far.test"])
            self.line(g, "recipient delivered")
            self.assertIn("AUTH " + offer[0], g.log())  # the dialogue is there
            host.refuse = "535 5.7.8 no"
            g.send(TEXT, to=["b@far.test"])
            for words in (["config"], ["config", "route out"], ["queue", "show", "1"], ["status"], ["history"]):
                self.no_secret(words[0], g.command(*words).stdout.encode())
            self.assertIn("password = ***", g.command("config", "route out").stdout)
            for name in ("cmdline", "environ"):
                self.no_secret(name, read("/proc/%d/%s" % (g.process.pid, name)))
            self.assertFalse(os.WCOREDUMP(self.abort(g)))
            for folder, _, names in os.walk(g.folder):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path):
                        self.no_secret(path, read(path))


if __name__ == "__main__":
    harness.main()
