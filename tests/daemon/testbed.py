"""What the tests of the commands share: the harness of tests/system, and the program under other names."""

import os
import socket
import subprocess
import sys

os.environ.setdefault("SMTPGATE_BUILD", os.environ.get("TEST_BUILDDIR", "build"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
from harness import LIMIT, PROGRAM, Gateway, free_port, main, wait_for  # noqa: E402,F401


# A network of its own in which nothing is up: TCP/IP that does not run.
NO_NETWORK = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]


class Case(harness.Case):
    def check(self, done, status, out=None, err=None):
        """The exit status, and texts that must stand in what was printed."""
        said = "\n%s\n%s" % (done.stdout, done.stderr)
        self.assertEqual(done.returncode, status, said)
        for part in [out] if isinstance(out, str) else out or []:
            self.assertIn(part, done.stdout, said)
        for part in [err] if isinstance(err, str) else err or []:
            self.assertIn(part, done.stderr, said)
        return done

    def called(self, gateway, name, *args, input=None):
        """The program under another name: a link in the gateway's folder. Its configuration by the environment."""
        link = os.path.join(gateway.folder, name)
        if not os.path.islink(link):
            os.symlink(PROGRAM, link)
        return subprocess.run([link, *args], input=input, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=LIMIT, env=dict(gateway.env, SMTPGATE_CONFIG=gateway.ini))

    def held(self, gateway, count=1, to="someone@elsewhere.test"):
        """Messages that no route takes: they are held."""
        for _ in range(count):
            self.assertEqual(gateway.send(b"Subject: held\r\n\r\nx\r\n", to=(to,))[0], 250)


class Manager:
    """Stands in for the service manager: the socket that NOTIFY_SOCKET names."""

    def __init__(self, gateway):
        self.path = os.path.join(gateway.folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(LIMIT)
        gateway.env["NOTIFY_SOCKET"] = self.path

    def wait(self, word):
        """The next datagram that begins with word; those before it are thrown away."""
        while True:
            text = self.socket.recv(4096).decode()
            if text.startswith(word):
                return text

    def close(self):
        self.socket.close()
