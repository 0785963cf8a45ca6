"""socket error (123): every cause that xln can have. Those that it shares with lmn, and three of its own: io_uring is disabled, too
old, or forbidden by a filter. Remedies are pasted, and the gateway starts."""

import os
import subprocess
import sys

import harness
import test_socket_error as host

FORBIDDEN = "TCP/IP is running, but rights keep us out: "
BY = "xln, Excelan EXOS 205T Intelligent Ethernet Controller (the host's TCP/IP, by io_uring)"
DENY = [sys.executable, os.path.join(host.HERE, "deny.py"), "--io_uring"]


def disabled(steps):
    """A machine whose kernel.io_uring_disabled is what these steps make of it, and a kernel that goes by it."""
    policy = ('mount -t tmpfs none /proc/sys/kernel; { %s; } >/dev/null; read value </proc/sys/kernel/io_uring_disabled; '
              '[ "$value" = 0 ] || set -- %s EPERM "$@"; exec "$@"' % (steps, " ".join(DENY)))
    return ["unshare", "-m", "sh", "-ec", policy, "sh"]


class Shared(host.Host):
    code, vendor = "xln", BY


class Settings(host.Settings):
    """Those of lmn that have no meaning here are taken out."""

    code, vendor = "xln", BY
    test_device = test_source = test_mark_without_the_capability = None

    def test_bad_settings(self):
        remedy = "smtpgate config vendor xln    # each key, its value and where it stands"
        for line, cause in (("entries = 7", "INI:LINE: entries = 7: it may be 64 to 32768"),
                            ("sqpoll = perhaps", "INI:LINE: sqpoll = perhaps: it takes yes or no"),
                            ("name_server = x:y:z", "name_server = x:y:z: not an IP address")):
            with self.subTest(line):
                self.setting(line, "bad settings: " + cause, remedy)


class Ring(host.Cause):
    code, vendor = "xln", BY

    def works(self, g, prefix=()):
        g.prefix = list(prefix)
        g.start()
        g.stop()

    def test_disabled(self):
        remedy = "sysctl -w kernel.io_uring_disabled=0"
        for value, cause in ((2, "TCP/IP is not running: io_uring is disabled on this machine"),
                             (1, FORBIDDEN + "io_uring is disabled for this user")):
            with self.subTest(value):
                steps = "echo %d >/proc/sys/kernel/io_uring_disabled" % value
                g = self.block(cause + " (kernel.io_uring_disabled = %d)" % value, remedy, prefix=disabled(steps))
                self.works(g, disabled(steps + "; " + remedy))

    def test_filtered(self):
        for error in "EPERM", "ENOSYS":
            with self.subTest(error):
                g = self.block(FORBIDDEN + "a seccomp filter forbids io_uring to this process",
                               "systemctl edit smtpgate    # [Service] SystemCallFilter=@aio; of a container: the seccomp "
                               "profile must allow io_uring_setup, io_uring_enter, io_uring_register", prefix=[*DENY, error])
                self.works(g)  # without that filter

    def test_too_old(self):
        """A kernel that names itself 2.6 and has no such call. Another vendor runs there, as the remedy says."""
        old = ["setarch", "--uname-2.6", "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=io_uring_setup",
               "-e", "inject=io_uring_setup:error=ENOSYS"]
        release = subprocess.run(["setarch", "--uname-2.6", "uname", "-r"], stdout=subprocess.PIPE, text=True).stdout.strip()
        g = self.block("TCP/IP is not on this machine: io_uring of Linux %s is too old: xln needs 6.0 or later" % release,
                       "apt-get install linux-image-amd64    # and restart; until then vendor = lmn",
                       other="vendor = lmn (running here: lmn)", plugins=["lmn"], prefix=old, env=harness.TRACED)
        g.write(gateway="vendor = lmn\n")
        self.works(g)


if __name__ == "__main__":
    harness.main()
