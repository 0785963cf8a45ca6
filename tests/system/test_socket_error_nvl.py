"""socket error (123): the causes that are nvl's own (test_socket_error_wire.py has those of its cable), each made so: the block,
the status, no spool; then the remedy is pasted as it stands, and the gateway starts."""

import os
import re
import shutil
import unittest

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
VENDOR = "nvl, Novell LAN WorkPlace for DOS 4.0 (a private Linux stack in its own network namespace%s)"
ABSENT = "TCP/IP is not on this machine: "
STILL = "TCP/IP is not running: "
CLOSED = "TCP/IP is running, but rights keep us out: "
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
NODE = "mknod -m %s /dev/net/tun c 10 200"


def devices(steps, *then):
    """A /dev/net of our own, in which these steps are taken; a prefix for a command that becomes what follows."""
    return ["unshare", "-m", "sh", "-ec", "mount -t tmpfs none /dev/net; " + steps + '\nexec "$@"', "sh", *then]


def userns(steps):
    """Nobody of a user namespace, whose root took these steps first."""
    return ["/usr/bin/python3", os.path.join(HERE, "userns.py"), steps]


@unittest.skipUnless(os.geteuid() == 0, "namespaces, devices and switches are root's to make")
class Cause(harness.Case):
    def setUp(self):
        super().setUp()
        self.switches = []

    def settings(self, url):
        return "[vendor nvl]\nnetwork = %s\naddress = 10.77.0.45/24\n" % url

    def refused(self, url, cause, remedy, other=None, plugins=("nvl",), **more):
        """The whole block; the gateway, to try the remedy with."""
        g = self.gateway(host="127.0.0.1", listen="vendor = nvl\n", gateway="vendor = nvl\n",
                         vendor=self.settings(url), plugins=list(plugins), **more)
        for folder, _, _ in os.walk(g.folder):
            os.chown(folder, 65534, 65534)
        self.refuses(g, "" if url == "loopback" else url, cause, remedy, other)
        return g

    def refuses(self, g, url, cause, remedy, other=None):
        done = g.command("run")
        want = "socket error (123)\n  vendor: %s\n  cause:  %s\n" % (VENDOR % (" over " + url if url else ""), cause)
        want += "  remedy: %s\n" % remedy if remedy else ""
        want += "  or:     %s\n" % other if other else ""
        self.assertEqual(re.split(r"^\d{4}-|^/", done.stderr, 1, re.M)[0], want)
        self.assertEqual((done.returncode, done.stdout), (123, ""), done.stderr)
        self.assertFalse(os.path.exists(g.spool), "the spool was touched")

    def works(self, g, prefix=None):
        if prefix is not None:
            g.prefix = prefix
        g.start()
        g.stop()


class Device(Cause):
    def test_missing(self):
        net = self.network()
        remedy = "mkdir -p /dev/net && mknod -m 666 /dev/net/tun c 10 200"
        g = self.refused(net.url, ABSENT + "there is no /dev/net/tun", remedy, prefix=devices(""))
        self.works(g, devices(remedy))

    def test_forbidden(self):
        net = self.network()
        g = self.refused(net.url, CLOSED + "/dev/net/tun is closed to user 65534", "chmod 666 /dev/net/tun",
                         prefix=devices(NODE % 600, *NOBODY))
        self.works(g, devices(NODE % 600 + "; chmod 666 /dev/net/tun", *NOBODY))

    def test_kept_from_the_unit(self):
        net = self.network()
        self.refused(net.url, ABSENT + "there is no /dev/net/tun", "systemctl edit smtpgate    # [Service] PrivateDevices=no "
                     "and DeviceAllow=/dev/net/tun rw", prefix=devices(""), env={"INVOCATION_ID": "1"})


class Namespace(Cause):
    def test_disabled(self):
        for kind, word in ("user", "user"), ("net", "network"):
            with self.subTest(kind):
                off, on = ("sysctl user.max_%s_namespaces=%d" % (kind, n) for n in (0, 10000))
                g = self.refused("loopback", CLOSED + "%s namespaces are disabled (user.max_%s_namespaces = 0)" % (word, kind),
                                 on, prefix=userns(off + " >/dev/null"))
                self.works(g, userns(off + "; " + on))

    def test_filtered(self):
        """As RestrictNamespaces= of a unit does."""
        self.refused("loopback", CLOSED + "this process may make neither a network namespace nor a user namespace: a filter of "
                     "system calls forbids it", "systemctl edit smtpgate    # [Service] RestrictNamespaces=user net",
                     prefix=["/usr/bin/python3", os.path.join(HERE, "deny.py"), "--unshare", "EPERM"])


class Helper(Cause):
    AGAIN = "install smtpgate again: the helper comes with it"

    def test_missing(self):
        self.refused("loopback", ABSENT + "the helper /nowhere/nvl-helper is missing: No such file or directory", self.AGAIN,
                     env={"SMTPGATE_NVL_HELPER": "/nowhere/nvl-helper"})

    def test_closed_to_us(self):
        """A helper that others could change is not run; one of ours is."""
        built = os.environ.get("SMTPGATE_NVL_HELPER", os.path.join(harness.PLUGINS, "nvl", "nvl-helper"))
        net = self.network()
        helper = os.path.join(net.folder, "nvl-helper")
        shutil.copy(built, helper)
        os.chmod(helper, 0o777)
        g = self.refused("loopback", CLOSED + "the helper is not run: others could change " + helper, self.AGAIN,
                         env={"SMTPGATE_NVL_HELPER": helper})
        os.chmod(helper, 0o755)
        self.works(g)


class Settings(Cause):
    def test_no_address(self):
        net = self.network()
        g = self.gateway(listen="vendor = nvl\n", gateway="vendor = nvl\n", plugins=["nvl"],
                         vendor="[vendor nvl]\nnetwork = %s\n" % net.url)
        remedy = "address = 10.1.0.25/16    ; a free one of that network"
        self.refuses(g, "", "bad settings: address is not set: a stack on %s needs one" % net.url, remedy)
        g.write(listen="vendor = nvl\n", gateway="vendor = nvl\n", vendor="[vendor nvl]\nnetwork = %s\n%s\n" % (net.url, remedy))
        self.works(g)


if __name__ == "__main__":
    harness.main()
