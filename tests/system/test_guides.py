"""doc/microsoft365.md and doc/gmail.md, step by step as far as it goes offline: a token server and a smart host of the tests stand for the
provider, addresses and folders are this test's own; all else is taken from the pages as it stands there."""

import os
import re
import subprocess
import textwrap

import harness
from smarthost import NAME, SmartHost
from tls import Authority
from tokenserver import TokenServer

DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "doc")
USER = "scanner@company.com"
TEXT = b"From: scanner@company.com\r\nTo: b@far.test\r\nSubject: page 1\r\n\r\nscanned\r\n"
ID = {"microsoft365": "00000000-0000-0000-0000-000000000000", "gmail": "000000000000-example.apps.googleusercontent.com"}


class Guide(harness.Case):
    def setUp(self):
        super().setUp()
        self.g = self.gateway()
        self.etc = os.path.join(self.g.folder, "etc")
        os.mkdir(self.etc)
        self.authority = Authority(self.g.folder)
        self.host = SmartHost(self.authority.make(NAME), accounts={USER: "abcdefghijklmnop"}, offer=["PLAIN", "XOAUTH2"])
        self.addCleanup(self.host.close)

    def blocks(self, page, language):
        with open(os.path.join(DOC, page + ".md"), encoding="utf-8") as f:
            text = f.read()
        return [textwrap.dedent(b) for b in re.findall(r"^ *```%s\n(.*?)^ *```$" % language, text, re.M | re.S)]

    def tokens(self, page, **more):
        server = TokenServer(self.authority.make("localhost"), client=ID[page], **more)
        self.addCleanup(server.close)
        self.host.token = server.takes
        return server

    def settle(self, text, server=None, more=""):
        """The page's settings with this test's own addresses and folders, and the provider's places replaced."""
        text = text.replace("192.168.1.5:25", "127.0.0.1:%d" % self.g.port).replace("/etc/smtpgate/", self.etc + "/")
        text = text.replace("hostname = ", "spool = %s\ncontrol = %s/control\n%shostname = " % (
            self.g.spool, self.g.folder, self.g.plugin_lines), 1)
        text = re.sub("smart_host = .*\n", "", text)
        text = re.sub(r"(?m)^match = \*$", "match = *\nsmart_host = 127.0.0.1:%d\ntls_ca = %s\ntls_name = %s" % (
            self.host.port, self.authority.path, NAME), text)
        if server:
            more += "token_url = %stoken\ndevice_url = %sdevice\ntls_ca = %s\ntoken_file = %s/tokens\n" % (
                server.url, server.url, self.authority.path, self.g.folder)
        with open(self.g.ini, "w") as f:
            f.write(text + more)

    def put(self, name, text):
        path = os.path.join(self.etc, name)
        subprocess.run(["install", "-m", "600", "/dev/null", path], check=True)
        with open(path, "w") as f:
            f.write(text + "\n")

    def done(self, *words, **more):
        r = self.g.command(*words, **more)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        return r.stdout

    def sends(self, mechanism):
        self.g.start()
        self.assertEqual(self.g.send(TEXT, to=["b@far.test"])[0], 250)
        harness.wait_for(lambda: "the page\n" + self.g.log()[-3000:], lambda: self.host.messages)
        self.assertEqual(self.host.logins[-1], (mechanism, USER))
        harness.wait_for("the queue", lambda: not self.g.queue())
        self.assertIn("delivered", self.done("history"))

    def test_the_pages_as_they_stand(self):
        """Their settings load as they are (but for this build's folders), and their commands are there."""
        for page in ID:
            for n, text in enumerate(self.blocks(page, "ini")):
                self.settle(text)
                for name in ("password", "client-secret"):
                    self.put(name, "x")
                self.assertIn("no faults", self.done("check"))
                if "oauth = " in text:
                    with open(self.g.ini) as f:
                        whole = f.read()
                    with open(self.g.ini, "w") as f:
                        f.write(re.sub("(smart_host|tls_ca|tls_name) = .*\n", "", whole))
                    name = re.search(r"\[route (.*)\]", text).group(1)
                    said = self.done("config", "route " + name)
                    for line in ("smart_host = smtp.%s.com:587" % ("office365" if page == "microsoft365" else "gmail"),
                                 "tls = verified", "max_connections = 3", "rate = 30/1m", "user = " + USER):
                        self.assertIn(line, said)
            verbs = [verb for block in self.blocks(page, "sh") for verb in re.findall(r"^smtpgate +(\S+)", block, re.M)]
            self.assertTrue(verbs, page)
            for verb in verbs:
                self.done(verb, "--help")

    def test_microsoft_by_secret(self):
        server = self.tokens("microsoft365", secret="Va~lue.1")
        self.settle(self.blocks("microsoft365", "ini")[0], server)
        self.put("client-secret", server.secret)
        self.assertIn("no faults", self.done("check"))
        self.assertIn("the provider gives tokens", self.done("oauth", "test", "tenant"))
        self.sends("XOAUTH2")
        self.assertEqual(server.forms[0]["scope"], "https://outlook.office365.com/.default")

    def test_microsoft_by_certificate(self):
        making = next(b for b in self.blocks("microsoft365", "sh") if "openssl req" in b)
        subprocess.run(["sh", "-ec", making.replace("/etc/smtpgate/", self.etc + "/")], check=True, cwd=self.g.folder,
                       stderr=subprocess.DEVNULL)
        server = self.tokens("microsoft365", certificate=os.path.join(self.g.folder, "cert.pem"))
        text = self.blocks("microsoft365", "ini")[0]
        text = re.sub("client_secret = .*", "client_certificate = /etc/smtpgate/application.pem", text)
        self.settle(text, server)
        self.assertIn("no faults", self.done("check"))
        self.assertIn("certificate: ", self.done("oauth", "test", "tenant"))
        self.sends("XOAUTH2")

    def test_microsoft_by_a_person(self):
        server = self.tokens("microsoft365", secret=None)
        server.agreed = True
        text = self.blocks("microsoft365", "ini")[0]
        text = re.sub("client_secret = .*\n", "", text).replace("flow = client", "flow = device")
        self.settle(text, server)
        self.assertIn("ABCD-EFGH", self.done("oauth", "login", "tenant"))
        self.sends("XOAUTH2")
        self.assertIn("offline_access", server.forms[0]["scope"])

    def test_gmail_by_app_password(self):
        self.settle(self.blocks("gmail", "ini")[0])
        self.put("password", "abcdefghijklmnop")
        self.assertIn("no faults", self.done("check"))
        self.sends("PLAIN")

    def test_gmail_by_token(self):
        server = self.tokens("gmail", secret="GOCSPX-1")
        self.settle(self.blocks("gmail", "ini")[1], server)
        self.put("client-secret", server.secret)
        self.assertIn("access token:", self.done("oauth", "login", "google", input=server.refresh + "\n"))
        self.assertIn("refresh token: of ", self.done("oauth", "status", "google"))
        self.sends("XOAUTH2")


if __name__ == "__main__":
    harness.main()
