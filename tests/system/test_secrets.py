"""Passwords and tokens in one gateway that has all of them: in no log, file, message, argument list, environment, answer of a command
or core. They are of this run alone, so that whoever has one got it from here."""

import array
import base64
import binascii
import fcntl
import glob
import json
import os
import resource
import secrets
import signal
import subprocess
import sys
import termios
import threading
import urllib.parse

import harness
from smarthost import NAME, SmartHost
from tls import Authority, Secure
from tokenserver import TokenServer

USER = "scanner@company.test"
TEXT = b"From: a@client.test\r\nTo: b@far.test\r\nSubject: secret\r\n\r\nnothing of it\r\n"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def spellings(secret):
    """As it is, in Base64 at each place within three bytes (without what hangs on its neighbours), in hexadecimal, in a form."""
    raw = secret.encode()
    yield raw
    for n in range(3):
        yield base64.b64encode(b"x" * n + raw)[4 if n else 0:-4]
    yield binascii.hexlify(raw)
    yield binascii.hexlify(raw).upper()
    yield urllib.parse.quote_plus(secret).encode()
    yield raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def with_cores():
    """In a child: it may leave a core."""
    resource.setrlimit(resource.RLIMIT_CORE, [resource.getrlimit(resource.RLIMIT_CORE)[1]] * 2)


class Watch(threading.Thread):
    """Reads the argument lists and environments of all processes, over and over."""

    def __init__(self, own):
        super().__init__(daemon=True)
        self.needles, self.found, self.end, self.looks = [s for x in own for s in spellings(x)], [], threading.Event(), 0
        self.start()

    def run(self):
        while not self.end.is_set():
            for name in ("cmdline", "environ"):
                for path in glob.glob("/proc/[0-9]*/" + name):
                    data = read(path)
                    self.found += [path + ": " + repr(data) for n in self.needles if n in data]
            self.looks += 1
            self.end.wait(0.02)

    def stop(self):
        self.end.set()
        self.join(harness.LIMIT)
        return self.found


class Secrets(harness.Case):
    def setUp(self):
        self.g = self.gateway()
        authority, other = Authority(self.g.folder), Authority(self.g.folder, "Token CA")
        self.authority = authority
        self.into, self.wrong, self.out, self.app = ["%s-%s\"\\'" % (w, secrets.token_hex(8)) for w in ("in", "wrong", "out", "app")]
        self.tokens = TokenServer(other.make("localhost"), secret=self.app)
        self.addCleanup(self.tokens.close)
        self.tokens.refresh = "refresh-" + secrets.token_hex(8)
        pem = authority.make(NAME)
        self.host = SmartHost(pem, accounts={USER: self.out}, offer=["PLAIN", "LOGIN"])
        self.cloud = SmartHost(pem, token=self.tokens.takes, offer=["XOAUTH2", "OAUTHBEARER"])
        for host in (self.host, self.cloud):
            host.once = True  # each message logs in anew
            self.addCleanup(host.close)
        self.kept = [self.file("out-password", self.out), self.file("app-secret", self.app),
                     os.path.join(self.g.folder, "tokens", "tenant")]
        self.settle(authority, other)

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.g.folder, name)
        with open(path, "w") as f:
            f.write(text + "\n")
        os.chmod(path, mode)
        return path

    def drop(self, name):
        """A file of a pickup folder, whose mail goes where the gateway logs in."""
        path = os.path.join(self.g.folder, "in", name)
        with open(path + ".tmp", "wb") as f:
            f.write(b"X-Sender: a@client.test\r\nX-Receiver: %s@far.test\r\n" % name.encode() + TEXT)
        os.rename(path + ".tmp", path + ".eml")

    def settle(self, authority, other):
        os.makedirs(os.path.join(self.g.folder, "in"))
        spy = self.file("spy", "#!/bin/sh\n{ cat; env; tr '\\0' ' ' </proc/$PPID/cmdline; } >>%s/events" % self.g.folder, 0o755)
        common = {"tls_ca": authority.path, "tls_name": NAME, "retry": "1s"}
        self.g.write(
            listen="certificate = auto\nauth = offered\nusers = %s/users\nrelay_from = none\n" % self.g.folder,
            gateway="admin = admin@example.test\n",
            ini=harness.route(self.host.port, match="far.test", user=USER, password="file:" + self.kept[0], **common) +
            harness.route(self.cloud.port, name="cloud", oauth="tenant", match="cloud.test", **common) +
            "[oauth tenant]\nprovider = custom\nflow = refresh\nuser = %s\nclient_id = app-id\nscope = mail\nclient_secret = file:%s\n"
            "token_url = %stoken\ndevice_url = %sdevice\ntls_ca = %s\ntoken_file = %s\n" % (
                USER, self.kept[1], self.tokens.url, self.tokens.url, other.path, self.kept[2]) +
            "[pickup in]\npath = %s/in\nsettle = 0\npoll = 1s\n" % self.g.folder +
            "[log]\nlevel = debug\nprotocol = all\n[notify]\ncommand = %s\nroute_down = 1s\nat_most = unlimited\n" % spy)

    def say(self, *words, **more):
        r = self.g.command(*words, **more)
        self.said.append((" ".join(words), (r.stdout + r.stderr).encode()))
        return r

    def come_in(self):
        """Clients log in by every mechanism that shows the password, and guess."""
        for mechanism in ("PLAIN", "LOGIN"):
            for password in (self.wrong, self.into):
                c = Secure("127.0.0.1", self.g.port, harness.LIMIT)
                self.addCleanup(c.close)
                c.starttls()
                c.say("EHLO client.test")
                if mechanism == "PLAIN":
                    reply = c.say("AUTH PLAIN " + b64("\0anna\0" + password))
                else:
                    c.say("AUTH LOGIN")
                    c.say(b64("anna"))
                    reply = c.say(b64(password))
                self.assertEqual(reply[0], 235 if password == self.into else 535)
                if password == self.into:
                    for to in ("b@far.test", "b@cloud.test"):
                        self.assertEqual(c.send(TEXT, (to,))[0], 250)

    def look_everywhere(self):
        for words in (["check"], ["config"], ["config", "route out"], ["config", "oauth tenant"], ["status"], ["status", "--json"],
                      ["queue", "list"], ["queue", "show", "1"], ["history"], ["history", "--json"], ["history", "1"],
                      ["oauth", "status"], ["oauth", "test"], ["user", "list"], ["reload"], ["route", "b@far.test"],
                      ["backup", os.path.join(self.g.folder, "backup.tar")]):
            self.say(*words)

    def go_wrong(self):
        """Servers refuse what they took; tokens cannot be had; people are told."""
        self.host.refuse = "535 5.7.8 Error: authentication failed"
        self.cloud.token = lambda user, token: False
        self.tokens.trouble = lambda form: (500, b"{\"error\": \"server_error\"}")
        self.come_in()
        self.drop("two")
        harness.wait_for(lambda: "both are told\n" + self.g.log()[-3000:],
                         lambda: self.events().count(b'"route_down"') >= 2)

    def events(self):
        return read(os.path.join(self.g.folder, "events"))

    def test_nobody_sees_them(self):
        self.said = []
        own = [self.into, self.wrong, self.out, self.app, self.tokens.refresh]
        watch = Watch(own)
        self.assertEqual(self.say("user", "add", "anna", input=self.into + "\n").returncode, 0)
        self.say("user", "test", "anna", input=self.wrong + "\n")
        self.assertEqual(self.say("oauth", "login", "tenant", input=self.tokens.refresh + "\n").returncode, 0)
        self.g.start(cwd=self.g.folder, preexec_fn=with_cores)
        self.come_in()
        self.drop("one")
        harness.wait_for("both ways", lambda: len(self.host.messages) == 3 and len(self.cloud.messages) == 2)
        self.look_everywhere()
        self.go_wrong()
        self.look_everywhere()
        self.no_core(self.g.process)
        self.g.process = None
        self.assertEqual(watch.stop(), [])
        self.assertGreater(watch.looks, 3)
        self.search(own + list(self.tokens.valid))

    def no_core(self, process):
        """It dies as by a fault of its own."""
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
        self.assertEqual(process.returncode, -signal.SIGABRT)
        self.assertFalse(os.WCOREDUMP(status), "it left a core")

    def test_cores_are_left_where_nothing_forbids(self):
        """Or their absence elsewhere proves nothing."""
        if not resource.getrlimit(resource.RLIMIT_CORE)[1]:
            print("cores: nobody may leave one here", file=sys.stderr)
            return
        p = subprocess.Popen(["sleep", "1000"], cwd=self.g.folder, preexec_fn=with_cores)
        with self.assertRaisesRegex(AssertionError, "it left a core"):
            self.no_core(p)

    def asking(self, *words, says):
        """A command that has read what says holds and waits for more; ended by a fault."""
        p = subprocess.Popen([harness.PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             cwd=self.g.folder, preexec_fn=with_cores)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.stdin.close)
        p.stdin.write(says.encode())
        p.stdin.flush()
        harness.wait_for("it has read it", lambda: self.unread(p) == 0 and self.waits(p))
        return p

    def unread(self, p):
        """Bytes that are still in its pipe."""
        n = array.array("i", [0])
        fcntl.ioctl(p.stdin.fileno(), termios.FIONREAD, n)
        return n[0]

    def waits(self, p):
        with open("/proc/%d/stat" % p.pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "S"

    def test_commands_that_ask(self):
        """setup, user and oauth, in the midst of it: nothing of what they were told is in an argument list, an environment, a core, or
        what they say."""
        own = [self.into, self.out, self.app, self.tokens.refresh]
        self.said = []
        watch = Watch(own)
        new = os.path.join(self.g.folder, "etc", "new.ini")
        os.makedirs(os.path.dirname(new))
        answers = ["gw.company.test", "127.0.0.1:%d" % harness.free_port(), "127.0.0.0/8", "no", "none"]
        cloud = answers + ["1", "yes", "company.test", USER, "11111111-2222-3333-4444-555555555555", self.app]
        server = answers + ["server", self.authority.path, "localhost:%d" % self.host.port, USER, self.out]
        for words, says in ((["setup", "--config", new], cloud), (["setup", "--config", new], server),
                            (["user", "add", "anna", "--config", self.g.ini], [self.into[:-1]]),
                            (["oauth", "login", "tenant", "--config", self.g.ini], [self.tokens.refresh[:-1]])):
            whole = words[0] == "setup"
            p = self.asking(*words, says="\n".join(says) + ("\n" if whole else ""))
            seen = watch.looks
            harness.wait_for("it was looked at", lambda: watch.looks > seen + 1)
            self.no_core(p)
            self.said.append((" ".join(words), p.stdout.read()))
        self.assertEqual(watch.stop(), [])
        self.assertEqual(self.found(own + [x[:-1] for x in own]), [])

    def search(self, own):
        self.assertGreater(len(own), 5, "no access token was given")
        self.assertIn(b"AUTH PLAIN ***", self.g.log().encode())  # the dialogue is there
        self.assertEqual(self.found(own), [])

    def found(self, own):
        """Where it stands, of all files but those that hold it, and of all that was said."""
        places = list(self.said)
        for folder, _, names in os.walk(self.g.folder):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and path not in self.kept:
                    places.append((path, read(path)))
        needles = [spelling for secret in own for spelling in spellings(secret)]
        return [where for where, data in places if any(n in data for n in needles)]

    def test_the_search_finds(self):
        """A search that finds nothing in anything proves nothing: in each form that something would write it, at each place."""
        text = 'x"%s' % secrets.token_hex(8)
        deep = os.path.join(self.g.folder, "deep", "er")
        os.makedirs(deep)
        forms = [text, b64("\0anna\0" + text), b64("\0an\0" + text), b64(text), b64("user=a\1auth=Bearer %s\1\1" % text),
                 json.dumps({"password": text}), urllib.parse.urlencode({"client_secret": text}), text.encode().hex()]
        for form in forms:
            data = b"before " + form.encode() + b" behind"
            for path in os.path.join(self.g.folder, "log"), os.path.join(deep, "core"):
                with open(path, "wb") as f:
                    f.write(data)
                self.said = []
                self.assertEqual(self.found(["another-" + secrets.token_hex(8), text]), [path], form)
                os.unlink(path)
            self.said = [("status", data)]
            self.assertEqual(self.found(["another-" + secrets.token_hex(8), text]), ["status"], form)
        with open(self.kept[0], "w") as f:
            f.write(text)
        self.said = []
        self.assertEqual(self.found([text]), [])  # where it belongs
        watch = Watch([text])
        shown = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()", text], stdin=subprocess.PIPE)
        harness.wait_for("it is seen", lambda: watch.found)
        shown.communicate()
        self.assertTrue(watch.stop())


if __name__ == "__main__":
    harness.main()
